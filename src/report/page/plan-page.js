// What a reader does on the page of a plan; it is put into the page as it is.
// @ts-check

const boxes = /** @type {NodeListOf<HTMLInputElement>} */ (
  document.querySelectorAll("input[data-site]")
);
const command = /** @type {HTMLElement} */ (document.getElementById("command"));
const chosen = /** @type {HTMLElement} */ (document.getElementById("chosen"));
const base = command.dataset["base"] ?? "";

/** @param {string} word */
const quoted = (word) => (/^[\w./:@=-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`);

function update() {
  const left = [...boxes].filter((box) => !box.checked);
  const excepted = left.map((box) => ` --except ${quoted(box.dataset["site"] ?? "")}`);
  command.textContent = base + excepted.join("");
  chosen.textContent = `${boxes.length - left.length} of ${boxes.length} sites`;
  for (const box of boxes) box.closest("li")?.classList.toggle("off", !box.checked);
}

for (const box of boxes) box.addEventListener("change", update);

document.getElementById("copy")?.addEventListener("click", () => {
  const text = command.textContent ?? "";
  const done = () => {
    const status = document.getElementById("copied");
    if (status) status.textContent = "copied";
  };
  navigator.clipboard?.writeText(text).then(done, () => selectCommand());
  if (!navigator.clipboard) selectCommand();
});

function selectCommand() {
  getSelection()?.selectAllChildren(command);
}

/**
 * The lines of a unified diff in two columns, what went on the left of what came.
 * @param {HTMLTableElement} table
 */
function sideBySide(table) {
  const rows = [...table.rows];
  /** @type {HTMLTableRowElement[]} */
  let gone = [];
  /** @type {HTMLTableRowElement[]} */
  let come = [];
  const copy = /** @type {HTMLTableElement} */ (table.cloneNode(false));
  copy.classList.replace("unified", "split");
  const body = copy.createTBody();
  const flush = () => {
    for (let at = 0; at < Math.max(gone.length, come.length); at++) pair(gone[at], come[at]);
    gone = [];
    come = [];
  };
  /** @param {HTMLTableRowElement | undefined} left @param {HTMLTableRowElement | undefined} right */
  function pair(left, right) {
    const row = body.insertRow();
    for (const [side, index] of /** @type {const} */ ([
      [left, 0],
      [right, 1],
    ])) {
      const number = row.insertCell();
      const code = row.insertCell();
      number.className = "number";
      number.textContent = side?.cells[index]?.textContent ?? "";
      code.className = `code ${side?.className ?? "none"}`;
      code.textContent = side?.cells[2]?.textContent?.slice(1) ?? "";
    }
  }
  for (const row of rows) {
    if (row.className === "del") gone.push(row);
    else if (row.className === "add") come.push(row);
    else {
      flush();
      if (row.className === "hunk") {
        const cell = body.insertRow().insertCell();
        cell.colSpan = 4;
        cell.className = "hunk";
        cell.textContent = row.textContent;
      } else pair(row, row);
    }
  }
  flush();
  return copy;
}

/** @type {WeakMap<HTMLTableElement, HTMLTableElement>} */
const splits = new WeakMap();

const view = /** @type {HTMLInputElement} */ (document.getElementById("split"));
const space = /** @type {HTMLInputElement} */ (document.getElementById("space"));

function show() {
  document.body.classList.toggle("no-space", space.checked);
  for (const table of /** @type {NodeListOf<HTMLTableElement>} */ (
    document.querySelectorAll("table.unified")
  )) {
    const split = splits.get(table) ?? (view.checked ? sideBySide(table) : null);
    if (split && !splits.has(table)) {
      splits.set(table, split);
      table.after(split);
    }
    table.hidden = view.checked;
    if (split) split.hidden = !view.checked;
  }
}

view.addEventListener("change", show);
space.addEventListener("change", show);

/** @param {number} step */
function move(step) {
  const all = [...boxes];
  const at = all.indexOf(/** @type {HTMLInputElement} */ (document.activeElement));
  const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step];
  next?.focus();
  next?.scrollIntoView({ block: "center" });
}

/** @type {Readonly<Record<string, () => void>>} */
const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  s: () => view.click(),
  w: () => space.click(),
  c: () => document.getElementById("copy")?.click(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const action = KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

update();
