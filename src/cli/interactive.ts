import { isCancel, selectKey } from "@clack/prompts";
import type { Answer, Choice } from "../commands/options.js";
import { UserError } from "../plan/user-error.js";
import { meaningOf, siteDiff } from "../report/site-diff.js";
import { paintDiff } from "../report/terminal.js";
import { Interrupted } from "./output.js";

const ANSWERS: Readonly<Record<string, Answer>> = { y: "yes", n: "no", a: "all", q: "quit" };

/**
 * Asks about one site after the other.
 * @throws {UserError} where nobody can answer
 */
export function chooser(color: boolean): (choice: Choice) => Promise<Answer> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    throw new UserError("--interactive", "it needs a terminal", "use --site or --except instead");
  }
  return async ({ site, change, number, count }) => {
    const { id, file, line } = site;
    process.stdout.write(`\n${paintDiff(siteDiff(site, change), color)}\n`);
    process.once("exit", endUnanswered);
    const answer = await selectKey({
      message: `${number} of ${count}  ${id}  ${file}:${line}\n${meaningOf(site)}`,
      options: [
        { value: "y", label: "apply it" },
        { value: "n", label: "leave it alone" },
        { value: "a", label: "apply it and all that come" },
        { value: "q", label: "leave it and all that come alone" },
      ],
    });
    process.off("exit", endUnanswered);
    if (isCancel(answer)) throw new Interrupted();
    return ANSWERS[answer] ?? "quit";
  };
}

/** A question that nobody can answer any more, such as at the end of the input, ends the run. */
function endUnanswered(): void {
  process.exitCode = 130;
}
