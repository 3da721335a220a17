import type { JitiOptions } from "jiti";
import { loadCompiler, ts } from "../syntax/compiler.js";

/** What jiti asks to make a module that runs of. */
type Transform = NonNullable<JitiOptions["transform"]>;

/**
 * Runs a config that is a program.
 * @returns its exports
 * @throws what the program throws, and an error about its syntax
 */
export async function importConfig(path: string): Promise<unknown> {
  const [{ createJiti }] = await Promise.all([import("jiti"), loadCompiler()]);
  // In a config, "retrospan" is the tool that runs, installed in the tree or not.
  const self: unknown = await import(new URL("../index.js", import.meta.url).href);
  const shared = {
    virtualModules: { retrospan: self },
    fsCache: false,
    moduleCache: false,
    interopDefault: false,
  };
  try {
    return await createJiti(import.meta.url, { ...shared, transform: transpile }).import(path);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // Babel knows what runs as a module only, such as `import.meta`, and says where a mistake is.
    return createJiti(import.meta.url, shared).import(path);
  }
}

/** The compiler is needed anyway, and Babel takes a fifth of a second to load. */
const transpile: Transform = ({ source, filename }) => {
  if (source.includes("import.meta")) throw new SyntaxError("import.meta stands in a module only");
  const { outputText, diagnostics } = ts.transpileModule(source, {
    ...(filename === undefined ? {} : { fileName: filename }),
    reportDiagnostics: true,
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      esModuleInterop: true,
    },
  });
  if (diagnostics?.length) throw new SyntaxError(`${filename} cannot be parsed`);
  return { code: outputText };
};
