import { awaitedNow, plain, simple } from "./expressions.js";
import type { Place, Writer } from "./writer.js";

/** Names of stages. */
export const STAGES = ["parse", "render", "save"] as const;

/** What runs in a stage, written by whoever knows statements. */
type Work = (place: Place) => { readonly lines: readonly string[]; readonly place: Place };

/** A stage, and what it declares for what stands behind it. */
interface Timed {
  readonly lines: readonly string[];
  readonly place: Place;
}

/** A stage from its start mark to its timing, in one of the ways in which people write that. */
export function timedStage(writer: Writer, place: Place, work: Work): Timed {
  const { choices, end } = writer;
  const mark = writer.fresh("began");
  const form = choices.pick([straight, straight, straight, failing, scattered, nested]);
  const start = `const ${mark} = now()${end}`;
  const { lines, place: behind } = form(writer, place, work, mark);
  return { lines: [start, ...lines], place: behind };
}

type Form = (writer: Writer, place: Place, work: Work, mark: string) => Timed;

const straight: Form = (writer, place, work, mark) => {
  const done = work(place);
  return { lines: [...done.lines, ...timing(writer, place, mark)], place: done.place };
};

/** A failure has a timing of its own. */
const failing: Form = (writer, place, work, mark) => {
  const name = writer.choices.pick(STAGES);
  const end = `spent.${name} = now() - ${mark}${writer.end}`;
  const lines = ["try {", ...work(place).lines, end, "} catch (error) {", end];
  return {
    lines: [...lines, `log(${place.task}, ${writer.tag()}, error)${writer.end}`, "}"],
    place,
  };
};

/** It goes on in a block, where it ends. */
const scattered: Form = (writer, place, work, mark) => {
  const again = place.isAsync ? [`${awaitedNow(writer, surface(place))}${writer.end}`] : [];
  const done = work(place);
  const head = `if (${simple(writer, place)} !== 9) {`;
  const said = `log(${place.task}, ${writer.tag()}, 1)${writer.end}`;
  const inner = [said, ...again, ...timing(writer, place, mark)];
  return {
    lines: [...done.lines, ...guarded(writer, again), head, ...inner, "}"],
    place: done.place,
  };
};

/** Another stage ends inside it. */
const nested: Form = (writer, place, work, mark) => {
  const inner = writer.fresh("began");
  const end = (name: string, from: string) => `spent.${name} = now() - ${from}${writer.end}`;
  const half = work(place);
  const last = [end("whole", mark)];
  const isWhole = writer.choices.chance(50);
  const again = place.isAsync ? [`${awaitedNow(writer, surface(place))}${writer.end}`] : [];
  const lines = [
    `const ${inner} = now()${writer.end}`,
    ...half.lines,
    end("half", inner),
    ...guarded(writer, again),
    ...(isWhole ? last : [`if (${simple(writer, place)} !== 9) {`, ...again, ...last, "}"]),
  ];
  return { lines, place: half.place };
};

const surface = (place: Place): Place => ({ ...place, depth: Math.min(1, place.depth) });

/** Without semicolons, a line that begins with a bracket needs one in front. */
function guarded({ facts }: Writer, lines: readonly string[]): string[] {
  return lines.map((line) => (!facts.semicolons && /^[([`+\-/]/.test(line) ? `;${line}` : line));
}

function timing(writer: Writer, place: Place, mark: string): string[] {
  const { choices, end } = writer;
  const name = choices.pick(STAGES);
  const key = writer.fresh("key");
  const passed = `now() - ${mark}`;
  return choices.pick<string[]>([
    [`spent.${name} = ${passed}${end}`],
    [`spent.${name} = ${passed}${end}`],
    [`spent.${name} = ${passed}${end}`],
    [`spent["${name}"] = ${passed}${end}`],
    [`stages.set("${name}", ${passed})${end}`],
    [`const ${key} = ${passed}${end}`, `spent.${name} = ${key}${end}`],
    [`spent[${simple(writer, place)}] = ${passed}${end}`],
    ...place.assignable.slice(0, 1).map((each) => [`spent[${each}] = ${passed}${end}`]),
    [`spent[\`of \${${simple(writer, place)}}\`] = ${passed}${end}`],
    [`spent[${plain(writer, surface(place))}] = ${passed}${end}`],
    ...(/method|derived/.test(place.own)
      ? [[`spent[this.twice] = ${passed}${end}`], [`spent[this.twice] = ${passed}${end}`]]
      : []),
  ]);
}
