import { ts, type TS } from "../syntax/compiler.js";
import { enclosingFunctionNames, functionName, qualifiedName } from "../syntax/names.js";
import { HTTP_METHODS } from "../syntax/function-points.js";
import { findNode, isAsync, walk } from "../syntax/walk.js";
import type { Source } from "../syntax/source.js";
import { areaOf, idOf, proposal, type Detector, type Proposal } from "./detector.js";

/** Query builders over drivers that no SDK traces. */
const UNTRACED =
  /["'](drizzle-orm(\/(pglite|better-sqlite3|libsql|bun-sqlite|node-sqlite)[\w-]*)?|better-sqlite3|@electric-sql\/pglite|@libsql\/client)["']/;
const WRITE = /^\w*\b(db|tx|database|conn|client|this\.db)\.(insert|update|delete|transaction)\($/;

/** Handlers of routes that write to a database or tell kinds of events apart. */
export const routes: Detector = {
  name: "routes",
  needles: ["export async function", "export const"],
  find: (source) => {
    if (!/(^|\/)route\.[jt]sx?$/.test(source.path)) return [];
    return source.file.statements.flatMap((statement): Proposal[] => {
      if (!ts.isFunctionDeclaration(statement) || !statement.body || !statement.name) return [];
      const method = statement.name.text;
      if (!HTTP_METHODS.has(method) || method === "GET") return [];
      const handles = findNode(statement.body, (node) => isKindSwitch(node)) !== undefined;
      if (!handles) return [];
      const path = source.path.replace(/^.*?\/?api\//, "").replace(/\/route\.\w+$/, "");
      const name = `api.${path.replace(/[^\w]+/g, ".").replace(/^\.|\.$/g, "")}`;
      return [
        proposal(
          source,
          statement,
          2,
          "the request is traced, what it does with its event is not",
          {
            id: idOf("api", path),
            use: "wrap-span",
            phase: 3,
            at: { route: method },
            span: { name, op: "function" },
          },
        ),
      ];
    });
  },
};

function isKindSwitch(node: TS.Node): boolean {
  return ts.isSwitchStatement(node) && /\.(type|kind|event)$/.test(node.expression.getText());
}

/** Functions that persist something where the SDK sees no query. */
export const writes: Detector = {
  name: "database writes",
  needles: [".insert(", ".update(", ".transaction("],
  find: (source) => {
    const isDatabase =
      UNTRACED.test(source.text) || /from ["'][^"']*\/db(\/[^"']*)?["']/.test(source.text);
    if (!isDatabase || /(^|\/)route\.[jt]sx?$/.test(source.path)) return [];
    const found = new Map<string, TS.Node>();
    walk(source.file, (node) => {
      const name = ts.isFunctionDeclaration(node) ? functionName(node) : null;
      const isWriter = name !== null && isAsync(node) && WRITERS.test(name);
      if (isWriter && findNode(node, isWrite) !== undefined) found.set(name, node);
    });
    // What only others of them call is a part of those.
    const isPart = (name: string) => {
      const callers = callsOf(source, name).map(enclosingFunctionNames);
      const isInside = (names: readonly string[]) =>
        names.some((each) => each !== name && found.has(each));
      return callers.length > 0 && callers.every(isInside);
    };
    return [...found]
      .filter(([name]) => !isPart(name))
      .map(([name, node]) =>
        proposal(source, node, 2, "it writes to a database whose driver nobody traces", {
          id: idOf(name),
          use: "wrap-span",
          phase: 4,
          at: { call: `${name}($$$)` },
          span: { name, op: "db" },
        }),
      );
  },
};

const WRITERS = /^(persist|finali[sz]e|save|store|record)/;

function callsOf({ file }: Source, name: string): TS.Node[] {
  const found: TS.Node[] = [];
  walk(file, (node) => {
    if (ts.isCallExpression(node) && node.expression.getText(file) === name) found.push(node);
  });
  return found;
}

function isWrite(node: TS.Node): boolean {
  return ts.isCallExpression(node) && WRITE.test(`${node.expression.getText()}(`);
}

/** Where the modules of a file's package go. */
function dirFor({ path }: Source): string {
  const source = /^(.*\/)?src\//.exec(path);
  return source
    ? `${source[0]}lib/observability`
    : `${path.replace(/[^/]*$/, "")}lib/observability`;
}

/** Timings of stages, and the functions that are made of them. */
export const stages: Detector = {
  name: "stages",
  needles: ["Date.now()", "performance.now()"],
  find: (source) => {
    const timings = new Map<string, TS.BinaryExpression[]>();
    walk(source.file, (node) => {
      const target = timedBy(node);
      if (target !== null)
        timings.set(target, [...(timings.get(target) ?? []), node as TS.BinaryExpression]);
    });
    return [...timings].flatMap(([target, all]) =>
      all.length < 3 ? [] : staged(source, target, all),
    );
  },
};

/** The table that an assignment puts a measured time into. */
function timedBy(node: TS.Node): string | null {
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.EqualsToken)
    return null;
  if (!ts.isElementAccessExpression(node.left)) return null;
  return /(Date|performance)\.now\(\)\s*-/.test(node.right.getText())
    ? node.left.expression.getText()
    : null;
}

function staged(source: Source, target: string, all: readonly TS.BinaryExpression[]): Proposal[] {
  const [first] = all;
  const runs = new Map<string, TS.Node>();
  for (const timing of all) {
    for (let at: TS.Node = timing.parent; at; at = at.parent) {
      const name = ts.isFunctionLike(at) ? qualifiedName(at) : null;
      if (name === null || ts.isSourceFile(at)) continue;
      runs.set(name, at);
      break;
    }
  }
  if (!first) return [];
  const why = `${all.length} stages are timed, and nobody sees their times`;
  const common = { phase: 2, at: { assign: `${target}[*]` }, dir: dirFor(source) };
  return [
    ...[...runs].map(([name, node]) => {
      const isMethod = name.includes(".");
      return proposal(source, node, 3, "a run of stages that no trace and no event tells as one", {
        id: idOf(name),
        use: "run-lifecycle",
        phase: 1,
        at: isMethod ? { method: name } : { function: name },
        span: { name: `${areaOf(source)}.${name}`, op: "function" },
        dir: dirFor(source),
      });
    }),
    proposal(source, first, 2, why, { id: idOf(target, "spans"), use: "stage-span", ...common }),
    proposal(source, first, 2, why, {
      id: idOf(target, "records"),
      use: "record-stage",
      ...common,
    }),
  ];
}

/** Long functions whose names say that they run something from beginning to end. */
export const runs: Detector = {
  name: "runs",
  needles: ["async function run", "async function execute", "async function process"],
  find: (source) => {
    const found: Proposal[] = [];
    walk(source.file, (node) => {
      const name = ts.isFunctionDeclaration(node) ? functionName(node) : null;
      if (name === null || !isAsync(node) || !RUNS.test(name)) return;
      const lines = node.getText(source.file).split("\n").length;
      if (lines < LONG_RUN || findNode(node, ts.isTryStatement) === undefined) return;
      found.push(
        proposal(source, node, 2, "a long run with many ways to end, which nothing tells as one", {
          id: idOf(name),
          use: "run-lifecycle",
          phase: 1,
          at: { function: name },
          span: { name: `${areaOf(source)}.${name}`, op: "function" },
          dir: dirFor(source),
        }),
      );
    });
    return found;
  },
};

const RUNS = /^(run|execute|process)\w*(pipeline|workflow|upload|import|migration|sync)/i;
const LONG_RUN = 80;

/** Collectors that hear of every call of a model. */
export const collectors: Detector = {
  name: "collectors",
  needles: ["okens"],
  find: (source) => {
    const found: Proposal[] = [];
    walk(source.file, (node) => {
      if (!ts.isMethodDeclaration(node) || !ts.isClassDeclaration(node.parent) || !node.body)
        return;
      const name = qualifiedName(node);
      const isCollector = /(metric|usage|cost|token)/i.test(node.parent.name?.text ?? "");
      if (
        name === null ||
        !isCollector ||
        !/^(record|add|track|log)$/.test(functionName(node) ?? "")
      )
        return;
      const call = callOf(node);
      if (!call) return;
      found.push(
        proposal(source, node, 2, "every call of a model passes here, with its tokens", {
          id: idOf(name),
          use: "agent-call",
          phase: 3,
          at: { method: name },
          call,
          dir: dirFor(source),
        }),
      );
    });
    return found;
  },
};

/** What the parameters say of a call, by their names. */
function callOf({ parameters }: TS.MethodDeclaration): Record<string, string> | null {
  const names = parameters.map(({ name }) => name.getText());
  const named = (pattern: RegExp) => names.find((name) => pattern.test(name));
  const agent = named(/agent|name$/i);
  if (agent === undefined) return null;
  const [model, duration] = [named(/model/i), named(/duration|elapsed|ms$/i)];
  return {
    agentName: `\${${agent}}`,
    ...(model ? { model: `\${${model}}` } : {}),
    ...(duration ? { durationMs: `\${${duration}}` } : {}),
  };
}

/** `getAuthOptions` says how to ask, and not who. */
const SAYS_WHO =
  /^(get|require|resolve)(Server)?(Auth|Session|CurrentUser)(User|Info|Context|State|OrThrow|OrNull|OrRedirect|FromRequest|FromHeaders)*$/;

/** Functions that say who asks. */
export const users: Detector = {
  name: "users",
  needles: ["userId", "user"],
  find: (source) => {
    const found: Proposal[] = [];
    walk(source.file, (node) => {
      const name = ts.isFunctionDeclaration(node) ? functionName(node) : null;
      if (name === null || !SAYS_WHO.test(name)) return;
      const text = node.getText(source.file);
      const user = /\buserId\b/.test(text) ? "userId" : /\bid:/.test(text) ? "id" : null;
      if (user === null) return;
      found.push(
        proposal(source, node, 1, "who asks becomes known here", {
          id: idOf(name),
          use: "user-context",
          phase: 4,
          at: { function: name },
          user,
          dir: dirFor(source),
        }),
      );
    });
    return found;
  },
};
