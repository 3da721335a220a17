import { createHash } from "node:crypto";
import type { Rule } from "../transform.js";

/** A content hash, as the ledger and the reports write it. */
export function hashOf(text: string): string {
  const hash = startHash();
  hash.update(text);
  return hash.end();
}

/** The same for a text that comes in pieces. */
export function startHash(): { update: (piece: string) => void; end: () => string } {
  const hash = createHash("sha256");
  return {
    update: (piece) => void hash.update(piece),
    end: () => `sha256-${hash.digest("hex")}`,
  };
}

/**
 * A hash that a formatter does not change: white space, quotes, brackets, commas and semicolons are
 * left out, and the line that begins a list of types.
 */
export function looseHashOf(text: string): string {
  const bare = text.replace(/[\s;,()]+/g, "").replace(/'/g, '"');
  return hashOf(bare.replace(/([:=<])\|(?!\|)/g, "$1"));
}

/** Changes exactly when what a rule inserts may change: its scope and phase do not count. */
export function digestOf(rule: Rule): string {
  const { id: _id, phase: _phase, in: _in, ...effective } = rule;
  return createHash("sha256").update(canonical(effective)).digest("hex").slice(0, 16);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "";
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, each]) => `${key}:${canonical(each)}`)
    .join(",")}}`;
}
