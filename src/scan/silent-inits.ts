import type { Finding } from "../plan/model.js";
import { ts, type TS } from "../syntax/compiler.js";
import { propertyName } from "../syntax/names.js";
import { callsSdkInit } from "../syntax/sdk-init.js";
import { isParseFailure, parseSource } from "../syntax/source.js";
import { callsIn, unwrapped } from "../syntax/walk.js";
import { position } from "../text/lines.js";

/** Starts of the SDK of which it can be read that they record no spans, of whatever is inserted. */
export function silentInits(path: string, text: string): Finding[] {
  if (!text.includes("@sentry/") || !/\binit\b/.test(text)) return [];
  const source = parseSource(path, text);
  if (isParseFailure(source)) return [];
  const silent = callsIn(source.file).filter(
    (call) => callsSdkInit(source, call) && recordsNoSpans(call),
  );
  return silent.map((call) => ({
    code: "no-spans",
    level: "warning",
    message: "this start of the SDK sets no rate for traces, so that no span is recorded",
    file: path,
    line: position(text, call.getStart(source.file)).line,
  }));
}

/** Whether the options are all written out, and there is no rate among them, or only a zero. */
function recordsNoSpans({ arguments: [options] }: TS.CallExpression): boolean {
  const code = options && unwrapped(options);
  if (!code || !ts.isObjectLiteralExpression(code)) return false;
  return code.properties.every((each) => {
    const name = each.name && propertyName(each.name);
    // A spread, or a computed name, may be the rate.
    if (!name) return false;
    if (name === "tracesSampler") return false;
    if (name !== "tracesSampleRate") return true;
    return ts.isPropertyAssignment(each) && /^0(\.0*)?$/.test(each.initializer.getText());
  });
}
