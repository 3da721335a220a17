import { AUTO_INSTRUMENTED, type AutoInstrumented } from "./auto-instrumented.js";
import { ts, type TS } from "./compiler.js";
import { specifierOf } from "./imports.js";
import type { Source } from "./source.js";
import type { Types } from "./value-kind.js";
import { unwrapped } from "./walk.js";

/** The SDK that runs with a file, as far as the tree tells. */
export interface TracingSdk {
  /** Its version, or the range that its package asks for. */
  readonly version: string | null;
  /** Modules and functions in the installed SDK's own list; a name may be that of an inner one. */
  readonly modules: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * Says by which integration the SDK traces a call by itself, or null.
 * @param chain the whole chain of calls, such as `client.query(sql)`
 */
export function tracedBy(
  source: Source,
  chain: TS.Expression,
  types: Types,
  sdk: TracingSdk,
): string | null {
  const calls = callsOf(chain);
  const [first] = calls;
  if (!first) return null;
  if (isGlobalFetch(source, first)) return "NodeFetch";
  const name = packageOfCall(source, first) ?? types.packageOf(first);
  if (name === null) return null;
  const names = calls.map(lastName);
  const known = AUTO_INSTRUMENTED.find((each) => isTracedBy(each, name, names, sdk.version));
  if (known) return known.integration;
  return names.some((each) => sdk.modules.get(name)?.has(each)) ? name : null;
}

/** The calls of a chain, the first one first. */
function callsOf(chain: TS.Expression): TS.CallExpression[] {
  const calls: TS.CallExpression[] = [];
  for (let at = unwrapped(chain); ; at = unwrapped(at.expression)) {
    if (ts.isCallExpression(at)) calls.unshift(at);
    else if (!ts.isPropertyAccessExpression(at) && !ts.isElementAccessExpression(at)) return calls;
  }
}

function lastName(call: TS.CallExpression): string {
  const callee = unwrapped(call.expression);
  if (ts.isPropertyAccessExpression(callee)) return callee.name.text;
  return ts.isIdentifier(callee) ? callee.text : "";
}

function isGlobalFetch({ scope }: Source, call: TS.CallExpression): boolean {
  const callee = unwrapped(call.expression);
  if (ts.isPropertyAccessExpression(callee)) return callee.getText() === "globalThis.fetch";
  return (
    ts.isIdentifier(callee) && callee.text === "fetch" && !scope.resolve("fetch", callee)?.length
  );
}

function isTracedBy(
  { packages, since, calls }: AutoInstrumented,
  name: string,
  names: readonly string[],
  version: string | null,
): boolean {
  const isPackage = packages.some((each) =>
    each.endsWith("/*") ? name.startsWith(each.slice(0, -1)) : each === name,
  );
  if (!isPackage || (since !== undefined && !isAtLeast(version, since))) return false;
  return calls === undefined || names.some((each) => calls.includes(each));
}

/** Whether a version, or the lowest of a range, is not below another; unknown counts as newest. */
function isAtLeast(version: string | null, since: string): boolean {
  const parts = /(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(version ?? "");
  if (!parts) return true;
  const wanted = since.split(".").map(Number);
  for (const [index, least] of wanted.entries()) {
    const own = Number(parts[index + 1] ?? 0);
    if (own !== least) return own > least;
  }
  return true;
}

/** How far a name is followed: `const client = await pool.connect()`, `pool = new Pool()`. */
const MAX_STEPS = 5;

/** The package that the root of a call comes from, told from the file's own text. */
export function packageOfCall(source: Source, call: TS.CallExpression): string | null {
  let root: TS.Expression | undefined = call;
  for (let step = 0; root && step < MAX_STEPS; step++) {
    const name = rootIdentifier(root);
    const [declaration] = (name && source.scope.resolve(name.text, name)) ?? [];
    if (!declaration) return requiredBy(root);
    const imported = importedFrom(declaration);
    if (imported !== null) return packageName(imported);
    root = ts.isVariableDeclaration(declaration) ? declaration.initializer : undefined;
  }
  return null;
}

function rootIdentifier(expression: TS.Expression): TS.Identifier | null {
  for (let at = unwrapped(expression); ;) {
    if (ts.isIdentifier(at)) return at;
    const inner = innerOf(at);
    if (!inner) return null;
    at = unwrapped(inner);
  }
}

function innerOf(node: TS.Expression): TS.Expression | null {
  const isAround =
    ts.isCallExpression(node) ||
    ts.isNewExpression(node) ||
    ts.isPropertyAccessExpression(node) ||
    ts.isElementAccessExpression(node) ||
    ts.isAwaitExpression(node);
  return isAround ? node.expression : null;
}

function importedFrom(declaration: TS.Node): string | null {
  for (let at = declaration; at; at = at.parent) {
    if (ts.isImportDeclaration(at)) return specifierOf(at);
    if (ts.isVariableDeclaration(at)) return at.initializer ? requiredBy(at.initializer) : null;
  }
  return null;
}

/** The module of `require("pg")`, also with a member or a call behind it. */
function requiredBy(expression: TS.Expression): string | null {
  for (let at: TS.Expression | null = unwrapped(expression); at;) {
    const [argument] = ts.isCallExpression(at) ? at.arguments : [];
    if (ts.isCallExpression(at) && at.expression.getText() === "require" && argument) {
      return ts.isStringLiteralLike(argument) ? packageName(argument.text) : null;
    }
    const inner: TS.Expression | null = innerOf(at);
    at = inner && unwrapped(inner);
  }
  return null;
}

/** `pg` of `pg/lib/client`, `http` of `node:http`; nothing for a path. */
export function packageName(specifier: string): string | null {
  if (/^[./]/.test(specifier)) return null;
  const parts = specifier.replace(/^node:/, "").split("/");
  return parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}
