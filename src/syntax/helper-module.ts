import { moduleText } from "../text/module-text.js";
import type { Style } from "../text/style.js";
import type { ImportNeed } from "./import-place.js";
import type { Binding } from "./imports.js";
import { reason, type Reason } from "./reason.js";
import type { Source } from "./source.js";

/** A function that instrumentation calls, and how the module that has it is written. */
export interface HelperSpec {
  readonly name: string;
  /** The module's file name without its ending. */
  readonly file: string;
  /** The module's lines, as `moduleText` takes them. */
  readonly lines: (language: Language) => readonly string[];
}

/** What a generated module is written in. */
export interface Language {
  readonly isTyped: boolean;
  /** What stands for a type: the text itself in TypeScript, nothing elsewhere. */
  readonly type: (text: string) => string;
  /** The head that imports the SDK. */
  readonly imports: string;
  /** What exports a function: before its declaration, and behind the code. */
  readonly exportWord: string;
  readonly exportLines: readonly string[];
}

/** How code reaches a helper. */
export interface Helper {
  readonly callee: string;
  readonly imports: readonly ImportNeed[];
  readonly modules: readonly { readonly path: string; readonly text: (style: Style) => string }[];
}

/** What has to be known about a file that calls a helper. */
export interface HelperHost {
  readonly source: Source;
  readonly helperDir: () => string;
  readonly pathOf: (module: string) => string;
  readonly member: (module: string, member: string) => Binding;
  readonly read: (path: string) => Source | null;
  readonly sdkFor: (path: string) => string;
  readonly isModule: (path: string) => boolean;
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
  const path = module === undefined ? ownModule(file, spec) : file.pathOf(module);
  const existing = file.read(path);
  if (existing ? !existing.text.includes(spec.name) : module !== undefined) {
    return reason("no-such-helper", `${spec.name} in ${path}`);
  }
  const binding = file.member(path, spec.name);
  const imports = binding.need ? [binding.need] : [];
  const callee = binding.access(spec.name);
  const language = languageOf(file, path, spec.name);
  const text = (style: Style) => moduleText(spec.lines(language), style);
  return { callee, imports, modules: existing ? [] : [{ path, text }] };
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
export function languageOf(
  file: Pick<HelperHost, "sdkFor" | "isModule">,
  path: string,
  name: string,
): Language {
  const isTyped = /\.[cm]?tsx?$/.test(path);
  const isCommonJs = path.endsWith(".cjs") || (path.endsWith(".js") && !file.isModule(path));
  const sdk = file.sdkFor(path);
  return {
    isTyped,
    type: (text) => (isTyped ? text : ""),
    imports: isCommonJs ? `const Sentry = require("${sdk}");` : `import * as Sentry from "${sdk}";`,
    exportWord: isCommonJs ? "" : "export ",
    exportLines: isCommonJs ? ["", `module.exports = { ${name} };`] : [],
  };
}
