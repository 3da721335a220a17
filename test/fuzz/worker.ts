/** A process that judges one chunk of programs after the other. */
import { CHUNK, runChunk } from "./campaign.js";
import { listenForRejections } from "./execute.js";

listenForRejections();
process.on("message", ({ seed, count }: { seed: number; count: number }) => {
  runChunk(seed, Math.min(count, CHUNK), { real: true }).then(
    (tally) => process.send?.(tally),
    (error: unknown) => {
      console.error(`seed ${seed}:`, error);
      process.exit(1);
    },
  );
});
process.on("disconnect", () => process.exit(0));
process.send?.(null);
