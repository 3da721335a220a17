import { posix } from "node:path";
import { moduleText } from "../text/module-text.js";
import type { Style } from "../text/style.js";
import type { ImportNeed } from "./import-place.js";
import type { Binding } from "./imports.js";
import type { ModuleNeed } from "./instrumentation.js";
import { isReason, reason, type Reason } from "./reason.js";
import { isCommonJs, type Source } from "./source.js";

/** A function that instrumentation calls, and how the module that has it is written. */
export interface HelperSpec {
  readonly name: string;
  /** The module's file name without its ending. */
  readonly file: string;
  /** What the module is called where it is imported as a whole, since code uses several of its exports. */
  readonly namespace?: string;
  /** The module's lines, as `moduleText` takes them. */
  readonly lines: (language: Language) => readonly string[];
  /** Whether it runs on servers only, also in programs that nothing bundles. */
  readonly isServer?: boolean;
  /** What it imports from beside it, which is made along with it. */
  readonly needs?: readonly HelperSpec[];
}

/** What a generated module is written in. */
export interface Language {
  readonly isTyped: boolean;
  /** What stands for a type: the text itself in TypeScript, nothing elsewhere. */
  readonly type: (text: string) => string;
  readonly isCommonJs: boolean;
  /** The Sentry package, and the head that imports it. */
  readonly sdk: string;
  readonly imports: string;
  /** How a module beside this one is imported, by its file name without its ending. */
  readonly sibling: (file: string) => string;
  /** What exports a function: before its declaration, and behind the code. */
  readonly exportWord: string;
  readonly exportLines: readonly string[];
}

/** How code reaches a helper. */
export interface Helper {
  readonly callee: string;
  readonly imports: readonly ImportNeed[];
  readonly modules: readonly ModuleNeed[];
}

/** What has to be known about a file that calls a helper. */
export interface HelperHost {
  readonly source: Source;
  readonly helperDir: () => string;
  readonly pathOf: (module: string) => string;
  readonly member: (module: string, member: string, namespace?: string) => Binding;
  readonly read: (path: string) => Source | null;
  readonly sdkFor: (path: string) => string;
  readonly serverSdkFor: (path: string) => string;
  readonly isModule: (path: string) => boolean;
  readonly specifierFor: (from: string, to: string) => string;
}

/**
 * Finds or makes the module of a helper: one for each package that needs it.
 * @param module the module of the user's own that a rule names for it
 */
export function helperFor(
  file: HelperHost,
  spec: HelperSpec,
  module: string | undefined,
): Helper | Reason {
  const found = moduleFor(file, spec, module);
  if (isReason(found)) return found;
  const { path, modules } = found;
  const binding = file.member(path, spec.name, spec.namespace);
  const imports = binding.need ? [binding.need] : [];
  const callee = binding.access(spec.name);
  return { callee, imports, modules };
}

/** Where the module of a helper is, and what has to be made for it. */
export function moduleFor(
  file: HelperHost,
  spec: HelperSpec,
  module: string | undefined,
): { readonly path: string; readonly modules: readonly ModuleNeed[] } | Reason {
  const path = module === undefined ? ownModule(file, spec) : file.pathOf(module);
  const existing = file.read(path);
  if (!existing && module !== undefined) return reason("no-such-module", path);
  if (existing && !exportsName(existing, spec.name)) {
    return reason("no-such-helper", `${spec.name} in ${path}`);
  }
  return { path, modules: existing ? [] : modulesOf(file, spec, path) };
}

/** A module at a path and, where they are not there, those that it imports from beside it. */
export function modulesOf(file: HelperHost, spec: HelperSpec, path: string): ModuleNeed[] {
  const sdkFor = spec.isServer ? file.serverSdkFor : file.sdkFor;
  const language = languageOf({ ...file, sdkFor }, path, spec.name);
  // A module of ours in JavaScript has no types that a project's own strictness could be content with.
  const head = language.isTyped ? [] : ["// @ts-nocheck"];
  const text = (style: Style) => moduleText([...head, ...spec.lines(language)], style);
  const needs = (spec.needs ?? []).flatMap((each) => {
    const beside = posix.join(posix.dirname(path), `${each.file}${posix.extname(path)}`);
    return file.read(beside) ? [] : modulesOf(file, each, beside);
  });
  return [{ path, text }, ...needs];
}

/** Whether a module of somebody's own exports a name. */
function exportsName({ text }: Source, name: string): boolean {
  const declared = `export\\s+(?:declare\\s+|async\\s+)*(?:function|const|let|var|class)\\s+${name}\\b`;
  const listed = `export\\s*\\{[^}]*\\b${name}\\b|export\\s*\\*`;
  const assigned = `exports\\.${name}\\b|module\\.exports\\s*=[^;]*\\b${name}\\b`;
  return new RegExp([declared, listed, assigned].join("|")).test(text);
}

/** A helper is written in the language of the file that needs it first. */
function ownModule(file: HelperHost, spec: HelperSpec): string {
  const ending = /\.([cm]?[jt]s)x?$/.exec(file.source.path)?.[1] ?? "ts";
  return `${file.helperDir()}/${spec.file}.${ending}`;
}

/**
 * What a module is written in.
 * @param name the function that it exports
 */
function languageOf(
  file: Pick<HelperHost, "source" | "sdkFor" | "isModule" | "specifierFor">,
  path: string,
  name: string,
): Language {
  const isTyped = /\.[cm]?tsx?$/.test(path);
  // Bundlers take modules for what they are written as, whatever the package says.
  const isPlain = path.endsWith(".js") && isCommonJs(file.source.file, file.isModule(path));
  const requires = path.endsWith(".cjs") || isPlain;
  const sdk = file.sdkFor(path);
  return {
    isTyped,
    isCommonJs: requires,
    sdk,
    sibling: (name) =>
      file.specifierFor(path, posix.join(posix.dirname(path), `${name}${posix.extname(path)}`)),
    type: (text) => (isTyped ? text : ""),
    imports: requires ? `const Sentry = require("${sdk}");` : `import * as Sentry from "${sdk}";`,
    exportWord: requires ? "" : "export ",
    exportLines: requires ? ["", `module.exports = { ${name} };`] : [],
  };
}
