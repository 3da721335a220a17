import { ts, type TS } from "../syntax/compiler.js";
import type { Source } from "../syntax/source.js";
import { enclosingFunction, findNode, hasModifier, isAsync } from "../syntax/walk.js";
import { areaOf, idOf, type Detector } from "./detector.js";
import { namedFunctions, statementOf, type Named } from "./named-functions.js";
import { jobDone } from "./job-handlers.js";
import { isTracedBySdk, namesQueueType, QUEUE_NEEDLES } from "./queues.js";

/** What is told of a job, and does not do it. */
const TELLS = /^(on(?=[A-Z])|log|report|notify|track)|(Failed|Completed|Error|Progress|Stalled)$/;

/** Functions that others hand to a worker: what they are given says that they do jobs. */
export const jobFunctions: Detector = {
  finds: "functions that are given a job by a worker elsewhere",
  needles: [...QUEUE_NEEDLES, "Job<"],
  find: (source) => {
    if (isTracedBySdk(source)) return [];
    const doers = namedFunctions(source, (name) => !TELLS.test(name)).filter((each) =>
      doesJobs(source, each),
    );
    return doers.flatMap(({ node, name, at }) => {
      const id = idOf(areaOf(source), name);
      const doer = { handler: node, at, span: "{{function}}" };
      return jobDone(source, node, id, doer).map((each) => ({ ...each, isSecond: true }));
    });
  },
};

/** Whether what a function is given first is a job, and it is there for others. */
function doesJobs(source: Source, { node }: Named): boolean {
  const [job] = node.parameters;
  if (!job?.type) return false;
  if (!namesQueueType(source, job.type, /^Job$/)) return isOwnJob(source, node, job.type);
  // Of one whose variable says so as well, `jobHandlers` knows.
  if (ts.isVariableDeclaration(node.parent) && node.parent.type) return false;
  const holder = ts.isMethodDeclaration(node) ? node : (statementOf(node) ?? node);
  const isOpen = ts.isMethodDeclaration(node)
    ? !hasModifier(holder, ts.SyntaxKind.PrivateKeyword)
    : hasModifier(holder, ts.SyntaxKind.ExportKeyword);
  return isOpen && waits(node);
}

/** A job of a queue of one's own, `QueueJob<Data>`, in a function that is handed to what runs it. */
function isOwnJob(source: Source, node: Named["node"], type: TS.TypeNode): boolean {
  const isJob =
    ts.isTypeReferenceNode(type) &&
    type.typeArguments?.length === 1 &&
    /Job$/.test(type.typeName.getText(source.file));
  return isJob && isHandedOver(source, node) && isAsync(node) && waits(node);
}

/** Whether a function of a file is a value there: of a property, or in a call that runs it later. */
function isHandedOver({ scope }: Source, fn: Named["node"]): boolean {
  const { name } = ts.isVariableDeclaration(fn.parent) ? fn.parent : fn;
  // What is made inside another function runs what that was given.
  if (!name || !ts.isIdentifier(name) || enclosingFunction(fn)) return false;
  return scope.references(name).some((use) => {
    const { parent } = use;
    if (ts.isCallExpression(parent)) return parent.expression !== use;
    return ts.isPropertyAssignment(parent) && parent.initializer === use;
  });
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
