import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TS } from "../syntax/compiler.js";
import { slashed, type Root } from "../project/root.js";
import { SDK_PACKAGES } from "../project/sdk.js";

/**
 * What the instrumented code needs to know of the SDK, in the words of its version 10. Its own types
 * are read where it is installed; without any, each callback would give back `any`, and most
 * functions around one would no longer type-check.
 */
const TYPES = `
export type SpanAttributeValue =
  | string | number | boolean
  | (string | null | undefined)[] | (number | null | undefined)[] | (boolean | null | undefined)[];
export type SpanAttributes = { [key: string]: SpanAttributeValue | undefined };
export type SpanTimeInput = [number, number] | number | Date;
export interface SpanStatus { code: 0 | 1 | 2; message?: string }
export interface SpanContextData {
  traceId: string; spanId: string; isRemote?: boolean | undefined; traceFlags: number;
}
export interface Span {
  spanContext(): SpanContextData;
  end(endTimestamp?: SpanTimeInput): void;
  setAttribute(key: string, value: SpanAttributeValue | undefined): this;
  setAttributes(attributes: SpanAttributes): this;
  setStatus(status: SpanStatus): this;
  updateName(name: string): this;
  isRecording(): boolean;
  addEvent(name: string, attributes?: SpanAttributes | SpanTimeInput, time?: SpanTimeInput): this;
  addLink(link: any): this;
  addLinks(links: any[]): this;
  recordException(exception: unknown, time?: number): void;
}
export interface StartSpanOptions {
  name: string; op?: string; attributes?: SpanAttributes; startTime?: SpanTimeInput; links?: any[];
  scope?: any; parentSpan?: Span | null; onlyIfParent?: boolean; forceTransaction?: boolean;
  experimental?: any;
}
export declare function startSpan<T>(options: StartSpanOptions, callback: (span: Span) => T): T;
export declare function startSpanManual<T>(
  options: StartSpanOptions, callback: (span: Span, finish: () => void) => T,
): T;
export declare function startInactiveSpan(options: StartSpanOptions): Span;
export declare function startNewTrace<T>(callback: () => T): T;
export declare function continueTrace<T>(
  headers: { sentryTrace: string | undefined; baggage: string | undefined }, callback: () => T,
): T;
export declare function suppressTracing<T>(callback: () => T): T;
export declare function withActiveSpan<T>(span: Span | null, callback: (scope: any) => T): T;
export declare function withScope<T>(callback: (scope: any) => T): T;
export declare function withScope<T>(scope: any, callback: (scope: any) => T): T;
export declare function withIsolationScope<T>(callback: (scope: any) => T): T;
export declare function withIsolationScope<T>(scope: any, callback: (scope: any) => T): T;
export declare function getActiveSpan(): Span | undefined;
export declare function getRootSpan(span: Span): Span;
export declare function getTraceData(options?: any): { "sentry-trace"?: string; baggage?: string };
export declare function setUser(user: any): void;
export declare function addBreadcrumb(breadcrumb: any, hint?: any): void;
export declare function captureException(exception: unknown, hint?: any): string;
export declare function captureMessage(message: string, context?: any): string;
export declare function captureEvent(event: any, hint?: any): string;
export declare function flush(timeout?: number): Promise<boolean>;
export declare function close(timeout?: number): Promise<boolean>;
export declare function init(options?: any): any;
export declare function getClient<T = any>(): T | undefined;
`;

/** What is said of the rest, which users' own code may say as well. */
const ANYTHING = [
  ...[
    "getCurrentScope",
    "getIsolationScope",
    "getGlobalScope",
    "isInitialized",
    "setTag",
    "setTags",
  ],
  ...["setContext", "setExtra", "setExtras", "logger", "metrics", "addEventProcessor"],
  ...[
    "Event",
    "ErrorEvent",
    "TransactionEvent",
    "EventHint",
    "Breadcrumb",
    "BreadcrumbHint",
    "Log",
  ],
  ...["NodeOptions", "BrowserOptions", "Scope", "Client", "SpanJSON", "TransactionSource"],
  ...["httpIntegration", "consoleLoggingIntegration", "extraErrorDataIntegration"],
];

const TEXT =
  TYPES +
  ANYTHING.map((name) => `export declare const ${name}: any;\nexport type ${name} = any;\n`).join(
    "",
  );

const NAMES = new Set(
  [...TEXT.matchAll(/^export (?:declare )?(?:function|interface|type|const) (\w+)/gm)].map(
    ([, name]) => name,
  ),
);

/** Files that stand for the SDKs that are not installed at the root of a tree, by absolute path. */
export function sdkStandIns(root: Root): ReadonlyMap<string, string> {
  const missing = SDK_PACKAGES.map((name) => ({
    name,
    folder: join(root.path, "node_modules", name),
  })).filter(({ folder }) => !existsSync(folder));
  return new Map(
    missing.flatMap(({ name, folder }) => [
      [slashed(join(folder, "package.json")), JSON.stringify({ name, types: "index.d.ts" })],
      [slashed(join(folder, "index.d.ts")), TEXT],
    ]),
  );
}

/** Members that a module or a namespace lacks, with and without "Did you mean ...?". */
const LACKING = new Set([2305, 2339, 2551, 2694, 2724]);

/** Whether a complaint is that a stand-in lacks what the SDK may have. */
export function isOfStandIn({ code, messageText }: TS.Diagnostic): boolean {
  if (!LACKING.has(code) || typeof messageText !== "string") return false;
  const [, name] = /(?:member|Property) '(\w+)'/.exec(messageText) ?? [];
  const isOfSdk = SDK_PACKAGES.some((each) =>
    new RegExp(`${each}(?:/index)?["']`).test(messageText),
  );
  return isOfSdk && !NAMES.has(name);
}
