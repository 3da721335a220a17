import { ts, type TS } from "../syntax/compiler.js";
import { findSchemas, inferredFrom } from "../syntax/schemas.js";
import type { Source } from "../syntax/source.js";
import { walk } from "../syntax/walk.js";
import { idOf, proposal, type Detector } from "./detector.js";
import { isTracedBySdk, namesQueueType, QUEUE_NEEDLES } from "./queues.js";

/** The types of the data of jobs, where the queue says them and the file has them. */
export const jobTypes: Detector = {
  finds: "types of the data of jobs",
  needles: [...QUEUE_NEEDLES, "Queue<"],
  find: (source) => {
    if (isTracedBySdk(source)) return [];
    const types = new Map<string, DeclaredType>();
    walk(source.file, (node) => {
      for (const data of dataTypes(source, node)) {
        for (const each of messagesOf(source, data)) types.set(each.name.text, each);
      }
    });
    return [...types].map(([name, node]) =>
      proposal(source, node, 2, `jobs with the data ${name} cross processes`, {
        id: idOf(name),
        use: "trace-field",
        phase: 2,
        at: { type: name },
      }),
    );
  },
};

/** A type with a name. */
export type DeclaredType = TS.InterfaceDeclaration | TS.TypeAliasDeclaration;

/**
 * `new Queue<Data>(...)`, `job: Job<Data>`, `createQueue<Data>("name")`: the first of what such a type
 * is given.
 */
function dataTypes(source: Source, node: TS.Node): readonly TS.TypeNode[] {
  const isMade = ts.isNewExpression(node) && namesQueueType(source, node.expression, HOLDERS);
  const isSaid = ts.isTypeReferenceNode(node) && namesQueueType(source, node, HOLDERS);
  const isOwn = ts.isCallExpression(node) && isMakingQueue(node);
  return isMade || isSaid || isOwn ? (node.typeArguments?.slice(0, 1) ?? []) : [];
}

/** A function that is called so, with the name of the queue. */
function isMakingQueue({ expression, arguments: [name] }: TS.CallExpression): boolean {
  const isNamed = name !== undefined && ts.isStringLiteralLike(name);
  return isNamed && /^(create|make|define|new|declare)\w*Queue$/.test(expression.getText());
}

const HOLDERS = /^(Queue|Worker|Job|Processor|FlowProducer)$/;

/** The types of a file that a type is made of, as far as they say what a message is about. */
function messagesOf(source: Source, type: TS.TypeNode, depth = 0): DeclaredType[] {
  if (depth > MAX_DEPTH) return [];
  if (ts.isUnionTypeNode(type)) {
    return type.types.flatMap((each) => messagesOf(source, each, depth + 1));
  }
  if (ts.isParenthesizedTypeNode(type)) return messagesOf(source, type.type, depth + 1);
  if (ts.isIntersectionTypeNode(type)) {
    // What one part has, all of it has.
    return type.types.flatMap((each) => messagesOf(source, each, depth + 1)).slice(0, 1);
  }
  if (!ts.isTypeReferenceNode(type) || !ts.isIdentifier(type.typeName)) return [];
  return messagesNamed(source, type.typeName.text, depth);
}

/** The types of a file that one of them is made of by its name, those that say what a message is. */
export function messagesNamed(source: Source, text: string, depth = 0): DeclaredType[] {
  const declared = source.file.statements.find(
    (each): each is DeclaredType =>
      (ts.isInterfaceDeclaration(each) || ts.isTypeAliasDeclaration(each)) &&
      each.name.text === text,
  );
  if (!declared) return [];
  if (ts.isInterfaceDeclaration(declared)) return saysSomething(declared) ? [declared] : [];
  if (inferredFrom(source, declared)) {
    return findSchemas(source, text).some(({ target }) => target) ? [declared] : [];
  }
  if (!ts.isTypeLiteralNode(declared.type)) return messagesOf(source, declared.type, depth + 1);
  return saysSomething(declared.type) ? [declared] : [];
}

const MAX_DEPTH = 6;

/** Whether a message has more than its kind: one that has not is made by a clock, most often. */
function saysSomething({ members }: { readonly members: readonly TS.TypeElement[] }): boolean {
  return members.some((each) => {
    const type = ts.isPropertySignature(each) ? each.type : undefined;
    if (!type) return true;
    return !ts.isLiteralTypeNode(type) && type.kind !== ts.SyntaxKind.UndefinedKeyword;
  });
}
