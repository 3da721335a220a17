// Puts what is not compiled beside the compiled package, as it is: the modules that are written into
// the user's tree, and what runs in pages.
import { cpSync } from "node:fs";

for (const path of ["src/modules", "src/report/page"]) {
  const from = new URL(`../${path}`, import.meta.url);
  cpSync(from, new URL(`../dist/${path}`, import.meta.url), { recursive: true });
}
