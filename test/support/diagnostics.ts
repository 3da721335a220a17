import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import ts from "typescript";
import type { Program } from "./run.js";

const MODULES = new URL("../../node_modules", import.meta.url).pathname;

const STRICT: ts.CompilerOptions = {
  strict: true,
  noUncheckedIndexedAccess: true,
  noImplicitReturns: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  skipLibCheck: true,
  noEmit: true,
  types: ["node"],
};

/** What a strict compiler says about each program, without the places: those move. */
export function diagnosticsOf(
  programs: ReadonlyMap<string, Program>,
): ReadonlyMap<string, readonly string[]> {
  const dir = mkdtempSync(join(tmpdir(), "retrospan-types-"));
  try {
    const roots = [...programs].flatMap(([name, files]) => writeProgram(join(dir, name), files));
    symlinkSync(MODULES, join(dir, "node_modules"));
    const said = ts.getPreEmitDiagnostics(ts.createProgram(roots, STRICT));
    const names = [...programs.keys()];
    return new Map(names.map((name) => [name, said.flatMap((each) => textIn(dir, name, each))]));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function writeProgram(dir: string, files: Program): string[] {
  return [...files].map(([path, text]) => {
    const target = join(dir, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
    return target;
  });
}

function textIn(dir: string, name: string, { file, code, messageText }: ts.Diagnostic): string[] {
  const path = file && relative(dir, file.fileName).split(sep).join("/");
  if (!path?.startsWith(`${name}/`)) return [];
  return [`TS${code} ${ts.flattenDiagnosticMessageText(messageText, " ")}`];
}

/** What the second list has more than the first. */
export function added(before: readonly string[], after: readonly string[]): string[] {
  const left = [...before];
  return after.filter((each) => {
    const at = left.indexOf(each);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
