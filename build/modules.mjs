// Puts the modules that are written into the user's tree beside the compiled package, as they are.
import { cpSync } from "node:fs";

const from = new URL("../src/modules", import.meta.url);
cpSync(from, new URL("../dist/src/modules", import.meta.url), { recursive: true });
