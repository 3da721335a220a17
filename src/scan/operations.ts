import { ts } from "../syntax/compiler.js";
import { functionName } from "../syntax/names.js";
import { hasModifier, isAsync, walkOwn } from "../syntax/walk.js";
import type { Source } from "../syntax/source.js";
import { idOf, meansOnly, proposal, type Detector, type Proposal } from "./detector.js";
import { namedFunctions, statementOf, type Named } from "./named-functions.js";
import { isLongRun } from "./runs.js";

/** What goes on for a while, and may fail on the way. */
const VERB =
  /^((deploy|redeploy|rebuild|build|restore|back[uU]p|roll[bB]ack|provision|migrate|sync|reconcile|import|export|re[iI]ndex|crawl|ingest|transcode|publish|install|upgrade|clean[uU]p|archive|generate|render|convert|transcode|transcribe|summarize|extract|detect|seal|sign(?!I|U|O)|finalize|duplicate|replace|transfer)(?=[A-Z]|$)|(run|execute|process)(?=[A-Z]))/;

/** What is an operation only where much of it is done. */
const MAY_BE_SMALL =
  /^(create|delete|remove|(re)?send(?!.*(Notification|Alert)s?$)|complete|submit|save|update|register|prepare|materialize)(?=[A-Z])/;

/** How much a function must wait for, and how long it must be, to be more than a helper. */
const HEAVY = { waits: 3, lines: 20 };
const VERY_HEAVY = { waits: 7, lines: 80 };

/** Functions that others call to have something heavy done. */
export const operations: Detector = {
  finds: "functions that deploy, build, restore, import or sync something",
  needles: ["async "],
  paths: /^(?!.*\.client\.).*\.[cm]?[jt]s$/,
  find: (source): Proposal[] => {
    const heavy = [
      ...namedFunctions(source, (name) => VERB.test(name)).filter((each) =>
        isHeavy(source, each, HEAVY),
      ),
      ...namedFunctions(source, (name) => MAY_BE_SMALL.test(name)).filter((each) =>
        isHeavy(source, each, VERY_HEAVY),
      ),
    ];
    return heavy.flatMap((each) => {
      const { node, name, at } = each;
      const own = functionName(node) ?? "";
      const verb = (VERB.exec(own) ?? MAY_BE_SMALL.exec(own))?.[0] ?? name;
      const alike = heavy.filter((other) => other.at.function?.startsWith(verb));
      const family = { function: `${verb}*` };
      const isFamily =
        at.function !== undefined && alike.length > 1 && meansOnly(source, family, alike);
      if (!isFamily && !meansOnly(source, at, [each])) return [];
      const why = "an operation of several steps, which nothing tells as one";
      const found = proposal(source, node, 2, why, {
        id: idOf(isFamily ? verb : name),
        use: "wrap-span",
        phase: 1,
        at: isFamily ? family : at,
        span: { name: "{{function}}", op: "function" },
      });
      return [{ ...found, isSecond: true }];
    });
  },
};

function isHeavy(source: Source, each: Named, least: typeof HEAVY): boolean {
  const { node } = each;
  if (!isOpen(node) || !isAsync(node)) return false;
  const lines = node.getText(source.file).split("\n").length;
  return lines >= least.lines && waitsIn(each) >= least.waits && !isLongRun(source, each);
}

/** Whether others may call a function: it is exported, or a public member of a class. */
function isOpen(node: Named["node"]): boolean {
  const member = ts.isMethodDeclaration(node) ? node : node.parent;
  if (ts.isClassElement(member) && ts.isClassLike(member.parent)) {
    const isHidden = member.name !== undefined && ts.isPrivateIdentifier(member.name);
    const isOwn =
      hasModifier(member, ts.SyntaxKind.PrivateKeyword) ||
      hasModifier(member, ts.SyntaxKind.ProtectedKeyword);
    return !isHidden && !isOwn;
  }
  const holder = ts.isFunctionDeclaration(node) ? node : statementOf(node);
  return holder !== null && hasModifier(holder, ts.SyntaxKind.ExportKeyword);
}

/** How often a function itself waits. */
function waitsIn({ node }: Named): number {
  let count = 0;
  walkOwn(node.body, (inner) => {
    if (ts.isAwaitExpression(inner)) count++;
  });
  return count;
}
