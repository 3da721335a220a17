import { ts, type TS } from "../../src/syntax/compiler.js";

/** Literals that changed, and lines of a wrapped body that moved otherwise than their neighbours. */
export function textDamage(file: string, before: string, after: string): string[] {
  const [old, now] = [parse(file, before), parse(file, after)];
  return [...changedLiterals(old, now), ...unevenBodies(old, now), ...movedOutside(old, now)];
}

function parse(file: string, text: string): TS.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
}

function changedLiterals(old: TS.SourceFile, now: TS.SourceFile): string[] {
  const kept = literalsOf(now).map((node) => node.getFullText());
  return literalsOf(old)
    .map((node) => node.getFullText())
    .filter((text) => !kept.includes(text));
}

/** Literals over several lines: white space in them is content. */
function literalsOf(file: TS.SourceFile): TS.Node[] {
  const found: TS.Node[] = [];
  const visit = (node: TS.Node): void => {
    const isText =
      ts.isStringLiteralLike(node) || ts.isTemplateLiteralToken(node) || ts.isJsxText(node);
    if (isText && node.getText(file).includes("\n")) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

interface Line {
  readonly indent: string;
  readonly code: string;
  readonly start: number;
}

/** Lines of code, with those left out that begin inside a literal. */
function linesOf(file: TS.SourceFile): Line[] {
  const literals = literalsOf(file);
  const isInside = (start: number) =>
    literals.some((node) => node.getStart(file) < start && start <= node.end);
  let start = 0;
  return file.text.split("\n").flatMap((line) => {
    const at = start;
    start += line.length + 1;
    const code = line.trim();
    return code && !isInside(at) ? [{ indent: /^\s*/.exec(line)?.[0] ?? "", code, start: at }] : [];
  });
}

interface Shift {
  readonly line: Line;
  /** What was put before the line, or null where its white space is another one. */
  readonly added: string | null;
}

/** The lines of the old text that stand in the new one, with how they were moved. */
function shifts(old: TS.SourceFile, now: TS.SourceFile): Shift[] {
  const lines = linesOf(now);
  let from = 0;
  return linesOf(old).flatMap(({ indent, code }) => {
    const at = lines.findIndex((each, index) => index >= from && each.code === code);
    const line = lines[at];
    if (!line) return [];
    from = at + 1;
    return [{ line, added: addedTo(indent, line.indent) }];
  });
}

function addedTo(before: string, after: string): string | null {
  if (!after.endsWith(before)) return null;
  const added = after.slice(0, after.length - before.length);
  return before && added && !added.includes(before[0] ?? "") ? null : added;
}

function unevenBodies(old: TS.SourceFile, now: TS.SourceFile): string[] {
  const moved = shifts(old, now);
  return bodiesOf(now).flatMap((body) => {
    const inside = moved.filter(
      ({ line }) => line.start > body.getStart(now) && line.start < body.end,
    );
    // The first line stands where the wrapper's own line ends.
    const ways = new Set(inside.slice(1).map(({ added }) => added));
    const isEven = ways.size <= 1 && !ways.has(null);
    return isEven ? [] : [`uneven: ${inside[0]?.line.code ?? ""}`];
  });
}

function movedOutside(old: TS.SourceFile, now: TS.SourceFile): string[] {
  const bodies = bodiesOf(now);
  return shifts(old, now)
    .filter(({ added }) => added !== "")
    .filter(({ line }) => !bodies.some((body) => body.pos < line.start && line.start < body.end))
    .map(({ line }) => `moved: ${line.code}`);
}

/** The bodies of callbacks of `startSpan`. */
function bodiesOf(file: TS.SourceFile): TS.Node[] {
  const found: TS.Node[] = [];
  const visit = (node: TS.Node): void => {
    if (ts.isCallExpression(node) && /startSpan$/.test(node.expression.getText(file))) {
      const callback = node.arguments[1];
      if (callback && ts.isArrowFunction(callback)) found.push(callback.body);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}
