import { quoted, type Style } from "../text/style.js";
import { ts } from "./compiler.js";
import { parseExpression } from "./pattern.js";
import { walk } from "./walk.js";

/** A template in pieces: text, `${code}` and `{{placeholder}}`. */
type Segment =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "code"; readonly code: string }
  | { readonly kind: "placeholder"; readonly name: string };

/** What a placeholder becomes inside text and inside code. */
export interface Fill {
  readonly text: string;
  readonly code: string;
}

export type Fills = Readonly<Record<string, Fill>>;

/** A template turned into code for one site. */
export interface Rendered {
  readonly code: string;
  /** Names the code reads, that must be in scope. */
  readonly names: readonly string[];
  /** The text itself when nothing in it varies at run time. */
  readonly constant: string | null;
}

/** Splits a template; returns null when a `${` is never closed. */
function parseTemplate(template: string): Segment[] | null {
  const segments: Segment[] = [];
  let text = "";
  const flush = () => {
    if (text) segments.push({ kind: "text", text });
    text = "";
  };
  for (let at = 0; at < template.length;) {
    const placeholder = /^\{\{\s*(\w+)\s*\}\}/.exec(template.slice(at));
    if (placeholder) {
      flush();
      segments.push({ kind: "placeholder", name: placeholder[1] ?? "" });
      at += placeholder[0].length;
    } else if (template.startsWith("${", at)) {
      const end = closingBrace(template, at + 2);
      if (end < 0) return null;
      flush();
      segments.push({ kind: "code", code: template.slice(at + 2, end).trim() });
      at = end + 1;
    } else {
      text += template[at++];
    }
  }
  flush();
  return segments;
}

/** The brace that closes a `${`, strings inside it skipped; -1 if there is none. */
function closingBrace(template: string, from: number): number {
  let depth = 1;
  for (let at = from; at < template.length; at++) {
    const character = template[at] ?? "";
    if (character === '"' || character === "'" || character === "`") {
      at = closingQuote(template, at, character);
      if (at < 0) return -1;
    } else if (character === "{") depth++;
    else if (character === "}" && --depth === 0) return at;
  }
  return -1;
}

function closingQuote(template: string, from: number, quote: string): number {
  for (let at = from + 1; at < template.length; at++) {
    if (template[at] === "\\") at++;
    else if (template[at] === quote) return at;
  }
  return -1;
}

/**
 * What is wrong with a template, in a phrase, or null.
 * Needs the compiler only where the template has code in it.
 */
export function templateProblem(template: string): string | null {
  const segments = parseTemplate(template);
  if (!segments) return "a ${ is never closed";
  for (const segment of segments) {
    if (segment.kind !== "code") continue;
    const code = segment.code.replace(/\{\{\s*\w+\s*\}\}/g, "placeholder");
    const expression = code === "" ? null : parseExpression(code);
    if (!expression) return `\${${segment.code}} is not an expression`;
    let suspends = false;
    walk(expression, (node) => {
      if (ts.isAwaitExpression(node) || ts.isYieldExpression(node)) suspends = true;
    });
    if (suspends) return `\${${segment.code}} must not await or yield`;
  }
  return null;
}

/** Whether a template contains code, so that checking it takes the compiler. */
export function hasCode(template: string): boolean {
  return template.includes("${");
}

/** The first piece of code in a template as it is written, `${...}`; undefined where there is none. */
export function firstCode(template: string): string | undefined {
  const found = parseTemplate(template)?.find((segment) => segment.kind === "code");
  return found && `\${${found.code}}`;
}

/** Placeholders of a template that nothing can fill. */
export function unknownPlaceholders(template: string, known: readonly string[]): string[] {
  const names = [...template.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map((match) => match[1] ?? "");
  return names.filter((name) => !known.includes(name));
}

/**
 * Renders a template as an expression: text as a string literal, one `${expr}` alone as that
 * expression, a mixture as a template literal.
 */
export function renderTemplate(template: string, fills: Fills, style: Style): Rendered {
  const segments = (parseTemplate(template) ?? []).map((segment) => filled(segment, fills));
  const names = segments.flatMap((segment) =>
    segment.kind === "code" ? freeNames(segment.code) : [],
  );
  const [only, ...others] = segments;
  if (only?.kind === "code" && others.length === 0) {
    return { code: only.code, names, constant: null };
  }
  if (segments.every((segment) => segment.kind === "text")) {
    const constant = segments.map((segment) => segment.text).join("");
    return { code: quoted(constant, style), names, constant };
  }
  const parts = segments.map((segment) =>
    segment.kind === "code" ? `\${${segment.code}}` : segment.text.replace(/[`\\]|\$\{/g, "\\$&"),
  );
  return { code: `\`${parts.join("")}\``, names, constant: null };
}

type Filled = Exclude<Segment, { kind: "placeholder" }>;

function filled(segment: Segment, fills: Fills): Filled {
  if (segment.kind === "placeholder") {
    return { kind: "text", text: fills[segment.name]?.text ?? "" };
  }
  if (segment.kind === "text") return segment;
  const isWhole = /^\{\{\s*\w+\s*\}\}$/.test(segment.code);
  const code = segment.code.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name: string) => {
    const filling = fills[name]?.code ?? "undefined";
    return isWhole || /^[\w$.]+$/.test(filling) ? filling : `(${filling})`;
  });
  return { kind: "code", code };
}

/** The names an expression reads from around it. */
export function freeNames(code: string): string[] {
  const expression = parseExpression(code);
  if (!expression) return [];
  const read = new Set<string>();
  const declared = new Set<string>();
  walk(expression, (node) => {
    if (ts.isTypeNode(node)) return false;
    if (node.kind === ts.SyntaxKind.ThisKeyword) read.add("this");
    if (ts.isParameter(node) && ts.isIdentifier(node.name)) declared.add(node.name.text);
    if (!ts.isIdentifier(node)) return true;
    const { parent } = node;
    const isName =
      (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
      (ts.isPropertyAssignment(parent) && parent.name === node);
    if (!isName) read.add(node.text);
    return true;
  });
  return [...read].filter((name) => !declared.has(name));
}
