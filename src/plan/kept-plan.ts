import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { LedgerSite } from "./ledger.js";
import type { FilePlan } from "./model.js";

/** What is wanted of one file at a time, once all are planned: most of what a plan weighs. */
type Bulk = Pick<FilePlan, "before" | "after" | "base" | "entries">;

/** What only the type check asks for. */
type ForTypes = Pick<FilePlan, "edits" | "placements">;

/** What is wanted of all files at once, in the end. */
type Light = Omit<FilePlan, keyof (Bulk & ForTypes)>;

/** A file's plan as it waits for the others: bytes, which no collection of garbage has to look at. */
export interface KeptPlan {
  readonly light: Uint8Array;
  readonly bulk: Uint8Array;
}

interface PackedBulk extends Pick<Bulk, "entries"> {
  /** The texts that differ, and which of them is which. */
  readonly texts: readonly string[];
  readonly places: readonly number[];
}

/** Packs a plan that is not type-checked: a large repository has more of them than memory. */
export function keepPlan(plan: FilePlan): KeptPlan {
  const { before, after, base, entries, edits: _edits, placements: _placements, ...light } = plan;
  const texts = [...new Set([before, after, base])];
  const places = [before, after, base].map((text) => texts.indexOf(text));
  const bulk: PackedBulk = { texts, places, entries };
  return { light: packed(light), bulk: packed(bulk) };
}

function packed(data: Light | PackedBulk): Uint8Array {
  // What zlib gives back is a part of a larger buffer.
  return new Uint8Array(deflateRawSync(JSON.stringify(data), { level: 3 }));
}

/** Plans of which one is unpacked at a time, when its bulk is asked for. */
export function openPlans(kept: readonly KeptPlan[]): FilePlan[] {
  const store = new BulkStore();
  return kept.map(({ light, bulk }) =>
    Object.assign(new Bulky(store, bulk), unpacked(light) as Light),
  );
}

class BulkStore {
  #last: { readonly packed: Uint8Array; readonly bulk: Bulk } | null = null;

  unpack(packed: Uint8Array): Bulk {
    if (this.#last?.packed !== packed) this.#last = { packed, bulk: bulkOf(packed) };
    return this.#last.bulk;
  }
}

class Bulky implements Bulk, ForTypes {
  readonly #store: BulkStore;
  readonly #packed: Uint8Array;
  readonly edits = [];
  readonly placements = [];

  constructor(store: BulkStore, packed: Uint8Array) {
    this.#store = store;
    this.#packed = packed;
  }

  get before(): string {
    return this.#store.unpack(this.#packed).before;
  }

  get after(): string {
    return this.#store.unpack(this.#packed).after;
  }

  get base(): string {
    return this.#store.unpack(this.#packed).base;
  }

  get entries(): readonly LedgerSite[] {
    return this.#store.unpack(this.#packed).entries;
  }
}

function bulkOf(bytes: Uint8Array): Bulk {
  const { texts, places, entries } = unpacked(bytes) as PackedBulk;
  const [before = "", after = "", base = ""] = places.map((place) => texts[place]);
  return { before, after, base, entries };
}

function unpacked(bytes: Uint8Array): unknown {
  return JSON.parse(inflateRawSync(bytes).toString());
}
