// Follows a job until it has ended: asks every second, and gets an answer only when there is news.

const PAUSE = 1000;
const PAUSE_AFTER_FAILURE = 5000;
const SIGNED_OUT = "You are signed out: load the page again.";

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function whenVisible() {
  while (document.hidden) {
    await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
  }
}

// Calls `tell(job)` with all news, and resolves to the job as it ended. `tell.lost(isLost)` hears of the connection.
export async function follow(url, tell, { after = 0, pause = PAUSE } = {}) {
  let version = "";
  for (;;) {
    await whenVisible();
    let response;
    try {
      response = await fetch(`${url}?after=${after}`, {
        headers: { Accept: "application/json", ...(version && { "If-None-Match": version }) },
        cache: "no-store",
        redirect: "manual",
      });
    } catch {
      tell.lost?.(true);
      await sleep(PAUSE_AFTER_FAILURE);
      continue;
    }
    tell.lost?.(false);
    if (response.status === 200) {
      version = response.headers.get("ETag");
      const job = await response.json();
      after = job.events.at(-1)?.number ?? after;
      tell(job);
      if (job.ended) return job;
    } else if (response.type === "opaqueredirect") {
      throw new Error(SIGNED_OUT);
    } else if (response.status !== 304) {
      throw new Error(`The job cannot be followed any more (${response.status}).`);
    }
    await sleep(pause);
  }
}

// Presses a button's form by script; resolves to what it said, rejects with what it refused.
export async function press(form) {
  const response = await fetch(form.action, {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new FormData(form),
    redirect: "manual",
  });
  if (response.type === "opaqueredirect") throw new Error(SIGNED_OUT);
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  const said = isJson ? await response.json() : { message: `The server answered ${response.status}.` };
  if (!response.ok) throw new Error(said.message);
  return said;
}
