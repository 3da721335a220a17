import { objectOnOneLine, type Entries } from "../text/code.js";
import { disclose, enclose, type CallbackNeeds } from "./callback.js";
import { captureImports } from "./caught-error.js";
import { ts, type TS } from "./compiler.js";
import { callFingerprint, codeFingerprint, saysCallee } from "./fingerprint.js";
import type { Helper } from "./helper-module.js";
import type { Binding } from "./imports.js";
import { headOf, type Candidate, type Instrumentation, type Shape } from "./instrumentation.js";
import { containerOf } from "./names.js";
import { isReason, type Reason } from "./reason.js";
import type { Region } from "./region.js";
import type { Source } from "./source.js";
import { optionCode, type SpanOptions } from "./span-options.js";
import type { WrapperNode } from "./unwrapping.js";
import { walk } from "./walk.js";
import { firstNode, type Wrapping } from "./wrapping.js";

/** Code that is to run in a callback of a helper. */
export interface HelperRun extends Pick<CallbackNeeds, "catches"> {
  readonly region: Region;
  readonly wrapping: Wrapping;
  readonly helper: Helper;
  /** What the helper gets before the callback. */
  readonly given: readonly (string | Entries)[];
  /** The span that the helper starts, where it starts one. */
  readonly span: SpanOptions | null;
}

/** Runs code through a helper: `helper(given, () => code)`. */
export function runInHelper(
  { source, sentry }: { readonly source: Source; readonly sentry: Binding },
  { region, wrapping, helper, given, span, catches }: HelperRun,
  { lessons, reserved }: Omit<CallbackNeeds, "catches">,
): Instrumentation | Reason {
  const { callee, imports, modules } = helper;
  const call = { callee, arguments: given };
  const enclosed = enclose(source, region, wrapping, call, { lessons, reserved, catches });
  if (isReason(enclosed)) return enclosed;
  const inner = firstNode(region);
  const code = given.map((each) =>
    typeof each === "string" ? each : objectOnOneLine(each, source.style),
  );
  return {
    ...enclosed,
    strategy: wrapping.strategy,
    region,
    imports: [...imports, ...captureImports(sentry, enclosed.shape)],
    modules,
    span: span && {
      name: span.name.constant ?? span.name.code,
      op: span.op?.constant ?? null,
    },
    shape: {
      ...enclosed.shape,
      callee,
      key: codeFingerprint(`${callee}(${code.join(", ")})`),
      arguments: String(given.length + 1),
      ...(span ? { name: span.name.code } : {}),
    },
    container: containerOf(inner),
    head: headOf(inner),
  };
}

/** Places where a helper runs code, by what it is called in the file. */
export function runsInHelper(source: Source, shape: Shape): Candidate[] {
  const found: Candidate[] = [];
  walk(source.file, (node) => {
    if (!ts.isCallExpression(node) || !saysCallee(node, shape.callee)) return;
    const callback = node.arguments.at(-1);
    const isSuch = String(node.arguments.length) === shape.arguments;
    if (!callback || !isSuch || !ts.isArrowFunction(callback)) return;
    found.push(candidate(source, { call: node, callback }, shape));
  });
  return found;
}

function candidate(source: Source, node: WrapperNode, shape: Shape): Candidate {
  const { call, callback } = node;
  const { body } = callback;
  const inner = ts.isBlock(body) ? (body.statements[0] ?? body) : body;
  const key = callFingerprint(call.expression, call.arguments.slice(0, -1));
  const removal = disclose(source, node, shape);
  return {
    range: { start: call.getStart(source.file), end: call.end },
    container: containerOf(call),
    head: headOf(inner),
    key,
    exact: key === shape.key && !isReason(removal),
    similar: shape.name === undefined || hasName(call, shape.name),
    ...(shape.continues === undefined ? {} : { continues: call.arguments[0]?.getText() }),
    removal,
  };
}

function hasName({ arguments: given }: TS.CallExpression, name: string): boolean {
  const options = given.at(-2);
  const isObject = options !== undefined && ts.isObjectLiteralExpression(options);
  return isObject && optionCode(options, "name") === codeFingerprint(name);
}
