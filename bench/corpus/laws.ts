import { existsSync } from "node:fs";
import { join } from "node:path";
import { complaintsOf, newComplaints, type Complaint } from "./compiler.js";
import { git } from "./run-command.js";
import { countSpans, sourcesOf, syntaxError } from "./syntax.js";
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
  readonly complaints: readonly Complaint[];
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

/** Notes what does not hold: each finding that is not null. */
type Expect = (law: string, findings: readonly (string | null)[]) => void;

/** Instruments a tree with a config, checks every law on the way, and takes it all out again. */
export async function tryOut(original: Original, config: string): Promise<Trial> {
  const violations: Violation[] = [];
  const expect: Expect = (law, findings) => {
    for (const detail of findings) if (detail !== null) violations.push({ law, detail });
  };
  const planning = ["--config", config];
  const figures = await tryWithTypes(original, planning, expect);
  await tryWithoutTypes(original, planning, expect);
  return { ...figures, violations };
}

async function tryWithTypes(
  original: Original,
  planning: readonly string[],
  expect: Expect,
): Promise<Omit<Trial, "violations">> {
  const { tree, texts } = original;
  const preview = await retrospan(tree, "preview", ...planning);
  expect("preview writes nothing", [firstDifference(texts, readTree(tree))]);

  const applied = await retrospan(tree, "apply", ...planning);
  const { document, seconds } = applied;
  const complaints = complaintsOf(tree);
  expect("preview and apply agree", differences(preview, applied));
  expect("apply succeeds", [failure(applied)]);
  expect("no diagnostic is new", newComplaints(original.complaints, complaints));
  // Where apply refused to write, nothing can be expected of what it wrote.
  if (applied.code === 0) await tryWhatIsWritten(original, document, planning, expect);
  expect("revert restores every byte", await revert(original));

  const [filesChanged, complaintsAfter] = [document.files.length, complaints.length];
  return { sites: document.sites, filesChanged, seconds, complaintsAfter };
}

async function tryWhatIsWritten(
  { tree, texts }: Original,
  document: Document,
  planning: readonly string[],
  expect: Expect,
): Promise<void> {
  const instrumented = readTree(tree);
  expect("what is written parses", syntaxErrors(texts, instrumented));
  expect("the tool finds no new diagnostic", toolComplaints(document));
  expect("there is one span for each site", [spanDifference(texts, instrumented, document)]);

  const again = await retrospan(tree, "apply", ...planning);
  const { length } = again.document.files;
  expect("a second apply succeeds", [failure(again)]);
  expect("a second apply plans nothing", [length === 0 ? null : `${length} files`]);
  expect("a second apply writes nothing", [firstDifference(instrumented, readTree(tree))]);

  const status = await retrospan(tree, "status", ...planning);
  expect("status finds everything applied", [failure(status)]);
}

async function tryWithoutTypes(
  original: Original,
  planning: readonly string[],
  expect: Expect,
): Promise<void> {
  const { tree, texts } = original;
  const applied = await retrospan(tree, "apply", ...planning, "--no-typecheck");
  expect("apply without types succeeds", [failure(applied)]);
  expect("what is written without types parses", syntaxErrors(texts, readTree(tree)));
  expect("revert restores every byte written without types", await revert(original));
}

const SHOWN = 2000;

function failure({ code, stderr, document }: ToolRun): string | null {
  if (code === 0) return null;
  const complaints = document.typecheck?.new.map(
    ({ file, message }) => `${file ?? ""}: ${message}`,
  );
  return `exit ${code}: ${[stderr.trim(), ...(complaints ?? [])].join("; ").slice(0, SHOWN)}`;
}

/** Where apply did something else than preview had shown. */
function differences({ document: shown, code }: ToolRun, applied: ToolRun): string[] {
  if (code !== applied.code) return [`preview ends with ${code}, apply with ${applied.code}`];
  if (code !== 0) return [];
  const { sites, files } = applied.document;
  const states = new Map(sites.map(({ id, state }) => [id, state]));
  const hashes = new Map(files.map(({ path, after }) => [path, after]));
  const otherSites = shown.sites.flatMap(({ id, state }) => {
    const wanted = state === "planned" ? "applied" : state;
    const found = states.get(id) ?? "missing";
    return found === wanted ? [] : [`${id} is ${found} instead of ${wanted}`];
  });
  const otherFiles = shown.files.flatMap(({ path, after }) =>
    hashes.get(path) === after ? [] : [`${path} has another hash`],
  );
  const isComplete = shown.sites.length === sites.length && shown.files.length === files.length;
  return [...otherSites, ...otherFiles, ...(isComplete ? [] : ["there are more sites or files"])];
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

async function revert({ tree, texts }: Original): Promise<(string | null)[]> {
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
