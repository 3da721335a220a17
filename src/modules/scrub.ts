/** Keeps secrets and personal data out of what is sent. Nothing in here throws. */

const SECRET = new Set(
  "password passwd passphrase pwd secret secrets credential credentials token tokens jwt authorization cookie cookies dsn ssn email emails mail phone".split(
    " ",
  ),
);
const SECRET_PAIR = /\b(api|access|private|secret|auth) (key|keys)\b|\b(credit card|ip address)\b/;
/** As in a query, a form or JSON, in whatever quotes (\x22, \x27); a number of tokens is none. */
const SECRET_VALUE =
  /\b((?:password|passwd|passphrase|secret|token|(?:access|refresh|auth|api|client|private)[_-]?(?:token|key|secret))[\x22\x27]?\s*[=:]\s*[\x22\x27]?)(?!\d+\b)[^\s\x22\x27&,;)}\]]+/gi;
const COUNTED = new Set(["token", "tokens"]);
const REDACTED = "[redacted]";
const MAX_DEPTH = 8;
const MAX_TEXT = 2000;
const MAX_VALUES = 20_000;

/** A copy of a value without secrets, personal data and endless text; numbers of tokens stay. */
export function scrub(value: unknown): unknown {
  try {
    return scrubbed(value, "plain", { depth: 0, count: { values: 0 } });
  } catch {
    return REDACTED;
  }
}

/** Where a program can have put what it knows; what the SDK says of itself stays as it is. */
const SAID =
  "message logentry transaction name description extra tags contexts breadcrumbs request exception spans data attributes".split(
    " ",
  );

/** What is about to be sent (an event, a span, a log), scrubbed in place; of a user only the id stays. */
export function scrubEvent<Sent extends object>(sent: Sent): Sent {
  const event = sent as Record<string, unknown>;
  for (const key of SAID) {
    if (event[key] !== undefined) event[key] = scrub(event[key]);
  }
  const id = (event["user"] as { id?: unknown } | undefined)?.id;
  if (event["user"]) event["user"] = id === undefined ? {} : { id: scrub(id) };
  return sent;
}

/** A hook that does what another one does, should there be one, and scrubs what that lets through. */
export function scrubAfter<Given extends unknown[], Result>(
  hook: ((...given: Given) => Result) | null | undefined,
): (...given: Given) => Result {
  return (...given: Given): Result => {
    const result = hook ? hook(...given) : (given[0] as Result);
    const isLater = typeof (result as { then?: unknown } | null | undefined)?.then === "function";
    return (isLater ? Promise.resolve(result).then(scrubIfSent) : scrubIfSent(result)) as Result;
  };
}

function scrubIfSent(result: unknown): unknown {
  return typeof result === "object" && result !== null ? scrubEvent(result) : result;
}

type Kind = "plain" | "counts only" | "secret";

/** How deep a value lies, and how many there were in all: what is connected with all is endless. */
interface Place {
  readonly depth: number;
  readonly count: { values: number };
}

function scrubbed(value: unknown, kind: Kind, { depth, count }: Place): unknown {
  if (value === null || value === undefined || typeof value === "boolean") return value;
  if (kind === "secret") return REDACTED;
  if (typeof value === "number" || typeof value === "bigint") return value;
  if (typeof value === "string") return kind === "plain" ? scrubText(value) : REDACTED;
  if (typeof value !== "object") return undefined;
  if (depth >= MAX_DEPTH) return "[deep]";
  if (count.values++ >= MAX_VALUES) return "[more]";
  const inside = { depth: depth + 1, count };
  if (Array.isArray(value)) return value.map((each) => scrubbed(each, kind, inside));
  if (value instanceof Error) return scrubText(`${value.name}: ${value.message}`);
  if (value instanceof Date) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    const own = kindOf(key);
    copy[key] = scrubbed(member, own === "plain" ? kind : own, inside);
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
    .replace(SECRET_VALUE, `$1${REDACTED}`)
    .replace(/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${REDACTED}`)
    .replace(/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, REDACTED)
    .replace(/[\w.+-]+@[\w-]+(\.[\w-]+)*\.[a-z]{2,}\b/gi, REDACTED);
}
