import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { RuleConfig } from "../../src/plan/define-config.js";

const MODULES = new URL("../../node_modules", import.meta.url).pathname;

/** A project in a temporary folder, deleted with `remove`. */
export interface TemporaryProject {
  readonly dir: string;
  readonly read: (path: string) => string;
  readonly remove: () => void;
}

/** Writes a project with the repository's own node_modules, so that its types resolve. */
export function temporaryProject(
  files: Readonly<Record<string, string>>,
  rules: readonly RuleConfig[],
): TemporaryProject {
  const dir = mkdtempSync(join(tmpdir(), "retrospan-project-"));
  const all = { ...files, "retrospan.config.json": JSON.stringify({ rules }) };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  symlinkSync(MODULES, join(dir, "node_modules"));
  return {
    dir,
    read: (path) => readFileSync(join(dir, path), "utf8"),
    remove: () => rmSync(dir, { recursive: true }),
  };
}

/** A strict configuration for Node. */
export const STRICT_TSCONFIG = JSON.stringify({
  compilerOptions: {
    strict: true,
    module: "NodeNext",
    target: "ES2022",
    noUnusedLocals: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    types: ["node"],
    noEmit: true,
  },
  include: ["src"],
});

/** The same for code whose imports leave the ending out, as a bundler takes it. */
export const BUNDLED_TSCONFIG = JSON.stringify({
  compilerOptions: {
    strict: true,
    module: "ESNext",
    moduleResolution: "Bundler",
    target: "ES2022",
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    types: ["node"],
    noEmit: true,
  },
  include: ["src"],
});
