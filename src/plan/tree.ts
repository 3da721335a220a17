import type { TracingSdk } from "../syntax/traced-call.js";

/** What planning may ask about the tree on the disk; the project layer answers. */
export interface Tree {
  /** The text of a file of the tree, or null. Paths are relative to the root, with `/`. */
  readonly read: (path: string) => string | null;
  /** Whether something is at a path, also what cannot be read as text. */
  readonly exists: (path: string) => boolean;
  /** The source files of the tree in which a text occurs. */
  readonly filesWith: (text: string) => readonly string[];
  /** The same of all files that may import one, components of other languages included. */
  readonly importersWith: (text: string) => readonly string[];
  /** The files of whatever kind that globs mean, which are relative to the config's folder. */
  readonly matching: (globs: readonly string[]) => readonly string[];
  /** The file that an import specifier of `from` means, if it lies in the tree. */
  readonly resolve: (from: string, specifier: string) => string | null;
  /** The specifier by which `from` imports the file `to`. */
  readonly specifierFor: (from: string, to: string) => string;
  /** The root-relative path of a module that a rule names relative to the config's folder. */
  readonly pathOf: (module: string) => string;
  /** The folder in which helper modules of the package that holds a path are made. */
  readonly helperDir: (path: string) => string;
  /** Whether the nearest package.json makes `.js` at this path an ECMAScript module. */
  readonly isModule: (path: string) => boolean;
  /** The Sentry package that code at this path should import. */
  readonly sdkFor: (path: string) => string;
  /** The same for code that also runs on a server unbundled. */
  readonly serverSdkFor: (path: string) => string;
  /** Whether the package of a path, or one above it, asks for a package. */
  readonly dependsOn: (path: string, name: string) => boolean;
  /** What is known of the SDK that runs with code at this path. */
  readonly tracingSdk: (path: string) => TracingSdk;
}
