import { ts, type TS } from "../syntax/compiler.js";
import { findsEnvironment } from "../syntax/environment.js";
import { callsSdkInit } from "../syntax/sdk-init.js";
import { findNode, walk } from "../syntax/walk.js";
import { idOf, proposal, type Detector, type Proposal } from "./detector.js";

/** Starts of the SDK that say less than production needs. */
export const inits: Detector = {
  name: "inits",
  needles: ["@sentry/"],
  find: (source) => {
    const found: Proposal[] = [];
    walk(source.file, (node) => {
      if (!ts.isCallExpression(node) || !callsSdkInit(source, node)) return;
      const text = node.getText(source.file);
      const lacks = [
        /dsn:\s*["'`]/.test(text) ? "its DSN is hard-coded" : null,
        /environment\s*:/.test(text) || findsEnvironment(source) ? null : "it names no environment",
        /tracesSampleRate:\s*1\b/.test(text) ? "it samples everything" : null,
      ].filter((each) => each !== null);
      if (lacks.length === 0) return;
      found.push(
        proposal(source, node, 2, lacks.join(", "), {
          id: "sentry-init",
          use: "init-hardening",
          phase: 6,
          dsn: true,
          environment: true,
          productionRate: 0.2,
          pii: false,
          scrub: true,
        }),
      );
    });
    return found;
  },
};

/** What the wizard has made to try things out. */
export const examples: Detector = {
  name: "examples",
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
  name: "legacy tracing",
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
