import { ts } from "../syntax/compiler.js";
import { functionName } from "../syntax/names.js";
import { walk } from "../syntax/walk.js";
import { areaOf, idOf, proposal, type Detector, type Proposal } from "./detector.js";
import { mayHaveChannel } from "./messages.js";

/** Updates that wait in a batch until they are sent. */
export const batches: Detector = {
  finds: "updates that wait in a batch",
  needles: [".push("],
  find: (source) => {
    if (!mayHaveChannel(source)) return [];
    const found: Proposal[] = [];
    walk(source.file, (node) => {
      if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return;
      const { name, expression } = node.expression;
      if (name.text !== "push" || !ts.isPropertyAccessExpression(expression)) return;
      const [update] = node.arguments;
      const isUpdate =
        update && ts.isObjectLiteralExpression(update) && /\btype:/.test(update.getText());
      if (!isUpdate || !/(updates|events|messages|batch|queue)$/i.test(expression.name.text))
        return;
      found.push(
        proposal(
          source,
          node,
          2,
          "an update waits in a batch, and its trace is over when it is sent",
          {
            id: idOf(areaOf(source), expression.name.text, "queued"),
            use: "trace-send",
            phase: 5,
            at: { call: `$batch.${expression.name.text}.push($update)` },
          },
        ),
      );
    });
    return found;
  },
};

/** Handlers of batches in pages. */
export const batchReaders: Detector = {
  finds: "pages that apply a batch of updates",
  needles: [".updates"],
  find: (source) => {
    if (!/\bWebSocket\b/.test(source.text)) return [];
    const found: Proposal[] = [];
    walk(source.file, (node) => {
      const name = ts.isFunctionLike(node) ? functionName(node) : null;
      if (name === null || !/(process|handle|apply|on).*(batch|update)/i.test(name)) return;
      found.push(
        proposal(source, node, 1, "a page applies updates whose trace it could show", {
          id: idOf(name),
          use: "trace-browser",
          phase: 5,
          at: { function: name },
          span: { name: `page.${name}`, op: "ui.task" },
        }),
      );
    });
    return found;
  },
};
