/** Every code that a finding can have, with what it means in general. */
export const FINDINGS = {
  "config-error": "the config file cannot be used, so that only what is applied is shown",
  "copy-stays": "code that says what retrospan's own said stands at another place, and stays",
  "dead-switch": "a variable of the environment switches a tracing that no code has any more",
  "edit-gone": "what was changed by hand in retrospan's own code went with it",
  "hard-coded-dsn": "a DSN stands in the code",
  "hop-without-field": "a schema drops the context before it is looked for",
  "hop-without-receiver": "messages are sent with a context that nothing goes on with",
  "hop-without-sender": "a context is expected that nothing sends",
  "import-in-use":
    "an import that retrospan added stays, because other code uses it by now, or a comment stands in it",
  "init-before-environment": "the SDK starts before the environment is read from a file",
  "interrupted-run": "a run was interrupted; its files were put right",
  "left-out": "a message of the same channel goes without a context",
  "manual-headers": "headers of a trace are set by hand where the SDK sets them too",
  "module-kept": "a module that retrospan made stays, because it was edited or is used",
  "module-missing": "a module that retrospan made is gone",
  "no-flush": "a program ends itself without waiting for what is not sent yet",
  "no-headers": "a request leaves by a way on which the SDK puts no headers",
  "no-init": "a program runs instrumented code and starts no SDK",
  "no-spans": "a start of the SDK sets no rate for traces, so that no span is recorded",
  "not-utf8": "a file is no UTF-8 text, and is left alone",
  "parse-error": "a file cannot be read as code, and is left alone",
  "repeated-span": "a span is started once for each turn of a loop",
  "rule-gone": "the ledger has work of a rule that the config does not have any more",
  "sdk-missing": "the package does not declare the SDK that its code imports",
  "several-sdks": "one process has several versions of the SDK",
  "strict-schema": "a schema may refuse messages that carry a context",
  "traced-already": "how much is traced already, and by what",
  "tsconfig-error":
    "a tsconfig has a mistake, so that the type check may be another one than yours",
  "types-incomplete": "imports do not resolve, so that the type check sees less than it should",
  "unknown-op": "Sentry has no group for an op",
  "unmatched-rule": "a rule matches nothing",
  "varying-span-name": "a span's name holds data, so that spans of one kind are told apart",
} as const;

export type FindingCode = keyof typeof FINDINGS;
