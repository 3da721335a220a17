import * as v from "valibot";

const COUNT = v.pipe(v.number(), v.integer(), v.minValue(0));
const HASH = v.pipe(v.string(), v.regex(/^sha256\W?[0-9a-f]{64}$/));

const SDK = v.object({
  dir: v.string(),
  package: v.string(),
  version: v.nullable(v.string()),
  // Null where nothing declares the SDK.
  source: v.nullable(v.picklist(["installed", "lock", "range"])),
});

const SITE = v.object({
  id: v.string(),
  rule: v.string(),
  transform: v.string(),
  phase: v.nullable(COUNT),
  file: v.string(),
  line: COUNT,
  column: COUNT,
  endLine: COUNT,
  anchor: COUNT,
  state: v.picklist([
    "planned",
    "present",
    "skipped",
    "applied",
    "reverted",
    "drifted",
    "missing",
    "left",
  ]),
  by: v.nullable(v.picklist(["retrospan", "hand", "sdk"])),
  strategy: v.nullable(
    v.picklist([
      "expression",
      "statement",
      "body",
      "inactive",
      "insert",
      "replace",
      "create",
      "delete",
    ]),
  ),
  span: v.nullable(v.object({ name: v.string(), op: v.nullable(v.string()) })),
  reason: v.nullable(v.object({ code: v.string(), message: v.string() })),
});

const FILE = v.object({
  path: v.string(),
  change: v.picklist(["create", "modify", "delete"]),
  before: v.nullable(HASH),
  after: v.nullable(HASH),
  patch: v.pipe(v.string(), v.startsWith("@@ ")),
});

const FINDING = v.object({
  code: v.string(),
  level: v.picklist(["info", "warning", "error"]),
  message: v.string(),
  file: v.nullable(v.string()),
  line: v.nullable(COUNT),
});

const TYPECHECK = v.object({
  programs: COUNT,
  before: COUNT,
  after: COUNT,
  new: v.array(v.object({ message: v.string() })),
});

/** The contract's document; more fields are allowed, other types are not. */
const DOCUMENT = v.object({
  version: v.literal(1),
  command: v.picklist(["preview", "apply", "revert", "status", "scan", "trace"]),
  sdk: v.array(SDK),
  sites: v.array(SITE),
  files: v.array(FILE),
  findings: v.array(FINDING),
  typecheck: v.nullable(TYPECHECK),
  summary: v.object({ files: COUNT, planned: COUNT, present: COUNT, skipped: COUNT }),
  ms: v.pipe(v.number(), v.minValue(0)),
});

export type Document = v.InferOutput<typeof DOCUMENT>;

/** Reads what `--json` printed: the whole of stdout must be one document of the contract. */
export function parseDocument(stdout: string): Document {
  return v.parse(DOCUMENT, JSON.parse(stdout));
}
