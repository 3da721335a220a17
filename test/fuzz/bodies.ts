import { ts } from "../../src/syntax/compiler.js";
import { asFunctionBody, execute, type Run } from "./execute.js";
import type { Program } from "./program.js";
import { createStub } from "./stub.js";

/** Runs a version of a program against a stub. */
export function runText(program: Program, text: string): Promise<Run> {
  return execute(bodyOf(program, text), createStub());
}

/** Runs a program as it stands in a tree, with the modules that were made for it. */
export function runApplied(program: Program, files: ReadonlyMap<string, string>): Promise<Run> {
  const text = files.get(program.path) ?? "";
  return execute(bodyOf(program, text, helpersIn(program, files)), createStub());
}

/** The body of a function that does what a program does, behind the modules made for it. */
export function bodyOf(
  { isTypeScript, isSloppy, path }: Program,
  text: string,
  helpers: readonly Helper[] = [],
): string {
  const codeOf = (each: string) => (isTypeScript ? transpiled(path, each) : each);
  const made = helpers.map(({ name, text: helper }) => {
    const namespace = new RegExp(
      `(?:import \\* as|const) (\\w+) .*["']\\./${name}(?:\\.\\w+)?["']`,
    ).exec(text)?.[1];
    const key = `${namespace} ${helper}`;
    const known = variables.get(key) ?? codeOf(asVariables(helper, namespace));
    variables.set(key, known);
    return known;
  });
  return asFunctionBody([...made, ...aliases(text), codeOf(text)].join("\n"), isSloppy);
}

/** Names that a program has for what modules made for it export, where it has others. */
function aliases(text: string): string[] {
  const lists = text.matchAll(/^(?:import|const) \{([^}]*)\} .*["']\.\/lib\//gm);
  return [...lists].flatMap(([, list = ""]) =>
    [...list.matchAll(/(\w+)(?: as|:) (\w+)/g)].map(([, name, own]) => `var ${own} = ${name};`),
  );
}

const variables = new Map<string, string>();

/** A module that was made for a program. */
interface Helper {
  /** Its path without the ending. */
  readonly name: string;
  readonly text: string;
}

/** The modules that were made for a program; each stands behind what it imports. */
export function helpersIn({ path, others }: Program, files: ReadonlyMap<string, string>): Helper[] {
  const old = new Set([path, ...others.map(([other]) => other)]);
  const made = [...files]
    .filter(([each]) => !old.has(each) && /\.[cm]?[jt]s$/.test(each))
    .map(([each, text]): Helper => ({ name: each.replace(/\.\w+$/, ""), text }));
  const ordered = new Set<Helper>();
  const add = (helper: Helper) => {
    for (const each of made) {
      if (each !== helper && helper.text.includes(`./${baseName(each)}`)) add(each);
    }
    ordered.add(helper);
  };
  for (const each of made) add(each);
  return [...ordered];
}

function baseName({ name }: Helper): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** What a module exports, as variables, and by the name by which a program has all of it. */
function asVariables(text: string, namespace: string | undefined): string {
  const listed = /^module\.exports = \{([^}]*)\}/m.exec(text)?.[1]?.split(",") ?? [];
  const written = text.matchAll(/^export (?:async )?(?:function|class|const) (\w+)/gm);
  const names = [...listed.map((each) => each.trim()), ...[...written].map(([, name]) => name)];
  const given = `{ ${names.join(", ")} }`;
  const code = text
    .replace(/^import [^]*?from ["'][^"'\n]*["'];?$/gm, "")
    .replace(/^const [^=]*= require\([^)]*\);?$/gm, "")
    .replace(/^module\.exports = .*$/m, "")
    .replace(/^export /gm, "");
  const whole = namespace ? `\nvar ${namespace} = ${given};` : "";
  return `var ${given} = (() => {\n${code}\nreturn ${given}; })();${whole}`;
}

function transpiled(fileName: string, text: string): string {
  const compilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    verbatimModuleSyntax: true,
  };
  return ts.transpileModule(text, { fileName, compilerOptions }).outputText;
}
