/** What callers of the library get that the command line does not show. */
import { expect, test } from "vitest";
import { apply, preview, revert, UserError, type Options } from "../src/index.js";

test.each([preview, apply, revert])("an option that is none is refused", async (command) => {
  const misspelt = { cwd: ".", typeCheck: false } as Partial<Options>;
  await expect(command(misspelt)).rejects.toThrow(UserError);
  await expect(command(misspelt)).rejects.toThrow('did you mean "typecheck"?');
});
