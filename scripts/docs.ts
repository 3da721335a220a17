/** `npm run docs`: writes what is made from the schemas, and from a run, into the documentation. */
import { readFileSync, writeFileSync } from "node:fs";
import { terminalPicture } from "./picture.js";
import { referencePage, withGenerated } from "./reference.js";

const place = (path: string) => new URL(`../${path}`, import.meta.url);

writeFileSync(place("docs/reference.md"), await referencePage());
writeFileSync(place("README.md"), await withGenerated(readFileSync(place("README.md"), "utf8")));
writeFileSync(place("docs/terminal.svg"), terminalPicture());
