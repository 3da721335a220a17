import type { Edit } from "../text/edit.js";
import { ts, type TS } from "./compiler.js";
import { alwaysThrows } from "./completion.js";
import { captureEdits, type Captures } from "./captured-error.js";
import { freeCatches, parameterUse } from "./catch-removal.js";
import { markEdit, SPAN_NAMES, swallowingCatches, type CatchNeeds } from "./caught-error.js";
import { freshName } from "./imports.js";
import type { AttachedEdit, Lessons, Removal, Shape } from "./instrumentation.js";
import type { Reindent } from "./indent.js";
import { barePath, readsOf } from "./narrowing.js";
import { isReason, reason, type Reason } from "./reason.js";
import type { Region } from "./region.js";
import { hoistTypes, unhoistTypes } from "./retyping.js";
import type { Source } from "./source.js";
import { unwrap, type WrapperNode } from "./unwrapping.js";
import { isAsync, walk } from "./walk.js";
import { layOutWrapper, type WrapperCall, type WrapperLayout } from "./wrapper-layout.js";
import { nodesOf, type Wrapping } from "./wrapping.js";

/** What a callback is asked for beside holding a region. */
export interface CallbackNeeds {
  readonly lessons: Lessons;
  readonly reserved: ReadonlySet<string>;
  /** What its catches that swallow an error are to do. */
  readonly catches: CatchNeeds;
}

/** A region put into a callback. */
export interface Enclosed {
  readonly edits: readonly AttachedEdit[];
  readonly reindent: Reindent;
  readonly shape: Shape;
}

/** Puts a region into the callback of a call, and says again what the compiler forgets there. */
export function enclose(
  source: Source,
  region: Region,
  wrapping: Wrapping,
  call: Pick<WrapperCall, "callee" | "arguments">,
  { lessons, reserved, catches }: CallbackNeeds,
): Enclosed | Reason {
  const isTyped = /\.[cm]?tsx?$/.test(source.path);
  const saysTypes = lessons.annotated || lessons.narrowed.size + lessons.retyped.size > 0;
  if (!isTyped && saysTypes) return reason("type-check");
  const declared = lessons.annotated ? declaredResult(region) : undefined;
  const returns = declared ?? (isTyped ? resultOfThrower(region) : undefined);
  if (lessons.annotated && returns === undefined) return reason("type-check");
  const clauses = swallowingCatches(region);
  const marked = catches.marks ? clauses : [];
  const captures = catches.capture
    ? captureEdits(source, region, clauses, catches.capture)
    : NO_CAPTURES;
  const parameter = marked.length > 0 ? freshName(source, SPAN_NAMES, reserved) : "";
  const layout = layOutWrapper(source, region, wrapping, { ...call, parameter, returns });
  const reads = readsOf(nodesOf(region), lessons.narrowed);
  const hoisting = hoistTypes(source, region, lessons.retyped, reserved);
  return {
    edits: [
      ...reads.map(({ end }) => assertion(end)),
      ...(hoisting?.assertions ?? []),
      ...(hoisting ? [{ ...hoisting.declarations, attach: "right" as const, isFirst: true }] : []),
      ...around(region, layout),
      ...captures.edits,
      ...marked.map((clause) => markEdit(source, clause, parameter)),
    ],
    reindent: { range: region, unit: layout.unit },
    shape: {
      ...shapeOf(wrapping, layout, parameter),
      ...(reads.length > 0 ? { narrowed: [...lessons.narrowed].join("\n") } : {}),
      ...(hoisting ? { types: hoisting.types } : {}),
      ...captures.shape,
    },
  };
}

const NO_CAPTURES: Captures = { edits: [], shape: {} };

/** The edits that put a layout around a region. */
export function around({ start, end }: Region, { open, close }: WrapperLayout): AttachedEdit[] {
  return [
    { start, end: start, text: open, attach: "right" },
    { start: end, end, text: close, attach: "left" },
  ];
}

/** The type that a whole function says it returns, where a callback can say it too. */
function declaredResult(region: Region): string | undefined {
  const type = region.kind === "body" ? region.node.type : undefined;
  if (!type || ts.isTypePredicateNode(type)) return undefined;
  return type.getText().replace(/\s+/g, " ");
}

/**
 * The compiler infers `void` for a function or a method that does nothing but throw, and `never` for
 * a callback, which whoever overrides or compares it would see.
 */
function resultOfThrower(region: Region): string | undefined {
  if (region.kind !== "body" || region.node.type) return undefined;
  const { node } = region;
  const isNamed = ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node);
  if (!isNamed || !node.body || !alwaysThrows(node.body.statements)) return undefined;
  return isAsync(node) ? "Promise<void>" : "void";
}

/** Sites inside one another may both have to say what was known outside. */
function assertion(at: number): AttachedEdit {
  const place = { start: at, end: at };
  return { ...place, text: "!", attach: "left", extent: place, isShared: true };
}

function shapeOf(wrapping: Wrapping, layout: WrapperLayout, parameter: string): Shape {
  return {
    strategy: wrapping.strategy,
    prefix: wrapping.prefix,
    callback: wrapping.isConcise ? "expression" : "block",
    parameter,
    indent: layout.unit,
    ...(layout.isBracketed ? { bracket: "(" } : {}),
  };
}

/** Takes code out of a callback again, with all that {@link enclose} said in it. */
export function disclose(source: Source, node: WrapperNode, shape: Shape): Removal | Reason {
  const { call, callback } = node;
  const inUse = parameterUse(source, callback);
  if (inUse) return inUse;
  const catches = freeCatches(source, callback, shape);
  if (isReason(catches)) return catches;
  const unwrapped = unwrap(source, node, {
    strategy: shape.strategy ?? "",
    prefix: shape.prefix ?? "",
    isConcise: shape.callback === "expression",
    isBracketed: shape.bracket !== undefined,
    unit: shape.indent ?? "",
  });
  if (isReason(unwrapped)) return unwrapped;
  const types = unhoistTypes(source, call, shape.types ?? "");
  if (isReason(types)) return types;
  const own = [...types, ...catches, ...assertionsIn(callback, shape)];
  return { edits: [...unwrapped.edits, ...own], dedent: unwrapped.dedent };
}

/** The `!` that said again what was known outside the callback. */
function assertionsIn(callback: TS.ArrowFunction, shape: Shape): Edit[] {
  const paths = new Set(shape.narrowed?.split("\n"));
  const edits: Edit[] = [];
  walk(callback.body, (node) => {
    if (!ts.isNonNullExpression(node) || !paths.has(barePath(node.expression))) return;
    edits.push({ start: node.expression.end, end: node.end, text: "" });
  });
  return edits;
}
