import { ts, type TS } from "./compiler.js";
import { HTTP_METHODS } from "./function-points.js";
import { hasModifier } from "./walk.js";
import { functionName, purposeOf } from "./names.js";
import type { Source } from "./source.js";

/**
 * Whether code runs in the handler of an HTTP request, whose trace the SDK continues by itself: a
 * Next.js route, or a callback of a router.
 */
export function isInRequestHandler(source: Source, node: TS.Node): boolean {
  for (let at = node; at.parent; at = at.parent) {
    if (ts.isFunctionLike(at) && (isRoute(source, at) || isRouterCallback(at))) return true;
  }
  return false;
}

const ROUTE_FILE = /(^|\/)route\.[cm]?[jt]sx?$|(^|\/)pages\/api\//;

function isRoute({ path, file }: Source, fn: TS.SignatureDeclaration): boolean {
  if (!ROUTE_FILE.test(path)) return false;
  const isDeclared = fn.parent === file && hasModifier(fn, ts.SyntaxKind.ExportKeyword);
  const name = functionName(fn) ?? purposeOf(fn);
  return name !== null && (HTTP_METHODS.has(name) || (isDeclared && name === "handler"));
}

const ROUTER_METHOD = /^(get|post|put|patch|delete|options|head|all|use|route)$/;

/** `app.post("/events", handler)`: a path comes first. */
function isRouterCallback(fn: TS.Node): boolean {
  const { parent } = fn;
  if (!ts.isCallExpression(parent) || !ts.isPropertyAccessExpression(parent.expression))
    return false;
  const [path] = parent.arguments;
  const hasPath = path !== undefined && ts.isStringLiteralLike(path) && path.text.startsWith("/");
  return hasPath && ROUTER_METHOD.test(parent.expression.name.text);
}
