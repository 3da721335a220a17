import { isParseFailure, parseSource } from "../../src/syntax/source.js";
import { activeRules, memoryTree, revertInMemory } from "../support/memory-tree.js";
import { choicesFrom } from "./choices.js";
import { runApplied } from "./bodies.js";
import { isRefusedBadly, knowledgeOf, logProblems, type Verdict } from "./laws.js";
import { applyKnowing, planInMemory } from "./memory.js";
import type { Program } from "./program.js";

/** Brings the rules of a program in one after the other, as a team does that starts small. */
export async function judgeSteps(program: Program, verdict: Verdict): Promise<string[]> {
  const { path, text, others } = program;
  const { chance } = choicesFrom(program.edits);
  if (program.rules.length < 2 || chance(85)) return [];
  // What the compiler cannot read, though it is right, is left alone.
  if (isParseFailure(parseSource(path, text))) return [];
  const rules = await activeRules(program.rules);
  const memory = memoryTree([[path, text], ...others]);
  const knowledge = knowledgeOf(program, memory, rules);
  const ordered = chance(50) ? rules : rules.toReversed();
  const problems: string[] = [];
  for (let count = 1; count <= ordered.length; count++) {
    const active = ordered.slice(0, count);
    const plan = applyKnowing(memory, path, active, knowledge);
    if (isRefusedBadly(program, active, plan)) problems.push("is not reversible");
  }
  const after = memory.files.get(path) ?? "";
  if (isParseFailure(parseSource(path, after))) problems.push("does not parse");
  const isTold = knowledge.lessons.size > 0;
  if (!isTold && planInMemory(memory, path, rules, knowledge).changes.length > 0) {
    problems.push("a further apply changes something");
  }
  if (problems.length === 0 && verdict.run && after !== verdict.after) {
    const { failure, log } = await runApplied(program, memory.files);
    problems.push(...(failure ? [failure] : logProblems(verdict.run.log, log)));
  }
  revertInMemory(memory);
  if (memory.files.get(path) !== text) problems.push("a revert does not give every byte back");
  return problems.map((problem) => `one rule after the other: ${problem}`);
}
