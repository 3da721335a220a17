import {
  addedExports,
  addExport,
  defineTransform,
  exportedNames,
  isCommonJs,
  isExportAssigned,
  isReason,
  param,
  PIPELINE_MODULES,
  pipelineModule,
  reason,
  schema,
  starExports,
  type FileContext,
  type PipelineModule,
  type Reason,
  type Rule,
  type Site,
  type Source,
} from "../src/transform.js";

interface ObservabilityModules extends Rule {
  readonly dir: string;
  /** The module that exports them too; by default the index of their folder. */
  readonly index?: string | undefined;
  readonly exports: readonly string[];
}

const NAMES = PIPELINE_MODULES.flatMap(({ names }) => names);

export const observabilityModules = defineTransform<ObservabilityModules, PipelineModule>({
  name: "observability-modules",
  summary: "Exports what the pipeline's modules have from an index that is there",
  inserts: "exports of the pipeline's modules in an index that is there",
  params: {
    dir: param(
      "the folder of the pipeline's modules",
      schema.pipe(schema.string(), schema.minLength(1)),
    ),
    index: param(
      "the module that exports them, by default the index of `dir`; it may be a legacy module",
      schema.optional(schema.pipe(schema.string(), schema.minLength(1))),
    ),
    exports: param(
      "what it exports",
      schema.optional(schema.pipe(schema.array(schema.picklist(NAMES)), schema.minLength(1)), [
        "WideEvent",
        "startPipelineTransaction",
        "setSentryUser",
      ]),
    ),
  },
  joinPoints: [],
  templates: () => [],
  needles: () => [],
  paths: (rule) => indexPaths(rule),

  find: (file, rule) => {
    const paths = indexPaths(rule).map((path) => file.pathOf(path));
    if (!paths.includes(file.source.path)) return [];
    const known = namesOf(file, file.source);
    const end = file.source.text.length;
    const region = { start: end, end };
    // By the time it is looked for, others may have added to the file as well.
    const alternatives = [{ start: 0, end }];
    return PIPELINE_MODULES.flatMap(({ spec, names }): Site<PipelineModule>[] => {
      const wanted = names.filter((name) => rule.exports.includes(name));
      if (wanted.length === 0) return [];
      const missing = wanted.filter((name) => !known.has(name));
      const present = missing.length === 0 ? ("hand" as const) : undefined;
      const data = { spec, names: missing };
      return [{ anchor: end, region, alternatives, part: spec.file, data, present }];
    });
  },

  instrument: (file, { data, region }, rule) => {
    const doubt = doubtAbout(file, data);
    if (doubt) return doubt;
    const found = pipelineModule(file, data, rule.dir);
    if (isReason(found)) return found;
    const { path, modules } = found;
    const specifier = file.specifierFor(file.source.path, path);
    const { edit, shape } = addExport(file.source, data.names, specifier);
    return {
      strategy: "insert",
      region,
      edits: [edit],
      reindent: null,
      imports: [],
      modules,
      span: null,
      shape: { ...shape, part: data.spec.file, names: data.names.join(" ") },
      container: "",
      head: "",
    };
  },

  landmark: () => null,

  heldBy: (file, { names = "" }) => {
    const taken = file.namesTaken();
    const used = names.split(" ").find((name) => taken.has(name));
    return used === undefined ? null : reason("import-in-use", used);
  },

  recognise: ({ source }, shape) => addedExports(source, shape),
});

/** The names that a module exports, also those that it passes on without saying them. */
function namesOf(file: FileContext, source: Source, depth = 0): Set<string> {
  const names = exportedNames(source);
  // Specifiers are those of the index; what lies deeper is most often beside it.
  for (const specifier of depth < MAX_DEPTH ? starExports(source) : []) {
    const path = file.resolve(specifier);
    const passed = path === null || path === source.path ? null : file.read(path);
    for (const name of passed ? namesOf(file, passed, depth + 1) : []) names.add(name);
  }
  return names;
}

const MAX_DEPTH = 2;

/** The index in whatever language it may be written. */
function indexPaths({ dir, index = `${dir}/index` }: ObservabilityModules): string[] {
  if (/\.[cm]?[jt]sx?$/.test(index)) return [index];
  return ["ts", "js", "mts", "mjs"].map((ending) => `${index}.${ending}`);
}

function doubtAbout(file: FileContext, { spec }: PipelineModule): Reason | null {
  const { source } = file;
  const isPlain = isCommonJs(source.file, file.isModule(source.path));
  if (isPlain || isExportAssigned(source)) return reason("no-module-exports");
  // A page would load what only a server has.
  return spec.isServer && file.isInPages() ? reason("loaded-by-pages") : null;
}
