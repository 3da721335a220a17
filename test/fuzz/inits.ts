import type { Choices } from "./choices.js";

/** A start of the SDK, as programs write it; it does nothing to what they do. */
export function initLines(choices: Choices, end: string): string[] {
  const options = OPTIONS.filter(() => choices.chance(30)).map((forms) => choices.pick(forms));
  const all = `{ ${options.join(", ")} }`;
  return choices.pick<string[]>([
    [`Sentry.init(${all})${end}`],
    [`Sentry.init(${all})${end}`],
    ["Sentry.init({", ...options.map((each) => `  ${each},`), `})${end}`],
    [`const settings = ${all}${end}`, `Sentry.init(settings)${end}`],
    [`Sentry.init({ debug: false, ...${all} })${end}`],
  ]);
}

const DSN = "https://key@o1.ingest.sentry.io/2";

type Forms = readonly [string, ...string[]];

const OPTIONS: readonly Forms[] = [
  [`dsn: "${DSN}"`, `dsn: state.dsn || "${DSN}"`, `dsn: state.n ? "${DSN}" : "${DSN}3"`],
  ["tracesSampleRate: 1", "tracesSampleRate: 1.0", "tracesSampleRate: state.rate"],
  [
    "tracesSampler: () => 0.5",
    "tracesSampler() { return 1 }",
    "tracesSampler",
    "get tracesSampler() { return state.sampler }",
  ],
  ["sendDefaultPii: true", "sendDefaultPii: false", '"sendDefaultPii": true'],
  ["ignoreErrors: []", 'ignoreErrors: ["AbortError"]', "ignoreErrors: state.ignored"],
  [
    "beforeSend: (event) => event",
    "beforeSend(event) { return event }",
    "async beforeSend(event) { return event }",
    "beforeSend: state.hook",
    "*beforeSend(event) { yield event }",
  ],
  ["beforeSendSpan: (span) => span", "beforeSendTransaction: state.hook"],
  ['environment: "test"', "environment: state.name"],
  ["debug: false"],
];
