import {
  defineTransform,
  param,
  reason,
  schema,
  type FileSite,
  type FileWork,
  type Reason,
  type Rule,
  type TreeContext,
} from "../src/transform.js";

interface CleanUp extends Rule {
  /** Files that go, where they are what the wizard had made to try things out. */
  readonly examples: readonly string[];
  /** The file that names the variables of the environment. */
  readonly envFile: string;
  /** Variables that it is to name. */
  readonly env: readonly string[];
}

const TEXT = schema.pipe(schema.string(), schema.minLength(1));

/** Where the wizard puts its example page and the route that fails for it. */
const EXAMPLES = [
  "**/sentry-example-page/page.{tsx,jsx,ts,js}",
  "**/sentry-example-api/route.{ts,js}",
  "**/pages/sentry-example-page.{tsx,jsx}",
  "**/pages/api/sentry-example-api.{ts,js}",
];

export const cleanUp = defineTransform<CleanUp, never>({
  name: "clean-up",
  summary: "Deletes the wizard's examples, names variables of the environment, finds dead switches",
  inserts: "names in `.env.example`; deletes the wizard's examples and finds dead switches",
  params: {
    examples: param(
      "globs of what may go, where its text says that it is the wizard's; `revert` brings it back",
      schema.optional(schema.array(TEXT), EXAMPLES),
    ),
    envFile: param(
      "the file that lists the names of the environment",
      schema.optional(TEXT, ".env.example"),
    ),
    env: param(
      "names that it must list",
      schema.optional(schema.array(schema.pipe(TEXT, schema.regex(/^[A-Za-z_]\w*$/))), [
        "SENTRY_DSN",
      ]),
    ),
  },
  joinPoints: [],
  templates: () => [],
  needles: () => [],
  paths: () => [],

  files: (tree, rule): FileWork => ({
    sites: [
      ...tree.matching(rule.examples).map((path) => example(tree, path)),
      ...named(tree, rule),
    ],
    observations: deadSwitches(tree, rule),
  }),

  find: () => [],
  instrument: () => {
    throw new Error("clean-up has no sites in code");
  },
  landmark: () => null,
  recognise: () => [],
});

/** What only the wizard's files say. */
const SIGNS = /sentry-example|SentryExample|sentry\.io\/orgredirect/;

function example(tree: TreeContext, path: string): FileSite {
  return { path, strategy: "delete", skip: doubtAbout(tree, path) ?? undefined };
}

function doubtAbout(tree: TreeContext, path: string): Reason | null {
  const text = tree.read(path) ?? "";
  if (!SIGNS.test(text)) return reason("not-an-example");
  const importer = tree.importerOf(path);
  return importer === undefined ? null : reason("still-needed", `${importer} imports it`);
}

/** The lines that the file of the environment lacks. */
function named(tree: TreeContext, { envFile, env }: CleanUp): FileSite[] {
  const [found] = tree.matching([envFile]);
  const path = found ?? envFile;
  const isReadable = tree.read(path) !== null || !tree.exists(path);
  if (!isReadable) return [{ path, strategy: "insert", lines: [], skip: reason("not-readable") }];
  const text = tree.read(path) ?? "";
  const missing = env.filter((name) => !variablesIn(text).includes(name));
  if (missing.length === 0) return [];
  return [{ path, strategy: "insert", lines: missing.map((name) => `${name}=`) }];
}

function variablesIn(text: string): string[] {
  return [...text.matchAll(/^\s*(?:#\s*)?(?:export\s+)?([A-Za-z_]\w*)=/gm)].map(
    ([, name]) => name ?? "",
  );
}

/** Switches of a tracing that is gone: somebody will turn them, and nothing will happen. */
function deadSwitches(tree: TreeContext, { envFile }: CleanUp): FileWork["observations"] {
  return tree.matching([envFile]).flatMap((path) => {
    const switches = variablesIn(tree.read(path) ?? "").filter((name) => /TRAC(E|ING)/.test(name));
    const dead = switches.filter((name) => tree.filesWith(name).length === 0);
    return dead.map((name) => {
      const message = `no code reads ${name} any more`;
      return { code: "dead-switch", level: "warning" as const, message, path };
    });
  });
}
