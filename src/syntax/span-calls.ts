import { ts, type TS } from "./compiler.js";
import { callFingerprint } from "./fingerprint.js";
import type { Shape } from "./instrumentation.js";
import { perFile } from "./per-file.js";
import type { Source } from "./source.js";
import { optionCode } from "./span-options.js";
import type { WrapperNode } from "./unwrapping.js";
import { callsIn } from "./walk.js";

/** A span around a callback, as ours are. */
export interface SpanCall extends WrapperNode {
  /** Ours are an object literal, until somebody makes a constant of them. */
  readonly options: TS.Expression;
}

/** A call of `startSpan` with an arrow function, by whatever name the SDK has by now. */
export function spanCall(node: TS.Node, callee: string): SpanCall | null {
  const found = anySpanCall(node, callee);
  if (!found || !ts.isArrowFunction(found.callback)) return null;
  return { ...found, callback: found.callback };
}

/** The same, whatever it is given to run: somebody may have made a function of the arrow. */
export function anySpanCall(
  node: TS.Node,
  callee: string,
): (Omit<SpanCall, "callback"> & { readonly callback: TS.Expression }) | null {
  if (!ts.isCallExpression(node) || node.arguments.length !== 2) return null;
  const name = node.expression.getText();
  if (name !== callee && !/(^|\.)startSpan$/.test(name)) return null;
  const [options, callback] = node.arguments;
  return options && callback ? { call: node, options, callback } : null;
}

/** The name that a span is given on the spot. */
export function spanName(options: TS.Expression): string | null {
  return ts.isObjectLiteralExpression(options) ? optionCode(options, "name") : null;
}

/** Spans by what they say and by their names. */
interface SpanIndex {
  readonly all: readonly TS.CallExpression[];
  readonly byKey: ReadonlyMap<string, readonly TS.CallExpression[]>;
  readonly byName: ReadonlyMap<string, readonly TS.CallExpression[]>;
}

/** By what the SDK is called in the file, which an entry remembers. */
const indexesOf = perFile(() => new Map<string, SpanIndex>());

/** With so many spans in a file, each entry is compared with those only that could be its own. */
const MANY = 300;

/** The calls that an entry may mean: all of them, unless they are too many to compare all with all. */
export function callsLike(
  { file }: Source,
  shape: Shape,
  name: string,
): readonly TS.CallExpression[] {
  const { callee = "" } = shape;
  const known = indexesOf(file);
  const index = known.get(callee) ?? indexSpans(file, callee);
  known.set(callee, index);
  if (index.all.length <= MANY) return index.all;
  const own = [...(index.byKey.get(shape.key ?? "") ?? []), ...(index.byName.get(name) ?? [])];
  return own.length > 0 ? [...new Set(own)] : index.all;
}

function indexSpans(file: TS.SourceFile, callee: string): SpanIndex {
  const [byKey, byName] = [
    new Map<string, TS.CallExpression[]>(),
    new Map<string, TS.CallExpression[]>(),
  ];
  const add = (map: Map<string, TS.CallExpression[]>, key: string, call: TS.CallExpression) => {
    const known = map.get(key);
    if (known) known.push(call);
    else map.set(key, [call]);
  };
  const all = callsIn(file).filter((call) => anySpanCall(call, callee) !== null);
  for (const call of all.length > MANY ? all : []) {
    const found = anySpanCall(call, callee);
    if (!found) continue;
    add(byKey, callFingerprint(call.expression, [found.options]), call);
    add(byName, spanName(found.options) ?? "", call);
  }
  return { all, byKey, byName };
}

/** A call that starts a span, by whatever name the SDK has there. */
export interface HandSpan {
  readonly call: TS.CallExpression;
  readonly options: TS.ObjectLiteralExpression;
}

/** Every match of a file is compared with them. */
export const spansIn = perFile((file): readonly HandSpan[] =>
  callsIn(file).flatMap((call) => handSpan(call) ?? []),
);

function handSpan(call: TS.CallExpression): HandSpan | null {
  const { expression, arguments: given } = call;
  const name = ts.isPropertyAccessExpression(expression) ? expression.name : expression;
  if (!ts.isIdentifier(name) || !/^start(Inactive)?Span(Manual)?$/.test(name.text)) return null;
  const [options] = given;
  return options && ts.isObjectLiteralExpression(options) ? { call, options } : null;
}
