// A job's page: shows it as it is, then follows it while it lives.

import { element, say } from "./dom.js";
import { bytes, number } from "./figures.js";
import { follow } from "./follow.js";
import { clockTime, span } from "./times.js";

const BEFORE = 0.99;

const page = document.querySelector("[data-job]");
const parts = Object.fromEntries([...document.querySelectorAll("[data-show]")].map((part) => [part.dataset.show, part]));
let shown = null;
let shownAt = Date.now();

function write(name, text) {
  if (parts[name]) parts[name].textContent = text;
}

function writeOrHide(name, text) {
  write(name, text);
  parts[name].hidden = !text;
}

// How much of the run is done, as far as the source's statistics tell; null when they tell nothing.
function share(job) {
  const { read, expected } = job.figures;
  if (job.state === "completed") return 1;
  if (!expected) return job.ended ? (read ? 1 : 0) : null;
  return Math.min(read / expected, BEFORE);
}

function showBar(job) {
  const bar = document.querySelector("[data-bar]");
  const part = share(job);
  bar.dataset.state = job.state === "completed" && job.figures.failed ? "refused" : job.state;
  bar.toggleAttribute("data-unknown", part === null && job.state === "running");
  bar.firstElementChild.style.width = part === null ? "" : `${100 * part}%`;
  if (part === null) bar.removeAttribute("aria-valuenow");
  else bar.setAttribute("aria-valuenow", String(Math.round(100 * part)));
}

function progress(job) {
  const { read, expected, secondsLeft, snapshots } = job.figures;
  const words = [];
  if (expected && !job.ended) words.push(`${number.format(read)} of about ${number.format(expected)} records`);
  if (secondsLeft && !job.ended) words.push(`about ${span(secondsLeft)} left`);
  if (snapshots > 1) words.push(`${snapshots} snapshots of the source`);
  return words.join(" · ");
}

function showFigures(job) {
  const { figures } = job;
  for (const name of ["read", "written", "ignored", "failed"]) write(name, number.format(figures[name]));
  write("pace", figures.perSecond === null ? "–" : number.format(Math.round(figures.perSecond)));
  write("bytes", bytes(figures.bytes));
  write("progress", progress(job));
  const failed = document.querySelector("[data-failed]");
  if (figures.failed) failed.dataset.tone = "bad";
  else delete failed.dataset.tone;
}

function showSteps(steps) {
  const section = document.querySelector("[data-steps]");
  section.hidden = !steps.length;
  const rows = steps.map((step) => {
    const texts = [step.lane || "–", (step.delivery || "–").replaceAll("_", " ")];
    const figures = [step.records, step.ignored, step.failed, step.pages];
    return element(
      "tr",
      {},
      element("td", {}, element("span", { class: "cd-strong" }, step.name), ` ${step.role}`),
      ...texts.map((text) => element("td", {}, text)),
      ...figures.map((figure) => element("td", { class: "cd-number" }, number.format(figure))),
    );
  });
  section.querySelector("tbody").replaceChildren(...rows);
}

function showTasks(tasks) {
  const section = document.querySelector("[data-tasks]");
  section.hidden = !tasks.length;
  const rows = tasks.map((task) => {
    const figures = [task.read, task.written, task.failed];
    return element(
      "tr",
      {},
      element("td", {}, element("a", { href: task.url }, task.name)),
      element("td", {}, element("span", { class: "cd-state", "data-state": task.state }, task.label)),
      ...figures.map((figure) => element("td", { class: "cd-number" }, number.format(figure))),
    );
  });
  section.querySelector("tbody").replaceChildren(...rows);
}

function showLines(events) {
  const log = document.querySelector("[data-log]");
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  for (const event of events) {
    const reason = event.level === "state" && event.data.reason ? `: ${event.data.reason}` : "";
    const time = element("time", { datetime: event.at, "data-clock": "", title: event.at }, clockTime(event.at));
    log.append(element("li", { "data-level": event.level }, time, element("p", {}, event.message + reason)));
  }
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}

function showRefused(refused) {
  const section = document.querySelector("[data-refused]");
  section.hidden = !refused.length;
  const body = section.querySelector("tbody");
  const rows = refused.map(({ code, open, total }) => {
    const link = element("a", { href: `${body.dataset.errorsUrl}&code=${encodeURIComponent(code)}` }, code);
    const figures = [open, total].map((figure) => element("td", { class: "cd-number" }, number.format(figure)));
    return element("tr", {}, element("td", { class: "cd-code" }, link), ...figures);
  });
  body.replaceChildren(...rows);
}

function showAnswer(answer) {
  const section = document.querySelector("[data-answer]");
  section.hidden = answer === null;
  if (answer !== null) section.querySelector("pre").textContent = JSON.stringify(answer, null, 2);
}

function showButtons(names) {
  for (const button of document.querySelectorAll("[data-button]")) {
    button.hidden = !names.includes(button.dataset.button);
  }
}

function showClock() {
  if (!shown?.startedAt) return;
  const since = shown.ended ? 0 : (Date.now() - shownAt) / 1000;
  write("clock", `${shown.ended ? "took" : "for"} ${span(shown.figures.seconds + since)}`);
}

function show(job) {
  shown = job;
  shownAt = Date.now();
  write("label", job.label);
  parts.label.dataset.state = job.state;
  writeOrHide("waits", job.waits);
  writeOrHide("error", job.error ? `${job.error.message} (${job.error.code})` : "");
  write("attempt", job.attempt);
  write("worker", job.worker || "–");
  showBar(job);
  showFigures(job);
  showTasks(job.tasks);
  showSteps(job.steps);
  showLines(job.events);
  showRefused(job.refused);
  showAnswer(job.answer);
  showButtons(job.buttons);
  showClock();
}

show.lost = (isLost) => say(isLost ? "The server does not answer; trying again." : "", "warn");

async function start() {
  const job = JSON.parse(document.getElementById("job-now").textContent);
  show(job);
  setInterval(showClock, 1000);
  if (job.ended) return;
  try {
    await follow(page.dataset.liveUrl, show, { after: job.events.at(-1)?.number ?? 0 });
  } catch (error) {
    say(error.message, "bad");
  }
}

start();
