import {
  callAround,
  callRemoval,
  callsSdkInit,
  constantValue,
  codeFingerprint,
  containerOf,
  defineTransform,
  findNode,
  fingerprint,
  helperFor,
  holdsComment,
  insertFirst,
  isReason,
  moduleSpec,
  propertyOf,
  propertyRemoval,
  quoted,
  reason,
  schema,
  ts,
  unwrapped,
  usesNeed,
  walk,
  type Candidate,
  type FileContext,
  type Instrumentation,
  type Reason,
  type Removal,
  type Rule,
  type Shape,
  type Site,
  type Source,
  type Style,
  type TS,
} from "../src/transform.js";

interface InitHardening extends Rule {
  readonly sampler: Sampler;
}

/** Rates of root spans; a trace that goes on keeps the decision of whoever began it. */
interface Sampler {
  readonly rates: readonly { readonly name: string; readonly rate: number }[];
  /** The rate of all other spans; by default what the init says already. */
  readonly otherwise?: number | undefined;
}

/** The options of a call of `Sentry.init`, or why they are not known. */
type Init = TS.ObjectLiteralExpression | Reason;

const RATE = schema.pipe(schema.number(), schema.minValue(0), schema.maxValue(1));

export const initHardening = defineTransform<InitHardening, Init>({
  name: "init-hardening",
  summary: "Gives Sentry.init a sampler by the names of spans, on top of what it has",
  params: {
    sampler: schema.strictObject({
      rates: schema.pipe(
        schema.array(
          schema.strictObject({
            name: schema.pipe(schema.string(), schema.minLength(1)),
            rate: RATE,
          }),
        ),
        schema.minLength(1),
      ),
      otherwise: schema.optional(RATE),
    }),
  },
  joinPoints: [],
  templates: () => [],
  needles: () => ["@sentry/"],

  find: (file) => {
    const sites: Site<Init>[] = [];
    walk(file.source.file, (node) => {
      if (!isInit(file, node)) return;
      const region = { start: node.getStart(), end: node.end };
      const data = optionsOf(node);
      const present = !isReason(data) && isSampledByHand(data) ? "hand" : undefined;
      sites.push({ anchor: region.start, region, data, present });
    });
    return sites;
  },

  instrument: (file, site, rule) => {
    const options = site.data;
    return isReason(options) ? options : addSampler(file, options, rule.sampler);
  },

  landmark: ({ callee = "" }) => callee,

  recognise: ({ source }, shape) => {
    const found: Candidate[] = [];
    walk(source.file, (node) => {
      if (!ts.isCallExpression(node) || node.expression.getText() !== shape.callee) return;
      const member = samplerOf(node);
      if (member) found.push(candidate(source, node, member, shape));
    });
    return found;
  },
});

// What it looks for

function isInit({ source, sentry }: FileContext, node: TS.Node): node is TS.CallExpression {
  if (!ts.isCallExpression(node)) return false;
  // A module of the project's own may pass the SDK on.
  const isBound = !usesNeed(sentry, "init") && node.expression.getText() === sentry.access("init");
  return isBound || callsSdkInit(source, node);
}

function optionsOf({ arguments: [first] }: TS.CallExpression): Init {
  const options = first && unwrapped(first);
  if (!options || !ts.isObjectLiteralExpression(options)) return reason("unknown-options");
  const isKnown = options.properties.every(
    ({ name }) => name !== undefined && !ts.isComputedPropertyName(name),
  );
  return isKnown ? options : reason("unknown-options", "they hold a spread or a computed name");
}

function isSampledByHand(options: TS.ObjectLiteralExpression): boolean {
  const sampler = propertyOf(options, SAMPLER);
  const value = sampler && ts.isPropertyAssignment(sampler) ? unwrapped(sampler.initializer) : null;
  return value !== null && ts.isCallExpression(value) && isHelper(value.expression.getText());
}

// What it inserts

const SAMPLER = "tracesSampler";

function addSampler(
  file: FileContext,
  options: TS.ObjectLiteralExpression,
  sampler: Sampler,
): Instrumentation | Reason {
  const helper = helperFor(file, HELPER, undefined);
  if (isReason(helper)) return helper;
  const { source } = file;
  const open = `${helper.callee}(${ratesText(sampler, source.style)}, `;
  const piece = pieceFor(source, options, sampler, open);
  if (isReason(piece)) return piece;
  const { layout, edits, otherwise } = piece;
  return {
    strategy: "insert",
    region: { start: options.getStart(source.file), end: options.end },
    edits,
    reindent: null,
    imports: helper.imports,
    modules: helper.modules,
    span: null,
    shape: {
      key: codeFingerprint(`${open}0)`),
      callee: helper.callee,
      layout,
      otherwise,
      exclusive: SAMPLER,
    },
    container: containerOf(options),
    head: "",
  };
}

type Piece = Pick<Instrumentation, "edits"> & {
  /** What decides about all other spans, as a fingerprint. */
  readonly otherwise: string;
  /** `wrapped` goes around a sampler that is there, `shorthand` also names its member. */
  readonly layout: "wrapped" | "shorthand" | "property";
};

function pieceFor(
  source: Source,
  options: TS.ObjectLiteralExpression,
  sampler: Sampler,
  open: string,
): Piece | Reason {
  const existing = propertyOf(options, SAMPLER);
  if (!existing) {
    const otherwise = sampler.otherwise ?? rateIn(options);
    if (otherwise === null) return reason("no-rate");
    const property = `${SAMPLER}: ${open}${otherwise})`;
    const edits = [insertFirst(source, options, property)];
    return { layout: "property", edits, otherwise: codeFingerprint(String(otherwise)) };
  }
  const isShort = ts.isShorthandPropertyAssignment(existing);
  if (!isShort && !ts.isPropertyAssignment(existing)) {
    return reason("unknown-options", `${SAMPLER} is a method`);
  }
  const sampled = isShort ? existing.name : existing.initializer;
  const doubt = doubtAbout(source, sampled);
  if (doubt) return reason("unknown-options", doubt);
  return {
    layout: isShort ? "shorthand" : "wrapped",
    edits: callAround(source, sampled, isShort ? `${SAMPLER}: ${open}` : open),
    otherwise: fingerprint(sampled),
  };
}

/** Why an existing sampler cannot be called by another one. */
function doubtAbout(source: Source, sampler: TS.Expression): string | null {
  const code = unwrapped(sampler);
  if (mayBeNothing(source, code)) return `${SAMPLER} may be undefined`;
  const value = unwrapped(constantValue(source, code));
  const usesThis = (node: TS.Node) => node.kind === ts.SyntaxKind.ThisKeyword;
  const isBound = ts.isFunctionExpression(value) && findNode(value.body, usesThis) !== undefined;
  return isBound ? `${SAMPLER} uses this` : null;
}

function mayBeNothing(source: Source, expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  const isNothing = (each: TS.Expression) => mayBeNothing(source, each);
  if (code.kind === ts.SyntaxKind.NullKeyword) return true;
  if (ts.isConditionalExpression(code)) return [code.whenTrue, code.whenFalse].some(isNothing);
  if (ts.isBinaryExpression(code)) {
    const isAnd = code.operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken;
    return isAnd || isNothing(code.right);
  }
  if (!ts.isIdentifier(code)) return false;
  if (code.text === "undefined") return true;
  const value = constantValue(source, code);
  return value !== code && isNothing(value);
}

/** The rate that the options say as a number; once there is a sampler the SDK looks at it no more. */
function rateIn(options: TS.ObjectLiteralExpression): string | null {
  const rate = propertyOf(options, "tracesSampleRate");
  const value = rate && ts.isPropertyAssignment(rate) ? unwrapped(rate.initializer) : null;
  return value && ts.isNumericLiteral(value) ? value.getText() : null;
}

/** The rates as code, such as `[["/health", 0], ["build", 1]]`. */
function ratesText({ rates }: Sampler, style: Style): string {
  return `[${rates.map(({ name, rate }) => `[${quoted(name, style)}, ${rate}]`).join(", ")}]`;
}

const HELPER = moduleSpec("sample-by-name", "sampleByName");

function isHelper(callee: string): boolean {
  return callee.split(".").at(-1) === HELPER.name;
}

// How it recognises its own work

/** The member whose value a call is, where that is the sampler of some options. */
function samplerOf({ parent }: TS.CallExpression): TS.PropertyAssignment | null {
  const isMember = ts.isPropertyAssignment(parent) && parent.name.getText() === SAMPLER;
  return isMember ? parent : null;
}

function candidate(
  source: Source,
  call: TS.CallExpression,
  member: TS.PropertyAssignment,
  shape: Shape,
): Candidate {
  const { file } = source;
  const [rates, otherwise] = call.arguments;
  const key = rates ? codeFingerprint(`${call.expression.getText()}(${rates.getText()}, 0)`) : "";
  const removal = removalOf(source, call, member, shape);
  const isSame = otherwise !== undefined && fingerprint(otherwise) === shape.otherwise;
  return {
    range: { start: call.getStart(file), end: call.end },
    container: containerOf(member.parent),
    head: "",
    key,
    exact: isSame && key === shape.key && !isReason(removal),
    similar: isSame,
    removal,
  };
}

const CHANGED = reason("changed-by-hand", `the call of ${HELPER.name} is another one`);

function removalOf(
  source: Source,
  call: TS.CallExpression,
  member: TS.PropertyAssignment,
  { layout, otherwise: recorded }: Shape,
): Removal | Reason {
  const { file } = source;
  const [, otherwise, ...others] = call.arguments;
  if (!otherwise || others.length > 0) return CHANGED;
  const isSame = fingerprint(otherwise) === recorded;
  if (layout === "property") {
    const hasComment = holdsComment(source.text.slice(member.getStart(file), member.end));
    if (!isSame || hasComment) return CHANGED;
    return { edits: [propertyRemoval(source, member.parent, member)], dedent: null };
  }
  // A rate is no sampler by itself.
  if (ts.isNumericLiteral(unwrapped(otherwise))) return CHANGED;
  const isShort = layout === "shorthand" && isSame;
  return callRemoval(source, call, otherwise, (isShort ? member : call).getStart(file));
}
