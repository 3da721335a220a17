import {
  constantValue,
  defineTransform,
  dirParam,
  findMatches,
  findNode,
  flowOf,
  hasAccessor,
  insertCall,
  insertedCalls,
  isEffectFree,
  isReadTwice,
  isReason,
  isStablePath,
  joinPointNeedles,
  meansValue,
  param,
  propertyName,
  propertyOf,
  reason,
  schema,
  textOf,
  ts,
  unwrapped,
  userHelper,
  type FileContext,
  type Reason,
  type Rule,
  type Site,
  type Source,
  type TS,
} from "../src/transform.js";

interface UserContext extends Rule {
  /** The function that says who asks, or that nobody known does. */
  readonly at: NonNullable<Rule["at"]>;
  /** The member of what it returns that tells users apart and says nothing else of them. */
  readonly user: string;
  /** The folder of the module that it calls. */
  readonly dir?: string | undefined;
}

export const userContext = defineTransform<UserContext, TS.ReturnStatement | null>({
  name: "user-context",
  summary: "Tells the SDK who the user is, by an opaque id, wherever that becomes known",
  inserts: "`setSentryUser(id)` before each return of the function that says who asks",
  details: ["A return of `null` or `undefined` clears the user."],
  params: {
    user: param(
      "the member of what is returned that tells users apart; nothing else of them is told",
      schema.optional(schema.pipe(schema.string(), schema.regex(/^[A-Za-z_$][\w$]*$/)), "id"),
    ),
    dir: dirParam,
  },
  joinPoints: ["function", "method"],
  templates: () => [],
  needles: ({ at }) => joinPointNeedles(at),

  find: ({ source }, rule) =>
    findMatches(source, rule.at).flatMap((match) => {
      const body = match.kind === "function" ? match.node.body : null;
      if (!body) return [];
      const present = findNode(body, isTold) ? "hand" : undefined;
      if (!ts.isBlock(body)) return [withoutStatement(source, match.anchor, body, present)];
      return flowOf(body.statements).returns.map((statement): UserSite => {
        const region = { start: statement.getStart(source.file), end: statement.end };
        return { anchor: region.start, region, data: statement, present };
      });
    }),

  instrument: (file, { data: statement, region }, rule) => {
    if (!statement) throw new Error("a value without a return is skipped");
    const id = idIn(file, statement, rule.user);
    if (isReason(id)) return id;
    const helper = userHelper(file, rule.dir);
    if (isReason(helper)) return helper;
    return insertCall(file.source, { helper, given: [id], statement, side: "before", region });
  },

  landmark: ({ callee = "" }) => callee,

  recognise: ({ source }, shape) => insertedCalls(source, shape),
});

// What it looks for

type UserSite = Site<TS.ReturnStatement | null>;

/** The value of an arrow function: no statement can stand before it. */
function withoutStatement(
  source: Source,
  anchor: number,
  body: TS.Expression,
  present: UserSite["present"],
): UserSite {
  const region = { start: body.getStart(source.file), end: body.end };
  const skip = reason("not-a-statement", textOf(source, body).slice(0, 60));
  return { anchor, region, data: null, present, skip };
}

function isTold(node: TS.Node): boolean {
  return ts.isCallExpression(node) && /(^|\.)set(Sentry)?User$/.test(node.expression.getText());
}

/** Code for the id of whom a return names. */
function idIn(
  file: FileContext,
  { expression }: TS.ReturnStatement,
  member: string,
): string | Reason {
  return expression ? idOf(file, unwrapped(expression), member) : "null";
}

/** The id is read off the same code, so that it cannot fail by itself. */
function idOf(file: FileContext, value: TS.Expression, member: string): string | Reason {
  const { source } = file;
  if (isNobody(value)) return "null";
  if (ts.isConditionalExpression(value)) return eitherId(file, value, member);
  if (ts.isBinaryExpression(value) && isOrNobody(value)) {
    return idOf(file, unwrapped(value.left), member);
  }
  const path = ts.isObjectLiteralExpression(value) ? givenTo(value, member) : value;
  const isName = path !== value || ts.isIdentifier(value);
  if (!path || !isName || !isStablePath(path)) return reason("unknown-user", textOf(source, value));
  if (["promise", "thenable"].includes(file.types.valueOf(value))) {
    return reason("unknown-user", textOf(source, value));
  }
  if (isReadTwice(file, path) || hasAccessor(source, member)) return reason("accessor-path");
  if (file.types.accessorsOf(path).includes(member)) return reason("accessor-path");
  if (path !== value) return textOf(source, path);
  const isThere = ts.isObjectLiteralExpression(unwrapped(constantValue(source, value)));
  return `${textOf(source, value)}${isThere ? "." : "?."}${member}`;
}

/** A condition that can be asked twice decides here too. */
function eitherId(
  file: FileContext,
  { condition, whenTrue, whenFalse }: TS.ConditionalExpression,
  member: string,
): string | Reason {
  if (!isEffectFree(condition) || isReadTwice(file, condition)) {
    return reason("unknown-user", textOf(file.source, condition));
  }
  const one = idOf(file, unwrapped(whenTrue), member);
  const other = idOf(file, unwrapped(whenFalse), member);
  if (isReason(one)) return one;
  if (isReason(other)) return other;
  return `${textOf(file.source, condition)} ? ${one} : ${other}`;
}

/** `user ?? null` */
function isOrNobody({ operatorToken, right }: TS.BinaryExpression): boolean {
  return operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken && isNobody(unwrapped(right));
}

function isNobody(value: TS.Expression): boolean {
  return value.kind === ts.SyntaxKind.NullKeyword || meansValue(value, "undefined");
}

/** The code of a member of a literal, where nothing in the literal can make it another value. */
function givenTo(literal: TS.ObjectLiteralExpression, member: string): TS.Expression | null {
  const property = propertyOf(literal, member);
  if (!property) return null;
  const at = literal.properties.indexOf(property);
  const [before, behind] = [literal.properties.slice(0, at), literal.properties.slice(at + 1)];
  const isOpen = (each: TS.ObjectLiteralElementLike) =>
    ts.isSpreadAssignment(each) ||
    each.name === undefined ||
    ts.isComputedPropertyName(each.name) ||
    propertyName(each.name) === member;
  if (behind.some(isOpen) || !before.every(isQuiet)) return null;
  if (ts.isShorthandPropertyAssignment(property)) return property.name;
  return ts.isPropertyAssignment(property) ? property.initializer : null;
}

/** Whether a member of a literal does nothing but to be there. */
function isQuiet(property: TS.ObjectLiteralElementLike): boolean {
  if (ts.isShorthandPropertyAssignment(property)) return true;
  if (ts.isSpreadAssignment(property)) return isStablePath(property.expression);
  return ts.isPropertyAssignment(property) && isEffectFree(property.initializer);
}
