import "./instrument.js";
import { runPipeline } from "./pipeline.js";

for (const name of ["sales", "empty"]) console.log(name, await runPipeline(name));
