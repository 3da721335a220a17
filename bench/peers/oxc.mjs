// oxc-parser with magic-string on two threads: `node oxc.mjs JOB FOLDER`.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import MagicString from "magic-string";
import { parseSync, Visitor } from "oxc-parser";

const THREADS = 2;

function edit(job, path) {
  const text = readFileSync(path, "utf8");
  if (job === "narrow" && !text.includes("startNightlyBuild")) return;
  if (job === "nothing" && !text.includes("neverCalledByAnybody")) return;
  const { program } = parseSync(path, text);
  const out = new MagicString(text);
  new Visitor({
    FunctionDeclaration(node) {
      if (job !== "broad" || !node.async || !node.body) return;
      const open = `{ return Sentry.startSpan({ name: "work" }, async () => `;
      out.appendLeft(node.body.start, open).appendRight(node.body.end, "); }");
    },
    AwaitExpression({ argument }) {
      if (job !== "narrow" || argument.type !== "CallExpression") return;
      if (argument.callee.name !== "startNightlyBuild") return;
      out.appendLeft(argument.start, `Sentry.startSpan({ name: "nightly" }, () => `);
      out.appendRight(argument.end, ")");
    },
  }).visit(program);
  if (out.hasChanged()) writeFileSync(path, out.toString());
}

if (isMainThread) {
  const [, , job, folder] = process.argv;
  const paths = readdirSync(folder, { recursive: true })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => join(folder, path));
  for (let part = 0; part < THREADS; part++) {
    const own = paths.filter((_, index) => index % THREADS === part);
    new Worker(new URL(import.meta.url), { workerData: { job, paths: own } });
  }
} else {
  for (const path of workerData.paths) edit(workerData.job, path);
}
