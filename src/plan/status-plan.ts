import { reason } from "../syntax/reason.js";
import type { SiteReport, SiteState } from "./model.js";
import { planRevert, type RevertInput } from "./revert-plan.js";

/** What a revert would say of a site, and how the site stands therefore. */
const STANDS: Partial<Record<SiteState, SiteState>> = { reverted: "applied", left: "drifted" };

/** How every site of the ledger stands in the tree as it is: as a revert of all would find it. */
export function ledgerStatus({
  tree,
  ledger,
  copies,
  wants,
}: Pick<RevertInput, "tree" | "ledger" | "copies" | "wants">): SiteReport[] {
  const wanted = ledger.sites.filter(wants);
  const ids = new Set(wanted.map(({ id }) => id));
  // Sites of one file hold each other, whatever is asked for.
  const files = new Set(wanted.map(({ file }) => file));
  const isNear = ({ file }: { readonly file: string }) => files.has(file);
  const near = {
    ...ledger,
    sites: ledger.sites.filter(isNear),
    imports: ledger.imports.filter(isNear),
    // Who imports them is no matter of a site.
    modules: [],
  };
  const { sites, edited } = planRevert({
    tree,
    ledger: near,
    copies,
    alike: new Map(),
    made: ledger.modules,
    wants: isNear,
    covers: (path) => files.has(path),
    madeElsewhere: new Map(),
  });
  return sites
    .filter(({ id }) => ids.has(id))
    .map((site) => {
      if (edited.has(site.id)) {
        return { ...site, state: "drifted", reason: reason("changed-by-hand") };
      }
      return { ...site, state: STANDS[site.state] ?? site.state };
    });
}
