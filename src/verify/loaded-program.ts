import type { TS } from "../syntax/compiler.js";
import { slashed } from "../project/root.js";
import { diagnosticsOf, fingerprintOf, type Fingerprint } from "./diagnostics.js";
import { createBuilder, type SourceCache } from "./program-host.js";
import type { ProgramSpec } from "./programs.js";
import { isOfStandIn } from "./sdk-types.js";
import type { AskedProgram } from "./value-kinds.js";

type Builder = TS.SemanticDiagnosticsBuilderProgram;

/** A program of the tree as it is. What was found out about it outlives what it takes in memory. */
export interface LoadedProgram {
  readonly spec: ProgramSpec;
  /** Whether it reads a file; absolute path. */
  readonly holds: (path: string) => boolean;
  /** What it complains about as it is. */
  readonly complaints: () => readonly Fingerprint[];
  /**
   * What it complains about with other texts; the builder re-checks only what they can affect.
   * @param texts by absolute path; null for a file that is to be deleted
   */
  readonly complaintsWith: (texts: ReadonlyMap<string, string | null>) => readonly TS.Diagnostic[];
  /** The program, or, where a text differs from the disk's, one that has it; absolute path. */
  readonly asked: (path: string, text: string) => AskedProgram;
  /** Gives its memory back; the next question reads it anew. */
  readonly release: () => void;
}

export function loadProgram(spec: ProgramSpec, cache: SourceCache): LoadedProgram {
  const { compiler } = spec;
  let standing: Builder | undefined;
  /** The program of the last check, from which the next one goes on. */
  let latest: Builder | undefined;
  let files: ReadonlySet<string> | undefined;
  let complaints: readonly Fingerprint[] | undefined;
  const complaintsOf = (about: Builder) =>
    diagnosticsOf(compiler, about).filter((each) => spec.standIns.size === 0 || !isOfStandIn(each));
  const program = () => (standing ??= createBuilder(spec, new Map(), cache, undefined));
  return {
    spec,
    holds: (path) => {
      files ??= new Set(
        program()
          .getSourceFiles()
          .map(({ fileName }) => slashed(fileName)),
      );
      return files.has(path);
    },
    complaints: () => {
      complaints ??= complaintsOf(program()).map((each) => fingerprintOf(compiler, each));
      return complaints;
    },
    complaintsWith: (texts) => {
      latest = createBuilder(spec, texts, cache, latest ?? standing);
      return complaintsOf(latest);
    },
    asked: (path, text) => {
      const isSame = program().getSourceFile(path)?.text === text;
      const asked = isSame
        ? program()
        : createBuilder(spec, new Map([[path, text]]), cache, program());
      return { compiler, program: asked.getProgram(), path };
    },
    release: () => {
      standing = undefined;
      latest = undefined;
    },
  };
}
