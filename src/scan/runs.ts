import { ts, type TS } from "../syntax/compiler.js";
import { findMatches } from "../syntax/join-point.js";
import { boundNames, functionName, qualifiedName, type NamedFunction } from "../syntax/names.js";
import { ancestors, findNode, isAsync, walk } from "../syntax/walk.js";
import type { Source } from "../syntax/source.js";
import { areaOf, idOf, NO_PAGES, proposal, type Detector, type Proposal } from "./detector.js";
import { namedFunctions, type Named } from "./named-functions.js";
import { hasOwnSpan } from "./own-span.js";
import { groupedBy } from "../text/grouped.js";

/** Where the modules of a file's package go. */
export function modulesFor({ path }: Source): string {
  const source = /^(.*\/)?src\//.exec(path)?.[0];
  if (source !== undefined) return `${source}lib/observability`;
  const lib = /^(.*\/)?lib\//.exec(path)?.[0];
  return lib === undefined
    ? `${path.replace(/[^/]*$/, "")}lib/observability`
    : `${lib}observability`;
}

/** Timings of stages, and the functions that are made of them. */
export const stages: Detector = {
  finds: "stages whose times are taken, and the runs that they make up",
  needles: ["Date.now()", "performance.now()"],
  paths: NO_PAGES,
  find: (source) => {
    const timings: { readonly target: string; readonly node: TS.Node }[] = [];
    walk(source.file, (node) => {
      const target = timedBy(node);
      if (target !== null) timings.push({ target, node });
    });
    return [...groupedBy(timings, ({ target }) => target)].flatMap(([target, all]) =>
      all.length < 3
        ? []
        : staged(
            source,
            target,
            all.map(({ node }) => node),
          ),
    );
  },
};

/** The table that an assignment puts a measured time into. */
function timedBy(node: TS.Node): string | null {
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.EqualsToken)
    return null;
  const { left, right } = node;
  if (!ts.isElementAccessExpression(left) && !ts.isPropertyAccessExpression(left)) return null;
  // An object's own field is no table.
  if (left.expression.kind === ts.SyntaxKind.ThisKeyword) return null;
  return /(Date|performance)\.now\(\)\s*-/.test(right.getText()) ? left.expression.getText() : null;
}

function staged(source: Source, target: string, all: readonly TS.Node[]): Proposal[] {
  const [first] = all;
  const at = { assign: `${target}[*]` };
  // What such a table has besides is no time of a stage.
  if (!first || findMatches(source, at).length > all.length * MOST_ARE_TIMES) return [];
  const timed = new Set(all.map(namedAround));
  const made = namedFunctions(source, () => true).filter(({ node }) => timed.has(node));
  const why = `${all.length} stages are timed, and nobody sees their times`;
  const common = { phase: 2, at, dir: modulesFor(source) };
  return [
    ...made.map((each) =>
      run(source, each, 3, "a run of stages that no trace and no event tells as one"),
    ),
    proposal(source, first, 2, why, { id: idOf(target, "spans"), use: "stage-span", ...common }),
    proposal(source, first, 2, why, {
      id: idOf(target, "records"),
      use: "record-stage",
      ...common,
    }),
  ];
}

const MOST_ARE_TIMES = 1.25;

function namedAround(node: TS.Node): TS.Node | undefined {
  for (const around of ancestors(node)) {
    if (ts.isFunctionLike(around) && qualifiedName(around) !== null) return around;
  }
  return undefined;
}

/** Long functions whose names say that they run something from beginning to end. */
export const runs: Detector = {
  finds: "long runs with many ways to end",
  needles: ["async function", "= async", "async run", "async execute", "async process"],
  paths: NO_PAGES,
  find: (source) => {
    const why = "a long run with many ways to end, which nothing tells as one";
    return namedFunctions(source, () => true)
      .filter((each) => isLongRun(source, each))
      .map((each) => run(source, each, 2, why));
  },
};

const RUNS =
  /^(run|execute|process)\w*(pipeline|workflow|upload|import|migration|sync|job|batch|export|backup)/i;
const LONG_RUN = 80;

/** Whether a function runs something from beginning to end, and can end in many ways. */
export function isLongRun({ file }: Source, { node }: Named): boolean {
  if (!RUNS.test(functionName(node) ?? "") || !isAsync(node)) return false;
  const lines = node.getText(file).split("\n").length;
  return lines >= LONG_RUN && findNode(node, ts.isTryStatement) !== undefined && !hasOwnSpan(node);
}

function run(source: Source, { node, name, at }: Named, worth: 2 | 3, why: string): Proposal {
  const fields = namesFromTheStart(node)
    .filter((each) => TELLS_RUNS_APART.test(each))
    .slice(0, MAX_FIELDS);
  const signal = namesHandedIn(node).find((each) => /signal$/i.test(each));
  return proposal(source, node, worth, why, {
    id: idOf(name),
    use: "run-lifecycle",
    phase: 1,
    at,
    span: { name: `${areaOf(source)}.${name}`, op: "function" },
    ...(fields.length > 0
      ? { fields: Object.fromEntries(fields.map((each) => [each, `\${${each}}`])) }
      : {}),
    ...(signal === undefined ? {} : { cancelled: `\${${signal}?.aborted}` }),
    dir: modulesFor(source),
  });
}

/** The index of the folder that the modules of runs are made in. */
export const indexes: Detector = {
  finds: "the index of the folder that a run's modules are made in",
  needles: ["export {", "export *"],
  paths: /(^|\/)lib\/observability\/index\.[cm]?[jt]s$/,
  find: (source) => {
    const dir = source.path.replace(/\/[^/]*$/, "");
    return [
      proposal(
        source,
        source.file,
        1,
        "it exports what its folder has, and could what is made there",
        {
          id: idOf(dir, "exports"),
          use: "observability-modules",
          phase: 1,
          dir,
        },
      ),
    ];
  },
};

/** Ids of what runs, and of what it runs on; nothing about people. */
const TELLS_RUNS_APART =
  /^((run|pipeline|workflow|job|batch|import|export|build|task|project|dataset)(Id|Name)|dataset)$/i;
const MAX_FIELDS = 3;

/** What is known where a function begins: its parameters and the outermost constants. */
function namesFromTheStart(fn: NamedFunction): string[] {
  return [...fn.parameters, ...constantsOf(fn)].flatMap(({ name }) => boundNames(name));
}

/** What a caller gave: a signal of the function's own also stops what takes too long. */
function namesHandedIn(fn: NamedFunction): string[] {
  const given = fn.parameters.flatMap(({ name }) => boundNames(name));
  const taken = constantsOf(fn).filter(({ name, initializer }) => {
    return !ts.isIdentifier(name) && given.includes(initializer?.getText() ?? "");
  });
  return [...given, ...taken.flatMap(({ name }) => boundNames(name))];
}

function constantsOf({ body }: NamedFunction): TS.VariableDeclaration[] {
  const statements = ts.isBlock(body) ? body.statements.filter(ts.isVariableStatement) : [];
  return statements
    .flatMap(({ declarationList }) => declarationList.declarations)
    .filter(({ parent }) => (parent.flags & ts.NodeFlags.Const) !== 0);
}
