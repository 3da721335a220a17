/** Why a site is left alone: a stable code for programs, a sentence for people. */
export interface Reason {
  readonly code: ReasonCode;
  readonly message: string;
}

/** Every code a skip or a leftover can have, with what it means in general. */
export const REASONS = {
  "already-traced": "the SDK traces this call by itself (`evenIfTraced` wraps it nevertheless)",
  "already-continued":
    "the trace is continued already, by the SDK or around it; wrap-span can give it a span",
  "argument-effects": "an argument that would be dropped may have effects",
  "changes-scope": "the code sets up the SDK, or changes a scope that a span undoes at its end",
  "compound-assignment": "the assignment changes a value instead of recording one",
  "computed-rate": "the rate is decided by code, which may look at where it runs",
  "computed-key": "the key is computed by code that must not run twice",
  "declaration-escapes": "a declaration inside the region is used outside it",
  "dynamic-scope": "eval or with makes names impossible to follow",
  "empty-region": "there is no code to wrap",
  "escaping-break": "a break leaves the region",
  "escaping-continue": "a continue leaves the region",
  "escaping-return": "a return leaves the region while other paths go on behind it",
  "escaping-super-call": "super() must be called in the constructor itself",
  "escaping-using": "a using declaration would be disposed earlier",
  "escaping-yield": "a yield cannot cross a callback",
  "fields-in-use": "code reads which fields the schema has, demands them all or publishes them",
  "function-value": "what is only named or written out is a value, not work that takes time",
  generator: "a generator runs after its span or its trace has ended",
  ignored: "a retrospan-ignore-next-line comment stands above it",
  "inherits-field": "the type already has the field from a type it extends",
  "legacy-gone": "what the old code needs is not there any more",
  "legacy-switch": "the legacy function has a switch that the call would lose",
  "may-return-thenable": "the function may return a lazy builder or a promise with properties",
  "measured-inline": "the duration exists only inside the call",
  "no-message": "nothing here is a message that can carry a field",
  "not-an-example": "nothing in the file says that it is the wizard's example",
  "not-readable": "it is a link, or no UTF-8 text",
  "no-module-exports": "the file is CommonJS, to whose exports nothing can be added this way",
  "loaded-by-pages": "code of a page imports it, and would load what only a server has",
  "no-rate": "nothing says the rate of all other spans as a number (`otherwise` does)",
  "no-start-mark": "nothing in the function says when the stage begins",
  "no-such-helper": "the module that the rule names does not have the helper",
  "no-such-module": "the module that the rule names is missing",
  "module-statement": "an import or export cannot move into a callback",
  "not-in-one-piece": "the stage's code stands in several blocks, and awaits no call by itself",
  "not-a-statement": "the matched code is part of a larger expression",
  "not-an-object-type": "the type is no interface, type literal or schema of an object",
  "not-awaited": "the result is neither awaited nor returned, and may be a promise",
  "not-in-scope": "a name the rule uses cannot be read here",
  "not-reversible": "taking it out again would not give back every byte",
  "optional-chain": "an optional chain goes on behind the call",
  "outlives-span": "a subprocess, a stream or a generator goes on when its span has ended",
  overlap: "it crosses another site",
  "passing-name": "the stage's name may be another one, or not be there yet, when the stage begins",
  "in-sandbox": "the code runs in a sandbox, where the SDK cannot be loaded",
  "in-finally": "a finally does not tell whether what was tried went well",
  recursive:
    "the function comes to call itself at once, and each span takes several frames of the stack",
  "redeclared-parameter": "a var redeclares a parameter",
  "holds-stages": "other stages end inside it, so that only a span around all of it would do",
  "return-in-try": "a returned promise would be caught by the try around the region",
  "returns-value": "the legacy function returns a value that its callers may use",
  "runs-elsewhere":
    "the function is sent away as text, to where the names of this file mean nothing",
  "sdk-hook": "the SDK calls the function itself, also for the span that would be in it",
  "shared-message": "the message is handed over as it is, not as text (`allowCopy` sends a copy)",
  "unknown-environment":
    "nothing tells how code of a page reads its environment (the rule can say it as code)",
  "unknown-sdk": "nothing tells which version of the SDK runs here, and they differ",
  "unknown-user": "what is returned does not show whose it is",
  "unknown-outcome": "the run ends here, and nothing tells how: it counts as a success",
  "unknown-options": "the options are not all written out in the call",
  "too-deep": "the code would be nested so deep that the next run may not be able to read it",
  "type-guard": "the call tells the compiler about the code behind it, which a callback would hide",
  "type-check": "the instrumented code would not type-check",
  "accessor-path": "the message is read through an accessor, which must not run twice",
  "conditional-message": "the message is read only where the call happens",
  "custom-text":
    "the text is made by rules of its own, which a copy of the message would not follow",
  "list-in-use": "the list of messages is also used beside the call, and must stay",
  "text-in-use":
    "the text is also used beside the message (a signature, a comparison), and must stay",
  "changed-by-hand": "it was changed by hand since",
  "field-in-use": "other code uses the field by now",
  "import-in-use": "other code uses the import by now",
  "still-needed": "something that is left alone needs it",
  "span-in-use": "other code uses what came with the span: its parameter or a type",
  "ambiguous-match": "several places look the same, and which is ours cannot be told",
  missing: "it is no longer there",
} as const;

export type ReasonCode = keyof typeof REASONS;

/** Builds a reason; the detail says what was found, the table what it means. */
export function reason(code: ReasonCode, detail?: string): Reason {
  return { code, message: detail ? `${REASONS[code]}: ${detail}` : REASONS[code] };
}

export function isReason<T>(value: T | Reason): value is Reason {
  return typeof value === "object" && value !== null && "code" in value && "message" in value;
}
