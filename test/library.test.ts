/** What callers of the library get that the command line does not show. */
import { afterEach, expect, test } from "vitest";
import { apply, preview, revert, UserError, type Options } from "../src/index.js";
import { newTree, removeFolders, writeFiles, type Files } from "./support/cli.js";

afterEach(removeFolders);

const RULE = { id: "work", use: "wrap-span", at: { function: "work" }, span: { name: "work" } };

const TREE: Files = {
  "package.json": JSON.stringify({ dependencies: { "@sentry/node": "^10.0.0" } }),
  "tsconfig.json": JSON.stringify({ compilerOptions: { strict: true, types: [] } }),
  "retrospan.config.json": JSON.stringify({ rules: [RULE] }),
  "src/types.d.ts": "declare const answer: number;\n",
  "src/work.ts": `export async function work(): Promise<number> {
  await Promise.resolve();
  return answer;
}
`,
};

test.each([preview, apply, revert])("an option that is none is refused", async (command) => {
  const misspelt = { cwd: ".", typeCheck: false } as Partial<Options>;
  await expect(command(misspelt)).rejects.toThrow(UserError);
  await expect(command(misspelt)).rejects.toThrow('did you mean "typecheck"?');
});

test("an option that is left open has its default", async () => {
  const open = { target: undefined, preset: undefined } as unknown as Partial<Options>;
  const { sites } = await preview({ cwd: newTree(TREE), ...open });
  expect(sites).toHaveLength(1);
});

test("a plan sees the declarations as they are, whatever one before has read", async () => {
  const folder = newTree(TREE);
  const checked = async () => (await preview({ cwd: folder })).typecheck?.before;
  expect([await checked(), await checked()]).toEqual([0, 0]);
  writeFiles(folder, { "src/types.d.ts": "declare const answer: string;\n" });
  expect(await checked()).toBe(1);
});
