// Elements made of text only: nothing that came from a system is ever read as markup.

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.map((child) => (child instanceof Node ? child : String(child))));
  return made;
}

export function icon(name) {
  return element("span", { class: "material-symbols-outlined", "aria-hidden": "true" }, name);
}

// A line above the page's content; `tone` is "good", "bad", "warn" or "".
export function say(text, tone = "") {
  const line = document.querySelector("[data-said]");
  if (!line) return;
  line.textContent = text;
  line.dataset.tone = tone;
  line.hidden = !text;
}
