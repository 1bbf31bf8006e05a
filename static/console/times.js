// Moments in the reader's own time zone; those of the last day as how long ago they were.

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const short = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const hour = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const DAY = 86_400;

function ago(moment) {
  const seconds = Math.round((moment - Date.now()) / 1000);
  const size = Math.abs(seconds);
  if (size >= DAY) return short.format(moment);
  if (size < 60) return relative.format(seconds, "second");
  if (size < 3600) return relative.format(Math.round(seconds / 60), "minute");
  return relative.format(Math.round(seconds / 3600), "hour");
}

export function tellTimes(root = document) {
  for (const time of root.querySelectorAll("time[datetime]:not([data-clock])")) {
    const moment = new Date(time.dateTime);
    time.textContent = ago(moment);
    time.title = full.format(moment);
  }
  for (const label of root.querySelectorAll("[data-hour]")) label.textContent = hour.format(new Date(label.dataset.hour));
}

export function clockTime(moment) {
  return clock.format(new Date(moment));
}

export function span(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds) % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
