// A list of any length: shown a stretch at a time, and narrowed by what is typed.

import { element } from "./dom.js";
import { number } from "./figures.js";

const STRETCH = 200;
const MANY = 12;
const PAUSE = 200;

// What `stretches` takes from, of a list that is here already.
export function among(rows) {
  return async (wanted, skip) => {
    const found = rows.filter((row) => row.name.toLowerCase().includes(wanted.toLowerCase()));
    return { rows: found.slice(skip, skip + STRETCH), total: found.length };
  };
}

// `take(wanted, skip)` resolves to {rows, total}, `made(row)` is a row's element. With a `search`, an input element, it
// is used in place of one above the list.
export async function stretches(take, made, { search = null, nothing = "Nothing here." } = {}) {
  const list = element("div");
  const first = await take("", 0);
  const input = search ?? (first.total > MANY ? searchAmong(first.total) : null);
  let asked = 0;

  function add({ rows, total }, wanted, skip) {
    list.append(...rows.map(made));
    if (!total) list.append(element("p", { class: "cd-empty" }, nothing));
    const behind = skip + rows.length;
    if (rows.length && behind < total) list.append(more(total - behind, wanted, behind));
  }

  function more(left, wanted, skip) {
    const button = element("button", { type: "button", class: "cd-button" }, `Show more of ${number.format(left)}`);
    button.addEventListener("click", async () => {
      button.disabled = true;
      const stretch = await take(wanted, skip);
      button.remove();
      add(stretch, wanted, skip);
    });
    return button;
  }

  input?.addEventListener("input", () => {
    const mine = ++asked;
    setTimeout(async () => {
      if (mine !== asked) return;
      const stretch = await take(input.value.trim(), 0);
      if (mine !== asked) return; // typed on meanwhile
      list.replaceChildren();
      add(stretch, input.value.trim(), 0);
    }, PAUSE);
  });
  add(first, "", 0);
  return search || !input ? [list] : [input, list];
}

export function searchAmong(count, what = "") {
  const words = ["Find", what, `among ${number.format(count)}`].filter(Boolean).join(" ");
  return element("input", { class: "cd-search", type: "search", placeholder: words, "aria-label": words });
}
