import { createTwoFilesPatch } from "diff";

/**
 * A unified diff in git's format, so that `git apply` takes it.
 * @param before the text before, or null for a file that is created
 * @param after the text after, or null for a file that is deleted
 */
export function unifiedDiff(path: string, before: string | null, after: string | null): string {
  const from = before === null ? "/dev/null" : `a/${path}`;
  const to = after === null ? "/dev/null" : `b/${path}`;
  const body = createTwoFilesPatch(from, to, before ?? "", after ?? "", undefined, undefined, {
    context: 3,
  });
  const hunks = body.replace(/^=+\n/, "").replace(/^(---|\+\+\+) ([^\t\n]*)\t?$/gm, "$1 $2");
  const mode = before === null ? "new file" : after === null ? "deleted file" : null;
  const header = [`diff --git a/${path} b/${path}`, ...(mode ? [`${mode} mode 100644`] : [])];
  return `${header.join("\n")}\n${hunks}`;
}
