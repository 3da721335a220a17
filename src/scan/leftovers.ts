import { ts, type TS } from "../syntax/compiler.js";
import { findsEnvironment } from "../syntax/environment.js";
import { callsSdkInit } from "../syntax/sdk-init.js";
import { findNode, unwrapped, walk } from "../syntax/walk.js";
import type { RuleConfig } from "../plan/define-config.js";
import type { Source } from "../syntax/source.js";
import { idOf, proposal, type Detector, type Proposal } from "./detector.js";
import { rateSaid } from "./silent-inits.js";

/** What code says that gives up work on purpose. */
const ABORTS = "new AbortController(";

/** Starts of the SDK that say less than production needs. */
export const inits: Detector = {
  finds:
    "`Sentry.init` with a DSN in the code, without an environment or a rate, or at the full rate",
  needles: ["@sentry/", ABORTS],
  find: (source) => {
    const found: Proposal[] = [];
    walk(source.file, (node) => {
      if (!ts.isCallExpression(node) || !callsSdkInit(source, node)) return;
      const [options] = node.arguments;
      // What is not written out in the call may say all of it.
      if (options && !ts.isObjectLiteralExpression(unwrapped(options))) return;
      const lacks = lacksOf(source, node);
      // What is not scrubbed alone is no reason to touch it.
      if (!lacks.some(({ isReason }) => isReason)) return;
      const why = lacks.map(({ why }) => why).join(", ");
      const parts = Object.assign({}, ...lacks.map(({ part }) => part)) as Partial<RuleConfig>;
      const rule = { id: "sentry-init", use: "init-hardening", phase: 6, ...parts };
      found.push(proposal(source, node, 2, why, rule));
    });
    return found;
  },
};

/** What a start of the SDK lacks, and what of the rule gives it. */
interface Lack {
  readonly why: string;
  readonly part: Readonly<Record<string, unknown>>;
  readonly isReason: boolean;
}

function lacksOf(source: Source, call: TS.CallExpression): Lack[] {
  const text = call.getText(source.file);
  const lack = (isLacking: boolean, why: string, part: Lack["part"], isReason = true): Lack[] =>
    isLacking ? [{ why, part, isReason }] : [];
  const hasEnvironment = /environment\s*[:,}]/.test(text) || findsEnvironment(source);
  return [
    ...lack(/dsn:\s*(["'`])(?!\1)/.test(text), "its DSN is hard-coded", { dsn: true }),
    ...lack(!hasEnvironment, "it names no environment", { environment: true }),
    ...lack(/tracesSampleRate:\s*1\b/.test(text), "it samples everything", {
      productionRate: 0.2,
    }),
    ...lack(rateSaid(call.arguments[0]) === "none", "it records no spans", {
      rate: 1,
      productionRate: 0.2,
    }),
    ...lack(/sendDefaultPii:\s*true/.test(text), "it sends personal data", { pii: false }),
    ...lack(!/beforeSend\w*\s*[:(]/.test(text), "it scrubs nothing", { scrub: true }, false),
  ];
}

/** Where work is given up on purpose, what that throws is no error of the same package. */
export function withAborts(
  proposals: readonly Proposal[],
  files: readonly (readonly [path: string, text: string])[],
): Proposal[] {
  // A page gives up requests, which its SDK does not take for errors of its own.
  const aborting = files.filter(
    ([path, text]) => /\.[cm]?[jt]s$/.test(path) && text.includes(ABORTS),
  );
  const texts = new Map(files);
  const packages = new Set(aborting.map(([path]) => packageAt(path)));
  return proposals.map((each) => {
    const isMeant = each.rule.use === "init-hardening" && packages.has(packageAt(each.file));
    if (!isMeant || texts.get(each.file)?.includes("AbortError")) return each;
    const why = `${each.why}, work that is given up counts as an error`;
    return { ...each, why, rule: { ...each.rule, ignoreErrors: ["AbortError"] } };
  });
}

function packageAt(path: string): string {
  return /^(apps|packages|services|libs)\/[^/]+/.exec(path)?.[0] ?? "";
}

/** What the wizard has made to try things out. */
export const examples: Detector = {
  finds: "the wizard's examples",
  needles: ["sentry-example", "SentryExample"],
  paths: /sentry-example-(page|api)/,
  find: (source) => {
    const why = "the wizard's example is still there, for anybody to fail";
    const rule = { id: "clean-up", use: "clean-up", phase: 6 };
    return [proposal(source, source.file, 1, why, rule)];
  },
};

/** Tracing of one's own from before there was a vendor. */
export const legacyTracing: Detector = {
  finds: "tracing of one's own that only prints",
  needles: ["console"],
  paths: /(^|\/)(tracing|trace|telemetry)[\w-]*\.[cm]?[jt]s$/,
  find: (source) => {
    if (source.text.includes("@sentry/")) return [];
    return source.file.statements.flatMap((statement): Proposal[] => {
      const [name, fn] = exportedFunction(statement);
      if (name === null || !fn || findNode(fn, isPrinting) === undefined) return [];
      const [message] = fn.parameters
        .map((each) => each.name)
        .filter(ts.isIdentifier)
        .filter((each) => /(name|label|event|message|step|agent)/i.test(each.text));
      if (!message) return [];
      return [
        proposal(source, statement, 2, "tracing of one's own, which only prints", {
          id: idOf(name),
          use: "replace-legacy",
          phase: 6,
          at: { function: name },
          module: source.path,
          breadcrumb: { category: "trace", message: `\${${message.text}}` },
        }),
      ];
    });
  },
};

function exportedFunction(
  statement: TS.Statement,
): [string | null, TS.FunctionDeclaration | TS.ArrowFunction | null] {
  if (ts.isFunctionDeclaration(statement)) return [statement.name?.text ?? null, statement];
  if (!ts.isVariableStatement(statement)) return [null, null];
  const [declaration] = statement.declarationList.declarations;
  const value = declaration?.initializer;
  const isNamed = declaration && ts.isIdentifier(declaration.name);
  if (!isNamed || !value || !ts.isArrowFunction(value)) return [null, null];
  return [declaration.name.getText(), value];
}

function isPrinting(node: TS.Node): boolean {
  return ts.isCallExpression(node) && node.expression.getText().startsWith("console");
}
