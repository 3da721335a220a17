import { callAround, callCandidate } from "./call-around.js";
import { ts, type TS } from "./compiler.js";
import { codeFingerprint, fingerprint } from "./fingerprint.js";
import { helperFor, type HelperHost, type HelperSpec } from "./helper-module.js";
import { headOf, type Candidate, type Instrumentation, type Shape } from "./instrumentation.js";
import { containerOf, propertyName } from "./names.js";
import { isReason, type Reason } from "./reason.js";
import type { Region } from "./region.js";
import { nodesOf } from "./wrapping.js";
import type { Source } from "./source.js";
import { walk } from "./walk.js";

/** The headers of a request: a member of an object that a call gets. */
export type HeadersMember = TS.PropertyAssignment | TS.ShorthandPropertyAssignment;

/** The headers of the requests in a region. */
export function headersIn(region: Region): HeadersMember[] {
  const found: HeadersMember[] = [];
  for (const each of nodesOf(region)) {
    walk(each, (node) => {
      const isMember = ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node);
      if (isMember && propertyName(node.name) === "headers" && isOption(node)) found.push(node);
    });
  }
  return found;
}

function isOption({ parent }: HeadersMember): boolean {
  return ts.isCallExpression(parent.parent) && parent.parent.arguments.includes(parent);
}

/** Gives the headers of a request the context of the active span. */
export function carryInHeaders(file: HelperHost, member: HeadersMember): Instrumentation | Reason {
  const helper = helperFor(file, TRACE_HEADERS, undefined);
  if (isReason(helper)) return helper;
  const { callee } = helper;
  const isShort = ts.isShorthandPropertyAssignment(member);
  const value = isShort ? member.name : member.initializer;
  const open = isShort ? `headers: ${callee}(` : `${callee}(`;
  return {
    strategy: "expression",
    region: { start: value.getStart(file.source.file), end: value.end },
    edits: callAround(file.source, value, open),
    reindent: null,
    imports: helper.imports,
    modules: helper.modules,
    span: null,
    shape: {
      kind: "headers",
      callee,
      key: codeFingerprint(callee),
      layout: isShort ? "shorthand" : "value",
    },
    container: containerOf(value),
    head: headOf(fingerprint(value)),
  };
}

/** Places that look like headers that carry a context. */
export function carryingHeaders(source: Source, { callee, layout }: Shape): Candidate[] {
  const found: Candidate[] = [];
  walk(source.file, (call) => {
    if (!ts.isCallExpression(call) || call.expression.getText() !== callee) return;
    const [headers, ...others] = call.arguments;
    if (!headers || others.length > 0) return;
    const { parent } = call;
    const isShort = layout === "shorthand" && ts.isPropertyAssignment(parent);
    const start = (isShort && ts.isIdentifier(headers) ? parent : call).getStart(source.file);
    found.push(callCandidate(source, call, headers, start));
  });
  return found;
}

const TRACE_HEADERS: HelperSpec = {
  name: "withTraceHeaders",
  file: "with-trace-headers",
  lines: ({ type, isTyped, imports, exportWord, exportLines }) => [
    imports,
    "",
    "/**",
    " * Gives the headers of a request the context of the active span, in a copy. Without a span, and",
    " * where they have one already, they are the headers themselves. Never throws.",
    " */",
    `${exportWord}function withTraceHeaders${type("<T>")}(headers${type(": T")})${type(": T")} {`,
    "\ttry {",
    "\t\tif (!Sentry.getClient()) return headers;",
    "\t\t// Before SDK 11, a trace that goes on without a span has one that stands for its sender's.",
    "\t\tconst active = Sentry.getActiveSpan();",
    "\t\tif (!active || active.spanContext().isRemote) return headers;",
    "\t\tconst context = Object.entries(Sentry.getTraceData());",
    `\t\treturn copyWith(headers, context)${isTyped ? " as T" : ""};`,
    "\t} catch {",
    "\t\treturn headers;",
    "\t}",
    "}",
    "",
    `function copyWith(headers${type(": unknown")}, context${type(": [string, string][]")})${type(": unknown")} {`,
    '\tif (typeof headers !== "object" || headers === null) return headers;',
    "\tif (Array.isArray(headers)) {",
    `\t\treturn isTraced(headers.map(([name]) => name${isTyped ? " as unknown" : ""})) ? headers : [...headers, ...context];`,
    "\t}",
    `\tconst prototype${type(": unknown")} = Object.getPrototypeOf(headers);`,
    "\tif (prototype === Object.prototype || prototype === null) {",
    "\t\treturn isTraced(Object.keys(headers)) ? headers : { ...headers, ...Object.fromEntries(context) };",
    "\t}",
    ...(isTyped
      ? [
          "\tconst Kind = headers.constructor as new (from: unknown) => Map<string, string>;",
          "\tconst copy = new Kind(headers);",
        ]
      : ["\tconst copy = new headers.constructor(headers);"]),
    "\tif (isTraced([...copy.keys()])) return headers;",
    "\tfor (const [name, value] of context) copy.set(name, value);",
    "\treturn copy;",
    "}",
    "",
    `function isTraced(names${type(": readonly unknown[]")})${type(": boolean")} {`,
    "\treturn names.some((name) => /^(sentry-trace|baggage)$/i.test(String(name)));",
    "}",
    ...exportLines,
    "",
  ],
};
