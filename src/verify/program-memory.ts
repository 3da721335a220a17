import { getHeapStatistics } from "node:v8";
import { loadProgram, type LoadedProgram } from "./loaded-program.js";
import { createSourceCaches } from "./program-host.js";
import type { ProgramSpec } from "./programs.js";

/**
 * Loads programs, each once. A tree can have more of them than memory holds: when half of that is
 * taken, all but the one that is asked for give back theirs.
 * @param onLoad told which program is read
 */
export function createProgramMemory(
  onLoad: (spec: ProgramSpec) => void,
): (spec: ProgramSpec) => LoadedProgram {
  const cacheFor = createSourceCaches();
  const loaded = new Map<string, LoadedProgram>();
  return (spec) => {
    const known = loaded.get(spec.id);
    if (!known) onLoad(spec);
    const program = known ?? loadProgram(spec, cacheFor(spec));
    loaded.set(spec.id, program);
    if (isHalfFull()) {
      for (const each of loaded.values()) if (each !== program) each.release();
    }
    return program;
  };
}

function isHalfFull(): boolean {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  return used > limit / 2;
}
