import { ts, type TS } from "../syntax/compiler.js";
import { moduleOf } from "../syntax/imports.js";
import { functionName } from "../syntax/names.js";
import type { Source } from "../syntax/source.js";
import { isAsync } from "../syntax/walk.js";
import { idOf, meansOnly, proposal, type Detector, type Proposal } from "./detector.js";
import { mostlyCalled } from "./mostly-called.js";
import { namedFunctions } from "./named-functions.js";
import { hasOwnSpan } from "./own-span.js";
import { weightOf } from "./weight.js";

/** What decorators of packages call a method that a worker or a broker calls, and the `op` of its span. */
const MARKS: Readonly<Record<string, string>> = {
  ActivityMethod: "function",
  EventPattern: "queue.process",
  MessagePattern: "queue.process",
  RabbitRPC: "queue.process",
  RabbitSubscribe: "queue.process",
  SqsMessageHandler: "queue.process",
};

/** What does less than this hands its work on to a function that has the same extent, or reads something. */
const [LEAST, LEAST_OF_LOOKS] = [1, 3];
const LOOKS = /^(get|is|has|can|list|find|check|read)(?=[A-Z]|$)/;

/** Methods that something calls from outside any request, because of how they are marked. */
export const markedMethods: Detector = {
  finds:
    "methods that are marked as what a worker or a broker calls (activities of Temporal, RabbitMQ, SQS, Nest's microservices)",
  needles: Object.keys(MARKS).map((name) => `@${name}(`),
  find: (source) =>
    namedFunctions(source, () => true).flatMap((each): Proposal[] => {
      const { node, name, at } = each;
      const op = opOf(source, node);
      const least = LOOKS.test(functionName(node) ?? "") ? LEAST_OF_LOOKS : LEAST;
      if (op === null || !isAsync(node) || hasOwnSpan(node) || weightOf(node) < least) return [];
      if (!meansOnly(source, at, [each])) return [];
      const why = "a worker or a broker calls it, and no trace tells of it";
      const span = { name: "{{function}}", op };
      const rule = { id: idOf(name), use: "wrap-span", phase: 3, at, span } as const;
      return [{ ...proposal(source, node, 2, why, rule), mostly: mostlyCalled(node) }];
    }),
};

function opOf(source: Source, node: TS.Node): string | null {
  if (!ts.isMethodDeclaration(node)) return null;
  for (const { expression } of ts.getDecorators(node) ?? []) {
    const mark = ts.isCallExpression(expression) ? expression.expression : expression;
    const op = ts.isIdentifier(mark) ? MARKS[mark.text] : undefined;
    if (op !== undefined && ts.isIdentifier(mark) && moduleOf(source, mark) !== null) return op;
  }
  return null;
}
