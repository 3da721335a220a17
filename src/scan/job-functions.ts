import { ts, type TS } from "../syntax/compiler.js";
import { makerOf } from "../syntax/named-points.js";
import { boundNames } from "../syntax/names.js";
import type { Source } from "../syntax/source.js";
import { enclosingFunction, findNode, hasModifier, isAsync } from "../syntax/walk.js";
import { areaOf, idOf, type Detector } from "./detector.js";
import { givenBack, namedFunctions, statementOf, type Named } from "./named-functions.js";
import { handedTo, jobDone } from "./job-handlers.js";
import { isTracedBySdk, namesQueueType, QUEUE_NEEDLES } from "./queues.js";

/** What is told of a job, and does not do it. */
const TELLS = /^(on(?=[A-Z])|log|report|notify|track)|(Failed|Completed|Error|Progress|Stalled)$/;

/** Functions that others hand to a worker: what they are given says that they do jobs. */
export const jobFunctions: Detector = {
  finds: "functions that are given a job by a worker elsewhere",
  needles: [...QUEUE_NEEDLES, "Job<"],
  find: (source) => {
    if (isTracedBySdk(source)) return [];
    const isDoing = (name: string) => !TELLS.test(name);
    const doers = [...namedFunctions(source, isDoing), ...givenBack(source, isDoing)].flatMap(
      (each) => {
        const job = jobOf(source, each);
        return job && !isPassedOn(each, job) ? [{ ...each, job }] : [];
      },
    );
    return doers
      .filter((each) => doesJobs(source, each))
      .flatMap(({ node, name, at, job }) => {
        const id = idOf(areaOf(source), name);
        const doer = { handler: node, job, at, span: "{{function}}" };
        const covers = handedByAll(node, job, doers);
        return jobDone(source, node, id, doer).map((each) => ({
          ...each,
          covers,
          isSecond: true,
        }));
      });
  },
};

/** A function, and the parameter that says that it is given a job. */
interface Doer extends Named {
  readonly job: TS.ParameterDeclaration;
}

/** The parameter of a function that is a job: what gives the job out may be named before it. */
function jobOf(source: Source, { node }: Named): TS.ParameterDeclaration | undefined {
  return node.parameters.find(({ type }) => {
    if (!type) return false;
    const parts = ts.isIntersectionTypeNode(type) ? type.types : [type];
    return parts.some((each) => namesQueueType(source, each, /^(Sandboxed)?Job$/) || isOwn(each));
  });
}

/** A job of a queue of one's own: `QueueJob<Data>`. */
function isOwn(type: TS.TypeNode): boolean {
  return (
    ts.isTypeReferenceNode(type) &&
    type.typeArguments?.length === 1 &&
    /\wJob$/.test(type.typeName.getText())
  );
}

/** Whether a function that another one gives back only hands the job to what that was given. */
function isPassedOn({ node }: Named, { name }: TS.ParameterDeclaration): boolean {
  const given = makerOf(node)?.parameters.flatMap((each) => boundNames(each.name)) ?? [];
  const isHanding = (each: TS.Node) =>
    ts.isCallExpression(each) &&
    given.includes(each.expression.getText()) &&
    each.arguments.some((argument) => argument.getText() === name.getText());
  return given.length > 0 && findNode(node, isHanding) !== undefined;
}

/** What is given the job in turn, also by functions of the file that were given it so. */
function handedByAll(
  node: Doer["node"],
  job: TS.ParameterDeclaration,
  doers: readonly Doer[],
  seen: ReadonlySet<Doer["node"]> = new Set(),
): string[] {
  if (seen.has(node)) return [];
  const names = handedTo(node, job);
  const taking = doers.filter(({ at }) =>
    names.includes(at.function ?? `.${at.method?.split(".").at(-1)}`),
  );
  const around = new Set([...seen, node]);
  return [...names, ...taking.flatMap((each) => handedByAll(each.node, each.job, doers, around))];
}

/** What does jobs where nobody sees who hands them over. */
const DOES_JOBS = /^_?(process|handle|perform|execute|run|consume|do|work)(?=[A-Z])/;

/** Whether a function is there for whoever hands out jobs. */
function doesJobs(source: Source, { node, job, name }: Doer): boolean {
  const { type } = job;
  if (!type) return false;
  if (makerOf(node)) return waits(node);
  if (isOwn(type)) return isHandedOver(source, node) && isAsync(node) && waits(node);
  // Of one whose variable says so as well, `jobHandlers` knows.
  if (ts.isVariableDeclaration(node.parent) && node.parent.type) return false;
  const holder = ts.isMethodDeclaration(node) ? node : (statementOf(node) ?? node);
  const isOpen = ts.isMethodDeclaration(node)
    ? !hasModifier(holder, ts.SyntaxKind.PrivateKeyword)
    : hasModifier(holder, ts.SyntaxKind.ExportKeyword);
  return (isOpen || DOES_JOBS.test(name)) && waits(node);
}

/** Whether a function of a file is a value there: of a property, or in a call that runs it later. */
function isHandedOver({ scope }: Source, fn: Named["node"]): boolean {
  const { name } = ts.isVariableDeclaration(fn.parent) ? fn.parent : fn;
  // What is made inside another function runs what that was given.
  if (!name || !ts.isIdentifier(name) || enclosingFunction(fn)) return false;
  return scope.references(name).some((use) => {
    const { parent } = use;
    if (ts.isCallExpression(parent)) return parent.expression !== use || isGivenJob(parent);
    return ts.isPropertyAssignment(parent) && parent.initializer === use;
  });
}

/** `(job) => run(job, retries)`, where that is handed over: a function with one thing more to know. */
function isGivenJob(call: TS.CallExpression): boolean {
  const { parent } = call;
  if (!ts.isArrowFunction(parent) || parent.body !== call) return false;
  const [job] = parent.parameters;
  const [given] = call.arguments;
  const isHanded = ts.isCallExpression(parent.parent) || ts.isPropertyAssignment(parent.parent);
  return isHanded && job !== undefined && job.name.getText() === given?.getText();
}

/** Whether there is work in it that takes time: it waits for something, or gives back what does. */
function waits({ body }: Named["node"]): boolean {
  const isCall = (node: TS.Node | undefined) => node !== undefined && ts.isCallExpression(node);
  if (isCall(body)) return true;
  return (
    findNode(
      body,
      (node) =>
        ts.isAwaitExpression(node) || (ts.isReturnStatement(node) && isCall(node.expression)),
    ) !== undefined
  );
}
