// Mapping rules as a table. The JSON below it stays what is sent; what the table does not show of a rule is kept.

import { element, icon } from "./dom.js";

const COLUMNS = [
  { name: "generate", label: "Goes to", placeholder: "column" },
  { name: "extract", label: "Comes from", placeholder: "$.field, or a fixed text" },
  { name: "cast", label: "Type", placeholder: "as it is" },
  { name: "default", label: "When empty", placeholder: "stays empty" },
];

export function editMappings() {
  for (const text of document.querySelectorAll("textarea[data-mapping]")) edit(text);
}

function edit(text) {
  const body = element("tbody");
  const table = element("table", {}, element("thead", {}, headings()), body);
  const add = element("button", { type: "button", class: "cd-button" }, icon("add"), "Add a rule");
  const toggle = element("button", { type: "button", class: "cd-button" }, icon("data_object"), "As JSON");
  const editor = element("div", { class: "cd-mapping" }, table);
  const tools = element("div", { class: "cd-buttons" }, add, toggle);
  text.before(editor, tools);

  add.addEventListener("click", () => body.append(row({}, () => write(text, body))));
  toggle.addEventListener("click", () => show(text.hidden));
  show(!read(text));

  function show(asJson) {
    const rules = asJson ? null : read(text);
    if (!asJson && !rules) return;
    if (rules) body.replaceChildren(...rules.map((rule) => row(rule, () => write(text, body))));
    text.hidden = !asJson;
    editor.hidden = asJson;
    add.hidden = asJson;
    toggle.lastChild.textContent = asJson ? "As a table" : "As JSON";
  }
}

// The rules in the text, or null when it is no list of them.
function read(text) {
  try {
    const rules = JSON.parse(text.value.trim() || "[]");
    return Array.isArray(rules) && rules.every((rule) => rule && typeof rule === "object") ? rules : null;
  } catch {
    return null;
  }
}

function write(text, body) {
  const rules = [...body.rows].map((line) => line.rule).filter((rule) => rule.generate || rule.extract);
  text.value = rules.length ? JSON.stringify(rules, null, 2) : "";
}

function headings() {
  return element("tr", {}, ...COLUMNS.map((column) => element("th", {}, column.label)), element("th"));
}

function row(rule, changed) {
  const line = element("tr");
  line.rule = rule;
  for (const column of COLUMNS) {
    const input = element("input", { placeholder: column.placeholder, "aria-label": column.label, spellcheck: "false" });
    const name = column.name === "cast" && !("cast" in rule) && "dataType" in rule ? "dataType" : column.name;
    input.value = rule[name] ?? "";
    input.addEventListener("input", () => {
      if (input.value === "") delete rule[name];
      else rule[name] = input.value;
      changed();
    });
    line.append(element("td", {}, input));
  }
  const remove = element("button", { type: "button", class: "cd-button", "aria-label": "Remove the rule" }, icon("close"));
  remove.addEventListener("click", () => {
    line.remove();
    changed();
  });
  line.append(element("td", {}, remove));
  return line;
}
