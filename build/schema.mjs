// Writes the JSON Schema of a config beside the compiled package; run by `npm run build`.
import { writeFileSync } from "node:fs";
import { toJsonSchema } from "@valibot/to-json-schema";
import { configSchema } from "../dist/src/plan/config-schema.js";

const schema = toJsonSchema(configSchema(), { errorMode: "ignore" });
const titled = { ...schema, title: "retrospan config" };
writeFileSync(
  new URL("../dist/config.schema.json", import.meta.url),
  `${JSON.stringify(titled, null, 2)}\n`,
);
