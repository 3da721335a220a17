import { ts, type TS } from "../syntax/compiler.js";
import { functionName } from "../syntax/names.js";
import { findNode, walk } from "../syntax/walk.js";
import type { Source } from "../syntax/source.js";
import {
  areaOf,
  functionAround,
  idOf,
  proposal,
  type Detector,
  type Proposal,
} from "./detector.js";
import { mayHaveChannel } from "./messages.js";

/** Functions that hand on a message in the body of a request. */
export const forwards: Detector = {
  finds: "messages that go on by HTTP",
  needles: ["fetch("],
  find: (source) => {
    if (!mayHaveChannel(source)) return [];
    const found: Proposal[] = [];
    walk(source.file, (node) => {
      const name = ts.isFunctionLike(node) ? functionName(node) : null;
      const { body, parameters = [] } = node as Partial<TS.FunctionLikeDeclaration>;
      if (name === null || !body) return;
      const names = parameters.map((each) => each.name.getText());
      const isForward = findNode(body, (inner) => isRequestWith(inner, names)) !== undefined;
      if (!isForward) return;
      found.push(
        proposal(source, node, 3, "a message goes on by HTTP, in whatever trace is active here", {
          id: idOf(areaOf(source), name),
          use: "trace-forward",
          phase: 2,
          at: { function: name },
          span: { name: `${areaOf(source)}.${name}`, op: "queue.process" },
        }),
      );
      return false;
    });
    return [...found, ...requestsOf(source, found)];
  },
};

/** Requests that carry what was queued, outside the functions that hand a message on. */
function requestsOf(source: Source, forwarding: readonly Proposal[]): Proposal[] {
  const known = new Set(forwarding.map(({ rule }) => rule.at?.function));
  const found: Proposal[] = [];
  walk(source.file, (node) => {
    if (!ts.isCallExpression(node) || !/fetch/i.test(node.expression.getText())) return;
    const [, options] = node.arguments;
    const body = options && /\bbody:\s*JSON\.stringify\(\w+\.(\w+)\)/.exec(options.getText());
    if (!body || known.has(functionAround(node))) return;
    const callee = node.expression.getText();
    found.push(
      proposal(
        source,
        node,
        2,
        "what was queued goes on by HTTP, in whatever trace is active then",
        {
          id: idOf(areaOf(source), "retry", body[1] ?? ""),
          use: "trace-forward",
          phase: 2,
          at: { call: `${callee}($url, { body: JSON.stringify($item.${body[1]}), $$$ }, $$$)` },
          span: { name: `${areaOf(source)}.retry`, op: "queue.process" },
        },
      ),
    );
  });
  return found;
}

function isRequestWith(node: TS.Node, parameters: readonly string[]): boolean {
  if (!ts.isCallExpression(node) || !/fetch/i.test(node.expression.getText())) return false;
  const [, options] = node.arguments;
  const body = options && /\bbody:\s*JSON\.stringify\((\w+)\)/.exec(options.getText())?.[1];
  return body !== undefined && parameters.includes(body);
}
