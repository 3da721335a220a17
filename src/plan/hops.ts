import { position } from "../text/lines.js";
import type { TS } from "../syntax/compiler.js";
import type { FindingCode } from "../syntax/finding.js";
import { importOf } from "../syntax/imports.js";
import { propertyOf } from "../syntax/object-literal.js";
import { isReason } from "../syntax/reason.js";
import { findSchemas, schemaPath } from "../syntax/schemas.js";
import { UNKNOWN_MESSAGE } from "../syntax/value-kind.js";
import type { FileContext } from "../transform.js";
import type { View } from "./base-view.js";
import type { LeftOut } from "./left-out.js";
import type { Finding } from "./model.js";
import type { Outcome } from "./site-report.js";

/** An end of a hop or a type that carries a context, with the types that it is known by. */
export interface HopEnd {
  readonly part: "type" | "sender" | "receiver" | "left-out";
  readonly file: string;
  readonly line: number;
  /** Names of the message's types; none where they are not known. */
  readonly types: readonly string[];
  /** Names of the types of what it holds in arrays. */
  readonly held: readonly string[];
  /** The members of a type, by which its copy in another package is known. */
  readonly members: readonly string[];
  /** The members of each kind of message that is sent. */
  readonly fields: readonly (readonly string[])[];
  /** For what is left out: the rule that means it but for its place. */
  readonly by: LeftOut["by"];
  /** The schema that has read a message, where it names no field for a context. */
  readonly drops: SchemaPlace | null;
}

/** What the helpers call the context in a message. */
export const FIELD = "_sentry";

/** A schema, by its file and the constant that it is given to. */
export interface SchemaPlace {
  readonly file: string;
  readonly name: string;
}

/**
 * The parts of hops in a file: those that are instrumented, or will be, and those that are left out.
 * @param text the file as it is, for the lines of findings
 */
export function hopEnds(
  context: FileContext,
  outcomes: readonly Outcome[],
  leftOut: readonly LeftOut[],
  view: View,
  text: string,
): HopEnd[] {
  const { source, types } = context;
  const place = (anchor: number) => {
    const offset = view.reduced.toFull(anchor, () => true);
    return { file: source.path, line: position(text, offset).line };
  };
  const known = (message: TS.Node | undefined) =>
    message ? types.messageTypes(message) : UNKNOWN_MESSAGE;
  const instrumented = outcomes.flatMap(({ draft, result }): HopEnd[] => {
    const { hop, anchor } = draft.site;
    if (!hop || (result !== "present" && isReason(result))) return [];
    const common = { ...place(anchor), by: null, drops: null };
    if (hop.part !== "type") {
      const { own, held, fields } = known(hop.message);
      const drops = hop.part === "receiver" && hop.schema ? dropping(context, hop.schema) : null;
      return [{ ...common, part: hop.part, types: own, held, members: [], fields, drops }];
    }
    const { part, name, members } = hop;
    return [{ ...common, part, types: [name], held: [], members, fields: [] }];
  });
  const others = leftOut.map(({ anchor, message, by }): HopEnd => {
    const { own, held } = known(message);
    const common = { ...place(anchor), members: [], fields: [], by, drops: null };
    return { ...common, part: "left-out", types: own, held };
  });
  return [...instrumented, ...others];
}

/**
 * What is amiss with hops. Sender and receiver are matched by the types of their messages; where
 * those are not known, only what a rule's place leaves out is told.
 */
export function hopFindings(ends: readonly HopEnd[]): Finding[] {
  const groups = kindred(ends.filter(({ part }) => part === "type"));
  return [
    ...groups.flatMap((kin) => brokenHop(kin, ends)),
    ...droppedContexts(ends),
    ...leftOutFindings(groups.flat(), ends),
  ];
}

/**
 * Messages that carry a context and that nobody goes on with; handlers that look for a context which
 * nobody sends.
 */
function brokenHop(kin: readonly HopEnd[], ends: readonly HopEnd[]): Finding[] {
  const names = new Set(kin.flatMap(({ types }) => types));
  const of = (part: HopEnd["part"]) => ends.filter((end) => end.part === part && isOf(end, names));
  const isUnclear = (part: HopEnd["part"]) =>
    ends.some((end) => end.part === part && end.types.length + end.held.length === 0);
  const [sender, receiver] = [of("sender")[0], of("receiver")[0]];
  const name = kin[0]?.types[0] ?? "";
  if (sender && !receiver && !isUnclear("receiver")) {
    const message = `"${name}" is sent here with a context, and no rule goes on with it where it arrives`;
    return [finding("hop-without-receiver", "warning", sender, message)];
  }
  if (receiver && !sender && !isUnclear("sender")) {
    const message = `the context of "${name}" is looked for here, and no rule sends it`;
    return [finding("hop-without-sender", "warning", receiver, message)];
  }
  return [];
}

/** The schema that a name means, in this file or in the one that it comes from, if it drops a context. */
function dropping(context: FileContext, name: TS.Identifier): SchemaPlace | null {
  const { source } = context;
  const imported = importOf(source, name);
  const declared = imported
    ? context.declaring(imported.module, imported.exported)
    : { source, name: name.text };
  if (!declared) return null;
  const { source: home } = declared;
  const [schema] = findSchemas(home, declared.name);
  const isOpen = /\.(passthrough|loose|catchall)\(|looseObject\(/.test(
    schema?.declaration.getText(home.file) ?? "",
  );
  const fields = schema?.target?.fields;
  if (!fields || isOpen || propertyOf(fields, FIELD)) return null;
  return { file: home.path, name: schemaPath(fields) };
}

/** Handlers that look for a context which the schema before them has dropped. */
function droppedContexts(ends: readonly HopEnd[]): Finding[] {
  const named = ends.filter(({ part }) => part === "type");
  return ends.flatMap((end) => {
    const { drops } = end;
    if (!drops) return [];
    const isNamed = named.some(
      ({ file, types }) => file === drops.file && types.includes(drops.name),
    );
    if (isNamed) return [];
    const message = `"${drops.name}" of ${drops.file} drops "${FIELD}" before it is looked for here: name it there, or let a trace-field rule do so`;
    return [finding("hop-without-field", "warning", end, message)];
  });
}

/** A batch counts where it arrives; where it leaves, what it holds has its context already. */
function isOf({ part, types, held }: HopEnd, names: ReadonlySet<string>): boolean {
  const all = part === "receiver" ? [...types, ...held] : types;
  return all.some((name) => names.has(name));
}

/** Of a message whose type is known, only what carries a context is worth a word. */
function leftOutFindings(carriers: readonly HopEnd[], ends: readonly HopEnd[]): Finding[] {
  const names = new Set(carriers.flatMap(({ types }) => types));
  return ends.flatMap((end) => {
    if (end.part !== "left-out") return [];
    const { by, types } = end;
    const isUnclear = names.size === 0 && by !== null;
    if (!isUnclear && !isOf(end, names)) return [];
    const name = types.find((each) => names.has(each)) ?? "";
    const message = by
      ? `"${by.rule}" leaves this out: it is not in ${by.within}`
      : `"${name}" is handed on here, and no rule gives it a context`;
    return [finding("left-out", "info", end, message)];
  });
}

/** Types of the same messages: of one name, or with the same members, as each package has its own. */
function kindred(types: readonly HopEnd[]): HopEnd[][] {
  const groups: HopEnd[][] = [];
  for (const type of types) {
    const group = groups.find((each) => each.some((other) => isKin(type, other)));
    if (group) group.push(type);
    else groups.push([type]);
  }
  return groups;
}

function isKin(a: HopEnd, b: HopEnd): boolean {
  const isNamed = a.types[0] === b.types[0];
  return isNamed || (a.members.length > 0 && a.members.join() === b.members.join());
}

function finding(
  code: FindingCode,
  level: Finding["level"],
  { file, line }: HopEnd,
  message: string,
): Finding {
  return { code, level, message, file, line };
}
