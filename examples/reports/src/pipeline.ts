import { setTimeout } from "node:timers/promises";

/** What a run comes to. */
export interface Report {
  success: boolean;
  pages: number;
}

export async function runPipeline(name: string): Promise<Report> {
  const stageTiming: Record<string, number> = {};
  try {
    const readStart = Date.now();
    const rows = await readRows(name);
    stageTiming.read = Date.now() - readStart;

    const renderStart = Date.now();
    const pages = await render(rows);
    stageTiming.render = Date.now() - renderStart;

    return { success: true, pages };
  } catch (error) {
    console.error(String(error));
    return { success: false, pages: 0 };
  }
}

async function readRows(name: string): Promise<string[]> {
  await setTimeout(30);
  return name === "empty" ? [] : ["a", "b", "c"];
}

async function render(rows: readonly string[]): Promise<number> {
  if (rows.length === 0) throw new Error("there is nothing to render");
  await setTimeout(20);
  return rows.length;
}
