import { ts } from "../syntax/compiler.js";
import { hasModifier, isAsync, walkOwn } from "../syntax/walk.js";
import type { Source } from "../syntax/source.js";
import { idOf, proposal, type Detector } from "./detector.js";
import { namedFunctions, statementOf, type Named } from "./named-functions.js";
import { isLongRun } from "./runs.js";

/** What goes on for a while, and may fail on the way. */
const VERB =
  /^((deploy|redeploy|rebuild|build|restore|back[uU]p|roll[bB]ack|provision|migrate|sync|reconcile|import|export|re[iI]ndex|crawl|ingest|transcode|publish|install|upgrade|clean[uU]p|archive)(?=[A-Z]|$)|(run|execute|process)(?=[A-Z]))/;

/** How much a function must wait for, and how long it must be, to be more than a helper. */
const WAITS = 3;
const LINES = 20;

/** Functions that others call to have something heavy done. */
export const operations: Detector = {
  finds: "functions that deploy, build, restore, import or sync something",
  needles: ["export async function", "async ("],
  paths: /\.[cm]?[jt]s$/,
  find: (source) => {
    const named = namedFunctions(source, (name) => VERB.test(name));
    const heavy = named.filter((each) => isHeavy(source, each));
    return heavy.map(({ node, name }) => {
      const verb = VERB.exec(name)?.[0] ?? name;
      const alike = named.filter((each) => each.name.startsWith(verb));
      const isAll = alike.length > 1 && alike.every((each) => heavy.includes(each));
      const pattern = isAll ? `${verb}*` : name;
      return proposal(
        source,
        node,
        2,
        "an operation of several steps, which nothing tells as one",
        {
          id: idOf(isAll ? verb : name),
          use: "wrap-span",
          phase: 1,
          at: { function: pattern },
          span: { name: "{{function}}", op: "function" },
        },
      );
    });
  },
};

function isHeavy(source: Source, each: Named): boolean {
  const { node, at } = each;
  const holder = ts.isFunctionDeclaration(node) ? node : statementOf(node);
  const isExported = holder !== null && hasModifier(holder, ts.SyntaxKind.ExportKeyword);
  if (at.function === undefined || !isExported || !isAsync(node)) return false;
  const lines = node.getText(source.file).split("\n").length;
  return lines >= LINES && waitsIn(each) >= WAITS && !isLongRun(source, each);
}

/** How often a function itself waits. */
function waitsIn({ node }: Named): number {
  let count = 0;
  walkOwn(node.body, (inner) => {
    if (ts.isAwaitExpression(inner)) count++;
  });
  return count;
}
