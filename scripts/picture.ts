/** The picture of the README: what a terminal shows when the tool is tried on a sample. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { htmlEscape } from "escape-goat";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const CLI = join(ROOT, "dist/src/bin/retrospan.js");

const RULE = {
  id: "build",
  use: "wrap-span",
  at: { case: "start-build", on: "command.type" },
  span: { name: "runner.build", op: "function" },
};

/** Runs the commands in a copy of a sample and draws what they print. */
export function terminalPicture(): string {
  const folder = mkdtempSync(join(tmpdir(), "retrospan-picture-"));
  try {
    cpSync(join(ROOT, "examples/builds"), folder, { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    writeFileSync(join(folder, "retrospan.config.json"), JSON.stringify({ rules: [RULE] }));
    writeFileSync(join(folder, ".gitignore"), "node_modules\n");
    git(folder, "init", "--quiet");
    git(folder, "add", "--all");
    const commands = [["preview"], ["apply", "--allow-dirty"], ["revert", "--allow-dirty"]];
    const shown = commands.flatMap(([name = "", ...hidden]) => [
      `\u001b[2m$\u001b[22m npx retrospan ${name}`,
      ...lastOf(name, printed(folder, name, ...hidden)),
      "",
    ]);
    return drawn(shown.slice(0, -1));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function git(cwd: string, ...args: string[]): void {
  execFileSync("git", args, { cwd });
}

function printed(cwd: string, ...args: string[]): string[] {
  const output = execFileSync(process.execPath, [CLI, ...args, "--color"], {
    cwd,
    encoding: "utf8",
  });
  const withoutTimes = output.replace(/ · \d+ ms/g, "");
  return withoutTimes.trimEnd().split("\n");
}

/** `apply` prints the diff once more. */
function lastOf(command: string, lines: string[]): string[] {
  return command === "preview" ? lines.filter((line) => !/^\S*info/.test(line)) : lines.slice(-1);
}

// Drawing

const COLORS: Readonly<Record<string, string>> = {
  "1": "font-weight:bold",
  "2": "fill:#8b949e",
  "31": "fill:#ff7b72",
  "32": "fill:#7ee787",
  "33": "fill:#e3b341",
  "36": "fill:#79c0ff",
};
const LINE = 19;
const WIDTH = 860;

function drawn(lines: readonly string[]): string {
  const height = lines.length * LINE + 28;
  const rows = lines.map((line, index) => {
    return `<text x="16" y="${(index + 1) * LINE + 8}" xml:space="preserve">${spansOf(line)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="retrospan in a terminal">`,
    `<rect width="100%" height="100%" rx="8" fill="#0d1117"/>`,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13" fill="#e6edf3">`,
    ...rows,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

/** A line's parts in their colours; each escape sequence says what holds from there on. */
function spansOf(line: string): string {
  const [first = "", ...rest] = line.split(/\u001b\[/);
  const held = new Set<string>();
  const parts = rest.map((part) => {
    const [, code = "", text = ""] = /^(\d+)m([^]*)$/.exec(part) ?? [];
    if (COLORS[code]) held.add(code);
    else held.clear();
    const style = [...held].map((each) => COLORS[each]).join(";");
    return text === "" ? "" : `<tspan style="${style}">${htmlEscape(text)}</tspan>`;
  });
  return htmlEscape(first) + parts.join("");
}
