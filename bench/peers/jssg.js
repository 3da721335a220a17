// ast-grep from JavaScript, as `codemod jssg run` runs it: `--param job=JOB`.
function transform(root, { params }) {
  const edits = params.job === "broad" ? bodies(root.root()) : calls(root.root(), params.job);
  return edits.length === 0 ? null : root.root().commitEdits(edits);
}

function bodies(program) {
  const functions = program.findAll({ rule: { kind: "function_declaration", regex: "^async" } });
  return functions.flatMap((each) => {
    const body = each.field("body");
    const open = `{ return Sentry.startSpan({ name: "work" }, async () => `;
    return body ? [body.replace(`${open}${body.text()}); }`)] : [];
  });
}

function calls(program, job) {
  const name = job === "narrow" ? "startNightlyBuild" : "neverCalledByAnybody";
  const found = program.findAll({ rule: { pattern: `${name}($$$ARGS)` } });
  return found.map((call) =>
    call.replace(`Sentry.startSpan({ name: "nightly" }, () => ${call.text()})`),
  );
}

export { transform as default };
