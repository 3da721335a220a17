import { createRequire } from "node:module";
import { dirname, join, posix } from "node:path";
import type { TracingSdk } from "../syntax/traced-call.js";
import { lockedVersion } from "./lock-files.js";
import { readJson } from "./read-json.js";
import { isInside, type Root } from "./root.js";

/** The SDK of one package of the tree. */
export interface Sdk {
  /** The package's folder, relative to the root; `.` for the root itself. */
  readonly dir: string;
  readonly package: string;
  readonly version: string | null;
  readonly source: "installed" | "lock" | "range" | null;
}

/** Frameworks with an SDK of their own, the most specific first; then the plain platforms. */
const PREFERENCE: readonly (readonly [dependency: string, sdk: string])[] = [
  ["next", "@sentry/nextjs"],
  ["@sveltejs/kit", "@sentry/sveltekit"],
  ["nuxt", "@sentry/nuxt"],
  ["astro", "@sentry/astro"],
  ["@remix-run/react", "@sentry/remix"],
  ["gatsby", "@sentry/gatsby"],
  ["@nestjs/core", "@sentry/nestjs"],
  ["electron", "@sentry/electron"],
  ["react-native", "@sentry/react-native"],
];

const PLATFORMS = [
  "@sentry/node",
  "@sentry/bun",
  "@sentry/deno",
  "@sentry/cloudflare",
  "@sentry/aws-serverless",
  "@sentry/google-cloud-serverless",
  "@sentry/react",
  "@sentry/vue",
  "@sentry/angular",
  "@sentry/svelte",
  "@sentry/solid",
  "@sentry/browser",
];

/** The SDKs that code is instrumented with. */
export const SDK_PACKAGES: readonly string[] = [...PREFERENCE.map(([, sdk]) => sdk), ...PLATFORMS];

/** What a server has; one that renders mails has `react-dom` as well. */
const OF_SERVERS = [
  ...["express", "fastify", "koa", "hono", "@hono/node-server", "@hapi/hapi"],
  ...["bullmq", "drizzle-orm", "@prisma/client", "pg", "postgres", "mongoose"],
];

/** What makes pages of a package, which may have the client of a server's framework. */
const OF_PAGES = ["vite", "react-scripts", "parcel", "@rsbuild/core", "webpack-dev-server"];

const WITHOUT_SDK: readonly (readonly [dependency: string, sdk: string])[] = [
  ...PREFERENCE,
  ["react-dom", "@sentry/react"],
  ["vue", "@sentry/vue"],
  ["svelte", "@sentry/svelte"],
];

/** A package.json of the tree: what it says that matters here. */
export interface Manifest {
  /** Its folder, relative to the root. */
  readonly dir: string;
  readonly name: string | null;
  readonly type: string | null;
  /** Whether it is made for a registry: who installs it brings an SDK, or none. */
  readonly isPublished: boolean;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** The manifests from a file upwards to the root, nearest first. */
function manifestsAbove(root: Root, path: string): Manifest[] {
  const found: Manifest[] = [];
  for (let dir = posix.dirname(path); ; dir = posix.dirname(dir)) {
    const manifest = readManifest(root, dir);
    if (manifest) found.push(manifest);
    if (dir === "." || dir === "/") return found;
  }
}

/** The manifest of the package that holds a path, relative to the root. */
export function nearestManifest(root: Root, path: string): Manifest | undefined {
  return manifestsAbove(root, path)[0];
}

/** The manifests of a tree are asked for with each file of it. */
const manifests = new WeakMap<Root, Map<string, Manifest | null>>();

function readManifest(root: Root, dir: string): Manifest | null {
  const known = manifests.get(root) ?? new Map<string, Manifest | null>();
  manifests.set(root, known);
  const found = known.get(dir);
  if (found !== undefined) return found;
  const manifest = manifestAt(root, dir);
  known.set(dir, manifest);
  return manifest;
}

function manifestAt(root: Root, dir: string): Manifest | null {
  const data = readJson(join(root.path, dir, "package.json"));
  if (!data) return null;
  const { dependencies, devDependencies, peerDependencies, optionalDependencies } = data as Record<
    string,
    Record<string, string> | undefined
  >;
  const all = { ...peerDependencies, ...optionalDependencies, ...devDependencies, ...dependencies };
  const { name, type } = data as { name?: string; type?: string };
  const others = data as Readonly<Record<string, unknown>>;
  const says = (key: string) => others[key] !== undefined;
  // `npm init` writes an empty list of them into every manifest.
  const hasKeywords = Array.isArray(others.keywords) && others.keywords.length > 0;
  const isMade = says("publishConfig") || says("files") || hasKeywords;
  const isPublished = others.private !== true && isMade;
  return { dir, name: name ?? null, type: type ?? null, isPublished, dependencies: all };
}

/** The SDK that one manifest declares; of several, the one made for its framework. */
function declaredSdk({ dependencies }: Manifest): string | null {
  const own = PREFERENCE.find(([dependency, sdk]) => dependencies[dependency] && dependencies[sdk]);
  if (own) return own[1];
  const platform = PLATFORMS.find((sdk) => dependencies[sdk]);
  if (platform) return platform;
  return PREFERENCE.map(([, sdk]) => sdk).find((sdk) => dependencies[sdk]) ?? null;
}

/** The package that code at a path should import the SDK from. */
export function sdkPackageFor(root: Root, path: string): string {
  const manifests = manifestsAbove(root, path);
  for (const manifest of manifests) {
    const sdk = declaredSdk(manifest);
    if (sdk) return sdk;
  }
  const [nearest] = manifests;
  const has = (dependency: string) => nearest?.dependencies[dependency] !== undefined;
  const own = PREFERENCE.some(([dependency]) => has(dependency));
  if (!own && OF_SERVERS.some(has) && !OF_PAGES.some(has)) return SERVER;
  return WITHOUT_SDK.find(([dependency]) => has(dependency))?.[1] ?? SERVER;
}

/** The SDK that frameworks' own SDKs stand on where they run on a server. */
const SERVER = "@sentry/node";

/**
 * The package that server code at a path should import the SDK from, should it also run unbundled:
 * there, the SDK of a framework may lack most of its exports (`@sentry/nextjs` does).
 */
export function serverSdkFor(root: Root, path: string): string {
  const { dir, sdk } = packageOf(root, path);
  if (!PREFERENCE.some(([, own]) => own === sdk)) return sdk;
  const version = installedVersion(root, dir, sdk);
  return version !== null && version === installedVersion(root, dir, SERVER) ? SERVER : sdk;
}

/** Whether the manifest of a path, or one above it, asks for a package. */
export function dependsOn(root: Root, path: string, name: string): boolean {
  return manifestsAbove(root, path).some(({ dependencies }) => dependencies[name] !== undefined);
}

/** Whether the nearest manifest makes `.js` an ECMAScript module. */
export function isModulePackage(root: Root, path: string): boolean {
  return manifestsAbove(root, path)[0]?.type === "module";
}

/** The package of a file: where it is, and whether it (or a folder above) declares its SDK. */
export function packageOf(
  root: Root,
  path: string,
): { dir: string; sdk: string; isDeclared: boolean } {
  const manifests = manifestsAbove(root, path);
  const sdk = sdkPackageFor(root, path);
  const isDeclared = manifests.some(({ dependencies }) => dependencies[sdk] !== undefined);
  return { dir: manifests[0]?.dir ?? ".", sdk, isDeclared };
}

/** Finds an SDK's version: as installed, else as locked, else as the manifest's range says. */
export function describeSdk(root: Root, dir: string, name: string): Sdk {
  const installed = installedVersion(root, dir, name);
  if (installed) return { dir, package: name, version: installed, source: "installed" };
  const asking = manifestsAbove(root, posix.join(dir, "package.json")).find(
    ({ dependencies }) => dependencies[name] !== undefined,
  );
  const range = asking?.dependencies[name];
  const locked = lockedVersion(root, asking?.dir ?? dir, name, range ?? null);
  if (locked) return { dir, package: name, version: locked, source: "lock" };
  return { dir, package: name, version: range ?? null, source: range ? "range" : null };
}

/** Looks up the SDK that runs with a path's package, each package once. */
export function tracingSdks(root: Root): (path: string) => TracingSdk {
  const known = new Map<string, TracingSdk>();
  return (path) => {
    const { dir, sdk } = packageOf(root, path);
    const found = known.get(dir) ?? {
      version: describeSdk(root, dir, sdk).version,
      modules: instrumentedModules(root, dir, sdk),
    };
    known.set(dir, found);
    return found;
  };
}

/** An entry of the list that SDK 11 instruments by. */
interface Instrumentation {
  readonly module?: { readonly name?: string };
  readonly functionQuery?: Readonly<Record<string, unknown>>;
}

/** The installed SDK's own list; nothing where it has none or is not installed. */
function instrumentedModules(root: Root, dir: string, sdk: string): Map<string, Set<string>> {
  const modules = new Map<string, Set<string>>();
  for (const { module, functionQuery } of readInstrumentations(join(root.path, dir), sdk)) {
    const name = module?.name ?? "";
    const names = modules.get(name) ?? new Set();
    for (const key of ["functionName", "methodName", "expressionName"]) {
      const value = functionQuery?.[key];
      if (typeof value === "string") names.add(value);
    }
    modules.set(name, names);
  }
  return modules;
}

function readInstrumentations(dir: string, sdk: string): readonly Instrumentation[] {
  try {
    const entry = createRequire(join(dir, "package.json")).resolve(sdk);
    const config = createRequire(entry)("@sentry/server-utils/orchestrion/config") as {
      SENTRY_INSTRUMENTATIONS?: readonly Instrumentation[];
    };
    return config.SENTRY_INSTRUMENTATIONS ?? [];
  } catch {
    return [];
  }
}

function installedVersion(root: Root, dir: string, name: string): string | null {
  for (let at = join(root.path, dir); isInside(root.path, at); at = dirname(at)) {
    const data = readJson(join(at, "node_modules", name, "package.json")) as {
      version?: string;
    } | null;
    if (data?.version) return data.version;
    if (dirname(at) === at) break;
  }
  return null;
}
