import type { Finding } from "../plan/model.js";
import { ts, type TS } from "../syntax/compiler.js";
import { propertyName } from "../syntax/names.js";
import { callsSdkInit, isInBrowser } from "../syntax/sdk-init.js";
import { isParseFailure, parseSource } from "../syntax/source.js";
import { callsIn, unwrapped } from "../syntax/walk.js";
import { position } from "../text/lines.js";

/** Starts of the SDK of which it can be read that they record no spans, of whatever is inserted. */
export function silentInits(path: string, text: string): Finding[] {
  if (!text.includes("@sentry/") || !/\binit\b/.test(text)) return [];
  const source = parseSource(path, text);
  if (isParseFailure(source)) return [];
  return callsIn(source.file).flatMap((call): Finding[] => {
    const message = callsSdkInit(source, call) ? whySilent(call, isInBrowser(source)) : null;
    if (message === null) return [];
    const { line } = position(text, call.getStart(source.file));
    return [{ code: "no-spans", level: "warning", message, file: path, line }];
  });
}

/** Why no span is recorded; null where there is a rate, or where one may be among the options. */
function whySilent({ arguments: [options] }: TS.CallExpression, isPage: boolean): string | null {
  const rate = rateSaid(options);
  if (rate === "zero")
    return "this start of the SDK has the rate 0 for traces: no span is recorded";
  if (rate !== "none") return null;
  const unless = isPage ? "" : " unless SENTRY_TRACES_SAMPLE_RATE is set where it runs";
  return `this start of the SDK sets no rate for traces, so that no span is recorded${unless}`;
}

/** What the options of a start say of the rate of traces, as far as they are written out. */
export function rateSaid(options: TS.Expression | undefined): "none" | "zero" | "some" | "unknown" {
  const code = options && unwrapped(options);
  if (!code || !ts.isObjectLiteralExpression(code)) return "unknown";
  const names = code.properties.map(({ name }) => name && propertyName(name));
  // A spread, or a computed name, may be the rate.
  if (names.some((name) => !name || name === "tracesSampler" || name === "enabled")) {
    return "unknown";
  }
  const rate = code.properties[names.indexOf("tracesSampleRate")];
  if (!rate) return "none";
  const isZero = ts.isPropertyAssignment(rate) && /^0(\.0*)?$/.test(rate.initializer.getText());
  return isZero ? "zero" : "some";
}
