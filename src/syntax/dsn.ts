import { ts, type TS } from "./compiler.js";
import { constantValue } from "./message.js";
import { textOf, type Source } from "./source.js";
import { findNode, unwrapped } from "./walk.js";

const DSN = /^https?:\/\/[^\s/@]+@[^\s/]+\/\S+$/;

/** A DSN that stands in the code. */
export interface WrittenDsn {
  readonly text: string;
  /** Code that is asked before it, as in `process.env.SENTRY_DSN ?? "https://..."`. */
  readonly asked: string | null;
}

/** The DSN that a value has, or falls back to; null where there is none, "hidden" where one is among others. */
export function writtenDsn(source: Source, value: TS.Expression): WrittenDsn | "hidden" | null {
  const constant = unwrapped(constantValue(source, value));
  if (isDsn(constant)) return { text: constant.text, asked: null };
  if (ts.isBinaryExpression(value) && isFallback(value.operatorToken.kind)) {
    const fallback = unwrapped(constantValue(source, unwrapped(value.right)));
    const isKnown = isDsn(fallback) && !findNode(value.left, isDsn);
    if (isKnown) return { text: fallback.text, asked: textOf(source, value.left) };
  }
  return findNode(value, isDsn) ? "hidden" : null;
}

function isDsn(node: TS.Node): node is TS.StringLiteralLike {
  return ts.isStringLiteralLike(node) && DSN.test(node.text);
}

function isFallback(operator: TS.SyntaxKind): boolean {
  return operator === ts.SyntaxKind.BarBarToken || operator === ts.SyntaxKind.QuestionQuestionToken;
}
