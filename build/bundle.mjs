// Puts the command line into few files, which load in a fraction of the time; run by `npm run build`.
import { chmodSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
// As deep below `dist` as the modules are that it is made of: they find files beside them.
const folder = path("../dist/src/bin");

rmSync(folder, { recursive: true, force: true });
await build({
  input: {
    retrospan: path("../dist/src/cli/main.js"),
    "plan-worker": path("../dist/src/commands/plan-worker.js"),
  },
  platform: "node",
  external: [/^@ts-morph\//, "ts-morph", "jiti"],
  output: {
    dir: folder,
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "[name]-[hash].js",
  },
  logLevel: "warn",
});
chmodSync(`${folder}/retrospan.js`, 0o755);
