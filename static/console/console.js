// What every page of the console shares: questions, buttons, times, and parts that keep themselves fresh.

import { showWhatMatters } from "./conditions.js";
import { say } from "./dom.js";
import { follow, press } from "./follow.js";
import { editMappings } from "./mapping.js";
import { tellTimes } from "./times.js";

const MOMENTS = 30_000;

function askFirst() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens).showModal();
    if (event.target.closest("[data-closes]")) event.target.closest("dialog").close();
  });
}

// Parts of the page as the server would show them now, put in the place of what is there.
async function refresh(parts) {
  if (!parts.length) return;
  const response = await fetch(window.location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
  if (!response.ok || response.redirected) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const part of parts) {
    const fresh = page.getElementById(part.id);
    if (!fresh) continue;
    part.replaceChildren(...fresh.childNodes);
    tellTimes(part);
  }
}

function keepFresh() {
  const parts = [...document.querySelectorAll("[data-fragment][data-every]")];
  for (const every of new Set(parts.map((part) => part.dataset.every))) {
    const these = parts.filter((part) => part.dataset.every === every);
    setInterval(() => document.hidden || refresh(these), 1000 * Number(every));
  }
}

function refreshAll() {
  return refresh([...document.querySelectorAll("[data-fragment]")]);
}

// A button's answer is shown on the page; when it started a job, that is followed to its end.
async function pressed(form) {
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const said = await press(form);
    if (!said.watch && said.page) return window.location.assign(said.page);
    say(said.message);
    if (said.watch) await tellResult(said.watch, form.dataset.done);
    else await refreshAll();
  } catch (refusal) {
    say(refusal.message, "bad");
  } finally {
    button.disabled = false;
  }
}

async function tellResult(url, done = "Done.") {
  const job = await follow(url, (news) => news.waits && say(news.waits, "warn"), { pause: 400 });
  if (job.answer && "ok" in job.answer) say(job.answer.message || done, job.answer.ok ? "good" : "bad");
  else if (job.error) say(job.error.message, "bad");
  else say(`The job is ${job.state}.`);
  await refreshAll();
}

function takeButtons() {
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-press]")) return;
    event.preventDefault();
    pressed(event.target);
  });
}

function takeCopies() {
  for (const button of document.querySelectorAll("[data-copies]")) {
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.querySelector("[data-copied]").textContent);
      button.lastChild.textContent = "Copied";
    });
  }
}

// A list of boxes always ends with an empty one.
function growLists() {
  for (const list of document.querySelectorAll("[data-ordered]")) {
    list.addEventListener("change", () => {
      const last = list.lastElementChild;
      if (!last.value) return;
      const next = last.cloneNode(true);
      next.removeAttribute("id");
      next.value = "";
      list.append(next);
    });
  }
}

askFirst();
takeButtons();
takeCopies();
growLists();
editMappings();
showWhatMatters();
keepFresh();
tellTimes();
setInterval(() => document.hidden || tellTimes(), MOMENTS);
