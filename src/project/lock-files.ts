import { dirname, join, relative } from "node:path";
import { textIfThere } from "./if-there.js";
import { readJson } from "./read-json.js";
import { isInside, slashed, type Root } from "./root.js";

/**
 * The version of a package that the nearest lock file has for a folder; null where none tells.
 * @param range what the folder's manifest asks for, by which some lock files list their versions
 */
export function lockedVersion(
  root: Root,
  dir: string,
  name: string,
  range: string | null,
): string | null {
  const folder = join(root.path, dir);
  for (let at = folder; isInside(root.path, at); at = dirname(at)) {
    const own = slashed(relative(at, folder));
    const found =
      fromNpm(at, own, name) ??
      fromPnpm(textOf(at, "pnpm-lock.yaml"), own, name) ??
      fromYarn(textOf(at, "yarn.lock"), name, range) ??
      fromBun(textOf(at, "bun.lock"), name);
    if (found) return found;
    if (dirname(at) === at) break;
  }
  return null;
}

function textOf(dir: string, file: string): string | null {
  return textIfThere(join(dir, file));
}

/** Folders are looked through upwards, as Node does. */
function fromNpm(dir: string, own: string, name: string): string | null {
  const lock = readJson(join(dir, "package-lock.json")) as {
    packages?: Record<string, { version?: string } | undefined>;
  } | null;
  const parts = own === "" ? [] : own.split("/");
  for (let length = parts.length; length >= 0; length--) {
    const path = [...parts.slice(0, length), "node_modules", name].join("/");
    const version = lock?.packages?.[path]?.version;
    if (version) return version;
  }
  return null;
}

/** Each package of the workspace is listed with what it got. */
function fromPnpm(text: string | null, own: string, name: string): string | null {
  if (text === null) return null;
  const importers = blockOf(text, "importers", 0);
  const importer = importers === null ? text : blockOf(importers, own === "" ? "." : own, 2);
  const entry = importer === null ? null : blockOf(importer, name, null);
  const version = /^\s*version: ['"]?(\d+\.\d+\.\d+[\w.-]*)/m.exec(entry ?? "")?.[1];
  return version ?? onlyVersion(text, name);
}

/**
 * The lines below a key of a YAML file.
 * @param indent how deep the key stands; null for wherever it does
 */
function blockOf(text: string, key: string, indent: number | null): string | null {
  const lines = text.split(/\r?\n/);
  const depth = (line: string) => line.length - line.trimStart().length;
  const isKey = (line: string) =>
    line.trim().replace(/^(['"])(.*)\1:$/, "$2:") === `${key}:` &&
    (indent === null || depth(line) === indent);
  const start = lines.findIndex(isKey);
  if (start < 0) return null;
  const behind = lines.slice(start + 1);
  const end = behind.findIndex(
    (line) => line.trim() !== "" && depth(line) <= depth(lines[start] ?? ""),
  );
  return (end < 0 ? behind : behind.slice(0, end)).join("\n");
}

/** Versions are listed by what was asked for: `"@sentry/node@^10.2.0":`, with `npm:` since Yarn 2. */
function fromYarn(text: string | null, name: string, range: string | null): string | null {
  if (text === null || range === null) return null;
  const asked = range.replace(/^npm:/, "");
  const entry = text.split(/\r?\n(?=\S)/).find((each) => {
    const keys =
      each
        .split(/:\s*\r?\n/, 1)[0]
        ?.replace(/"/g, "")
        .split(/,\s*/) ?? [];
    return keys.includes(`${name}@${asked}`) || keys.includes(`${name}@npm:${asked}`);
  });
  return /^\s+version:? "?(\d+\.\d+\.\d+[\w.-]*)"?\s*$/m.exec(entry ?? "")?.[1] ?? null;
}

function fromBun(text: string | null, name: string): string | null {
  return text === null ? null : onlyVersion(text, name);
}

/** The one version that a text names; of several, which is meant cannot be told. */
function onlyVersion(text: string, name: string): string | null {
  const word = `${name}@`.replace(/[/.]/g, "\\$&");
  const all = text.matchAll(new RegExp(`(?<![\\w/])${word}(\\d+\\.\\d+\\.\\d+[\\w.-]*)`, "g"));
  const [version, ...others] = new Set([...all].map(([, each = ""]) => each));
  return others.length === 0 ? (version ?? null) : null;
}
