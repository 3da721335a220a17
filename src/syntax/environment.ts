import { ts, type TS } from "./compiler.js";
import { specifierOf } from "./imports.js";
import { isInBrowser } from "./sdk-init.js";
import type { Source } from "./source.js";
import { findNode } from "./walk.js";

/** How code of a file reads where and as what it runs. */
export interface Environment {
  /** The DSN that it is given. */
  readonly dsn: string;
  readonly name: string;
  readonly isProduction: string;
}

interface Host {
  readonly source: Source;
  readonly dependsOn: (name: string) => boolean;
}

/** Variables that a bundler hands to a page have its prefix. */
const PREFIXES: readonly (readonly [dependency: string, prefix: string])[] = [
  ["next", "NEXT_PUBLIC_"],
  ["react-scripts", "REACT_APP_"],
  ["gatsby", "GATSBY_"],
];

/** The environment of a file; null where nothing tells how it is read, as in pages of a bundler's own kind. */
export function environmentOf({ source, dependsOn }: Host): Environment | null {
  const { quote } = source.style;
  const isPage = isInBrowser(source);
  if (source.text.includes("import.meta.env") || (isPage && dependsOn("vite"))) return VITE;
  const prefix = isPage ? PREFIXES.find(([name]) => dependsOn(name))?.[1] : "";
  const hasProcess = prefix !== undefined || source.text.includes("process.env.");
  return hasProcess
    ? inProcess(`${prefix ?? ""}SENTRY_DSN`, isPage ? NODE : DEPLOYED, quote)
    : null;
}

/** Whether the SDK of a file finds its environment by itself, as in `@sentry/nextjs`: that of Vercel too. */
export function findsEnvironment({ text }: Source): boolean {
  return /["']@sentry\/nextjs["']/.test(text);
}

const NODE = "process.env.NODE_ENV";

/** What a deployment says to every SDK of a server comes first, as without the option. */
const DEPLOYED = `process.env.SENTRY_ENVIRONMENT ?? ${NODE}`;

const VITE: Environment = {
  dsn: "import.meta.env.VITE_SENTRY_DSN",
  name: "import.meta.env.MODE",
  isProduction: "import.meta.env.PROD",
};

function inProcess(dsn: string, name: string, quote: string): Environment {
  return {
    dsn: `process.env.${dsn}`,
    name,
    isProduction: `${NODE} === ${quote}production${quote}`,
  };
}

/** A condition's opposite: `a !== b` for `a === b`. */
export function negated(condition: string): string {
  const file = ts.createSourceFile("condition.ts", condition, ts.ScriptTarget.Latest, true);
  const [statement] = file.statements;
  const code = statement && ts.isExpressionStatement(statement) ? statement.expression : null;
  const isComparison =
    code !== null &&
    ts.isBinaryExpression(code) &&
    code.operatorToken.kind === ts.SyntaxKind.EqualsEqualsEqualsToken;
  if (isComparison) return `${code.left.getText()} !== ${code.right.getText()}`;
  const isPath = code !== null && (ts.isIdentifier(code) || ts.isPropertyAccessExpression(code));
  return isPath ? `!${condition}` : `!(${condition})`;
}

const READERS = /^dotenv(-flow|-expand)?(\/config)?$/;

/** A call behind another one that reads the environment from a file. */
export function environmentReadBehind({ file }: Source, call: TS.Node): TS.Node | undefined {
  const hasReader = file.statements.some(
    (each) => ts.isImportDeclaration(each) && READERS.test(specifierOf(each)),
  );
  return findNode(file, (node) => {
    if (!ts.isCallExpression(node) || node.pos < call.end) return false;
    const callee = node.expression.getText(file);
    if (/^require\(["']dotenv["']\)\.config$/.test(callee)) return true;
    return callee === "process.loadEnvFile" || (hasReader && /^(dotenv\.)?config$/.test(callee));
  });
}
