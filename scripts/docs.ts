/** `npm run docs`: writes what is made from the schemas into the documentation. */
import { readFileSync, writeFileSync } from "node:fs";
import { loadCompiler } from "../src/syntax/compiler.js";
import { referencePage, withGenerated } from "./reference.js";

const README = new URL("../README.md", import.meta.url);

await loadCompiler();
writeFileSync(new URL("../docs/reference.md", import.meta.url), await referencePage());
writeFileSync(README, await withGenerated(readFileSync(README, "utf8")));
