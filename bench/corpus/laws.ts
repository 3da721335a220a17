import { existsSync } from "node:fs";
import { join } from "node:path";
import { complaintsOf, newComplaints, type Complaints } from "./compiler.js";
import { git } from "./run-command.js";
import { countSpans, sourcesOf, syntaxError } from "./syntax.js";
import { total } from "./tally.js";
import { retrospan, type Document, type Site, type ToolRun } from "./tool.js";
import { firstDifference, readTree, type Texts } from "./tree.js";

/** A law that does not hold, and where. */
export interface Violation {
  readonly law: string;
  readonly detail: string;
}

/** What a tree was before anything was done to it. */
export interface Original {
  readonly tree: string;
  readonly texts: Texts;
  readonly complaints: Complaints;
}

/** What instrumenting a tree with one config came to. */
export interface Trial {
  readonly sites: readonly Site[];
  readonly filesChanged: number;
  readonly seconds: number;
  readonly complaintsAfter: number;
  readonly violations: readonly Violation[];
}

/** Looks at a tree before anything is done to it. */
export function originalOf(tree: string): Original {
  return { tree, texts: readTree(tree), complaints: complaintsOf(tree) };
}

/** What is expected of a law: nothing but nulls. */
type Findings = readonly (string | null)[];

/** Instruments a tree with a config, checks every law on the way, and takes it all out again. */
export async function tryOut(original: Original, config: string): Promise<Trial> {
  const { tree, texts } = original;
  const planning = ["--config", config];
  const violations: Violation[] = [];
  const expect = (law: string, findings: Findings) => {
    for (const detail of findings) if (detail !== null) violations.push({ law, detail });
  };

  const preview = await retrospan(tree, "preview", ...planning);
  expect("preview succeeds", [failure(preview)]);
  expect("preview writes nothing", [firstDifference(texts, readTree(tree))]);

  const applied = await retrospan(tree, "apply", ...planning);
  const { document, seconds } = applied;
  const instrumented = readTree(tree);
  const complaints = complaintsOf(tree);
  expect("apply succeeds", [failure(applied)]);
  expect("apply does what preview shows", differences(preview.document, document));
  expect("what is written parses", syntaxErrors(texts, instrumented));
  expect("no diagnostic is new to the tool", toolComplaints(document));
  expect("no diagnostic is new to a fresh program", newComplaints(original.complaints, complaints));
  expect("there is one span for each site", [spanDifference(texts, instrumented, document)]);

  const again = await retrospan(tree, "apply", ...planning);
  const { length } = again.document.files;
  expect("a second apply succeeds", [failure(again)]);
  expect("a second apply plans nothing", [length === 0 ? null : `${length} files`]);
  expect("a second apply writes nothing", [firstDifference(instrumented, readTree(tree))]);

  const status = await retrospan(tree, "status", ...planning);
  expect("status finds everything applied", [failure(status)]);
  expect("revert restores every byte", await revert(original));

  const unchecked = await retrospan(tree, "apply", ...planning, "--no-typecheck");
  expect("apply without types succeeds", [failure(unchecked)]);
  expect("what is written without types parses", syntaxErrors(texts, readTree(tree)));
  expect("revert restores every byte written without types", await revert(original));

  const { sites, files } = document;
  const [filesChanged, complaintsAfter] = [files.length, total(complaints)];
  return { sites, filesChanged, seconds, complaintsAfter, violations };
}

function failure({ code, stderr }: ToolRun): string | null {
  return code === 0 ? null : `exit ${code}: ${stderr.trim().slice(0, 2000)}`;
}

/** Where apply did something else than preview had shown. */
function differences(shown: Document, done: Document): string[] {
  const states = new Map(done.sites.map(({ id, state }) => [id, state]));
  const hashes = new Map(done.files.map(({ path, after }) => [path, after]));
  const sites = shown.sites.flatMap(({ id, state }) => {
    const wanted = state === "planned" ? "applied" : state;
    const found = states.get(id) ?? "missing";
    return found === wanted ? [] : [`${id} is ${found} instead of ${wanted}`];
  });
  const files = shown.files.flatMap(({ path, after }) =>
    hashes.get(path) === after ? [] : [`${path} has another hash`],
  );
  const count = shown.sites.length === done.sites.length ? [] : ["the number of sites"];
  return [...sites, ...files, ...count];
}

function toolComplaints({ typecheck }: Document): string[] {
  if (!typecheck) return ["there was no type check"];
  return typecheck.new.map(({ file, message }) => `${file ?? ""}: ${message}`);
}

/** Texts that no longer parse although they did. */
function syntaxErrors(before: Texts, after: Texts): string[] {
  return sourcesOf(after).flatMap(([path, text]) => {
    const original = before.get(path)?.toString("utf8");
    if (original === text) return [];
    const error = syntaxError(path, text);
    return error && (original === undefined || !syntaxError(path, original)) ? [error] : [];
  });
}

function spanDifference(before: Texts, after: Texts, { sites }: Document): string | null {
  const count = (texts: Texts) =>
    sourcesOf(texts).reduce((sum, [path, text]) => sum + countSpans(path, text), 0);
  const added = count(after) - count(before);
  const applied = sites.filter(({ state }) => state === "applied").length;
  return added === applied ? null : `${added} spans for ${applied} sites`;
}

async function revert({ tree, texts }: Original): Promise<Findings> {
  const reverted = await retrospan(tree, "revert");
  const status = await git(tree, "status", "--porcelain", "--untracked-files=all");
  const problems = [
    failure(reverted),
    firstDifference(texts, readTree(tree)),
    status === "" ? null : `git status: ${status.slice(0, 500)}`,
    existsSync(join(tree, ".retrospan")) ? "the ledger is still there" : null,
  ];
  // The next law must not fail because this one did.
  if (problems.some((each) => each !== null)) await startOver(tree);
  return problems;
}

async function startOver(tree: string): Promise<void> {
  await git(tree, "reset", "--quiet", "--hard");
  await git(tree, "clean", "--quiet", "--force", "-d");
}
