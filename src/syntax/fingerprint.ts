import { ts, type TS } from "./compiler.js";

/**
 * What a piece of code says, whatever its white space, comments, quotes and brackets: equal for two
 * nodes exactly when the compiler would see the same tree. Used to find code again after a formatter.
 * @param seeThrough replaces a node by what it stands for
 * @param length how much of it is wanted, in characters: what comes behind is not even visited
 */
export function fingerprint(
  given: TS.Node,
  seeThrough: (node: TS.Node) => TS.Node = (node) => node,
  length = Infinity,
): string {
  let print = "";
  const say = (each: TS.Node): void => {
    const node = seeThrough(each);
    if (ts.isParenthesizedExpression(node)) return say(node.expression);
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) {
      print += JSON.stringify(node.text);
      return;
    }
    if (isNameAlone(node)) {
      const name = fingerprint(node.name, seeThrough);
      print += `${kindName(ts.SyntaxKind.PropertyAssignment)}(${name},${name})`;
      return;
    }
    let isLeaf = true;
    ts.forEachChild(node, (child) => {
      print += isLeaf ? `${kindName(node.kind)}${operatorOf(node)}(` : ",";
      isLeaf = false;
      say(child);
      return print.length >= length;
    });
    print += isLeaf ? ownText(node) : ")";
  };
  say(given);
  return print.slice(0, length);
}

/** `{ name }`, which says `{ name: name }`. */
function isNameAlone(node: TS.Node): node is TS.ShorthandPropertyAssignment {
  return ts.isShorthandPropertyAssignment(node) && !node.objectAssignmentInitializer;
}

let kindNames: ReadonlyMap<TS.SyntaxKind, string> | undefined;

/** What a kind of node is called. Its number is another one in each version of the compiler. */
export function kindName(kind: TS.SyntaxKind): string {
  kindNames ??= namesOfKinds();
  return kindNames.get(kind) ?? "";
}

/** The first name that a number has is a kind's own; those of ranges come behind. */
function namesOfKinds(): ReadonlyMap<TS.SyntaxKind, string> {
  const names = new Map<TS.SyntaxKind, string>();
  for (const [name, kind] of Object.entries(ts.SyntaxKind)) {
    if (typeof kind !== "number" || names.has(kind)) continue;
    names.set(kind, name.replace(/(?:Expression|Statement|Declaration|Keyword|Token)$/, ""));
  }
  return names;
}

/** The fingerprint of a call with some of its arguments only. */
export function callFingerprint(callee: TS.Node, args: readonly TS.Node[]): string {
  const parts = [callee, ...args].map((each) => fingerprint(each));
  return `${kindName(ts.SyntaxKind.CallExpression)}(${parts.join(",")})`;
}

function ownText(node: TS.Node): string {
  const text = "text" in node && typeof node.text === "string" ? node.text : "";
  return ts.isIdentifier(node) || ts.isPrivateIdentifier(node)
    ? text
    : `${kindName(node.kind)}:${text}`;
}

function operatorOf(node: TS.Node): string {
  if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) {
    return `:${kindName(node.operator)}`;
  }
  if (ts.isVariableDeclarationList(node)) return `:${node.flags & ts.NodeFlags.BlockScoped}`;
  return "";
}

/** Whether two expressions are the same code. */
export function sameCode(a: TS.Node, b: TS.Node): boolean {
  return fingerprint(a) === fingerprint(b);
}

/** Whether a call calls what the ledger says; a formatter may have broken the line. */
export function saysCallee({ expression }: TS.CallExpression, callee = ""): boolean {
  const text = expression.getText();
  return text === callee || text.replace(/\s+/g, "") === callee;
}

/** The fingerprint of a type written as text. */
export function typeFingerprint(text: string): string {
  const file = ts.createSourceFile("shape.ts", `type T = ${text}`, ts.ScriptTarget.Latest, true);
  const [statement] = file.statements;
  return statement && ts.isTypeAliasDeclaration(statement) ? fingerprint(statement.type) : "";
}

/** Fingerprints of what rules say again and again. */
const known = new Map<string, string>();
const MAX_KNOWN = 1000;

/** The fingerprint of an expression written as text. */
export function codeFingerprint(text: string): string {
  const found = known.get(text);
  if (found !== undefined) return found;
  if (known.size >= MAX_KNOWN) known.clear();
  const print = fingerprintOfText(text);
  known.set(text, print);
  return print;
}

function fingerprintOfText(text: string): string {
  const file = ts.createSourceFile("shape.tsx", `(${text}\n)`, ts.ScriptTarget.Latest, true);
  const [statement] = file.statements;
  return statement && ts.isExpressionStatement(statement) ? fingerprint(statement.expression) : "";
}

/** The fingerprint of a statement written as text. */
export function statementFingerprint(text: string): string {
  const file = ts.createSourceFile("shape.tsx", text, ts.ScriptTarget.Latest, true);
  const [statement] = file.statements;
  return statement ? fingerprint(statement) : "";
}
