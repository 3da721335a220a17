/**
 * The vocabulary of a transform. A transform imports nothing else: it says, as data, what it looks
 * for, what it inserts and how it recognises its own work. The core owns order, overlap, nesting,
 * imports, the disk and the ledger.
 */
import type { FindingCode } from "./syntax/finding.js";
import type { Binding } from "./syntax/imports.js";
import type { Candidate, Instrumentation, Lessons, Shape, Site } from "./syntax/instrumentation.js";
import type { TS } from "./syntax/compiler.js";
import type { JoinPoint, JoinPointForm } from "./syntax/join-point.js";
import type { Reason } from "./syntax/reason.js";
import type { Source } from "./syntax/source.js";
import type { Types } from "./syntax/value-kind.js";
import type { ObjectEntries } from "valibot";

export * as schema from "valibot";
export type { Edit, Range } from "./text/edit.js";
export { indentationAt, leadBefore, position } from "./text/lines.js";
export { quoted, type Style } from "./text/style.js";
export { callStatement, objectOnOneLine, objectOverLines, type Entries } from "./text/code.js";
export { moduleSpec } from "./syntax/module-source.js";
export {
  helperFor,
  modulesOf,
  type Helper,
  type HelperSpec,
  type Language,
} from "./syntax/helper-module.js";
export { callAround, callCandidate, callRemoval } from "./syntax/call-around.js";
export * from "./syntax/context-helper.js";
export * from "./syntax/context-wrapper.js";
export { runInHelper, runsInHelper, type HelperRun } from "./syntax/helper-wrapper.js";
export * from "./syntax/pipeline-helper.js";
export { isInRequestHandler } from "./syntax/request-handler.js";
export { hasAccessor, isReadTwice, readsAccessor, type Received } from "./syntax/received.js";
export { constantValue, messageOf, valueOf, type Message } from "./syntax/message.js";
export { messagesOf } from "./syntax/message-list.js";
export { around, disclose, enclose } from "./syntax/callback.js";
export { ts, type TS } from "./syntax/compiler.js";
export { canComplete, swallows } from "./syntax/completion.js";
export * from "./syntax/control-flow.js";
export * from "./syntax/declarations.js";
export {
  anySpanCall,
  callsLike,
  spanCall,
  spanName,
  spansIn,
  type HandSpan,
} from "./syntax/span-calls.js";
export { deprecation, deprecationRemoval } from "./syntax/deprecation.js";
export { addedExports, addExport } from "./syntax/added-export.js";
export { exportedNames, isExportAssigned, mayExport, starExports } from "./syntax/exports.js";
export { writtenDsn } from "./syntax/dsn.js";
export {
  environmentOf,
  environmentReadBehind,
  findsEnvironment,
  negated,
  type Environment,
} from "./syntax/environment.js";
export { captureImports, catchNeeds, SPAN_NAMES, type CatchRule } from "./syntax/caught-error.js";
export { usesOfField } from "./syntax/field-uses.js";
export * from "./syntax/fingerprint.js";
export * from "./syntax/inactive-span.js";
export { exportedFunction, guardLength, lostWork, onlyDeclares } from "./syntax/legacy-module.js";
export {
  freshName,
  importOf,
  isSentryModule,
  moduleOf,
  usesNeed,
  type Binding,
  type ImportedName,
} from "./syntax/imports.js";
export type { ImportNeed } from "./syntax/import-place.js";
export * from "./syntax/instrumentation.js";
export { indentNeeded, type Reindent } from "./syntax/indent.js";
export { findMatches, joinPointNeedles, type JoinPoint, type Match } from "./syntax/join-point.js";
export {
  boundNames,
  containerOf,
  enclosingFunctionNames,
  functionName,
  propertyName,
  qualifiedName,
  type NamedFunction,
} from "./syntax/names.js";
export { insertFirst, memberIndent, propertyOf, propertyRemoval } from "./syntax/object-literal.js";
export { namesIn, parseExpression } from "./syntax/pattern.js";
export { readsOf } from "./syntax/narrowing.js";
export { packageOfCall } from "./syntax/traced-call.js";
export { hoistTypes, typesNamedIn, unhoistTypes } from "./syntax/retyping.js";
export { isEffectFree, isStablePath } from "./syntax/purity.js";
export {
  changedOptions,
  changeOption,
  headOfChange,
  optionsContainer,
  partOf,
  type OptionChange,
} from "./syntax/option-change.js";
export * from "./syntax/params.js";
export { isReadable, readingSafely, readsTooEarly, readSafely } from "./syntax/readable.js";
export { isReason, reason, type Reason, type ReasonCode } from "./syntax/reason.js";
export * from "./syntax/region.js";
export { removedImports, removeImport } from "./syntax/removed-import.js";
export {
  namedAsBefore,
  namesOfFile,
  renamingSince,
  restoredCode,
  type Renaming,
} from "./syntax/renaming.js";
export * from "./syntax/run-exits.js";
export { callsSdkInit } from "./syntax/sdk-init.js";
export { isCommonJs, textOf, type Source } from "./syntax/source.js";
export { READS_FIELDS, readerElsewhere, readerOfFields } from "./syntax/schema-readers.js";
export * from "./syntax/schemas.js";
export {
  doubtAboutName,
  keyNode,
  stageName,
  stageOf,
  takesTime,
  timeGiven,
} from "./syntax/stage.js";
export { stageWork, type Segment } from "./syntax/stage-work.js";
export { insertCall, insertedCalls } from "./syntax/statement-insert.js";
export * from "./syntax/span-options.js";
export { renderTemplate, type Fills, type Rendered } from "./syntax/template.js";
export {
  carryInHeaders,
  carryingHeaders,
  headersIn,
  type HeadersMember,
} from "./syntax/trace-headers.js";
export * from "./syntax/types.js";
export { insertMember, memberRemoval } from "./syntax/type-member.js";
export * from "./syntax/unwrapping.js";
export * from "./syntax/wrapper-layout.js";
export * from "./syntax/wrapping.js";
export {
  enclosingFunction,
  findNode,
  isAssignment,
  isAsync,
  isGenerator,
  meansValue,
  unwrapped,
  walk,
  walkOwn,
} from "./syntax/walk.js";

/** What every rule has. A transform's own parameters come on top. */
export interface Rule {
  readonly id: string;
  readonly use: string;
  readonly phase?: number | undefined;
  readonly in?: string | readonly string[] | undefined;
  readonly at?: JoinPoint | undefined;
}

/** What a transform may ask about the file at hand. */
export interface FileContext {
  readonly source: Source;
  /** What its types tell. */
  readonly types: Types;
  /** How this file says the SDK. */
  readonly sentry: Binding;
  /**
   * How this file says an export of a module.
   * @param module a package, or a path relative to the config's folder
   * @param namespace what the module is called where it is imported as a whole
   */
  readonly member: (module: string, member: string, namespace?: string) => Binding;
  /** The root-relative path of the module that a specifier of this file means, if it is in the tree. */
  readonly resolve: (specifier: string) => string | null;
  /** Another file of the tree, parsed; null if there is none. */
  readonly read: (path: string) => Source | null;
  /** The module of the tree that declares what a module exports, and its name there, through others too. */
  readonly declaring: (
    specifier: string,
    name: string,
  ) => { readonly source: Source; readonly name: string } | null;
  /**
   * Whether the module of the tree that a specifier means starts the SDK: in a function of a name, or
   * when it is loaded.
   */
  readonly startsSdk: (specifier: string, name: string | null) => boolean;
  /** The root-relative folder in which this file's package keeps helper modules. */
  readonly helperDir: () => string;
  /** Whether the nearest package.json makes `.js` at this path an ECMAScript module. */
  readonly isModule: (path: string) => boolean;
  /** The Sentry package that code at this path should import. */
  readonly sdkFor: (path: string) => string;
  /** The same for code that also runs on a server unbundled. */
  readonly serverSdkFor: (path: string) => string;
  /** The specifier by which one file imports another. */
  readonly specifierFor: (from: string, to: string) => string;
  /** The names that other files take from this one. */
  readonly namesTaken: () => ReadonlySet<string>;
  /**
   * The files that may use what this one calls so, also through others that pass it on, and have
   * something in their text; with the name that they take it by.
   */
  readonly takersWith: (
    local: string,
    pattern: RegExp,
  ) => readonly { readonly source: Source; readonly name: string }[];
  /** The other files of the tree that have all of some texts. */
  readonly othersWith: (texts: readonly [string, ...string[]]) => readonly Source[];
  /** Whether code that runs in pages imports the file, as far as directives tell. */
  readonly isInPages: () => boolean;
  /** The integration by which the SDK traces a chain of calls by itself, or null. */
  readonly tracedBy: (chain: TS.Expression) => string | null;
  /** The major version of the SDK that runs with this file; null where nothing tells. */
  readonly sdkMajor: () => number | null;
  /** Whether the nearest package.json, or one above it, asks for a package. */
  readonly dependsOn: (name: string) => boolean;
  /** The root-relative path of a module that a rule names. */
  readonly pathOf: (module: string) => string;
}

/** What is decided about the sites around one, which the text does not show yet. */
export interface Surroundings {
  /** Names of spans that are declared around it, or inside it. */
  readonly reserved: ReadonlySet<string>;
}

/** Something that a file shows and that no edit mends. */
export interface Observation {
  readonly code: FindingCode;
  readonly level: "info" | "warning";
  readonly message: string;
  readonly offset: number;
  /** Text that shows it: once the file has it no more, there is nothing to tell. */
  readonly evidence?: string;
}

/** A file that a rule is about as a whole: it goes, or gets lines that are no code. */
export type FileSite = {
  /** Relative to the root. */
  readonly path: string;
  readonly skip?: Reason | undefined;
} & (
  | { readonly strategy: "delete" }
  /** Lines at the end of a file, which is made where there is none. */
  | { readonly strategy: "insert"; readonly lines: readonly string[] }
);

/** What a transform may ask about the tree where its sites are whole files. */
export interface TreeContext {
  /** The files of whatever kind that globs mean, which are relative to the config's folder. */
  readonly matching: (globs: readonly string[]) => readonly string[];
  readonly read: (path: string) => string | null;
  /** Whether something is at a path, also what cannot be read as text. */
  readonly exists: (path: string) => boolean;
  /** The source files in which a text occurs. */
  readonly filesWith: (text: string) => readonly string[];
  /** A source file that imports a file, should there be one. */
  readonly importerOf: (path: string) => string | undefined;
}

/** Whole files that a rule means, and what is worth knowing about them. */
export interface FileWork {
  readonly sites: readonly FileSite[];
  readonly observations: readonly (Omit<Observation, "offset" | "evidence"> & {
    readonly path: string;
  })[];
}

/** One idea: what it looks for, what it inserts, how it recognises its own work. */
export interface Transform<R extends Rule, Data> {
  readonly name: string;
  /** What it is for, in a line; with the next two, what the reference says. */
  readonly summary: string;
  /** The code that it puts in. */
  readonly inserts: string;
  /** What else a user should know, a paragraph each. */
  readonly details?: readonly string[];
  /** Whether its work lies outside that of others where they wrap the same code. */
  readonly isOutermost?: boolean;
  /** Whether it is one end of a hop, so that the ends that its rules leave out are told. */
  readonly isHop?: boolean;
  /** Its parameters beside those of every rule, as a schema. */
  readonly params: ObjectEntries;
  /** The forms of `at` it takes; none means that the rule has no `at`. */
  readonly joinPoints: readonly JoinPointForm[];
  /** Its templates with their paths in the rule, for checking them before anything is read. */
  readonly templates: (rule: R) => readonly (readonly [path: string, template: string])[];
  /** What is worth knowing about a file beside its sites, in source order. */
  readonly observe?: (file: FileContext, rule: R) => readonly Observation[];
  /** The whole files that a rule is about. */
  readonly files?: (tree: TreeContext, rule: R) => FileWork;
  /** The files that a rule names, relative to the config's folder; it looks at no others. */
  readonly paths?: (rule: R) => readonly string[];
  /** Literals, one of which a file must contain to be parsed at all. */
  readonly needles: (rule: R) => readonly string[];
  /** The rule's sites in a file, in source order. */
  readonly find: (file: FileContext, rule: R) => readonly Site<Data>[];
  /** The edits for a site by the first safe strategy that was not vetoed, or why there is none. */
  readonly instrument: (
    file: FileContext,
    site: Site<Data>,
    rule: R,
    lessons: Lessons,
    surroundings: Surroundings,
  ) => Instrumentation | Reason;
  /** A literal that its work contains, to look for it in other files; null if it cannot move there. */
  readonly landmark: (shape: Shape) => string | null;
  /** Whether its work is named where it moved to another file, and cannot be taken out there. */
  readonly isBoundToFile?: boolean;
  /** Why a revert must leave what it could take out: other files have come to use it. */
  readonly heldBy?: (file: FileContext, shape: Shape) => Reason | null;
  /** Places that look like an entry of the ledger. */
  readonly recognise: (file: FileContext, shape: Shape) => readonly Candidate[];
}

/** A transform whose own types the core need not know. */
export type AnyTransform = Transform<Rule, unknown>;

/** Declares a transform; the core sees it without its own types. */
export function defineTransform<R extends Rule, Data>(transform: Transform<R, Data>): AnyTransform {
  return transform as unknown as AnyTransform;
}
