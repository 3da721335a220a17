import type { Choices } from "./choices.js";

type File = readonly [path: string, text: string];

/** Files that stand around a program: an index, a page, what a wizard left, the environment's names. */
export function filesAround(choices: Choices, isTypeScript: boolean): File[] {
  if (!choices.chance(16)) return [];
  const ending = isTypeScript ? "ts" : "js";
  return [
    ...indexFiles(choices, ending),
    ...exampleFiles(choices),
    ...(choices.chance(40) ? [ENVIRONMENT] : []),
    ...(choices.chance(30) ? [manifest(choices)] : []),
  ];
}

/** A file that cannot be read as text. */
export const UNREADABLE = "linked.env";

const ENVIRONMENT: File = [".env.example", "# ours\nTRACE_ALL=1\nPORT=80"];

function manifest(choices: Choices): File {
  const version = choices.pick(["^9.1.0", "^10.0.0", "^11.0.0"]);
  return ["package.json", `{ "dependencies": { "@sentry/node": "${version}" } }\n`];
}

function indexFiles(choices: Choices, ending: string): File[] {
  const text = choices.pick([
    "export const version = 1;\n",
    "export const version = 1;\n\nexport function setSentryUser() {}\n",
    'export * from "./version.js";\nexport const first = 1',
    "export const version = 1;\r\n",
    "// The index.\n",
    "export const version = 1;\n\nexport const last = 2;\n",
    "module.exports = { version: 1 };\n",
    ...(ending === "ts" ? ["const all = { version: 1 };\nexport = all;\n"] : []),
  ]);
  const page: File = [
    `app/page.${ending}x`,
    '"use client";\nimport { version } from "../lib/index.js";\nversion;\n',
  ];
  return [[`lib/index.${ending}`, text], ...(choices.chance(40) ? [page] : [])];
}

function exampleFiles(choices: Choices): File[] {
  const path = "app/sentry-example-page/page.jsx";
  const text = choices.pick([
    "export default () => <main>sentry-example-page</main>;\n",
    "export default () => <main>sentry-example-page</main>;\n",
    "export default () => <main>ours</main>;\n",
  ]);
  const user: File = [
    "app/menu.jsx",
    'import Page from "./sentry-example-page/page.jsx";\nPage;\n',
  ];
  return [[path, text], ...(choices.chance(30) ? [user] : [])];
}
