// What a system holds, as a tree: each branch is looked up when it is opened, by a job of its own.

import { element, icon, say } from "./dom.js";
import { follow, press } from "./follow.js";

const MANY = 12;

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

async function look(place) {
  const asked = form.cloneNode(true);
  for (const [name, value] of Object.entries(place)) asked.append(element("input", { name, value }));
  const said = await press(asked);
  const job = await follow(said.watch, (news) => say(news.waits, "warn"), { pause: 250 });
  if (job.error) throw new Error(job.error.message);
  if (job.answer === null) throw new Error("The answer is gone: open it again.");
  return job.answer;
}

function branch(name, level, place) {
  const content = element("div");
  const details = element("details", {}, element("summary", {}, icon(LEVELS[level].icon), name), content);
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
  content.replaceChildren(element("p", { class: "cd-empty" }, "Looking …"));
  try {
    const answer = await look(place);
    content.replaceChildren(...(level === "table" ? columns(answer.columns) : branches(answer, level, place)));
    return true;
  } catch (error) {
    content.replaceChildren(element("p", { class: "cd-said", "data-tone": "bad" }, error.message));
    return false;
  }
}

function branches(answer, level, place) {
  const { answer: key, below } = LEVELS[level];
  const names = answer[key].map((found) => found.name ?? found);
  if (!names.length) return [element("p", { class: "cd-empty" }, "Nothing here.")];
  const made = names.map((name) => {
    const details = branch(name || UNNAMED, below, { ...place, [below]: name });
    details.dataset.name = name.toLowerCase();
    return details;
  });
  if (names.length === 1) made[0].open = true;
  return names.length > MANY ? [search(made, names.length), ...made] : made;
}

function search(made, count) {
  const input = element("input", { class: "cd-search", type: "search", placeholder: `Find among ${count}`, "aria-label": "Find" });
  input.addEventListener("input", () => {
    const wanted = input.value.toLowerCase();
    for (const details of made) details.hidden = !details.dataset.name.includes(wanted);
  });
  return input;
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

if (tree) {
  const root = HOLDS_FILES ? branch(tree.dataset.name, "catalog", { catalog: "" }) : branch(tree.dataset.name, "root", {});
  tree.append(root);
  root.open = true;
}
