import { callAround, callCandidate } from "./call-around.js";
import { ts, type TS } from "./compiler.js";
import { codeFingerprint, saysCallee } from "./fingerprint.js";
import { helperFor, type HelperHost, type HelperSpec } from "./helper-module.js";
import { headOf, type Candidate, type Instrumentation, type Shape } from "./instrumentation.js";
import { containerOf, propertyName } from "./names.js";
import { isReason, type Reason } from "./reason.js";
import type { Match } from "./join-point.js";
import type { Received } from "./received.js";
import { nodesOf } from "./wrapping.js";
import type { Source } from "./source.js";
import { findNode, walk } from "./walk.js";

/** The headers of a request: a member of an object that a call gets. */
export type HeadersMember = TS.PropertyAssignment | TS.ShorthandPropertyAssignment;

/**
 * The headers of the request that passes a message on: those that the matched call is given; in other
 * code, those of the calls that get the message.
 */
export function headersIn(
  source: Source,
  match: Match,
  { region, message }: Received,
): HeadersMember[] {
  if (match.kind === "call") return match.node.arguments.flatMap(headersOf);
  const found: HeadersMember[] = [];
  for (const each of nodesOf(region)) {
    walk(each, (node) => {
      if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return true;
      const given = node.arguments ?? [];
      const headers = given.flatMap(headersOf);
      if (headers.length === 0 || !given.some((one) => mentions(source, one, message))) return true;
      found.push(...headers);
      return false;
    });
  }
  return found;
}

function headersOf(argument: TS.Expression): HeadersMember[] {
  if (!ts.isObjectLiteralExpression(argument)) return [];
  return argument.properties
    .filter((each) => ts.isPropertyAssignment(each) || ts.isShorthandPropertyAssignment(each))
    .filter(({ name }) => propertyName(name) === "headers");
}

/** Whether code says a message, or a constant that was made of it. */
function mentions(source: Source, node: TS.Node, message: string): boolean {
  const root = /^[\w$]+/.exec(message)?.[0] ?? message;
  const says = (each: TS.Node) => ts.isIdentifier(each) && each.text === root;
  const isMade = (each: TS.Node) => {
    if (!ts.isIdentifier(each)) return false;
    const [declaration] = source.scope.resolve(each.text, each) ?? [];
    const isConstant = declaration && ts.isVariableDeclaration(declaration);
    const made = isConstant ? declaration.initializer : undefined;
    return made !== undefined && findNode(made, says) !== undefined;
  };
  return findNode(node, (each) => says(each) || isMade(each)) !== undefined;
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
    head: headOf(value),
  };
}

/** Places that look like headers that carry a context. */
export function carryingHeaders(source: Source, { callee, layout }: Shape): Candidate[] {
  const found: Candidate[] = [];
  walk(source.file, (call) => {
    if (!ts.isCallExpression(call) || !saysCallee(call, callee)) return;
    const [headers, ...others] = call.arguments;
    if (!headers || others.length > 0) return;
    const { parent } = call;
    // Once its key or what it stands for is another, it can be no shorthand again.
    const isShort =
      layout === "shorthand" &&
      ts.isPropertyAssignment(parent) &&
      propertyName(parent.name) === headers.getText(source.file);
    const start = (isShort ? parent : call).getStart(source.file);
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
    "\tconst own = objectOf(context);",
    "\tif (headers === undefined) return own;",
    '\tif (typeof headers !== "object" || headers === null) return headers;',
    "\tif (Array.isArray(headers)) return listWith(headers, context);",
    `\tconst prototype${type(": unknown")} = Object.getPrototypeOf(headers);`,
    "\tif (prototype === Object.prototype || prototype === null) {",
    "\t\treturn isTraced(Object.keys(headers)) ? headers : { ...headers, ...own };",
    "\t}",
    "\tconst kind = Object.prototype.toString.call(headers).slice(8, -1);",
    '\tif (kind !== "Headers" && kind !== "Map") return headers;',
    "\t// A class of somebody's own may want other arguments; what it extends takes itself.",
    ...(isTyped
      ? [
          "\tconst kinds = globalThis as unknown as Record<string, new (from: unknown) => Map<string, string>>;",
          "\tconst Kind = kinds[kind];",
        ]
      : ["\tconst Kind = globalThis[kind];"]),
    "\tif (!Kind) return headers;",
    "\tconst copy = new Kind(headers);",
    "\tif (isTraced([...copy.keys()])) return headers;",
    "\tfor (const [name, value] of context) copy.set(name, value);",
    "\treturn copy;",
    "}",
    "",
    "/** Pairs, or names and values in turn. */",
    `function listWith(headers${type(": unknown[]")}, context${type(": [string, string][]")})${type(": unknown")} {`,
    "\tconst arePairs = headers.every((each) => Array.isArray(each));",
    "\tconst names = headers.filter((_, index) => arePairs || index % 2 === 0);",
    "\tif (isTraced(names.map((each) => (Array.isArray(each) ? each[0] : each)))) return headers;",
    "\tif (headers.length === 0) return headers;",
    "\tif (arePairs) return [...headers, ...context];",
    `\treturn context.reduce${type("<unknown[]>")}((all, pair) => [...all, ...pair], headers);`,
    "}",
    "",
    `function objectOf(context${type(": [string, string][]")})${type(": Record<string, string>")} {`,
    `\tconst own${type(": Record<string, string>")} = {};`,
    "\tfor (const [name, value] of context) own[name] = value;",
    "\treturn own;",
    "}",
    "",
    `function isTraced(names${type(": readonly unknown[]")})${type(": boolean")} {`,
    "\treturn names.some((name) => /^(sentry-trace|baggage)$/i.test(String(name)));",
    "}",
    ...exportLines,
    "",
  ],
};
