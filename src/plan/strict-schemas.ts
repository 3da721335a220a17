import type { Finding } from "./model.js";
import type { HopEnd } from "./hops.js";

/** A schema that refuses unknown fields, where it stands. */
export interface PlacedSchema {
  readonly file: string;
  readonly line: number;
  readonly fields: readonly string[];
}

const FIELD = "_sentry";

/** So many fields tell a kind of message from another. */
const TELLING = 2;

/**
 * Schemas that may be asked about messages which carry a context, and would refuse them: those that
 * name every field of a message but the context's.
 */
export function strictSchemaFindings(
  ends: readonly HopEnd[],
  schemas: readonly PlacedSchema[],
): Finding[] {
  const senders = ends.filter(({ part }) => part === "sender");
  return schemas.flatMap(({ file, line, fields }): Finding[] => {
    if (fields.includes(FIELD)) return [];
    const sender = senders.find((end) => end.fields.some((each) => isNamedBy(fields, each)));
    if (!sender) return [];
    const message = `this schema refuses unknown fields, and what ${sender.file}:${sender.line} sends has "${FIELD}": name it here, optional, before you apply`;
    return [{ code: "strict-schema", level: "warning", message, file, line }];
  });
}

function isNamedBy(fields: readonly string[], message: readonly string[]): boolean {
  const own = message.filter((name) => name !== FIELD);
  return own.length >= TELLING && own.every((name) => fields.includes(name));
}
