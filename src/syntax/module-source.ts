import { readFileSync } from "node:fs";
import { ts } from "./compiler.js";
import type { HelperSpec, Language } from "./helper-module.js";

/** What a helper is that is kept as a module of its own in `src/modules`. */
export function moduleSpec(file: string, name: string): HelperSpec {
  const url = new URL(`../modules/${file}.ts`, import.meta.url);
  return { name, file, lines: (language) => moduleLines(url, language) };
}

/**
 * The lines of a module that is kept as TypeScript of our own, as `moduleText` takes them: without
 * types where the language has none, and importing what its new place needs.
 * @param url where the module lies; it imports packages and modules beside it
 */
function moduleLines(url: URL, language: Language): string[] {
  const [code, columns] = language.isTyped ? [textOf(url), 2] : [scriptOf(url), 4];
  const placed = language.isCommonJs ? asCommonJs(code, language) : withImports(code, language);
  return placed.split("\n").map((line) => withTabs(line, columns));
}

const texts = new Map<string, string>();
const scripts = new Map<string, string>();

function textOf({ href }: URL): string {
  const known = texts.get(href) ?? readFileSync(new URL(href), "utf8");
  texts.set(href, known);
  return known;
}

/** Many files may need the same module. */
function scriptOf(url: URL): string {
  const known = scripts.get(url.href) ?? withoutTypes(textOf(url));
  scripts.set(url.href, known);
  return known;
}

/** The odd column of a comment that spans lines stays. */
function withTabs(line: string, columns: number): string {
  const levels = Math.floor((/^ */.exec(line)?.[0].length ?? 0) / columns);
  return "\t".repeat(levels) + line.slice(columns * levels);
}

/** The compiler drops empty lines and breaks others; the most striking are mended. */
function withoutTypes(text: string): string {
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    },
  });
  return outputText
    .replace(/\}\n *(?=(catch|else|finally)\b)/g, "} ")
    .replace(/ +$/gm, "")
    .replace(/([;}])\n( *\/\*\*)/g, "$1\n\n$2")
    .replace(/\}\n(?=(export |async )*(function|class|const) )/g, "}\n\n");
}

function withImports(code: string, language: Language): string {
  return code.replace(/ from "(.*)";$/gm, (_, from: string) => {
    return ` from "${specifierIn(language, from)}";`;
  });
}

function specifierIn({ sdk, sibling }: Language, specifier: string): string {
  if (specifier === "@sentry/node") return sdk;
  const beside = /^\.\/([\w-]+)\.js$/.exec(specifier)?.[1];
  return beside === undefined ? specifier : sibling(beside);
}

function asCommonJs(code: string, language: Language): string {
  const exported = [...code.matchAll(/^export (?:async )?(?:function|class) (\w+)/gm)].map(
    ([, name]) => name,
  );
  const body = code
    .replace(/^import (?:\* as )?(.*) from "(.*)";$/gm, (_, what: string, from: string) => {
      return `const ${what} = require("${specifierIn(language, from)}");`;
    })
    .replace(/^export /gm, "");
  return `${body}\nmodule.exports = { ${exported.join(", ")} };\n`;
}
