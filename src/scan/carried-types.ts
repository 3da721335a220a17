import { ts, type TS } from "../syntax/compiler.js";
import { importOf } from "../syntax/imports.js";
import { isParseFailure, parseSource, type Source } from "../syntax/source.js";
import { unwrapped } from "../syntax/walk.js";
import { originOf, type Origin } from "../plan/origin.js";
import type { Tree } from "../plan/tree.js";
import { idOf, proposal, type Proposal } from "./detector.js";
import { messagesNamed, type DeclaredType } from "./job-types.js";

/** The name of a message's type, and the module that a file has it from; null for its own. */
export interface CarriedType {
  readonly name: string;
  readonly module: string | null;
}

/** The type that a file says for a message that leaves: of the variable, or right there. */
export function carriedType(source: Source, message: TS.Expression): CarriedType | null {
  const type = typeSaid(source, message);
  if (!type || !ts.isTypeReferenceNode(type) || !ts.isIdentifier(type.typeName)) return null;
  const imported = importOf(source, type.typeName);
  if (!imported) return { name: type.typeName.text, module: null };
  return { name: imported.exported, module: imported.module };
}

function typeSaid({ scope }: Source, message: TS.Expression): TS.TypeNode | undefined {
  if (ts.isAsExpression(message) || ts.isSatisfiesExpression(message)) return message.type;
  const code = unwrapped(message);
  if (!ts.isIdentifier(code)) return undefined;
  const [declared] = scope.resolve(code.text, code) ?? [];
  const isSaid = declared && (ts.isVariableDeclaration(declared) || ts.isParameter(declared));
  return isSaid ? declared.type : undefined;
}

type Reader = Pick<Tree, "read" | "resolve" | "filesWith">;

/** With the types of the messages that leave, wherever in the tree they are declared. */
export function withCarriedTypes(proposals: readonly Proposal[], tree: Reader): Proposal[] {
  const types = new Map<string, Proposal>();
  for (const { file, carries } of proposals) {
    const home = carries && homeOf(tree, file, carries);
    if (!home) continue;
    for (const each of typesIn(home)) {
      types.set(`${home.source.path} ${each.rule.at?.type}`, each);
    }
  }
  const known = new Set(proposals.map(({ file, rule }) => `${file} ${rule.at?.type}`));
  return [...proposals, ...[...types].flatMap(([key, each]) => (known.has(key) ? [] : [each]))];
}

/** The file of the tree that declares a type, and its name there; packages that are not installed are found by its name. */
function homeOf(tree: Reader, from: string, { name, module }: CarriedType): Origin | null {
  const read = (path: string) => sourceAt(tree, path);
  if (module === null) {
    const source = read(from);
    return source && { source, name };
  }
  const path = tree.resolve(from, module);
  if (path !== null) return path.endsWith(".d.ts") ? null : originOf(tree, read, path, name);
  if (module.startsWith(".")) return null;
  const declares = new RegExp(`\\bexport (?:interface|type) ${name}\\b`);
  const paths = tree.filesWith(` ${name}`).filter((each) => declares.test(tree.read(each) ?? ""));
  const [only = ""] = paths.length === 1 ? paths : [];
  const source = read(only);
  return source && { source, name };
}

function sourceAt(tree: Reader, path: string): Source | null {
  const text = tree.read(path);
  const source = text === null ? null : parseSource(path, text);
  return source === null || isParseFailure(source) ? null : source;
}

function typesIn({ source, name: carried }: Origin): Proposal[] {
  return [...new Set(messagesNamed(source, carried).map(baseOf))].map((node) => {
    const { text: name } = node.name;
    const rule = { id: idOf(name), use: "trace-field", phase: 2, at: { type: name } };
    return proposal(source, node, 2, `messages of the type ${name} cross processes`, rule);
  });
}

/** What a message extends in its file has the field for all that extend it. */
function baseOf(node: DeclaredType): DeclaredType {
  const [extended] = ts.isInterfaceDeclaration(node)
    ? (node.heritageClauses ?? []).flatMap(({ types }) => types)
    : [];
  const name = extended?.expression.getText();
  const base = node
    .getSourceFile()
    .statements.find(
      (each): each is TS.InterfaceDeclaration =>
        ts.isInterfaceDeclaration(each) && each.name.text === name,
    );
  return base && base !== node ? baseOf(base) : node;
}
