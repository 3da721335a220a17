import { indentationAt } from "../text/lines.js";
import { callAround, callRemoval } from "./call-around.js";
import { ts, type TS } from "./compiler.js";
import { callsSdkInit } from "./sdk-init.js";
import { constantValue } from "./message.js";
import { codeFingerprint, fingerprint, saysCallee } from "./fingerprint.js";
import {
  ledgerText,
  type AttachedEdit,
  type Candidate,
  type Removal,
  type Shape,
} from "./instrumentation.js";
import { containerOf, propertyName } from "./names.js";
import { insertFirst, propertyOf, propertyRemoval } from "./object-literal.js";
import { isReason, reason, type Reason } from "./reason.js";
import { textOf, type Source } from "./source.js";
import { callsIn, findNode, meansValue, unwrapped, walk } from "./walk.js";

/** What is to become of one option of a call. */
export type OptionChange = { readonly option: string } & (
  | { readonly kind: "add"; readonly code: string; readonly callee?: string }
  /** Makes the function that is there the last argument of a call. */
  | {
      readonly kind: "wrap";
      readonly callee: string;
      readonly given: string;
      /** Whether the call also takes nothing for a function. */
      readonly isOptional?: boolean;
    }
  /** Puts a condition in front of the value that is there. */
  | { readonly kind: "condition"; readonly condition: string; readonly value: string }
  | { readonly kind: "replace"; readonly code: string }
  /** Adds to the list that is there. */
  | { readonly kind: "element"; readonly code: string }
);

/** The edits of a change, and what it is known by later. */
export interface ChangedOption {
  readonly edits: readonly AttachedEdit[];
  readonly shape: Shape;
}

type Options = TS.ObjectLiteralExpression;

/** The names around some options, and which of the calls alike they belong to. */
export function optionsContainer({ file }: Source, options: Options): string {
  const call = callWith(options);
  if (!call) return containerOf(options);
  const container = containerOf(options);
  const callee = call.expression.getText(file);
  const alike = callsIn(file).filter(
    (each) => each.expression.getText(file) === callee && containerOf(each) === container,
  );
  return `${container} ${alike.indexOf(call)}/${alike.length}`;
}

/** What is put back in place of something else must not go to another call that looks the same. */
export function headOfChange(source: Source, options: Options, kind: string | undefined): string {
  return kind === "replace" ? optionsContainer(source, options) : "";
}

function callWith(options: Options): TS.CallExpression | null {
  let outer: TS.Node = options.parent;
  while (ts.isParenthesizedExpression(outer) || ts.isAsExpression(outer)) outer = outer.parent;
  return ts.isCallExpression(outer) ? outer : null;
}

/** What tells a change from others of the same options: elements of one list are changes of their own. */
export function partOf(change: OptionChange): string {
  return change.kind === "element" ? `${change.option} ${change.code}` : change.option;
}

/** Changes one option of an object literal, or says why it must stay. */
export function changeOption(
  source: Source,
  options: Options,
  change: OptionChange,
): ChangedOption | Reason {
  const property = propertyOf(options, change.option);
  const changed = editsFor(source, options, property, change);
  if (isReason(changed)) return changed;
  const { option, kind } = change;
  const part = partOf(change);
  const key = `${option} ${changed.shape.key}`;
  return { ...changed, shape: { ...changed.shape, part, exclusive: part, kind, option, key } };
}

function editsFor(
  source: Source,
  options: Options,
  property: TS.ObjectLiteralElementLike | undefined,
  change: OptionChange,
): ChangedOption | Reason {
  if (change.kind === "add") {
    const { code, callee = "" } = change;
    const shape = { key: codeFingerprint(code), callee, last: lastArgument(code) };
    return { edits: [insertFirst(source, options, `${change.option}: ${code}`)], shape };
  }
  if (!property) throw new Error(`there is no ${change.option} to change`);
  if (change.kind === "wrap") return wrapped(source, property, change);
  if (!ts.isPropertyAssignment(property)) {
    return reason("unknown-options", `${change.option} is not written out`);
  }
  if (change.kind === "element") return withElement(source, property, change.code);
  const value = property.initializer;
  if (change.kind === "condition") {
    const open = `${change.condition} ? ${change.value} : `;
    const shape = { key: codeFingerprint(`${open}0`), kept: fingerprint(value) };
    return { edits: callAround(source, value, open, ""), shape };
  }
  const { code } = change;
  const [start, end] = [value.getStart(source.file), value.end];
  const shape = {
    key: codeFingerprint(code),
    original: textOf(source, value),
    eol: source.style.eol,
  };
  return { edits: [{ start, end, text: code, attach: "right" }], shape };
}

function lastArgument(code: string): string {
  const file = ts.createSourceFile("code.tsx", `(${code}\n)`, ts.ScriptTarget.Latest, true);
  const call = findNode(file, ts.isCallExpression);
  const last = call && ts.isCallExpression(call) ? call.arguments.at(-1) : undefined;
  return last ? fingerprint(last) : "";
}

// A function that is there

type Wrap = Extract<OptionChange, { kind: "wrap" }>;

function wrapped(
  source: Source,
  property: TS.ObjectLiteralElementLike,
  { option, callee, given, isOptional = false }: Wrap,
): ChangedOption | Reason {
  const open = `${callee}(${given}`;
  const key = codeFingerprint(`${open}0)`);
  if (ts.isMethodDeclaration(property)) return wrappedMethod(source, property, open, key, callee);
  const isShort = ts.isShorthandPropertyAssignment(property);
  if (!isShort && !ts.isPropertyAssignment(property)) {
    return reason("unknown-options", `${option} is an accessor`);
  }
  const value = isShort ? property.name : property.initializer;
  const doubt = doubtAbout(source, value, option, isOptional);
  if (doubt) return reason("unknown-options", doubt);
  const edits = callAround(source, value, isShort ? `${option}: ${open}` : open);
  const form = isShort ? "shorthand" : "property";
  return { edits, shape: { key, callee, form, kept: fingerprint(value) } };
}

/** A method becomes a function under its name: `beforeSend(event) {` to `beforeSend: after(function(event) {`. */
function wrappedMethod(
  source: Source,
  method: TS.MethodDeclaration,
  open: string,
  key: string,
  callee: string,
): ChangedOption | Reason {
  const { file, text } = source;
  const name = textOf(source, method.name);
  const usesItsObject = findNode(
    method,
    ({ kind }) => kind === ts.SyntaxKind.ThisKeyword || kind === ts.SyntaxKind.SuperKeyword,
  );
  if (usesItsObject || method.asteriskToken || method.typeParameters) {
    return reason("unknown-options", `${name} is a method that cannot become a function`);
  }
  const nameEnd = method.name.end;
  const [start, nameStart] = [method.getStart(file), method.name.getStart(file)];
  const gap = text.slice(nameEnd, text.indexOf("(", nameEnd));
  const edits: AttachedEdit[] = [
    { start, end: start, text: `${name}: ${open}`, attach: "right" },
    { start: nameStart, end: nameEnd, text: gap ? "function" : "function ", attach: "right" },
    { start: method.end, end: method.end, text: ")", attach: "left" },
  ];
  const shape = { key, callee, form: "method", name, gap };
  return { edits, shape: { ...shape, kept: method.body ? fingerprint(method.body) : "" } };
}

/** Why a function that is there cannot be called by another one. */
function doubtAbout(
  source: Source,
  given: TS.Expression,
  option: string,
  isOptional: boolean,
): string | null {
  const code = unwrapped(given);
  if (!isOptional && mayBeNothing(source, code)) return `${option} may be undefined`;
  const value = unwrapped(constantValue(source, code));
  const usesThis = (node: TS.Node) => node.kind === ts.SyntaxKind.ThisKeyword;
  const isBound = ts.isFunctionExpression(value) && findNode(value.body, usesThis) !== undefined;
  return isBound ? `${option} uses this` : null;
}

function mayBeNothing(source: Source, expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  const isNothing = (each: TS.Expression) => mayBeNothing(source, each);
  if (code.kind === ts.SyntaxKind.NullKeyword) return true;
  if (ts.isConditionalExpression(code)) return [code.whenTrue, code.whenFalse].some(isNothing);
  if (ts.isBinaryExpression(code)) {
    const isAnd = code.operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken;
    return isAnd || isNothing(code.right);
  }
  // What is read off something else may not be there.
  if (ts.isPropertyAccessExpression(code) || ts.isElementAccessExpression(code)) return true;
  if (!ts.isIdentifier(code)) return false;
  if (meansValue(code, "undefined")) return true;
  const value = constantValue(source, code);
  return value !== code && isNothing(value);
}

// A list that is there

function withElement(
  source: Source,
  { initializer }: TS.PropertyAssignment,
  code: string,
): ChangedOption | Reason {
  const list = unwrapped(initializer);
  if (!ts.isArrayLiteralExpression(list)) {
    return reason("unknown-options", "the list is not written out");
  }
  const { file, text, style } = source;
  const shape = { key: codeFingerprint(code) };
  const last = list.elements.at(-1);
  if (!last) {
    const at = list.getStart(file) + 1;
    return { edits: [{ start: at, end: at, text: code, attach: "left" }], shape };
  }
  const start = last.getStart(file);
  const isOverLines = /\n\s*$/.test(text.slice(list.getStart(file), start));
  const gap = isOverLines ? `${style.eol}${indentationAt(text, start)}` : " ";
  const edit = { start: last.end, end: last.end, text: `,${gap}${code}`, attach: "left" } as const;
  return { edits: [edit], shape };
}

// How a change is recognised

/** Places that look like the change of an option. */
export function changedOptions(source: Source, shape: Shape): Candidate[] {
  const found: Candidate[] = [];
  walk(source.file, (node) => {
    if (!ts.isPropertyAssignment(node) || propertyName(node.name) !== shape.option) return;
    const candidate = candidateAt(source, node, shape);
    if (candidate) found.push(candidate);
  });
  return found;
}

const CHANGED = reason("changed-by-hand", "the option has another value");

interface Seen {
  readonly node: TS.Node;
  readonly key: string;
  readonly isSame: boolean;
  readonly removal: Removal | Reason;
}

function candidateAt(
  source: Source,
  property: TS.PropertyAssignment,
  shape: Shape,
): Candidate | null {
  // What is given to another function is no option of the SDK, however alike it looks.
  const call = callWith(property.parent);
  if (call && !callsSdkInit(source, call) && !isCalledInit(call)) return null;
  const seen = SEERS[shape.kind as OptionChange["kind"]]?.(source, property, shape);
  if (!seen) return null;
  const { node, isSame, removal } = seen;
  const key = `${shape.option} ${seen.key}`;
  return {
    range: { start: node.getStart(source.file), end: node.end },
    container: optionsContainer(source, property.parent),
    head: headOfChange(source, property.parent, shape.kind),
    key,
    exact: isSame && key === shape.key && !isReason(removal),
    similar: isSame,
    removal,
  };
}

/** `monitoring.init(...)`: a module of the project's own may pass the SDK on. */
function isCalledInit({ expression }: TS.CallExpression): boolean {
  return /(^|\.)init$/.test(expression.getText());
}

type See = (source: Source, property: TS.PropertyAssignment, shape: Shape) => Seen | null;

const SEERS: Readonly<Record<OptionChange["kind"], See>> = {
  add: seeAdded,
  wrap: seeWrapped,
  condition: seeCondition,
  replace: seeReplaced,
  element: seeElement,
};

function seeAdded(source: Source, property: TS.PropertyAssignment, shape: Shape): Seen | null {
  const { parent, initializer } = property;
  const key = fingerprint(initializer);
  const call = callOf(initializer, shape.callee);
  if (`${shape.option} ${key}` !== shape.key && !call) return otherValue(property, key);
  const last = call?.arguments.at(-1);
  const isSame = !last || !shape.last || fingerprint(last) === shape.last;
  const removal = isSame
    ? { edits: propertyRemoval(source, parent, property), dedent: null }
    : CHANGED;
  return { node: property, key, isSame, removal };
}

/** The option has a value that somebody else has given it. */
function otherValue(property: TS.PropertyAssignment, key: string): Seen {
  return { node: property, key, isSame: false, removal: CHANGED };
}

function callOf(value: TS.Expression, callee: string | undefined): TS.CallExpression | null {
  if (!callee || !ts.isCallExpression(value)) return null;
  return saysCallee(value, callee) ? value : null;
}

function seeWrapped(source: Source, property: TS.PropertyAssignment, shape: Shape): Seen | null {
  const call = callOf(property.initializer, shape.callee);
  const kept = call?.arguments.at(-1);
  if (!call || !kept) return null;
  const { file } = source;
  const given = textOf(source, call).slice(0, kept.getStart(file) - call.getStart(file));
  const key = codeFingerprint(`${given}0)`);
  if (shape.form === "method") {
    const body = ts.isFunctionExpression(kept) ? fingerprint(kept.body) : "";
    return {
      node: call,
      key,
      isSame: body === shape.kept,
      removal: methodAgain(source, property, call, kept, shape),
    };
  }
  const isSame = fingerprint(kept) === shape.kept;
  // A number is no function by itself.
  const isNumber = ts.isNumericLiteral(unwrapped(kept));
  const start = (shape.form === "shorthand" && isSame ? property : call).getStart(file);
  const removal = isNumber ? CHANGED : callRemoval(source, call, kept, start);
  return { node: call, key, isSame, removal };
}

/** The function is a method again. */
function methodAgain(
  source: Source,
  property: TS.PropertyAssignment,
  call: TS.CallExpression,
  kept: TS.Expression,
  { name = "", gap = "" }: Shape,
): Removal | Reason {
  const { file, text } = source;
  if (!ts.isFunctionExpression(kept) || kept.name) return CHANGED;
  const around = callRemoval(source, call, kept, property.getStart(file));
  const [word] = kept.getChildren(file).filter(isFunctionWord);
  if (!word) return CHANGED;
  const start = word.getStart(file);
  const end = text.indexOf("(", start);
  return { ...around, edits: [...around.edits, { start, end, text: name + gap }] };
}

function isFunctionWord({ kind }: TS.Node): boolean {
  return kind === ts.SyntaxKind.FunctionKeyword;
}

function seeCondition(source: Source, property: TS.PropertyAssignment, shape: Shape): Seen | null {
  const value = property.initializer;
  if (!ts.isConditionalExpression(value)) return null;
  const { condition, whenTrue, whenFalse } = value;
  const key = codeFingerprint(`${condition.getText()} ? ${whenTrue.getText()} : 0`);
  if (`${shape.option} ${key}` !== shape.key) return otherValue(property, key);
  const { file } = source;
  const edit = { start: value.getStart(file), end: whenFalse.getStart(file), text: "" };
  const removal = { edits: [edit], dedent: null };
  return { node: value, key, isSame: fingerprint(whenFalse) === shape.kept, removal };
}

function seeReplaced(source: Source, property: TS.PropertyAssignment, shape: Shape): Seen | null {
  const { initializer } = property;
  const key = fingerprint(initializer);
  // Somebody has brought the old value back.
  if (key === codeFingerprint(shape.original ?? "")) return null;
  if (`${shape.option} ${key}` !== shape.key) return otherValue(property, key);
  const text = ledgerText(source, shape, "original");
  const edit = { start: initializer.getStart(source.file), end: initializer.end, text };
  return { node: initializer, key, isSame: true, removal: { edits: [edit], dedent: null } };
}

function seeElement(source: Source, property: TS.PropertyAssignment, shape: Shape): Seen | null {
  const list = unwrapped(property.initializer);
  if (!ts.isArrayLiteralExpression(list)) return null;
  const at = list.elements.findLastIndex(
    (each) => `${shape.option} ${fingerprint(each)}` === shape.key,
  );
  const element = list.elements[at];
  if (!element) return null;
  const { file, text } = source;
  const before = list.elements[at - 1];
  const start = before ? before.end : element.getStart(file);
  const behind = before ? 0 : (/^\s*,[^\S\n]*/.exec(text.slice(element.end))?.[0].length ?? 0);
  const removal = { edits: [{ start, end: element.end + behind, text: "" }], dedent: null };
  return { node: element, key: fingerprint(element), isSame: true, removal };
}
