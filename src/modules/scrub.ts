/** Keeps secrets and personal data out of what is sent. Nothing in here throws. */

const SECRET = new Set(
  "password passwd passphrase pwd secret secrets credential credentials token tokens jwt authorization cookie cookies dsn ssn email emails mail phone".split(
    " ",
  ),
);
const SECRET_PAIR = /\b(api|access|private|secret|auth) (key|keys)\b|\b(credit card|ip address)\b/;
const COUNTED = new Set(["token", "tokens"]);
const REDACTED = "[redacted]";
const MAX_DEPTH = 8;
const MAX_TEXT = 2000;

/** A copy of a value without secrets, personal data and endless text; numbers of tokens stay. */
export function scrub(value: unknown): unknown {
  try {
    return scrubbed(value, "plain", 0);
  } catch {
    return REDACTED;
  }
}

type Kind = "plain" | "counts only" | "secret";

function scrubbed(value: unknown, kind: Kind, depth: number): unknown {
  if (value === null || value === undefined || typeof value === "boolean") return value;
  if (kind === "secret") return REDACTED;
  if (typeof value === "number" || typeof value === "bigint") return value;
  if (typeof value === "string") return kind === "plain" ? scrubText(value) : REDACTED;
  if (typeof value !== "object") return undefined;
  if (depth >= MAX_DEPTH) return "[deep]";
  if (Array.isArray(value)) return value.map((each) => scrubbed(each, kind, depth + 1));
  if (value instanceof Error) return scrubText(`${value.name}: ${value.message}`);
  if (value instanceof Date) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    const own = kindOf(key);
    copy[key] = scrubbed(member, own === "plain" ? kind : own, depth + 1);
  }
  return copy;
}

/** Whole words count: `totalInputTokens` may be a number, `accessToken` may be nothing. */
function kindOf(key: string): Kind {
  const spaced = key.replace(/([a-z\d])([A-Z])/g, "$1 $2").toLowerCase();
  const words = spaced.split(/[^a-z\d]+/);
  if (SECRET_PAIR.test(words.join(" "))) return "secret";
  const found = words.filter((word) => SECRET.has(word));
  if (found.length === 0) return "plain";
  return found.every((word) => COUNTED.has(word)) ? "counts only" : "secret";
}

function scrubText(text: string): string {
  const short = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  return short
    .replace(/\b([a-z][a-z\d+.-]*:\/\/)[^\s/@]+@/gi, `$1${REDACTED}@`)
    .replace(/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${REDACTED}`)
    .replace(/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, REDACTED)
    .replace(/[\w.+-]+@[\w-]+(\.[\w-]+)*\.[a-z]{2,}\b/gi, REDACTED);
}
