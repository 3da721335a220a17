// What people write first with ts-morph: `node ts-morph.mjs JOB FOLDER`.
import { Project, SyntaxKind } from "ts-morph";

const [, , job, folder] = process.argv;
const project = new Project({ skipAddingFilesFromTsConfig: true });
project.addSourceFilesAtPaths(`${folder}/**/*.ts`);
for (const file of project.getSourceFiles()) {
  if (job === "broad") {
    for (const fn of file.getFunctions().filter((each) => each.isAsync())) {
      const body = fn.getBodyText() ?? "";
      fn.setBodyText(`return Sentry.startSpan({ name: "work" }, async () => {\n${body}\n});`);
    }
  } else {
    const name = job === "narrow" ? "startNightlyBuild" : "neverCalledByAnybody";
    const calls = file
      .getDescendantsOfKind(SyntaxKind.CallExpression)
      .filter((call) => call.getExpression().getText() === name);
    for (const call of calls.reverse()) {
      call.replaceWithText(`Sentry.startSpan({ name: "nightly" }, () => ${call.getText()})`);
    }
  }
}
project.saveSync();
