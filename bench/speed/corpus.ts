/** A corpus as a monorepo has it: many files of very different sizes, few of which matter. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What was made, and how many sites each job has in it. */
export interface Corpus {
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
  readonly sites: { readonly narrow: number; readonly nothing: number; readonly broad: number };
}

/** The function whose calls the narrow job wraps, and one that nobody calls. */
export const TARGET = "startNightlyBuild";
export const NOBODY = "neverCalledByAnybody";

/** One file in so many calls the target. */
const RARITY = 500;

/**
 * Makes a corpus; the same for the same seed and number of files.
 * @param files how many source files, up to 100,000
 */
export function makeCorpus(folder: string, files: number, seed: number): Corpus {
  const random = randomFrom(seed);
  const sites = { narrow: 0, nothing: 0, broad: 0 };
  let bytes = 0;
  for (let number = 0; number < files; number++) {
    const isCaller = number % RARITY === RARITY - 1;
    const { text, bodies, calls } = fileText(number, random, isCaller);
    const dir = join(folder, folderOf(number));
    if (number % FOLDER === 0) mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, `module-${number}.ts`), text);
    bytes += text.length;
    sites.broad += bodies;
    sites.narrow += calls;
  }
  writeFileSync(join(folder, "package.json"), '{ "name": "corpus", "type": "module" }\n');
  commitAll(folder);
  return { folder, files, bytes, sites };
}

/** Makes a folder a repository. Git tidies up many objects behind one's back, while others read them. */
export function commitAll(folder: string): void {
  const quiet = ["-c", "gc.auto=0", "-c", "maintenance.auto=false"];
  const author = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"];
  const git = (...args: string[]) =>
    execFileSync("git", [...quiet, ...args], { cwd: folder, stdio: "ignore" });
  git("init", "--quiet");
  git("add", "--all");
  git(...author, "commit", "--quiet", "-m", "corpus");
}

const FOLDER = 40;

function folderOf(number: number): string {
  const folder = Math.floor(number / FOLDER);
  return `packages/package-${Math.floor(folder / 12)}/src/part-${folder % 12}`;
}

type Random = (below: number) => number;

/** mulberry32: small, fast and the same everywhere. */
function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

interface FileText {
  readonly text: string;
  readonly bodies: number;
  readonly calls: number;
}

/** Most files are small, a few are large: the sizes of a real monorepo are spread over decades. */
function fileText(number: number, random: Random, isCaller: boolean): FileText {
  const size = 1 + (random(10) === 0 ? random(40) : random(9));
  const parts = [`import { helper${number % 7} } from "../shared/helpers.js";\n`];
  let bodies = 0;
  for (let at = 0; at < size; at++) {
    const kind = random(5);
    if (kind === 0) parts.push(typeText(number, at, random));
    else if (kind === 1) parts.push(tableText(number, at, random));
    else if (kind === 2) parts.push(classText(number, at, random));
    else {
      parts.push(functionText(number, at, random));
      bodies++;
    }
  }
  if (isCaller) {
    parts.push(callerText(number));
    bodies++;
  }
  return { text: parts.join("\n"), bodies, calls: isCaller ? 2 : 0 };
}

function typeText(number: number, at: number, random: Random): string {
  const members = Array.from({ length: 3 + random(8) }, (_, index) => {
    return `  readonly field${index}${random(2) ? "?" : ""}: ${["string", "number", "Date | null", "readonly string[]"][random(4)]};`;
  });
  return `/** What part ${at} of module ${number} keeps. */\nexport interface Part${number}x${at} {\n${members.join("\n")}\n}\n`;
}

function tableText(number: number, at: number, random: Random): string {
  const rows = Array.from({ length: 2 + random(12) }, (_, index) => {
    return `  "key-${index}": { weight: ${random(1000)}, label: \`row \${${index}} of ${at}\`, tags: ["a", 'b'] },`;
  });
  return `export const table${number}x${at} = {\n${rows.join("\n")}\n} as const;\n`;
}

function classText(number: number, at: number, random: Random): string {
  const methods = Array.from({ length: 1 + random(4) }, (_, index) => {
    return `  method${index}(given: number): number {\n    if (given > ${random(100)}) return this.#held + given;\n    return given * ${1 + random(9)};\n  }\n`;
  });
  return `export class Holder${number}x${at} {\n  #held = ${random(10)};\n\n${methods.join("\n")}}\n`;
}

function functionText(number: number, at: number, random: Random): string {
  const lines = Array.from({ length: 1 + random(5) }, (_, index) => stepText(index, random));
  return [
    `export async function work${number}x${at}(input: readonly number[], limit = ${random(50)}): Promise<number> {`,
    "  let sum = 0;",
    ...lines,
    "  return sum;",
    "}",
    "",
  ].join("\n");
}

function stepText(index: number, random: Random): string {
  const kind = random(4);
  if (kind === 0) {
    return `  for (const each of input) {\n    if (each > limit) continue;\n    sum += await Promise.resolve(each * ${1 + random(5)});\n  }`;
  }
  if (kind === 1) {
    return `  try {\n    sum += await helper${random(7)}(sum, { index: ${index}, text: \`\${sum} of\n      many\` });\n  } catch (error) {\n    console.error("step ${index}", error);\n  }`;
  }
  if (kind === 2) {
    return `  switch (sum % 3) {\n    case 0: {\n      sum += ${random(9)};\n      break;\n    }\n    default:\n      sum -= 1;\n  }`;
  }
  return `  const part${index} = input.filter((each) => each % ${2 + random(3)} === 0).map((each) => ({ each }));\n  sum += part${index}.length;`;
}

function callerText(number: number): string {
  return `export async function nightly${number}(names: readonly string[]): Promise<void> {\n  await ${TARGET}(names, { number: ${number} });\n  if (names.length > 3) {\n    await ${TARGET}(names.slice(1), { number: 0 });\n  }\n}\n`;
}
