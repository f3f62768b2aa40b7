// Makes the pages better; each of them works without it. docs/guides/pages.md lists the attributes.
(() => {
  "use strict";
  const root = document.documentElement;
  const main = document.querySelector("main");
  const byId = (id) => document.getElementById(id);
  const all = (selector, within = main) => [...within.querySelectorAll(selector)];

  // ---- Swapping in the newer page
  let submitting = false, busy = false, waiting = false, timer = 0;

  // A swap under the user's hands would lose what is typed, so it waits.
  const typing = () => all("input, select, textarea").some((f) => f.dataset.touched || f === document.activeElement);
  // What a control is called, so that it gets the focus back after the swap.
  const nameOf = (e) => e.id || [e.tagName, e.href, e.form?.action, e.name, e.value, e.textContent].join("|");
  const news = () => all("[data-announce]").map((e) => e.textContent.trim()).join(". ");
  const say = (text) => { if (text) byId("live-status").textContent = text; };

  function swap(page, title, at) {
    const before = news();
    const focused = document.activeElement.matches("main *") && nameOf(document.activeElement);
    const open = new Map(all("details[id]").map((d) => [d.id, d.open]));
    main.replaceChildren(...page.childNodes);
    document.title = title;
    for (const d of all("details[id]")) d.open = open.get(d.id) ?? d.open;
    if (focused) all("a, button, summary").find((e) => nameOf(e) === focused)?.focus({ preventScroll: true });
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
      const fresh = answer.ok && page.querySelector("main");
      if (fresh && !submitting) {
        waiting = !force && typing();
        if (!waiting) swap(fresh, page.title, at);
        byId("live-waiting").hidden = !waiting;
      }
    } catch {
      // The server is away: what is on the screen stays, and the next change tries again.
    } finally {
      busy = false;
    }
  }
  // Gathers a burst of changes into one fetch, at another moment for every viewer.
  function soon(force) {
    timer ||= setTimeout(() => { timer = 0; refresh(force); }, 150 + Math.random() * 350);
  }
  document.addEventListener("input", (e) => { e.target.dataset.touched = 1; });
  document.addEventListener("focusout", () => setTimeout(() => { if (waiting && !typing()) soon(); }));
  byId("live-waiting").addEventListener("click", (e) => { if (e.target.matches("button")) refresh(true); });

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
  // A hidden tab gives its connection back (a browser has six for a host) and catches up when seen again.
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
      const over = left <= 0, urgent = !over && left <= 120, hours = Math.floor(left / 3600);
      const minutes = Math.floor(left / 60) % 60;
      if (left === 120) say(t.dataset.soon);
      t.textContent = over ? t.dataset.over : (hours ? hours + ":" + two(minutes) : minutes) + ":" + two(left % 60);
      t.classList.toggle("is-ticking", !over);
      t.classList.toggle("is-urgent", urgent);
      t.classList.toggle("is-over", over);
      if (!over) late = 1000;
      // The server may need a moment to let go as well, so it is asked again, ever less often.
      else asking ||= setTimeout(() => { asking = 0; late = Math.min(late * 2, 60000); refresh(true); }, late);
    }
  }
  setInterval(tick, 1000);

  // ---- Forms
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
    setTimeout(() => all("button", form).forEach((b) => { b.disabled = true; }));
  });
  addEventListener("pageshow", (e) => {
    submitting = false;
    for (const form of all("form[data-sent]", document)) {
      delete form.dataset.sent;
      all("button", form).forEach((b) => { b.disabled = false; });
    }
    if (e.persisted) start(true);
  });

  const arrived = performance.getEntriesByType("navigation")[0]?.responseStart;
  startCountdowns(arrived ? performance.timeOrigin + arrived : Date.now());
  start();
})();
