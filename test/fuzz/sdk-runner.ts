/** A process that runs instrumented programs against one real SDK: the SDKs share globals. */
import { execute, listenForRejections, type Sdk } from "./execute.js";

interface RealSdk extends Sdk {
  readonly init: (options: object) => unknown;
}

/** An SDK that records everything and sends nothing. */
const OPTIONS = {
  dsn: "http://public@127.0.0.1:9/1",
  tracesSampleRate: 1,
  integrations: (all: readonly { readonly name: string }[]) =>
    all.filter(({ name }) => !/^On(Unhandled|Uncaught)/.test(name)),
  transport: () => ({ send: () => Promise.resolve({}), flush: () => Promise.resolve(true) }),
};

const [, , name = "@sentry/node", isInitialised] = process.argv;
const sdk = (await import(name)) as RealSdk;
if (isInitialised === "true") sdk.init(OPTIONS);
listenForRejections();

process.on("message", (bodies: readonly string[]) => {
  void runAll(bodies).then((logs) => process.send?.(logs));
});
process.on("disconnect", () => process.exit(0));
process.send?.("ready");

async function runAll(bodies: readonly string[]): Promise<(readonly string[])[]> {
  const logs: (readonly string[])[] = [];
  // What a program would start is running, or is not to.
  const given = { ...sdk, init: () => {} };
  for (const body of bodies) logs.push((await execute(body, given)).log);
  return logs;
}
