import { ts, type TS } from "../syntax/compiler.js";
import { className, type NamedFunction } from "../syntax/names.js";
import type { Source } from "../syntax/source.js";
import { idOf, proposal, type Detector } from "./detector.js";
import { namedFunctions } from "./named-functions.js";
import { modulesFor } from "./runs.js";

/** Collectors that hear of every call of a model. */
export const collectors: Detector = {
  finds: "collectors that hear of every call of a model",
  needles: ["okens"],
  find: (source) =>
    namedFunctions(source, (name) => /^(record|add|track|log)$/.test(name)).flatMap(
      ({ node, name, at }) => {
        const isCollector = /(metric|usage|cost|token)/i.test(className(node) ?? "");
        const call = isCollector && at.method !== undefined ? callOf(source, node) : null;
        if (!call) return [];
        return [
          proposal(source, node, 2, "every call of a model passes here, with its tokens", {
            id: idOf(name),
            use: "agent-call",
            phase: 3,
            at,
            call,
            dir: modulesFor(source),
          }),
        ];
      },
    ),
};

/** What the parameters say of a call, by their names and by how the method reads them. */
function callOf({ file }: Source, fn: NamedFunction): Record<string, string> | null {
  const names = fn.parameters.map(({ name }) => name.getText());
  const named = (pattern: RegExp) => names.find((name) => pattern.test(name));
  const agent = named(/agent|name$/i);
  if (agent === undefined) return null;
  const read = fn.body.getText(file);
  const tokens = named(/^(tokens|usage|tokenUsage)$/);
  const readOf = (pattern: string) =>
    tokens && new RegExp(`\\b${tokens}\\??\\.${pattern}\\b`).exec(read)?.[0];
  const parts = {
    model: named(/model/i),
    inputTokens: named(/^(input|prompt)Tokens$/) ?? readOf("(input|prompt)(Tokens)?"),
    outputTokens: named(/^(output|completion)Tokens$/) ?? readOf("(output|completion)(Tokens)?"),
    durationMs: named(/duration|elapsed|ms$/i),
    costUsd: named(/^cost(Usd)?$/) ?? costIn(fn),
  };
  const known = Object.entries({ agentName: agent, ...parts }).filter(([, code]) => code);
  return Object.fromEntries(known.map(([key, code]) => [key, `\${${code}}`]));
}

/** The total of a cost that the method has worked out: `const cost = ...` of which it reads `total`. */
function costIn({ body }: NamedFunction): string | undefined {
  const statements = ts.isBlock(body) ? body.statements.filter(ts.isVariableStatement) : [];
  const costs = statements
    .flatMap(({ declarationList }) => declarationList.declarations)
    .map(({ name }: TS.VariableDeclaration) => name)
    .filter(ts.isIdentifier)
    .filter(({ text }) => /^cost/i.test(text));
  const read = body.getText();
  const totals = costs.map(({ text }) => new RegExp(`\\b${text}\\.total\\w*`).exec(read)?.[0]);
  return totals.find((each) => each !== undefined);
}
