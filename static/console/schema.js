// What a system holds, as a tree: each branch comes when it is opened, from what is kept of the system; where nothing is
// kept, a job of its own looks it up.

import { element, icon, say } from "./dom.js";
import { bytes, number } from "./figures.js";
import { follow, press } from "./follow.js";
import { among, searchAmong, stretches } from "./stretches.js";

const tree = document.querySelector("[data-tree]");
const form = document.querySelector("[data-tree-form]");

// Each level: its icon, what is below it in the answer, and the level of that. Stores of files have folders, and files.
const HOLDS_FILES = tree?.dataset.kind === "files";
const LEVELS = {
  root: { icon: "dns", answer: "catalogs", below: "catalog" },
  catalog: { icon: HOLDS_FILES ? "dns" : "database", answer: "schemas", below: "schema" },
  schema: { icon: "folder", answer: "tables", below: "table" },
  table: { icon: HOLDS_FILES ? "draft" : "table" },
};
const UNNAMED = HOLDS_FILES ? "(top folder)" : "(default)";
const KEPT = tree?.dataset.kept;

// What lies there by what is kept; null where that says nothing.
async function kept(asked) {
  const response = await fetch(`${KEPT}?${new URLSearchParams(asked)}`, { headers: { Accept: "application/json" }, redirect: "manual" });
  if (!response.ok) throw new Error(response.type === "opaqueredirect" ? "You are signed out: load the page again." : `The server answered ${response.status}.`);
  const { branch } = await response.json();
  if (branch === null) throw new Error("What was kept of the system is gone: load the page again.");
  return branch;
}

async function look(place) {
  if (!form) throw new Error("Nobody has looked at this yet, and looking into a system is for editors.");
  const asked = form.cloneNode(true);
  for (const [name, value] of Object.entries(place)) asked.append(element("input", { name, value }));
  const said = await press(asked);
  const job = await follow(said.watch, (news) => say(news.waits, "warn"), { pause: 250 });
  if (job.error) throw new Error(job.error.message);
  if (job.answer === null) throw new Error("The answer is gone: open it again.");
  return job.answer;
}

function branch(name, level, place, aside = "") {
  const content = element("div");
  const label = element("div", {}, element("span", {}, name), element("span", { class: "cd-aside" }, aside));
  const details = element("details", {}, element("summary", {}, icon(LEVELS[level].icon), label), content);
  let isLoaded = false;
  details.addEventListener("toggle", () => {
    if (!details.open || isLoaded) return;
    isLoaded = true;
    fill(content, level, place).then((isDone) => (isLoaded = isDone));
  });
  return details;
}

// Whether it could be filled; if not, opening it again tries again.
async function fill(content, level, place) {
  content.replaceChildren(element("p", { class: "cd-empty" }, KEPT ? "" : "Looking …"));
  try {
    content.replaceChildren(...(level === "table" ? await columnsOf(place) : await branches(level, place)));
    return true;
  } catch (error) {
    content.replaceChildren(element("p", { class: "cd-said", "data-tone": "bad" }, error.message));
    return false;
  }
}

async function branches(level, place) {
  const { answer, below } = LEVELS[level];
  const take = KEPT ? fromKept(answer, place) : among((await look(place))[answer].map((found) => (found.name === undefined ? { name: found } : found)));
  const shown = await stretches(take, (row) => branch(row.name || UNNAMED, below, { ...place, [below]: row.name }, aside(row)));
  const only = shown.at(-1).children;
  if (only.length === 1 && only[0].matches("details")) only[0].open = true;
  return shown;
}

function fromKept(answer, place) {
  return async (wanted, skip) => {
    const found = await kept({ ...place, q: wanted, skip });
    return { rows: found[answer], total: found.total };
  };
}

// What is known of a schema or a table, beside its name. Figures are by the system's own statistics.
function aside(row) {
  const words = [];
  if (row.kind && row.kind !== "table") words.push(row.kind);
  if (row.tables !== undefined) words.push(counted(row.tables, HOLDS_FILES ? "file" : "table"));
  if (typeof row.rows === "number") words.push(counted(row.rows, "row"));
  if (row.bytes) words.push(bytes(row.bytes));
  return words.join(" · ");
}

function counted(count, word) {
  return `${number.format(count)} ${word}${count === 1 ? "" : "s"}`;
}

async function columnsOf(place) {
  const known = KEPT ? (await kept(place)).columns : null;
  return columns(known ?? (await look(place)).columns);
}

function columns(list) {
  const headings = ["Column", "Type", "Key", "Nullable", "Default", "Comment"].map((title) => element("th", {}, title));
  const rows = list.map((column) =>
    element(
      "tr",
      {},
      element("td", { class: "cd-strong" }, column.name),
      element("td", { class: "cd-code" }, typeOf(column)),
      element("td", {}, column.key ? icon("key") : ""),
      element("td", {}, column.nullable ? "yes" : "no"),
      element("td", { class: "cd-code" }, column.generated ? "generated" : (column.default ?? "")),
      element("td", {}, column.comment ?? ""),
    ),
  );
  const table = element("table", { class: "cd-table" }, element("thead", {}, element("tr", {}, ...headings)), element("tbody", {}, ...rows));
  return [element("div", { class: "cd-scroll" }, table)];
}

// The type as its system spells it, and in brackets as we understand it where that says more.
function typeOf(column) {
  if (!column.native) return column.type;
  return column.native.toLowerCase().includes(column.type) ? column.native : `${column.native} (${column.type})`;
}

function grow() {
  const root = HOLDS_FILES ? branch(tree.dataset.name, "catalog", { catalog: "" }) : branch(tree.dataset.name, "root", {});
  tree.append(root);
  root.open = true;
  return root;
}

// Tables of all schemas at once, in the tree's place while something is typed.
async function searchEverywhere(root) {
  const input = searchAmong(Number(tree.dataset.tables), HOLDS_FILES ? "a file" : "a table");
  const take = async (wanted, skip) => (wanted ? fromKept("tables", {})(wanted, skip) : { rows: [], total: 0 });
  const nothing = HOLDS_FILES ? "No file of that name." : "No table of that name.";
  const [found] = await stretches(take, (row) => branch(fullName(row), "table", placeOf(row), aside(row)), { search: input, nothing });
  const show = () => {
    root.hidden = input.value.trim() !== "";
    found.hidden = !root.hidden;
  };
  input.addEventListener("input", show);
  show();
  tree.prepend(input, found);
}

function placeOf({ catalog, schema, name }) {
  return { catalog, schema, table: name };
}

function fullName({ schema, name }) {
  return schema ? `${schema}${HOLDS_FILES ? "/" : "."}${name}` : name;
}

// Refreshing tells how far it is, and shows the page anew when it is done.
function takeRefresh(asked) {
  const button = asked.querySelector("button");
  const run = async (start) => {
    button.disabled = true;
    try {
      const job = await follow(await start(), tellProgress, { pause: 400 });
      if (job.error) throw new Error(job.error.message);
      if (job.state === "completed") return window.location.reload();
      say(`The refresh was ${job.state}.`, "warn");
    } catch (error) {
      say(error.message, "bad");
    }
    button.disabled = false;
  };
  asked.addEventListener("submit", (event) => {
    event.preventDefault();
    run(async () => (await press(asked)).watch);
  });
  if (asked.dataset.watch) run(async () => asked.dataset.watch);
}

function tellProgress(job) {
  if (job.ended) return;
  const soFar = job.figures.read ? `: ${counted(job.figures.read, HOLDS_FILES ? "file" : "table")} so far` : "";
  say(job.waits || `Refreshing${soFar} …`, job.waits ? "warn" : "");
}

if (tree) {
  const root = grow();
  if (KEPT) searchEverywhere(root);
}
const refresh = document.querySelector("[data-refresh]");
if (refresh) takeRefresh(refresh);
