import {
  callsSdkInit,
  changedOptions,
  changeOption,
  codeSchema,
  defineTransform,
  environmentOf,
  environmentReadBehind,
  findsEnvironment,
  headOfChange,
  helperFor,
  isReadable,
  isReason,
  memberIndent,
  moduleSpec,
  negated,
  objectOnOneLine,
  objectOverLines,
  optionsContainer,
  param,
  partOf,
  propertyOf,
  quoted,
  reason,
  renderTemplate,
  schema,
  scrubHelper,
  ts,
  unwrapped,
  usesNeed,
  walk,
  writtenDsn,
  type Entries,
  type Environment,
  type FileContext,
  type Helper,
  type Observation,
  type OptionChange,
  type Reason,
  type Rule,
  type Site,
  type Style,
  type TS,
} from "../src/transform.js";

interface InitHardening extends Rule {
  readonly dsn?: string | true | undefined;
  readonly environment?: string | true | undefined;
  readonly production?: string | undefined;
  /** The rate of traces where the init says none. */
  readonly rate?: number | undefined;
  /** The greatest rate of traces in production. */
  readonly productionRate?: number | undefined;
  readonly sampler?: Sampler | undefined;
  readonly pii?: false | undefined;
  readonly ignoreErrors?: readonly string[] | undefined;
  readonly scrub?: true | undefined;
  /** The folder of the scrubber's module. */
  readonly dir?: string | undefined;
}

/** Rates of root spans; a trace that goes on keeps the decision of whoever began it. */
interface Sampler {
  readonly rates: readonly { readonly name: string; readonly rate: number }[];
  /** The rate of all other spans; by default what the init says already. */
  readonly otherwise?: number | undefined;
}

type Options = TS.ObjectLiteralExpression;

/** One option of one init; the options may not be known at all. */
interface Part {
  readonly options: Options | Reason;
  readonly change: () => Planned | Reason;
}

/** What to do to an option, with what it calls. */
interface Planned {
  readonly change: OptionChange;
  readonly helper?: Helper;
}

const RATE = schema.pipe(schema.number(), schema.minValue(0), schema.maxValue(1));
const TEXT = schema.pipe(schema.string(), schema.minLength(1));
const CODE_OR_USUAL = schema.optional(schema.union([schema.literal(true), codeSchema]));

export const initHardening = defineTransform<InitHardening, Part>({
  name: "init-hardening",
  summary: "Makes Sentry.init fit for production, on top of what it says already",
  inserts:
    "what `Sentry.init` lacks for production: DSN and environment from outside, rates, privacy, a scrubber",
  details: [
    "One site for each option of each `Sentry.init` whose options are written out; what is there is kept: hooks and samplers are called, not replaced.",
  ],
  params: {
    dsn: param(
      'a hard-coded DSN becomes `process.env.SENTRY_DSN`, or what the bundler of a page calls it, or this code, such as `"${config.dsn}"`; it is told as `hard-coded-dsn`',
      CODE_OR_USUAL,
    ),
    environment: param(
      "the environment, by its usual name or this code; `@sentry/nextjs` finds the usual one by itself",
      CODE_OR_USUAL,
    ),
    production: param(
      "code that is true in production, where that has no usual name",
      schema.optional(codeSchema),
    ),
    rate: param(
      "the rate where the init says none, without which no span is recorded; `SENTRY_TRACES_SAMPLE_RATE` counts no more then. In production it is no greater than `productionRate`",
      schema.optional(RATE),
    ),
    productionRate: param("the greatest rate in production", schema.optional(RATE)),
    sampler: param(
      "the first of the rates whose name is part of a root span's name holds; all other spans get `otherwise`, else what is there says. A trace that came from elsewhere keeps the decision made there",
      schema.optional(
        schema.strictObject({
          rates: schema.pipe(
            schema.array(schema.strictObject({ name: TEXT, rate: RATE })),
            schema.minLength(1),
          ),
          otherwise: schema.optional(RATE),
        }),
      ),
    ),
    pii: param(
      "no personal data in production, in the form that the installed major knows",
      schema.optional(schema.literal(false)),
    ),
    ignoreErrors: param("names of errors that are none", schema.optional(schema.array(TEXT))),
    scrub: param(
      "a scrubber in every hook that this major calls",
      schema.optional(schema.literal(true)),
    ),
    dir: param("the folder of the scrubber's module", schema.optional(schema.string())),
  },
  joinPoints: [],
  templates: ({ dsn, environment, production }) =>
    Object.entries({ dsn, environment, production }).flatMap(([path, template]) =>
      typeof template === "string" ? [[path, template] as const] : [],
    ),
  needles: () => ["@sentry/"],

  find: (file, rule) => initsOf(file).flatMap((call) => partsOf(file, rule, call)),

  instrument: ({ source }, { data, region }) => {
    const { options } = data;
    if (isReason(options)) return options;
    const planned = data.change();
    if (isReason(planned)) return planned;
    const changed = changeOption(source, options, planned.change);
    if (isReason(changed)) return changed;
    return {
      ...changed,
      strategy: planned.change.kind === "replace" ? "replace" : "insert",
      region,
      reindent: null,
      imports: planned.helper?.imports ?? [],
      modules: planned.helper?.modules ?? [],
      span: null,
      container: optionsContainer(source, options),
      head: headOfChange(source, options, planned.change.kind),
    };
  },

  observe: (file, rule) => [
    ...(rule.dsn ? initsOf(file).flatMap((call) => movedDsn(file, rule, call)) : []),
    ...lateEnvironment(file),
  ],

  landmark: ({ callee, option }) => callee || option || null,

  recognise: ({ source }, shape) => changedOptions(source, shape),
});

// What it looks for

function initsOf(file: FileContext): TS.CallExpression[] {
  const found: TS.CallExpression[] = [];
  walk(file.source.file, (node) => {
    if (isInit(file, node)) found.push(node);
  });
  return found;
}

function isInit({ source, sentry }: FileContext, node: TS.Node): node is TS.CallExpression {
  if (!ts.isCallExpression(node)) return false;
  // A module of the project's own may pass the SDK on.
  const isBound = !usesNeed(sentry, "init") && node.expression.getText() === sentry.access("init");
  return isBound || callsSdkInit(source, node);
}

function optionsOf({ arguments: [first] }: TS.CallExpression): Options | Reason {
  const options = first && unwrapped(first);
  if (!options || !ts.isObjectLiteralExpression(options)) return reason("unknown-options");
  const isKnown = options.properties.every(
    ({ name }) => name !== undefined && !ts.isComputedPropertyName(name),
  );
  return isKnown ? options : reason("unknown-options", "they hold a spread or a computed name");
}

/** A site for each option that the rule has something to say about. */
function partsOf(file: FileContext, rule: InitHardening, call: TS.CallExpression): Site<Part>[] {
  const { file: tree } = file.source;
  const options = optionsOf(call);
  const anchor = call.getStart(tree);
  if (isReason(options)) {
    const data = { options, change: () => options };
    return [{ anchor, region: { start: anchor, end: call.end }, data }];
  }
  const asked: Asked = { file, rule, options };
  const sites = ASPECTS.flatMap((aspect) => aspect(asked)).map((wish) => {
    const { option, part = option, isByHand, change } = wish;
    const place = propertyOf(options, option) ?? options;
    const region = { start: place.getStart(tree), end: place.end };
    const present = isByHand ? ("hand" as const) : undefined;
    return { anchor, region, part, data: { options, change }, present };
  });
  return sites.sort((a, b) => a.region.start - b.region.start);
}

/** What a rule asks of one init. */
interface Asked {
  readonly file: FileContext;
  readonly rule: InitHardening;
  readonly options: Options;
}

interface Wish {
  readonly option: string;
  /** Where an option is wished for more than once, which of the wishes. */
  readonly part?: string;
  readonly isByHand?: boolean;
  readonly change: () => Planned | Reason;
}

/** What a rule can wish for; each gives nothing where the init is as it should be. */
const ASPECTS: readonly ((asked: Asked) => readonly Wish[])[] = [
  samplerWish,
  dsnWish,
  environmentWish,
  rateWish,
  piiWish,
  ignoreErrorsWish,
  scrubWishes,
];

/** The value of an option that is written as `name: value`. */
function valueOf(options: Options, option: string): TS.Expression | null {
  const property = propertyOf(options, option);
  return property && ts.isPropertyAssignment(property) ? unwrapped(property.initializer) : null;
}

// How the environment is read

/** Code that a rule gives, else what is usual where the file runs. */
function codeFor(
  { file, options }: Asked,
  given: string | true | undefined,
  usual: keyof Environment,
): string | Reason {
  const { source } = file;
  if (typeof given !== "string") {
    return environmentOf(file)?.[usual] ?? reason("unknown-environment");
  }
  const { code, names } = renderTemplate(given, {}, source.style);
  const range = { start: options.getStart(source.file), end: options.end };
  const hidden = names.find((name) => !isReadable(source, name, options, range));
  return hidden === undefined ? code : reason("not-in-scope", hidden);
}

function productionOf(asked: Asked): string | Reason {
  return codeFor(asked, asked.rule.production, "isProduction");
}

// The sampler

const SAMPLER = "tracesSampler";
const SAMPLER_HELPER = moduleSpec("sample-by-name", "sampleByName");

function samplerWish(asked: Asked): Wish[] {
  const { file, rule, options } = asked;
  const { sampler } = rule;
  if (!sampler) return [];
  const existing = valueOf(options, SAMPLER);
  const isByHand =
    existing !== null &&
    ts.isCallExpression(existing) &&
    existing.expression.getText().split(".").at(-1) === SAMPLER_HELPER.name;
  const change = (): Planned | Reason => {
    const helper = helperFor(file, SAMPLER_HELPER, undefined);
    if (isReason(helper)) return helper;
    const { callee } = helper;
    const given = `${ratesText(sampler, file.source.style)}, `;
    if (propertyOf(options, SAMPLER)) {
      return { change: { option: SAMPLER, kind: "wrap", callee, given }, helper };
    }
    const otherwise = sampler.otherwise ?? rateOf(asked);
    if (otherwise === null) return reason("no-rate");
    if (isReason(otherwise)) return otherwise;
    const code = `${callee}(${given}${otherwise})`;
    return { change: { option: SAMPLER, kind: "add", code, callee }, helper };
  };
  return [{ option: SAMPLER, isByHand, change }];
}

/** The rate of all other spans, which the SDK looks up no more once there is a sampler. */
function rateOf(asked: Asked): string | Reason | null {
  const rate = literalRate(asked);
  if (rate === null) return null;
  const { productionRate } = asked.rule;
  if (productionRate === undefined || Number(rate) <= productionRate) return rate;
  const production = productionOf(asked);
  return isReason(production) ? production : `${production} ? ${productionRate} : ${rate}`;
}

function literalRate({ options }: Asked): string | null {
  const value = valueOf(options, "tracesSampleRate");
  return value && ts.isNumericLiteral(value) ? value.getText() : null;
}

/** The rates as code, such as `[["/health", 0], ["build", 1]]`. */
function ratesText({ rates }: Sampler, style: Style): string {
  return `[${rates.map(({ name, rate }) => `[${quoted(name, style)}, ${rate}]`).join(", ")}]`;
}

function rateWish(asked: Asked): Wish[] {
  const { rule, options } = asked;
  const { productionRate, sampler } = rule;
  const option = "tracesSampleRate";
  const value = valueOf(options, option);
  // A sampler decides; what it says of other spans is told there.
  if (sampler || propertyOf(options, SAMPLER)) return [];
  if (!propertyOf(options, option)) return firstRateWish(asked);
  if (productionRate === undefined || !value) return [];
  const rate = literalRate(asked);
  if (rate === null) {
    return [{ option, change: () => reason("computed-rate", value.getText()) }];
  }
  if (Number(rate) <= productionRate) return [];
  return [
    {
      option,
      change: () => {
        const condition = productionOf(asked);
        if (isReason(condition)) return condition;
        const value = String(productionRate);
        return { change: { option, kind: "condition", condition, value } };
      },
    },
  ];
}

/** Where the init says no rate, the SDK records no span. */
function firstRateWish(asked: Asked): Wish[] {
  const { rate, productionRate = rate } = asked.rule;
  const option = "tracesSampleRate";
  if (rate === undefined || productionRate === undefined) return [];
  const add = (code: string): Planned => ({ change: { option, kind: "add", code } });
  if (rate <= productionRate) return [{ option, change: () => add(String(rate)) }];
  return [
    {
      option,
      change: () => {
        const production = productionOf(asked);
        return isReason(production)
          ? production
          : add(`${production} ? ${productionRate} : ${rate}`);
      },
    },
  ];
}

// The DSN

function dsnWish(asked: Asked): Wish[] {
  const { file, rule, options } = asked;
  const option = "dsn";
  const value = valueOf(options, option);
  const written = rule.dsn && value ? writtenDsn(file.source, value) : null;
  if (!written) return [];
  return [
    {
      option,
      change: () => {
        if (written === "hidden") return reason("unknown-options", "the DSN is one of several");
        const code = written.asked ?? codeFor(asked, rule.dsn, "dsn");
        return isReason(code) ? code : { change: { option, kind: "replace", code } };
      },
    },
  ];
}

/** A DSN that leaves the code has to be told elsewhere. */
function movedDsn(file: FileContext, rule: InitHardening, call: TS.CallExpression): Observation[] {
  const options = optionsOf(call);
  if (isReason(options)) return [];
  const value = valueOf(options, "dsn");
  const written = value && writtenDsn(file.source, value);
  if (!written || written === "hidden") return [];
  const code = written.asked ?? codeFor({ file, rule, options }, rule.dsn, "dsn");
  if (isReason(code)) return [];
  const message = `the DSN ${written.text} is to come from ${code}: set it where this runs`;
  const offset = (propertyOf(options, "dsn") ?? options).getStart(file.source.file);
  return [{ code: "hard-coded-dsn", level: "warning", message, offset, evidence: written.text }];
}

// What is told by adding an option

function environmentWish(asked: Asked): Wish[] {
  const { file, rule, options } = asked;
  const option = "environment";
  if (rule.environment === undefined || propertyOf(options, option)) return [];
  if (rule.environment === true && findsEnvironment(file.source)) return [];
  return [
    {
      option,
      change: () => {
        const code = codeFor(asked, rule.environment, "name");
        return isReason(code) ? code : { change: { option, kind: "add", code } };
      },
    },
  ];
}

function ignoreErrorsWish({ file, rule, options }: Asked): Wish[] {
  const option = "ignoreErrors";
  const existing = valueOf(options, option);
  const list = existing && ts.isArrayLiteralExpression(existing) ? existing.elements : null;
  const isIgnored = (name: string) =>
    list?.some((each) => ts.isStringLiteralLike(each) && each.text === name);
  const missing = (rule.ignoreErrors ?? [])
    .filter((name) => !isIgnored(name))
    .map((name) => quoted(name, file.source.style));
  if (missing.length === 0) return [];
  const all = `[${missing.join(", ")}]`;
  const wish = (change: OptionChange): Wish => ({
    option,
    part: partOf(change),
    change: () => ({ change }),
  });
  if (!propertyOf(options, option)) return [wish({ option, kind: "add", code: all })];
  if (list?.length === 0 && missing.length > 1) {
    return [wish({ option, kind: "replace", code: all })];
  }
  return missing.map((code) => wish({ option, kind: "element", code }));
}

// Personal data

/** SDKs from this one on ask by kinds of data, and send them unless they are told not to. */
const COLLECTION = 11;

/** What `sendDefaultPii: false` had meant. */
const NO_PERSONAL_DATA: Entries = [
  ["userInfo", "false"],
  ["cookies", "false"],
  ["httpHeaders", "false"],
  ["httpBodies", "[]"],
  ["urlQueryParams", "false"],
  [
    "genAI",
    [
      ["inputs", "false"],
      ["outputs", "false"],
    ],
  ],
  ["databaseQueryData", "false"],
];

function piiWish(asked: Asked): Wish[] {
  const { file, rule, options } = asked;
  if (rule.pii === undefined) return [];
  const major = file.sdkMajor();
  if (major === null) return [{ option: "sendDefaultPii", change: () => reason("unknown-sdk") }];
  const option = major < COLLECTION ? "sendDefaultPii" : "dataCollection";
  const existing = valueOf(options, option);
  const isSent = existing?.kind === ts.SyntaxKind.TrueKeyword;
  if (major < COLLECTION ? !isSent : propertyOf(options, option)) return [];
  return [
    {
      option,
      change: () => {
        const condition = productionOf(asked);
        if (isReason(condition)) return condition;
        if (isSent) return { change: { option, kind: "replace", code: negated(condition) } };
        const code = `${condition} ? ${noPersonalData(asked)} : {}`;
        return { change: { option, kind: "add", code } };
      },
    },
  ];
}

function noPersonalData({ file: { source }, options }: Asked): string {
  const indent = memberIndent(source, options);
  return indent === null
    ? objectOnOneLine(NO_PERSONAL_DATA, source.style)
    : objectOverLines(NO_PERSONAL_DATA, source.style, indent);
}

// The scrubber

/** The hooks that a major calls with what it is about to send. */
function hooksOf({ file, options }: Asked): readonly string[] | null {
  const major = file.sdkMajor();
  if (major === null) return null;
  const lifecycle = valueOf(options, "traceLifecycle");
  const isStatic =
    lifecycle !== null && ts.isStringLiteralLike(lifecycle)
      ? lifecycle.text === "static"
      : major < COLLECTION;
  const traces = isStatic
    ? ["beforeSendTransaction"]
    : major < COLLECTION
      ? []
      : ["beforeSendSpan"];
  const hasLogs = major >= COLLECTION || propertyOf(options, "enableLogs") !== undefined;
  return ["beforeSend", ...traces, ...(hasLogs ? ["beforeSendLog"] : [])];
}

function scrubWishes(asked: Asked): readonly Wish[] {
  const { file, rule, options } = asked;
  if (!rule.scrub) return [];
  const hooks = hooksOf(asked);
  if (!hooks) return [{ option: "beforeSend", change: () => reason("unknown-sdk") }];
  return hooks.map((option): Wish => {
    const property = propertyOf(options, option);
    const name = property ? "scrubAfter" : "scrubEvent";
    const change = (): Planned | Reason => {
      const helper = scrubHelper(file, name, rule.dir);
      if (isReason(helper)) return helper;
      const { callee } = helper;
      return property
        ? { change: { option, kind: "wrap", callee, given: "", isOptional: true }, helper }
        : { change: { option, kind: "add", code: callee }, helper };
    };
    return { option, isByHand: isScrubbed(options, option), change };
  });
}

function isScrubbed(options: Options, option: string): boolean {
  return /\bscrub/i.test(valueOf(options, option)?.getText() ?? "");
}

// The order of things

/** An environment that is read from a file only behind the init is not there yet. */
function lateEnvironment(file: FileContext): Observation[] {
  const { source } = file;
  const [init] = initsOf(file);
  const late = init && environmentReadBehind(source, init);
  if (!late) return [];
  const message = "the environment is read from a file only after Sentry.init has asked for it";
  const offset = late.getStart(source.file);
  return [{ code: "init-before-environment", level: "warning", message, offset }];
}
