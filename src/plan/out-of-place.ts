import type { Range } from "../text/edit.js";
import { firstIndex } from "../text/first-index.js";
import { ts, type TS } from "../syntax/compiler.js";
import { sandboxOf, sentAway, takesSdkEvent } from "../syntax/elsewhere.js";
import { importOf, moduleOf } from "../syntax/imports.js";
import { perFile } from "../syntax/per-file.js";
import { reason, type Reason } from "../syntax/reason.js";
import { sdkInits } from "../syntax/sdk-init.js";
import type { Source } from "../syntax/source.js";
import { ancestors, callsIn, nodeAt } from "../syntax/walk.js";
import type { FileContext, Instrumentation } from "../transform.js";

/**
 * Why code of ours must not stand where a site is, whatever it is: code that runs where our names
 * mean nothing or the SDK cannot be loaded, functions that the SDK itself calls, and, in a callback,
 * code that sets up the SDK or changes its current scope, which a span would undo at its end.
 */
export function outOfPlace(
  context: FileContext,
  { region, strategy, imports, modules }: Instrumentation,
): Reason | null {
  const { source } = context;
  const sandbox = sandboxOf(source.file);
  if (sandbox !== null && imports.length + modules.length > 0) {
    return reason("in-sandbox", sandbox);
  }
  const functions = functionsAround(source, region);
  for (const fn of functions) {
    const sent = sentAway(source, fn);
    if (sent !== null) return reason("runs-elsewhere", sent);
    if (isHook(source, fn)) return reason("sdk-hook");
  }
  const isMoved = strategy === "expression" || strategy === "statement" || strategy === "body";
  if (!isMoved) return null;
  const scope = scopeChange(source, region) ?? sdkStart(context, region);
  return scope === null ? null : reason("changes-scope", scope);
}

/** The functions that a region is a part of. */
function functionsAround({ file }: Source, { start, end }: Range): TS.SignatureDeclaration[] {
  const inner = nodeAt(file, start);
  const isAround = (node: TS.Node): node is TS.SignatureDeclaration =>
    ts.isFunctionLike(node) && node.getStart(file) < start && node.end >= end;
  return [inner, ...ancestors(inner)].filter(isAround);
}

// What the SDK calls

const saysSdk = perFile(({ text }) => text.includes("@sentry/"));

/** Whether a function is an option of the SDK, on the spot or by name, or is made for that. */
function isHook(source: Source, fn: TS.SignatureDeclaration): boolean {
  if (!saysSdk(source.file)) return false;
  if (takesSdkEvent(source, fn)) return true;
  const inits = sdkInits(source);
  const isGiven = (node: TS.Node) =>
    inits.some(({ arguments: given }) =>
      given.some((each) => each.pos <= node.pos && node.end <= each.end),
    );
  if (inits.length === 0) return false;
  if (isGiven(fn)) return true;
  const name = ts.isVariableDeclaration(fn.parent) ? fn.parent.name : fn.name;
  return name !== undefined && ts.isIdentifier(name) && source.scope.references(name).some(isGiven);
}

// What a span would undo

const saysScope = perFile(({ text }) => /getCurrentScope|configureScope|enterWith/.test(text));

/** `Sentry.getCurrentScope().setTag("team", "x")`: the scope is another one inside the span. */
function scopeChange(source: Source, region: Range): string | null {
  if (!saysScope(source.file)) return null;
  const change = callsWithin(source, region).find(({ expression }) =>
    /\b(getCurrentScope\(\)\s*[!?]?\.\s*(set|add|clear|update)\w*|configureScope|\.enterWith)$/.test(
      expression.getText(source.file),
    ),
  );
  return change ? change.expression.getText(source.file) : null;
}

/** What is called that may start the SDK, where that is in another file. */
const STARTING =
  /init|setup|start|boot|instrument|sentry|telemetry|tracing|monitor|observ|configure|register|import|require/i;

const MAX_DEPTH = 3;

/** The code of a region that starts the SDK, here or in what it calls or loads. */
function sdkStart(context: FileContext, region: Range, depth = 0): string | null {
  const { source } = context;
  const own = sdkInits(source);
  for (const call of callsWithin(source, region)) {
    const text = call.expression.getText(source.file);
    if (own.includes(call)) return text;
    if (own.length > 0 && depth < MAX_DEPTH && startsByName(context, call, depth)) return text;
    const called = STARTING.test(text) ? calledElsewhere(source, call) : null;
    if (called && context.startsSdk(called.module, called.name)) return text;
  }
  return null;
}

/** Whether what is called is a function of the file that starts the SDK. */
function startsByName(context: FileContext, call: TS.CallExpression, depth: number): boolean {
  const { expression } = call;
  if (!ts.isIdentifier(expression)) return false;
  const { scope, file } = context.source;
  return (scope.resolve(expression.text, expression) ?? []).some((declaration) => {
    const value = ts.isVariableDeclaration(declaration) ? declaration.initializer : declaration;
    if (!value || !ts.isFunctionLike(value)) return false;
    const range = { start: value.getStart(file), end: value.end };
    return sdkStart(context, range, depth + 1) !== null;
  });
}

interface CalledElsewhere {
  readonly module: string;
  /** The function of that module; null where the call loads it. */
  readonly name: string | null;
}

/** What a call calls of another module: `startTracing()`, `boot.start()`, `import("./instrument")`. */
function calledElsewhere(source: Source, call: TS.CallExpression): CalledElsewhere | null {
  const { expression } = call;
  const [specifier] = call.arguments;
  const isLoad =
    expression.kind === ts.SyntaxKind.ImportKeyword || expression.getText() === "require";
  if (isLoad) {
    const isKnown = specifier !== undefined && ts.isStringLiteralLike(specifier);
    return isKnown ? { module: specifier.text, name: null } : null;
  }
  if (ts.isIdentifier(expression)) {
    const imported = importOf(source, expression);
    return imported ? { module: imported.module, name: imported.exported } : null;
  }
  if (!ts.isPropertyAccessExpression(expression) || !ts.isIdentifier(expression.expression)) {
    return null;
  }
  // A member of what is imported by name is no function of that module.
  if (importOf(source, expression.expression)) return null;
  const module = moduleOf(source, expression.expression);
  return module === null ? null : { module, name: expression.name.text };
}

/** The calls of a region, in source order. */
function callsWithin({ file }: Source, { start, end }: Range): readonly TS.CallExpression[] {
  const calls = callsIn(file);
  const isBefore = (call: TS.CallExpression | undefined) =>
    call !== undefined && call.pos < start && call.getStart(file) < start;
  const from = firstIndex(calls.length, (index) => !isBefore(calls[index]));
  const to = firstIndex(calls.length, (index) => (calls[index]?.pos ?? 0) >= end);
  return calls.slice(from, to).filter((call) => call.end <= end);
}
