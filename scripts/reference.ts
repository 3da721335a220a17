/** `docs/reference.md`, and the tables of the README, made from the schemas and the command line. */
import { toJsonSchema } from "@valibot/to-json-schema";
import type { Command } from "commander";
import { format } from "prettier";
import { AT_FORMS, configSchema, ruleSchema } from "../src/plan/config-schema.js";
import { PRESETS } from "../src/plan/presets.js";
import type { AnyTransform } from "../src/transform.js";
import { EXIT } from "../src/cli/exit.js";
import { buildProgram } from "../src/cli/program.js";
import { DETECTORS } from "../src/scan/detectors.js";
import { TRANSFORMS } from "../transforms/index.js";

/** What of a JSON Schema is shown. */
interface Shown {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Shown[];
  readonly items?: Shown;
  readonly properties?: Readonly<Record<string, Shown>>;
  readonly additionalProperties?: Shown | boolean;
  readonly required?: readonly string[];
  readonly default?: unknown;
  readonly description?: string;
}

/** The page about everything that a config and a command line can say. */
export async function referencePage(): Promise<string> {
  const parts = [
    "# Reference",
    'Made from the schemas by `npm run docs`. Editors show the same for a `.ts` config by its types, for a JSON config by `"$schema": "./node_modules/retrospan/dist/config.schema.json"`.',
    "[Config](#config) · [Rules](#rules) · [Join points](#join-points) · [Templates](#templates) · [Transforms](#transforms) · [Commands](#commands) · [Exit codes](#exit-codes)",
    "## Config",
    membersTable(shownConfig(), "key"),
    `Presets: ${[...PRESETS.keys()].map((name) => `\`${name}\``).join(", ")}.`,
    "## Rules",
    "What every rule may say; each transform takes parameters besides.",
    membersTable(shownRule(), "key"),
    "## Join points",
    "One of these in `at`, with `on` and `within` to narrow it:",
    joinPointsTable(),
    "`// retrospan-ignore-next-line REASON` above a site keeps it from being touched.",
    "## Templates",
    "In the values of a span, `${expr}` is code that is evaluated where the span starts; `{{case}}`, `{{function}}`, `{{callee}}`, `{{file}}` and `{{x}}` for a captured `$x` are filled in when planning.",
    "## Transforms",
    transformsTable(),
    ...[...TRANSFORMS.values()].flatMap(transformSection),
    "## Commands",
    ...buildProgram("").commands.flatMap(commandSection),
    "## Exit codes",
    exitCodes(),
  ];
  return formatted(parts.join("\n\n"));
}

/** A README with its generated parts as they must be. */
export async function withGenerated(readme: string): Promise<string> {
  const parts = { transforms: transformsTable(), "join-points": joinPointsTable() };
  const filled = Object.entries(parts).reduce((text, [name, part]) => {
    const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [from, to] = [text.indexOf(start), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`the README has no place for ${name}`);
    return `${text.slice(0, from + start.length)}\n\n${part}\n\n${text.slice(to)}`;
  }, readme);
  return formatted(filled);
}

function formatted(text: string): Promise<string> {
  return format(text, { parser: "markdown", printWidth: 100 });
}

function shownConfig(): Shown {
  return toJsonSchema(configSchema(), { errorMode: "ignore" }) as Shown;
}

/** What every rule has, which is what all transforms share. */
function shownRule(): Shown {
  const [transform] = TRANSFORMS.values();
  if (!transform) throw new Error("there are no transforms");
  const whole = shownOf(transform);
  const own = new Set(Object.keys(transform.params));
  const members = Object.entries(whole.properties ?? {}).filter(([key]) => !own.has(key));
  return { ...whole, properties: Object.fromEntries(members) };
}

function shownOf(transform: AnyTransform): Shown {
  return toJsonSchema(ruleSchema(transform), { errorMode: "ignore" }) as Shown;
}

function transformSection(transform: AnyTransform): string[] {
  const { name, summary, inserts, details = [], joinPoints, params } = transform;
  const whole = shownOf(transform);
  const properties = Object.fromEntries(
    Object.keys(params).flatMap((key) => {
      const shown = whole.properties?.[key];
      return shown ? [[key, shown] as const] : [];
    }),
  );
  const at = joinPoints.map((form) => `\`${form}\``).join(", ");
  return [
    `### ${name}`,
    `${summary}. It inserts ${inserts}.`,
    ...details,
    at === "" ? "Takes no `at`." : `Takes \`at\`: ${at}.`,
    ...(Object.keys(properties).length > 0
      ? [membersTable({ ...whole, properties }, "parameter")]
      : []),
  ];
}

function transformsTable(): string {
  const rows = [...TRANSFORMS.values()].map(({ name, inserts }) => [`\`${name}\``, inserts]);
  return table(["`use`", "inserts"], rows);
}

function joinPointsTable(): string {
  const rows = Object.entries(AT_FORMS).map(([form, meaning]) => [`\`${form}\``, meaning]);
  return table(["`at`", "means"], rows);
}

function membersTable({ properties = {}, required = [] }: Shown, head: string): string {
  const rows = Object.entries(properties)
    .filter(([key]) => key !== "$schema")
    .map(([key, shown]) => [
      `\`${key}\``,
      `\`${typeOf(shown)}\``,
      required.includes(key) ? "required" : defaultOf(shown),
      shown.description ?? "",
    ]);
  return table([head, "type", "default", "what it is"], rows);
}

function defaultOf({ default: value }: Shown): string {
  return value === undefined ? "" : `\`${JSON.stringify(value)}\``;
}

/** A schema as TypeScript would write it, without the insides of large ones. */
function typeOf(shown: Shown): string {
  if (shown.const !== undefined) return JSON.stringify(shown.const);
  if (shown.enum) return shown.enum.map((each) => JSON.stringify(each)).join(" | ");
  if (shown.anyOf?.every(({ properties }) => properties?.use)) return "Rule";
  if (shown.anyOf) return [...new Set(shown.anyOf.map(typeOf))].join(" | ");
  if (shown.type === "array") {
    const item = shown.items ? typeOf(shown.items) : "unknown";
    return item.includes(" | ") ? `(${item})[]` : `${item}[]`;
  }
  if (shown.type !== "object") return shown.type ?? "unknown";
  const { properties, required = [], additionalProperties } = shown;
  if (!properties || Object.keys(properties).length === 0) {
    const value = typeof additionalProperties === "object" ? typeOf(additionalProperties) : "...";
    return `Record<string, ${value}>`;
  }
  const members = Object.keys(properties).map((key) => (required.includes(key) ? key : `${key}?`));
  return `{ ${members.join(", ")} }`;
}

function commandSection(command: Command): string[] {
  const usage = `${command.name()} ${command.usage().replace("[options]", "[OPTIONS]")}`;
  const rows = command.options.map(({ flags, description }) => [`\`${flags}\``, description]);
  return [
    `### ${command.name()}`,
    `\`retrospan ${usage}\`: ${command.description()}.`,
    table(["option", "what it does"], rows),
    ...(command.name() === "scan" ? [whatIsFound()] : []),
  ];
}

function whatIsFound(): string {
  return ["It looks for", ...DETECTORS.map(({ finds }) => `- ${finds}`)].join("\n");
}

function exitCodes(): string {
  return table(
    ["code", "when"],
    [
      [EXIT.done, "done"],
      [
        EXIT.found,
        "`--check` found something, `status` found drift, something could not be reverted, or the type check found a new diagnostic",
      ],
      [EXIT.mistake, "a mistake of the user's, explained in one line"],
      [EXIT.bug, "a bug of ours, with its stack"],
      [EXIT.interrupted, "interrupted"],
    ],
  );
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cell = (text: string | number) => String(text).replace(/\|/g, "\\|").replace(/\n/g, " ");
  const line = (cells: readonly (string | number)[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
