import { encloses, type Range } from "../text/edit.js";
import { TRANSFORMS } from "../../transforms/index.js";
import { ts, type TS } from "../syntax/compiler.js";
import { messageOf } from "../syntax/message.js";
import { isReason } from "../syntax/reason.js";
import { unwrapped, walk } from "../syntax/walk.js";
import type { FileContext, Site } from "../transform.js";
import type { Draft } from "./drafts.js";
import { ignoredBy } from "./instrument-sites.js";
import type { ActiveRule } from "./model.js";

/** An end of a hop that no rule instruments, though one means it but for its place or its code. */
export interface LeftOut {
  /** Offset in the text in which sites are sought. */
  readonly anchor: number;
  readonly message: TS.Node | undefined;
  /** The rule that means it but for its place; null where only the message's type can tell. */
  readonly by: { readonly rule: string; readonly within: string } | null;
}

/**
 * Ends of hops that a rule means but for its `within`, and calls that send what a rule's messages may
 * be: a retry queue or another broadcast that was forgotten cuts the trace where nobody looks for it.
 */
export function leftOutEnds(
  context: FileContext,
  rules: readonly ActiveRule[],
  drafts: readonly Draft[],
): LeftOut[] {
  const { source } = context;
  const isEnd = ({ rule }: ActiveRule) => TRANSFORMS.get(rule.use)?.isHop === true;
  const ends = drafts.filter(({ active }) => isEnd(active)).map(({ site }) => site);
  const told = new Set(ends.map(({ anchor }) => anchor));
  // One message may be meant by what sends it, and by what makes it into text.
  const messages = new Set(ends.flatMap(({ hop }) => messageIn(hop) ?? []));
  const found: LeftOut[] = [];
  const tell = (site: Site<unknown>, by: LeftOut["by"]) => {
    if (!site.hop || site.present || told.has(site.anchor) || ignoredBy(source, site)) return;
    const message = messageIn(site.hop);
    if (message && messages.has(message)) return;
    told.add(site.anchor);
    found.push({ anchor: site.anchor, message, by });
  };
  const covering = rules.filter((each) => isEnd(each) && each.covers(source.path));
  for (const { rule } of covering) {
    const { within, ...at } = rule.at ?? {};
    if (within === undefined) continue;
    for (const site of TRANSFORMS.get(rule.use)?.find(context, { ...rule, at }) ?? []) {
      tell(site, { rule: rule.id, within });
    }
  }
  if (!rules.some(({ rule }) => rule.use === "trace-send")) return found;
  const passedOn = drafts.filter(({ site }) => site.hop?.part === "receiver");
  walk(source.file, (node) => {
    if (!ts.isCallExpression(node)) return;
    const message = sentBy(node);
    if (!message || (isRequest(node) && hasContext(node, message))) return;
    tell(siteAt(node, message), null);
  });
  return found;

  /** A request is in the trace of whoever called its function, unless its message had to wait. */
  function hasContext(call: TS.CallExpression, message: TS.Expression): boolean {
    const isCovered = passedOn.some(({ site }) => encloses(site.region, rangeOf(call)));
    const name = rootOf(message);
    const declarations = name ? source.scope.resolve(name.text, name) : undefined;
    return isCovered || (declarations?.some(ts.isParameter) ?? true);
  }

  function sentBy(call: TS.CallExpression): TS.Expression | null {
    if (!SENDS.test(calleeOf(call)) && !isRequest(call)) return null;
    const message = messageOf(source, call, undefined);
    const isByHand = !isReason(message) && /\b_sentry\b/.test(message.node.getText());
    return isReason(message) || isByHand ? null : message.node;
  }
}

function messageIn(hop: Site<unknown>["hop"]): TS.Node | undefined {
  return hop === undefined || hop.part === "type" ? undefined : hop.message;
}

/** What messages are handed to: sockets, ports, emitters, queues, batches. */
const SENDS = /^(send|emit|push|unshift|add|enqueue|publish|postMessage|write|broadcast)$/;

/** What goes on by HTTP, where the SDK carries the context of the span around it. */
function isRequest(call: TS.CallExpression): boolean {
  return /fetch|request|^(post|put|patch)$/i.test(calleeOf(call));
}

function calleeOf({ expression }: TS.CallExpression): string {
  if (ts.isIdentifier(expression)) return expression.text;
  return ts.isPropertyAccessExpression(expression) ? expression.name.text : "";
}

/** The name that a path begins with. */
function rootOf(expression: TS.Expression): TS.Identifier | null {
  const code = unwrapped(expression);
  if (ts.isPropertyAccessExpression(code)) return rootOf(code.expression);
  return ts.isIdentifier(code) ? code : null;
}

function rangeOf(node: TS.Node): Range {
  return { start: node.getStart(), end: node.end };
}

function siteAt(node: TS.Node, message: TS.Node): Site<unknown> {
  const region = rangeOf(node);
  const hop = { part: "sender", message } as const;
  return { anchor: region.start, region, data: null, hop };
}
