// Makes the pages better; all work without it. docs/guides/pages.md lists the attributes.
(() => {
  "use strict";
  const root = document.documentElement;
  const main = document.querySelector("main");
  const status = document.querySelector("#live-status");
  const pill = document.querySelector("#live-waiting");
  const all = (selector, within = main) => [...within.querySelectorAll(selector)];

  // ---- Swapping in the newer page
  let submitting = false, busy = false, waiting = false, timer = 0;

  // A swap under the user's hands would lose what is typed, so it waits.
  const typing = () => all("input, select, textarea").some((f) => f.dataset.touched || f === document.activeElement);
  const nameOf = (e) => e.id || e.href;
  const news = () => all("[data-announce]").map((e) => e.textContent.trim()).join(". ");
  const say = (text) => { status.textContent = text ?? ""; };

  function swap(page, title, at) {
    const before = news();
    const focused = document.activeElement.matches("main *") ? nameOf(document.activeElement) : "";
    const open = new Map(all("details[id]").map((d) => [d.id, d.open]));
    main.replaceChildren(...page.childNodes);
    document.title = title;
    for (const d of all("details[id]")) d.open = open.get(d.id) ?? d.open;
    if (focused) all("[id], a").find((e) => nameOf(e) === focused)?.focus({ preventScroll: true });
    if (news() !== before) say(news());
    if (page.dataset.live !== main.dataset.live) {
      stop();
      main.dataset.live = page.dataset.live ?? "";
      start();
    }
    startCountdowns(at);
  }

  async function refresh(force) {
    if (busy) return soon(force);
    busy = true;
    try {
      const answer = await fetch(main.dataset.page || location.href, {
        headers: { accept: "text/html" }, signal: AbortSignal.timeout(10000),
      });
      const at = Date.now();
      if (answer.redirected) return location.assign(answer.url); // Signed out meanwhile, for example.
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = (answer.ok || answer.status === 404) && page.querySelector("main");
      if (fresh && !submitting) {
        waiting = !force && typing();
        if (!waiting) swap(fresh, page.title, at);
        pill.hidden = !waiting;
      }
    } catch {
      // The server is away: the page stays as it is until the next change.
    } finally {
      busy = false;
    }
  }
  // One fetch for a burst of changes, at another moment for every viewer.
  function soon(force) {
    timer ||= setTimeout(() => { timer = 0; refresh(force); }, 150 + Math.random() * 350);
  }
  document.addEventListener("input", (e) => { e.target.dataset.touched = 1; });
  document.addEventListener("focusout", () => setTimeout(() => { if (waiting && !typing()) soon(); }));
  pill.querySelector("button").addEventListener("click", () => refresh(true));

  // ---- Live changes
  let source, retry, wait = 1000;

  function start(missed) {
    if (source || !main.dataset.live || document.hidden) return;
    root.dataset.link ||= "off";
    source = new EventSource(main.dataset.live);
    source.onopen = () => { root.dataset.link = "on"; if (missed) soon(); };
    source.addEventListener("change", () => { wait = 1000; soon(); });
    source.onerror = () => {
      stop();
      root.dataset.link = "off";
      retry = setTimeout(start, wait * (0.5 + Math.random()), true);
      wait = Math.min(wait * 2, 30000);
    };
  }
  function stop() {
    clearTimeout(retry);
    source?.close();
    source = null;
    delete root.dataset.link;
  }
  // A browser has six connections for a host, so a hidden tab gives its own back, and catches up when seen.
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : start(true)));
  addEventListener("pagehide", stop);

  // ---- Countdowns
  let asking, late = 1000;
  const two = (n) => String(n).padStart(2, "0");

  function startCountdowns(at) {
    for (const t of all("[data-countdown]")) t.ahead = Date.parse(t.dataset.now) - at || 0;
    tick();
  }
  function tick() {
    for (const t of all("[data-countdown]")) {
      const left = Math.ceil((Date.parse(t.dateTime) - Date.now() - t.ahead) / 1000);
      if (isNaN(left)) continue;
      const over = left <= 0, hours = Math.floor(left / 3600), minutes = Math.floor(left / 60) % 60;
      if (left === 120) say(t.dataset.soon);
      t.textContent = over ? t.dataset.over : (hours ? hours + ":" + two(minutes) : minutes) + ":" + two(left % 60);
      t.classList.toggle("is-ticking", !over);
      t.classList.toggle("is-urgent", !over && left <= 120);
      t.classList.toggle("is-over", over);
      if (!over) late = 1000;
      // The server may need a moment as well: it is asked again, less and less.
      else asking ||= setTimeout(() => { asking = 0; late = Math.min(late * 2, 60000); refresh(true); }, late);
    }
  }
  setInterval(tick, 1000);

  // ---- Forms
  const freeze = (form, on) => { for (const b of all("button", form)) b.disabled = on; };
  document.addEventListener("click", (e) => {
    const button = e.target.closest("button[data-confirm]");
    if (button && !confirm(button.dataset.confirm)) e.preventDefault();
  });
  document.addEventListener("submit", (e) => {
    const form = e.target;
    if (e.defaultPrevented || !form.matches("[data-once]")) return;
    if (form.dataset.sent) return e.preventDefault();
    form.dataset.sent = 1;
    submitting = true;
    // Afterwards, because a disabled button does not send its name and value.
    setTimeout(freeze, 0, form, true);
  });
  addEventListener("pageshow", (e) => {
    submitting = false;
    for (const form of all("[data-sent]", document)) {
      delete form.dataset.sent;
      freeze(form, false);
    }
    if (e.persisted) start(true);
  });

  // ---- Copying; without a script the text can be selected.
  for (const b of all("[data-copy]")) {
    b.hidden = false;
    if ("focus" in b.dataset) b.focus();
  }
  document.addEventListener("click", async (e) => {
    const b = e.target.closest("[data-copy]");
    const from = b && document.querySelector(b.dataset.copy);
    if (!from) return;
    try {
      await navigator.clipboard.writeText(from.value ?? from.textContent);
    } catch { // There is no clipboard without TLS.
      from.select ? from.select() : getSelection().selectAllChildren(from);
      if (!document.execCommand("copy")) return;
      b.focus();
    }
    const was = b.dataset.was ??= b.textContent;
    b.textContent = "Copied";
    say("Copied");
    setTimeout(() => { b.textContent = was; say(""); }, 2000);
  });

  const arrived = performance.getEntriesByType("navigation")[0]?.responseStart;
  startCountdowns(arrived ? performance.timeOrigin + arrived : Date.now());
  start();
})();
