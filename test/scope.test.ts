/** What names mean is found without the compiler's checker; it must be what the checker says. */
import { beforeAll, expect, test } from "vitest";
import { loadCompiler, ts, type TS } from "../src/syntax/compiler.js";
import { isParseFailure, parseSource, type Source } from "../src/syntax/source.js";
import { walk } from "../src/syntax/walk.js";
import { programsOf } from "./fuzz/campaign.js";
import { readFixtures, transformNames } from "./support/fixture.js";

beforeAll(loadCompiler);

const PROGRAMS = 150;

function checkerOf(file: TS.SourceFile): TS.TypeChecker {
  const host: TS.CompilerHost = {
    getSourceFile: (name) => (name === file.fileName ? file : undefined),
    getDefaultLibFileName: () => "lib.d.ts",
    writeFile: () => undefined,
    getCurrentDirectory: () => "",
    getCanonicalFileName: (name) => name,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => "\n",
    fileExists: (name) => name === file.fileName,
    readFile: () => undefined,
  };
  const options = { noLib: true, noResolve: true, allowJs: true, types: [] };
  return ts.createProgram([file.fileName], options, host).getTypeChecker();
}

/** Names that code declares and can refer to. */
function isDeclared(name: TS.Identifier): boolean {
  const { parent } = name;
  const isName = "name" in parent && parent.name === name;
  // The checker takes a parameter that is also a member for the member.
  const isMember = ts.isParameter(parent) && parent.modifiers !== undefined;
  return (
    isName &&
    !isMember &&
    name.text !== "this" &&
    (ts.isVariableDeclaration(parent) ||
      ts.isParameter(parent) ||
      ts.isBindingElement(parent) ||
      ts.isFunctionDeclaration(parent) ||
      ts.isFunctionExpression(parent) ||
      ts.isClassLike(parent) ||
      ts.isImportSpecifier(parent) ||
      ts.isImportClause(parent) ||
      ts.isNamespaceImport(parent) ||
      ts.isEnumDeclaration(parent))
  );
}

function symbolIn(checker: TS.TypeChecker, name: TS.Identifier): TS.Symbol | undefined {
  const { parent } = name;
  if (ts.isShorthandPropertyAssignment(parent)) {
    return checker.getShorthandAssignmentValueSymbol(parent);
  }
  if (ts.isExportSpecifier(parent)) return checker.getExportSpecifierLocalTargetSymbol(parent);
  return checker.getSymbolAtLocation(name);
}

/** Where the names lie that we and the checker take for the same, for each name that is declared. */
function differences(source: Source, other: Source): string[] {
  const checker = checkerOf(other.file);
  const [ours, theirs] = [identifiersOf(source), identifiersOf(other)];
  return ours.flatMap((name, index) => {
    const twin = theirs[index];
    if (!twin || !isDeclared(name) || isInWith(name)) return [];
    const symbol = symbolIn(checker, twin);
    const same = theirs.filter((each) => {
      return each.text === twin.text && !isInWith(each) && symbolIn(checker, each) === symbol;
    });
    const expected = same.map(({ pos }) => pos).join();
    const found = source.scope.references(name).filter((each) => !isInWith(each));
    const positions = found.map(({ pos }) => pos).join();
    const values = ts.SymbolFlags.Value | ts.SymbolFlags.Alias;
    const meant = checker.getSymbolsInScope(twin, values).find((each) => each.name === twin.text);
    const declared = (each: readonly TS.Declaration[] | undefined) =>
      (each ?? []).map(({ pos }) => pos).join();
    const isSame =
      positions === expected &&
      declared(source.scope.resolve(name.text, name)) === declared(meant?.declarations);
    return isSame ? [] : [`${source.path}: ${name.text} at ${name.pos}`];
  });
}

function identifiersOf({ file }: Source): TS.Identifier[] {
  const found: TS.Identifier[] = [];
  walk(file, (node) => {
    if (ts.isIdentifier(node)) found.push(node);
  });
  return found;
}

function isInWith(node: TS.Node): boolean {
  for (let at = node.parent; at; at = at.parent) if (ts.isWithStatement(at)) return true;
  return false;
}

function judge(path: string, text: string): string[] {
  const [source, other] = [parseSource(path, text), parseSource(path, text)];
  if (isParseFailure(source) || isParseFailure(other)) return [];
  return differences(source, other);
}

test.each(transformNames())("the names in the cases of %s", (transform) => {
  const found = readFixtures(transform).flatMap(({ name, file, input }) => {
    return judge(`${name}/${file}`, input);
  });
  expect(found).toEqual([]);
});

test(`the names in ${PROGRAMS} random programs`, () => {
  const found = programsOf(3, PROGRAMS).flatMap(({ path, text }) => judge(path, text));
  expect(found).toEqual([]);
});
