import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { LedgerSite } from "./ledger.js";
import type { FilePlan } from "./model.js";

/** What is wanted of one file at a time, once all are planned: most of what a plan weighs. */
type Bulk = Pick<FilePlan, "before" | "after" | "base" | "entries">;

/** What only the type check asks for. */
type ForTypes = Pick<FilePlan, "edits" | "placements">;

/** A file's plan as it waits for the others: plain data, a tenth of its size. */
export interface KeptPlan extends Omit<FilePlan, keyof (Bulk & ForTypes)> {
  readonly bulk: Uint8Array;
}

interface Packed extends Pick<Bulk, "entries"> {
  /** The texts that differ, and which of them is which. */
  readonly texts: readonly string[];
  readonly places: readonly number[];
}

/** Packs a plan that is not type-checked: a large repository has more of them than memory. */
export function keepPlan(plan: FilePlan): KeptPlan {
  const { before, after, base, entries, edits: _edits, placements: _placements, ...light } = plan;
  const texts = [...new Set([before, after, base])];
  const places = [before, after, base].map((text) => texts.indexOf(text));
  const packed = deflateRawSync(JSON.stringify({ texts, places, entries }), { level: 3 });
  // What zlib gives back is a part of a larger buffer.
  return { ...light, bulk: new Uint8Array(packed) };
}

/** Plans of which one is unpacked at a time, when its bulk is asked for. */
export function openPlans(kept: readonly KeptPlan[]): FilePlan[] {
  const store = new BulkStore();
  return kept.map(({ bulk, ...light }) => Object.assign(new Bulky(store, bulk), light));
}

class BulkStore {
  #last: { readonly packed: Uint8Array; readonly bulk: Bulk } | null = null;

  unpack(packed: Uint8Array): Bulk {
    if (this.#last?.packed !== packed) this.#last = { packed, bulk: unpacked(packed) };
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

function unpacked(packed: Uint8Array): Bulk {
  const { texts, places, entries } = JSON.parse(inflateRawSync(packed).toString()) as Packed;
  const [before = "", after = "", base = ""] = places.map((place) => texts[place]);
  return { before, after, base, entries };
}
