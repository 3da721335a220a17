// A transform for jscodeshift: `jscodeshift -t jscodeshift.cjs --job=JOB FOLDER`.
module.exports = (file, { jscodeshift: j }, { job }) => {
  const name = job === "narrow" ? "startNightlyBuild" : "neverCalledByAnybody";
  if (job !== "broad" && !file.source.includes(name)) return undefined;
  const root = j(file.source);
  const span = (label, fn) =>
    j.callExpression(j.memberExpression(j.identifier("Sentry"), j.identifier("startSpan")), [
      j.objectExpression([j.property("init", j.identifier("name"), j.literal(label))]),
      fn,
    ]);
  let edits = 0;
  if (job === "broad") {
    root.find(j.FunctionDeclaration, { async: true }).forEach(({ node }) => {
      const inner = j.arrowFunctionExpression([], node.body);
      inner.async = true;
      node.body = j.blockStatement([j.returnStatement(span("work", inner))]);
      edits++;
    });
  } else {
    root.find(j.CallExpression, { callee: { name } }).forEach((path) => {
      j(path).replaceWith(span("nightly", j.arrowFunctionExpression([], path.node)));
      edits++;
    });
  }
  return edits > 0 ? root.toSource() : undefined;
};
module.exports.parser = "ts";
