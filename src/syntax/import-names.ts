import type { Edit } from "../text/edit.js";
import { ts, type TS } from "./compiler.js";
import { requiredSpecifier } from "./import-place.js";

/** A name that a statement gives to a module or to one of its exports. */
export interface ImportedLocal {
  readonly name: TS.Identifier;
  /** The export, or null for the whole module. */
  readonly member: string | null;
  /** What says it in the statement: the name with what stands before it. */
  readonly node: TS.Node;
}

/** What a statement imports from one module, and nothing else. */
export interface ImportedNames {
  readonly statement: TS.Statement;
  readonly module: string;
  readonly names: readonly ImportedLocal[];
}

/** The values that a statement imports by names of its own; null where it does anything else as well. */
export function importedNames(statement: TS.Statement): ImportedNames | null {
  if (ts.isImportDeclaration(statement)) return declared(statement);
  if (ts.isImportEqualsDeclaration(statement)) return assigned(statement);
  return ts.isVariableStatement(statement) ? required(statement) : null;
}

function declared(statement: TS.ImportDeclaration): ImportedNames | null {
  const { importClause: clause, moduleSpecifier } = statement;
  const bindings = clause?.namedBindings;
  if (!bindings || clause.isTypeOnly || clause.name) return null;
  if (!ts.isStringLiteral(moduleSpecifier)) return null;
  const names = ts.isNamespaceImport(bindings)
    ? [{ name: bindings.name, member: null, node: bindings }]
    : bindings.elements.map((element) => ({
        name: element.name,
        member: (element.propertyName ?? element.name).text,
        node: element,
      }));
  return { statement, module: moduleSpecifier.text, names };
}

function assigned(statement: TS.ImportEqualsDeclaration): ImportedNames | null {
  const { moduleReference, name, isTypeOnly } = statement;
  if (isTypeOnly || !ts.isExternalModuleReference(moduleReference)) return null;
  const { expression } = moduleReference;
  if (!ts.isStringLiteral(expression)) return null;
  return { statement, module: expression.text, names: [{ name, member: null, node: name }] };
}

function required(statement: TS.VariableStatement): ImportedNames | null {
  const [declaration, ...others] = statement.declarationList.declarations;
  if (!declaration?.initializer || others.length > 0) return null;
  const module = requiredSpecifier(declaration.initializer);
  if (module === null) return null;
  const { name } = declaration;
  if (ts.isIdentifier(name)) {
    return { statement, module, names: [{ name, member: null, node: name }] };
  }
  const names = name.elements.flatMap((element) => {
    const member = ts.isBindingElement(element) ? (element.propertyName ?? element.name) : null;
    if (!member || !ts.isBindingElement(element)) return [];
    if (!ts.isIdentifier(member) || !ts.isIdentifier(element.name)) return [];
    return [{ name: element.name, member: member.text, node: element }];
  });
  return names.length === name.elements.length ? { statement, module, names } : null;
}

/** The edits that take some names out of a list of which others stay. */
export function nameRemovals(
  all: readonly ImportedLocal[],
  gone: readonly ImportedLocal[],
): Edit[] {
  const firstKept = all.findIndex((each) => !gone.includes(each));
  return all.flatMap(({ node }, index) => {
    const [before, behind] = [all[index - 1]?.node, all[index + 1]?.node];
    if (!gone.some((each) => each.node === node)) return [];
    if (index < firstKept && behind) {
      return [{ start: node.getStart(), end: behind.getStart(), text: "" }];
    }
    return before ? [{ start: before.end, end: node.end, text: "" }] : [];
  });
}
