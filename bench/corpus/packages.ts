/** A package of the corpus, and what its source needs to type-check. */
export interface CorpusPackage {
  readonly name: string;
  /** The folder of the package that holds its source; elsewhere its modules do not resolve. */
  readonly source: string;
  /** Further folders that the source refers to, by where it looks for them. */
  readonly beside?: Readonly<Record<string, string>>;
  /** Compiler options other than the common ones. */
  readonly options?: Readonly<Record<string, unknown>>;
}

const DOM = ["ESNext", "DOM", "DOM.Iterable", "DOM.AsyncIterable"];

/** Different in style: schemas, operators, reducers, proxies, drivers, servers, API clients. */
export const PACKAGES: readonly CorpusPackage[] = [
  { name: "immer", source: "src" },
  { name: "@tanstack/query-core", source: "src" },
  { name: "@supabase/postgrest-js", source: "src" },
  { name: "@supabase/realtime-js", source: "src" },
  { name: "@supabase/auth-js", source: "src" },
  { name: "@trpc/server", source: "src" },
  { name: "@mswjs/interceptors", source: "src" },
  { name: "@effect/platform-node", source: "src" },
  { name: "@tanstack/table-core", source: "src" },
  { name: "@reduxjs/toolkit", source: "src", options: { jsx: "react-jsx" } },
  { name: "mobx", source: "src", options: { noImplicitAny: false, noImplicitThis: false } },
  { name: "cheerio", source: "src" },
  { name: "rxjs", source: "src", options: { stripInternal: true } },
  {
    name: "mongodb",
    source: "src",
    options: { lib: ["ES2023"], useUnknownInCatchVariables: false },
  },
  {
    name: "puppeteer-core",
    source: "src",
    beside: { third_party: "lib/esm/third_party" },
    options: { useUnknownInCatchVariables: false },
  },
  { name: "openai", source: "src" },
  { name: "zod", source: "src" },
];

/** What every package's tsconfig.json says. */
export const COMPILER_OPTIONS = {
  target: "ES2023",
  lib: DOM,
  module: "ESNext",
  moduleResolution: "bundler",
  strict: true,
  noImplicitOverride: false,
  skipLibCheck: true,
  allowImportingTsExtensions: true,
  resolveJsonModule: true,
  noEmit: true,
  types: ["node"],
} as const;
