/** Calls into a package that the SDK opens spans for by itself. */
export interface AutoInstrumented {
  readonly packages: readonly string[];
  readonly integration: string;
  /** The first SDK version known to do so by default; none for all supported ones. */
  readonly since?: string;
  /** Functions and methods, by their last name; none means every call. */
  readonly calls?: readonly string[];
}

/**
 * What `getDefaultIntegrations()` and the installed sources of SDK 8.55, 9.47, 10.0, 10.30, 10.78
 * and 11.12 trace in clients. Frameworks are left out: their spans are for handlers that run later,
 * not for the call that registers them.
 */
export const AUTO_INSTRUMENTED: readonly AutoInstrumented[] = [
  { packages: ["http", "https"], integration: "Http", calls: ["request", "get"] },
  {
    packages: ["undici"],
    integration: "NodeFetch",
    calls: ["fetch", "request", "stream", "pipeline"],
  },
  {
    packages: ["graphql"],
    integration: "Graphql",
    calls: ["parse", "validate", "execute", "graphql"],
  },
  { packages: ["pg"], integration: "Postgres", calls: ["query", "connect"] },
  { packages: ["pg-pool"], integration: "Postgres", calls: ["query", "connect"] },
  { packages: ["postgres"], integration: "PostgresJs", since: "9.47.2" },
  { packages: ["@neondatabase/serverless"], integration: "Neon", since: "11.0.0" },
  { packages: ["@prisma/client", ".prisma"], integration: "Prisma", since: "9.47.2" },
  { packages: ["mysql"], integration: "Mysql", calls: ["query"] },
  { packages: ["mysql2"], integration: "Mysql2", calls: ["query", "execute"] },
  {
    packages: ["tedious"],
    integration: "Tedious",
    calls: ["execSql", "execSqlBatch", "callProcedure", "execBulkLoad", "prepare", "execute"],
  },
  {
    packages: ["mongodb"],
    integration: "Mongo",
    calls: [
      ...[
        "aggregate",
        "bulkWrite",
        "command",
        "count",
        "countDocuments",
        "deleteMany",
        "deleteOne",
      ],
      ...["distinct", "estimatedDocumentCount", "find", "findOne", "findOneAndDelete"],
      ...["findOneAndReplace", "findOneAndUpdate", "insertMany", "insertOne", "replaceOne"],
      ...["updateMany", "updateOne"],
    ],
  },
  {
    packages: ["mongoose"],
    integration: "Mongoose",
    calls: [
      ...["aggregate", "bulkWrite", "count", "countDocuments", "create", "deleteMany", "deleteOne"],
      ...["distinct", "estimatedDocumentCount", "exec", "find", "findById", "findByIdAndDelete"],
      ...["findByIdAndUpdate", "findOne", "findOneAndDelete", "findOneAndReplace"],
      ...["findOneAndUpdate", "insertMany", "remove", "replaceOne", "save", "updateMany"],
      "updateOne",
    ],
  },
  { packages: ["knex"], integration: "Knex", since: "11.0.0" },
  { packages: ["ioredis", "redis", "@redis/client"], integration: "Redis" },
  { packages: ["generic-pool"], integration: "GenericPool", calls: ["acquire"] },
  {
    packages: ["dataloader"],
    integration: "Dataloader",
    since: "11.0.0",
    calls: ["load", "loadMany", "prime", "clear", "clearAll"],
  },
  { packages: ["kafkajs"], integration: "Kafka", calls: ["send", "sendBatch"] },
  {
    packages: ["amqplib"],
    integration: "Amqplib",
    calls: ["publish", "sendToQueue", "consume"],
  },
  { packages: ["@aws-sdk/*", "@smithy/*"], integration: "Aws", since: "11.0.0", calls: ["send"] },
  {
    packages: ["@firebase/firestore", "firebase"],
    integration: "Firebase",
    since: "10.0.0",
    calls: ["addDoc", "getDocs", "setDoc", "deleteDoc"],
  },
  { packages: ["openai"], integration: "OpenAI", since: "9.47.2", calls: ["create"] },
  {
    packages: ["@anthropic-ai/sdk"],
    integration: "Anthropic_AI",
    since: "10.30.0",
    calls: ["create", "stream", "toolRunner"],
  },
  {
    packages: ["ai"],
    integration: "VercelAI",
    calls: ["generateText", "streamText", "generateObject", "streamObject", "embed", "embedMany"],
  },
  {
    packages: ["@google/genai"],
    integration: "Google_GenAI",
    since: "10.30.0",
    calls: [
      "generateContent",
      "generateContentStream",
      "embedContent",
      "sendMessage",
      "sendMessageStream",
    ],
  },
  {
    packages: ["@langchain/*"],
    integration: "LangChain",
    since: "10.30.0",
    calls: ["invoke", "stream", "embedQuery", "embedDocuments"],
  },
  {
    packages: ["@mistralai/mistralai"],
    integration: "Mistral",
    since: "11.0.0",
    calls: ["complete", "stream", "parse", "parseStream", "create"],
  },
  { packages: ["groq-sdk"], integration: "Groq", since: "11.0.0", calls: ["create"] },
  { packages: ["together-ai"], integration: "TogetherAI", since: "11.0.0", calls: ["create"] },
];
