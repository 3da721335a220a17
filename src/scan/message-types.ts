import { ts, type TS } from "../syntax/compiler.js";
import { walk } from "../syntax/walk.js";
import { elementOf } from "./list-type.js";
import { idOf, proposal, type Detector, type Proposal } from "./detector.js";

/** Types that messages extend, each with a kind of its own. */
export const messageTypes: Detector = {
  finds: "families of message types",
  needles: ["interface", "extends"],
  find: (source) => {
    const all = source.file.statements.filter(ts.isInterfaceDeclaration);
    return all
      .filter((each) => each.members.some(isKind) && isFamily(each, all))
      .map((node) =>
        proposal(source, node, 2, `messages of the kind ${node.name.text} cross processes`, {
          id: idOf(node.name.text),
          use: "trace-field",
          phase: 2,
          at: { type: node.name.text },
        }),
      );
  },
};

/** Whether a type is called a message, or others that extend it say which kind each of them is. */
function isFamily(
  { name, members }: TS.InterfaceDeclaration,
  all: readonly TS.InterfaceDeclaration[],
): boolean {
  const heirs = heirsOf(name.text, all);
  if (/(event|command|message|job|payload)$/i.test(name.text)) return heirs.length > 0;
  return members.some(isOpenKind) && heirs.filter(saysItsKind).length >= MANY;
}

const MANY = 3;

/** The types that extend a type, directly or through others. */
function heirsOf(
  name: string,
  all: readonly TS.InterfaceDeclaration[],
): readonly TS.InterfaceDeclaration[] {
  const found = new Set<TS.InterfaceDeclaration>();
  const names = [name];
  for (const each of names) {
    for (const heir of all.filter((other) => extendsType(other, each))) {
      if (found.has(heir)) continue;
      found.add(heir);
      names.push(heir.name.text);
    }
  }
  return [...found];
}

function extendsType({ heritageClauses }: TS.InterfaceDeclaration, name: string): boolean {
  return (
    heritageClauses?.some(({ types }) =>
      types.some(({ expression }) => expression.getText() === name),
    ) ?? false
  );
}

function isKind({ name }: TS.TypeElement): boolean {
  return name !== undefined && /^["']?(type|kind|event|command|action)["']?$/.test(name.getText());
}

/** `kind: string`, to be narrowed. */
function isOpenKind(member: TS.TypeElement): boolean {
  return (
    isKind(member) &&
    ts.isPropertySignature(member) &&
    member.type?.kind === ts.SyntaxKind.StringKeyword
  );
}

function saysItsKind({ members }: TS.InterfaceDeclaration): boolean {
  return members.some(
    (each) =>
      isKind(each) && ts.isPropertySignature(each) && each.type && ts.isLiteralTypeNode(each.type),
  );
}

/** Types whose members hold batched messages. */
export const batchTypes: Detector = {
  finds: "types whose members hold batched messages",
  needles: ["updates", "events", "messages"],
  find: (source) => {
    const found: Proposal[] = [];
    walk(source.file, (node) => {
      if (!ts.isInterfaceDeclaration(node) && !ts.isTypeAliasDeclaration(node)) return;
      const members = ts.isInterfaceDeclaration(node) ? node.members : membersOf(node.type);
      for (const member of members) {
        if (!ts.isPropertySignature(member) || !member.type || !isBatch(member)) continue;
        const type = `${node.name.text}.${member.name.getText()}`;
        found.push(
          proposal(source, member, 2, `what waits in ${type} belongs to other traces`, {
            id: idOf(type),
            use: "trace-field",
            phase: 5,
            at: { type },
          }),
        );
      }
    });
    return found;
  },
};

function membersOf(type: TS.TypeNode): readonly TS.TypeElement[] {
  return ts.isTypeLiteralNode(type) ? type.members : [];
}

function isBatch({ name, type }: TS.PropertySignature): boolean {
  const isNamed = /^(updates|events|messages)$/.test(name.getText());
  const element = type && elementOf(type);
  const isLiteral = element !== undefined && ts.isTypeLiteralNode(element);
  return isNamed && isLiteral && element.members.some(isKind);
}
