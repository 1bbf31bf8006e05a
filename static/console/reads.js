// What a source connection could read: asked of its system by a job, and ticked into the form below.

import { element, say } from "./dom.js";
import { number } from "./figures.js";
import { follow, press } from "./follow.js";

const MOST = 1000;

const form = document.querySelector("[data-discover]");
const found = document.querySelector("[data-found]");
const tables = document.querySelector("textarea[name=tables]");

function chosen() {
  return tables.value.split("\n").map((line) => line.trim()).filter(Boolean);
}

function row(table) {
  const box = element("input", { type: "checkbox", value: table.name });
  box.checked = chosen().includes(table.name);
  box.addEventListener("change", () => {
    const others = chosen().filter((name) => name !== table.name);
    tables.value = [...others, ...(box.checked ? [table.name] : [])].join("\n");
  });
  return element("label", {}, box, element("span", { class: "cd-strong" }, table.name), element("span", {}, about(table)));
}

function about(table) {
  const rows = typeof table.rows === "number" ? [`${number.format(table.rows)} rows`] : [];
  return [...rows, (table.columns ?? []).map((column) => column.name).join(", ")].filter(Boolean).join(" · ");
}

function show({ tables: listed, is_cut: isCut }) {
  const rest = listed.length - MOST;
  const more = rest > 0 || isCut ? [element("p", { class: "cd-empty" }, "There are more than can be ticked here: write their names below.")] : [];
  const nothing = listed.length ? [] : [element("p", { class: "cd-empty" }, "It has nothing to read.")];
  found.replaceChildren(...nothing, ...listed.slice(0, MOST).map(row), ...more);
  found.hidden = false;
}

async function discover() {
  const button = form.querySelector("button");
  button.disabled = true;
  say("Looking …");
  try {
    const job = await follow((await press(form)).watch, (news) => news.waits && say(news.waits, "warn"), { pause: 300 });
    if (!job.answer) throw new Error(job.error?.message ?? `The look was ${job.state}.`);
    show(job.answer);
    say("");
  } catch (error) {
    say(error.message, "bad");
  }
  button.disabled = false;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  discover();
});
