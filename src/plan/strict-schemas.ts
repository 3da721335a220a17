import type { Finding } from "./model.js";
import { FIELD, type HopEnd } from "./hops.js";

/** A schema that refuses unknown fields, where it stands. */
export interface PlacedSchema {
  readonly file: string;
  readonly line: number;
  readonly fields: readonly string[];
  readonly required: readonly string[];
}

/** So many fields tell a kind of message from another. */
const TELLING = 2;

/**
 * Schemas that may be asked about messages which carry a context, and would refuse them: those that
 * name every field of a message but the context's, and ask for no other.
 */
export function strictSchemaFindings(
  ends: readonly HopEnd[],
  schemas: readonly PlacedSchema[],
): Finding[] {
  const senders = ends.filter(({ part }) => part === "sender");
  return schemas.flatMap((schema): Finding[] => {
    const { file, line } = schema;
    if (schema.fields.includes(FIELD)) return [];
    // Beside an end of the hop, it is asked about its messages, however little they say.
    const telling = ends.some((end) => end.file === file) ? 1 : TELLING;
    const sender = senders.find((end) =>
      end.fields
        .map((names) => names.filter((name) => name !== FIELD))
        .some((names) => names.length >= telling && isTakenBy(schema, names)),
    );
    if (!sender) return [];
    const message = `this schema refuses unknown fields, and what ${sender.file}:${sender.line} sends has "${FIELD}": name it here, optional, or let a trace-field rule do so`;
    return [{ code: "strict-schema", level: "warning", message, file, line }];
  });
}

function isTakenBy({ fields, required }: PlacedSchema, message: readonly string[]): boolean {
  const isNamed = message.every((name) => fields.includes(name));
  return isNamed && required.every((name) => message.includes(name));
}
