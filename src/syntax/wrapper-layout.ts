import { objectOnOneLine, objectOverLines, type Entries } from "../text/code.js";
import type { Style } from "../text/style.js";
import { indentationAt, lineStart } from "../text/lines.js";
import { indentNeeded } from "./indent.js";
import type { Region } from "./region.js";
import type { Source } from "./source.js";
import type { Wrapping } from "./wrapping.js";

/** The call that is put around a region: `callee(...arguments, (parameter) => ...)`. */
export interface WrapperCall {
  readonly callee: string;
  /** What stands before the callback: code, or objects to write. */
  readonly arguments: readonly (Entries | string)[];
  /** The callback's parameter, or nothing. */
  readonly parameter: string;
  /** The type that the callback returns, where it has to be said. */
  readonly returns?: string | undefined;
}

/** What stands before and behind a wrapped region. */
export interface WrapperLayout {
  readonly open: string;
  readonly close: string;
  /** White space added to each further line of the region. */
  readonly unit: string;
  /** Whether the expression had to get brackets of its own. */
  readonly isBracketed: boolean;
}

/** Writes a wrapper's call on one line if that fits, else one argument a line. */
export function layOutWrapper(
  source: Source,
  region: Region,
  wrapping: Wrapping,
  call: WrapperCall,
): WrapperLayout {
  const { style, text } = source;
  const returns = call.returns === undefined ? "" : `: ${call.returns}`;
  const arrow = `${wrapping.isAsync ? "async " : ""}(${call.parameter})${returns} =>`;
  const head = `${wrapping.prefix}${call.callee}(`;
  const given = call.arguments.map((argument) => onOneLine(argument, style)).join(", ");
  const short = `${head}${given}, ${arrow}`;
  const column = region.start - lineStart(text, region.start);
  const behind = wrapping.isConcise ? firstLineLength(text, region) + 1 : " {".length;
  const fits = column + short.length + behind <= style.width;
  return wrapping.isConcise
    ? layOutExpression(source, region, { short, head, arrow, call, fits })
    : layOutBlock(source, region, { short, head, arrow, call, fits });
}

interface Parts {
  readonly short: string;
  readonly head: string;
  readonly arrow: string;
  readonly call: WrapperCall;
  readonly fits: boolean;
}

function layOutExpression(source: Source, region: Region, parts: Parts): WrapperLayout {
  const { style, text, file } = source;
  const { short, arrow } = parts;
  // An expression that begins with a brace would be read as the callback's block.
  const isBracketed = text[region.start] === "{";
  const [bracket, end] = isBracketed ? ["(", ")"] : ["", ""];
  if (parts.fits) return { open: `${short} ${bracket}`, close: `${end})`, unit: "", isBracketed };
  const base = indentationAt(text, region.start);
  const line = style.eol + base + style.indent;
  const open = `${openLines(source, parts, base)}${line}${arrow} ${bracket}`;
  const unit = indentNeeded(file, region, base, style.indent);
  return { open, close: `${end},${style.eol}${base})`, unit, isBracketed };
}

function layOutBlock(source: Source, region: Region, parts: Parts): WrapperLayout {
  const { style, text, file } = source;
  const base = indentationAt(text, region.start);
  const depth = parts.fits ? style.indent : style.indent + style.indent;
  const unit = indentNeeded(file, region, base, depth);
  const isBracketed = false;
  const semicolon = style.semicolons || goesOn(text, region.end) ? ";" : "";
  const first = `${style.eol}${base}${depth}`;
  if (parts.fits) {
    const close = `${style.eol}${base}})${semicolon}`;
    return { open: `${parts.short} {${first}`, close, unit, isBracketed };
  }
  const line = style.eol + base + style.indent;
  const open = `${openLines(source, parts, base)}${line}${parts.arrow} {${first}`;
  return { open, close: `${line}},${style.eol}${base})${semicolon}`, unit, isBracketed };
}

function openLines({ style }: Source, { head, call }: Parts, base: string): string {
  const indent = base + style.indent;
  const isAlone = call.arguments.length === 1;
  const written = (argument: Entries | string) => {
    const short = onOneLine(argument, style);
    const fits = !isAlone && indent.length + short.length < style.width;
    return fits ? short : overLines(argument, style, indent);
  };
  const lines = call.arguments.map((argument) => `${style.eol}${indent}${written(argument)},`);
  return `${head}${lines.join("")}`;
}

function onOneLine(argument: Entries | string, style: Style): string {
  return typeof argument === "string" ? argument : objectOnOneLine(argument, style);
}

function overLines(argument: Entries | string, style: Style, indent: string): string {
  return typeof argument === "string" ? argument : objectOverLines(argument, style, indent);
}

function firstLineLength(text: string, region: Region): number {
  return text.slice(region.start, region.end).split("\n", 1)[0]?.length ?? 0;
}

/**
 * Without semicolons, a next line that begins with a bracket would go on with our call, and code on
 * the same line would not be parted from it. Comments part nothing.
 */
export function goesOn(text: string, offset: number): boolean {
  const { gap, next } = whatComes(text, offset);
  return gap.includes("\n") ? mayGoOn(next) : /[^})]/.test(next);
}

/** Whether code without a semicolon of its own would go on, and no semicolon stands behind it. */
export function needsSemicolon(text: string, offset: number): boolean {
  return goesOn(text, offset) && whatComes(text, offset).next !== ";";
}

/** The white space and comments behind a place, and the first character of the code. */
function whatComes(text: string, offset: number): { readonly gap: string; readonly next: string } {
  const behind = text.slice(offset, offset + 2000);
  const gap = /^(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/.exec(behind)?.[0] ?? "";
  return { gap, next: behind[gap.length] ?? "" };
}

/** Whether a line that begins so goes on with the one before, should that have no semicolon. */
export function mayGoOn(first: string): boolean {
  return /[;([`+\-/*.,]/.test(first);
}
