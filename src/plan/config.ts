import * as v from "valibot";
import { nearest } from "../text/nearest.js";
import { hasCode, templateProblem, unknownPlaceholders } from "../syntax/template.js";
import { loadCompiler } from "../syntax/compiler.js";
import { isNamePattern } from "../syntax/join-point.js";
import { parseExpression } from "../syntax/pattern.js";
import { TRANSFORMS } from "../../transforms/index.js";
import { AT_FORMS, CONFIG, ruleSchema, TAKING_ON, type AtForm } from "./config-schema.js";
import { PRESETS } from "./presets.js";
import type { AnyTransform, Rule } from "../transform.js";
import type { Config, RuleConfig } from "./define-config.js";
import { explain } from "./config-problem.js";
import { UserError } from "./user-error.js";

/** A config with presets resolved, defaults filled in and every value checked. */
export interface ResolvedConfig {
  readonly include: readonly string[] | null;
  readonly exclude: readonly string[];
  readonly rules: readonly Rule[];
  /** The ids of those that a preset brings. */
  readonly presetRules: ReadonlySet<string>;
}

/**
 * Checks a config and resolves its presets.
 * @param data what the config file exports
 * @param place the config file's name, for messages
 * @param presets presets asked for on the command line
 * @throws {UserError} naming the file, the path in it, what was found and what is accepted
 */
export async function resolveConfig(
  data: unknown,
  place: string,
  presets: readonly string[],
): Promise<ResolvedConfig> {
  if (Array.isArray(data)) throw new UserError(place, "found a list", "accepted: an object");
  const config = check(CONFIG, data, place, "") as Config;
  const listed = [...(config.presets ?? []), ...presets];
  const own = config.presets?.length ?? 0;
  const placeOf = (index: number) => (index < own ? `${place}: presets[${index}]` : "--preset");
  const fromPresets = [...new Set(listed)].flatMap((name) =>
    presetRules(name, placeOf(listed.indexOf(name))),
  );
  const ownIds = new Set(config.rules?.map(({ id }) => id));
  const rules = overrideById(fromPresets, config.rules ?? []);
  const checked: Rule[] = [];
  for (const [index, rule] of rules.entries()) {
    const isOwn = index >= rules.length - (config.rules?.length ?? 0);
    const path = isOwn
      ? `rules[${index - rules.length + (config.rules?.length ?? 0)}]`
      : `preset rule "${rule.id}"`;
    checked.push(await checkRule(rule, place, path));
  }
  assertUniqueIds(config.rules ?? [], place);
  assertInside([...(config.include ?? []), ...(config.exclude ?? [])], place);
  return {
    include: config.include ?? null,
    exclude: config.exclude ?? [],
    rules: shareModules(checked),
    presetRules: new Set(fromPresets.map(({ id }) => id).filter((id) => !ownIds.has(id))),
  };
}

/** A module that one rule may create is there for every rule that names it. */
function shareModules(rules: readonly Rule[]): Rule[] {
  const moduleOf = (rule: Rule & { readonly module?: string }) => rule.module;
  const creates = (rule: Rule & { readonly create?: boolean }) => rule.create === true;
  const created = new Set(rules.filter(creates).map(moduleOf));
  return rules.map((rule) =>
    "create" in rule && created.has(moduleOf(rule)) ? { ...rule, create: true } : rule,
  );
}

function presetRules(name: string, place: string): RuleConfig[] {
  const preset = PRESETS.get(name);
  if (preset) return [...preset];
  throw unknownName(place, "preset", name, PRESETS.keys());
}

/** A config's own rule takes the place of a preset's rule of the same id. */
function overrideById(preset: readonly RuleConfig[], own: readonly RuleConfig[]): RuleConfig[] {
  const ids = new Set(own.map((rule) => rule.id));
  return [...preset.filter((rule) => !ids.has(rule.id)), ...own];
}

function unknownName(
  place: string,
  kind: string,
  name: string,
  known: Iterable<string>,
): UserError {
  const names = [...known];
  const guess = nearest(name, names);
  const mend = guess ? `did you mean "${guess}"?` : `known: ${names.join(", ")}`;
  return new UserError(place, `unknown ${kind} "${name}"`, mend);
}

async function checkRule(rule: RuleConfig, place: string, path: string): Promise<Rule> {
  const transform = TRANSFORMS.get(rule.use);
  if (!transform)
    throw unknownName(`${place}: ${path}.use`, "transform", rule.use, TRANSFORMS.keys());
  const checked = check(ruleSchema(transform), rule, place, path) as Rule;
  await checkJoinPoint(checked, transform, `${place}: ${path}.at`);
  await checkTemplates(checked, transform, `${place}: ${path}`);
  assertInside([checked.in ?? []].flat(), `${place}: ${path}.in`);
  return checked;
}

async function checkJoinPoint(rule: Rule, transform: AnyTransform, place: string): Promise<void> {
  const forms = (Object.keys(AT_FORMS) as AtForm[]).filter((form) => rule.at?.[form] !== undefined);
  const { joinPoints } = transform;
  if (joinPoints.length === 0) {
    if (rule.at) throw new UserError(place, `${transform.name} takes no join point`, "remove it");
    return;
  }
  const [form, second] = forms;
  if (!form || second) {
    const found = second ? `found ${forms.join(" and ")}` : "found none";
    throw new UserError(
      place,
      `expected one join point, ${found}`,
      `accepted: ${joinPoints.join(", ")}`,
    );
  }
  if (!joinPoints.includes(form)) {
    throw new UserError(
      `${place}.${form}`,
      `${transform.name} does not take this join point`,
      `accepted: ${joinPoints.join(", ")}`,
    );
  }
  if (rule.at?.on !== undefined && !TAKING_ON.includes(form)) {
    throw new UserError(`${place}.on`, `it narrows no "${form}"`, "remove it, or use `within`");
  }
  for (const key of ["call", "switch", "assign", "on"] as const) {
    const text = rule.at?.[key];
    if (text === undefined || (key === "assign" && isNamePattern(text))) continue;
    await checkPattern(text.replace(/\[\*\]$/, ""), `${place}.${key}`, key);
  }
}

const NAME =
  "(?!(?:if|for|while|do|switch|function|class|return|new|typeof|in|of|var)\\b)[A-Za-z_$][\\w$]*";
const ARGUMENT = `(?:${NAME}|"[^"\\\\]*"|'[^'\\\\]*')`;
/** Paths and calls with captures and texts: such a pattern needs no compiler to be judged. */
const PLAIN_PATTERN = new RegExp(
  `^${NAME}(?:\\.${NAME})*(?:\\(\\s*(?:${ARGUMENT}(?:\\s*,\\s*${ARGUMENT})*)?\\s*\\))?$`,
);

async function checkPattern(text: string, place: string, key: string): Promise<void> {
  if (PLAIN_PATTERN.test(text) && (key !== "call" || text.endsWith(")"))) return;
  await loadCompiler();
  const pattern = parseExpression(text);
  if (!pattern) throw new UserError(place, `"${text}" is not an expression`, "mend its syntax");
  if (key === "call" && !/\)\s*$/.test(text)) {
    throw new UserError(place, `"${text}" is not a call`, 'write it like "save($x, $$$)"');
  }
}

async function checkTemplates(rule: Rule, transform: AnyTransform, place: string): Promise<void> {
  const captures = [rule.at?.call, rule.at?.switch].flatMap((pattern) =>
    [...(pattern ?? "").matchAll(/\$(?!_\b)([A-Za-z_]\w*)/g)].map((match) => match[1] ?? ""),
  );
  const { at } = rule;
  const matched = [at?.case && "case", at?.call && "callee"].filter((each) => each !== undefined);
  const known = [...matched, "function", "file", ...captures];
  for (const [path, template] of transform.templates(rule)) {
    const where = `${place}.${path}`;
    const [unknown] = unknownPlaceholders(template, known);
    if (unknown) {
      throw new UserError(where, `nothing fills {{${unknown}}}`, `accepted: ${known.join(", ")}`);
    }
    if (!hasCode(template)) continue;
    await loadCompiler();
    const problem = templateProblem(template);
    if (problem)
      throw new UserError(where, `template syntax error: ${problem}`, "mend the expression");
  }
}

function assertUniqueIds(rules: readonly RuleConfig[], place: string): void {
  const ids = rules.map(({ id }) => id);
  const index = ids.findIndex((id, at) => ids.indexOf(id) < at);
  if (index < 0) return;
  const where = `${place}: rules[${index}].id`;
  throw new UserError(where, `two rules have the id "${ids[index]}"`, "rename one");
}

/** Nothing outside the root is ever read or written. */
function assertInside(globs: readonly string[], place: string): void {
  const outside = globs.find((glob) => /^(?:\/|[A-Za-z]:)|(?:^|\/)\.\.(?:\/|$)/.test(glob));
  if (outside)
    throw new UserError(place, `"${outside}" leads outside the root`, "use a path inside it");
}

function check(schema: v.GenericSchema, data: unknown, place: string, path: string): unknown {
  const parsed = v.safeParse(schema, data);
  if (parsed.success) return parsed.output;
  throw explain(schema, parsed.issues[0], place, path);
}
