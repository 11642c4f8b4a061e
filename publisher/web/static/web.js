// Keeps an open page true: countdowns, the reader's own time, and what just happened.
"use strict";
(() => {
  const root = document.documentElement;
  const begun = performance.now();
  const serverNow = Date.parse(root.dataset.now);
  const speed = Number(root.dataset.speed) || 1;
  const now = () => serverNow + (performance.now() - begun) * speed;
  const PATIENCE = 10000; // milliseconds that a page may be on its way
  window.serverNow = now;
  const relative = new Intl.RelativeTimeFormat(root.lang, { numeric: "always" });
  // A unit, how long it is, and from when on it is told: rounded, a smaller one would say more.
  const units = [["day", 86400, 172800], ["hour", 3600, 10800], ["minute", 60, 90], ["second", 1, 0]];

  function distance(instant) {
    const seconds = Math.round((instant - now()) / 1000);
    const [unit, size] = units.find(([, , from]) => Math.abs(seconds) >= from);
    return relative.format(Math.round(seconds / size), unit);
  }

  function count() {
    for (const time of document.querySelectorAll("time.countdown")) {
      time.textContent = distance(Date.parse(time.dateTime));
    }
  }

  // The session's time stands on the page; the reader's own beside it, where it is another.
  function local(scope) {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (!zone || zone === root.dataset.zone) return;
    for (const time of scope.querySelectorAll("time:not(.countdown):not([title])")) {
      const instant = new Date(time.dateTime);
      if (Number.isNaN(instant.getTime())) continue;
      time.title = instant.toLocaleString(root.lang, { dateStyle: "full", timeStyle: "short" }) + " (" + zone + ")";
      const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
      const here = instant.toLocaleTimeString(root.lang, clock);
      const there = instant.toLocaleTimeString(root.lang, { ...clock, timeZone: root.dataset.zone });
      if (here === there || !time.closest("[data-both]")) continue;
      const own = document.createElement("span");
      own.className = "own";
      own.textContent = " " + (root.dataset.own || "{time}").replace("{time}", here);
      named(time).after(own);
    }
  }

  // The city whose clock a time or its field follows stands right behind it.
  function named(time) {
    const next = time.nextElementSibling;
    return next && next.matches(".zone") ? next : time;
  }

  // A browser writes a date field in its own language: beside it, the date in words of the page's.
  function spell(scope) {
    for (const field of scope.querySelectorAll("input[type=date], input[type=datetime-local]")) {
      const place = named(field), next = place.nextElementSibling;
      // The composer's own line has the time that its draft would have.
      if ((next && next.matches(".in-words")) || field.closest("#schedule")) continue;
      const words = document.createElement("output");
      words.className = "in-words";
      if (field.id) words.htmlFor = field.id;
      const say = () => {
        const at = new Date(field.value + (field.type === "date" ? "T00:00Z" : "Z"));
        const clock = field.type === "date" ? {} : { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
        const form = { weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: "UTC", ...clock };
        words.textContent = Number.isNaN(at.getTime()) ? "" : at.toLocaleString(root.lang, form);
      };
      place.after(words);
      field.addEventListener("input", say);
      say();
    }
  }

  // The session's clock, and the reader's own below it, where it is another.
  function clock() {
    const shown = document.querySelector("[data-clock]");
    if (!shown) return;
    const form = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    const at = new Date(now());
    const there = at.toLocaleTimeString(root.lang, { ...form, timeZone: root.dataset.zone });
    const here = at.toLocaleTimeString(root.lang, form);
    shown.textContent = there;
    const own = document.querySelector("[data-clock-here]");
    own.hidden = here === there;
    own.textContent = (root.dataset.own || "{time}").replace("{time}", here).replace(/^\(|\)$/g, "");
  }

  // Ctrl K, or a slash, leads to the search from everywhere; a letter presses what names it.
  function keys() {
    document.addEventListener("keydown", (event) => {
      pressed(event);
      const search = document.querySelector("[data-search]");
      if (!search) return;
      const typing = event.target.closest("input, textarea, select, [contenteditable]");
      const asked = (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !typing);
      if (!asked) return;
      event.preventDefault();
      search.focus();
      search.select();
    });
  }

  function pressed(event) {
    // A key that is held down says nothing about what comes under it.
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select")) return;
    const meant = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === event.key.toLowerCase());
    if (!meant) return;
    event.preventDefault();
    meant.click();
    const field = meant.parentElement.open && meant.parentElement.querySelector("textarea");
    if (field) field.focus();
  }

  // A form that does something is sent once: pressed again while the page is on its way, it would
  // do it twice.
  function once() {
    let form = null, at = 0;
    document.addEventListener("submit", (event) => {
      if (event.defaultPrevented || event.target.method !== "post") return;
      if (event.target === form && performance.now() - at < PATIENCE) {
        event.preventDefault();
        return;
      }
      form = event.target;
      at = performance.now();
    });
    window.addEventListener("pageshow", () => { form = null; });
  }

  // A browser makes six connections to a server, for all its tabs, and a stream keeps one. So only
  // a page that is looked at has a stream, and none while a form or a link is on its way: it must get
  // through.
  function follow() {
    if (!document.querySelector("[data-live]") || !window.EventSource) return;
    let events = null;
    const close = () => {
      if (events) events.close();
      events = null;
    };
    const open = () => {
      if (events || document.hidden) return;
      // What happened since the page was made, or last fetched something, is told at once.
      events = new EventSource("/events?after=" + root.dataset.step);
      events.addEventListener("ledger", (event) => {
        root.dataset.step = event.data;
        document.body.dispatchEvent(new Event("ledger"));
      });
      // It is taken up again by itself, but for somebody who was logged out.
      events.addEventListener("error", () => {
        if (events && events.readyState === EventSource.CLOSED) { events = null; gone(); }
      });
    };
    document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
    const leave = () => { close(); setTimeout(open, PATIENCE); };
    document.addEventListener("submit", leave);
    document.addEventListener("click", (event) => { if (event.target.closest("a[href]")) leave(); });
    window.addEventListener("pagehide", close);
    window.addEventListener("pageshow", open);
    open();
  }

  // The page of today can be read without a network, and then says how old it is.
  function offline() {
    if (navigator.serviceWorker && document.querySelector(".known")) navigator.serviceWorker.register("/sw.js");
    const told = document.getElementById("offline");
    const tell = () => { told.hidden = navigator.onLine; };
    window.addEventListener("offline", tell);
    window.addEventListener("online", tell);
    tell();
  }

  function gone() {
    const told = document.getElementById("gone");
    if (told) told.hidden = false;
  }

  // What is fetched anew takes the place of what stands there piece by piece, so that nobody loses
  // their place. A form stays as it is: somebody may be filling it in, and what it says was looked at
  // must be what was looked at.
  function morph() {
    if (!window.Idiomorph) return;
    const callbacks = window.Idiomorph.defaults.callbacks;
    callbacks.beforeNodeMorphed = (old) => !(old instanceof HTMLFormElement);
    const own = { open: HTMLDetailsElement, checked: HTMLInputElement }; // what a person chose stays chosen
    callbacks.beforeAttributeUpdated = (name, element) => !(own[name] && element instanceof own[name]);
  }

  // Nobody loses what they typed by a wrong key or a link.
  function guard() {
    const form = document.querySelector("form.editor");
    if (!form) return;
    const text = form.querySelector("textarea");
    let sent = false;
    form.addEventListener("submit", () => { sent = true; });
    window.addEventListener("beforeunload", (event) => {
      if (!sent && text.value !== text.defaultValue) event.preventDefault();
    });
  }

  // A button about what is ticked waits for a tick, and says how many there are.
  function ticked() {
    for (const button of document.querySelectorAll("[data-ticked]")) {
      const number = [...button.form.elements].filter((one) => one.name === button.dataset.ticked && one.checked).length;
      button.disabled = !number;
      button.querySelector("[data-number]").textContent = number || "";
    }
  }

  // What is shown once is copied by a button, where the browser lets a page do that.
  function copies() {
    for (const button of navigator.clipboard ? document.querySelectorAll("[data-copy]") : []) {
      button.hidden = false;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
        button.textContent = button.dataset.copied;
      });
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    morph();
    copies();
    count();
    guard();
    local(document);
    spell(document);
    follow();
    clock();
    keys();
    once();
    offline();
    ticked();
    document.addEventListener("change", ticked);
    window.addEventListener("pageshow", ticked);
    setInterval(() => { count(); clock(); }, 1000);
    for (const swapped of ["htmx:afterSwap", "htmx:oobAfterSwap"]) {
      document.body.addEventListener(swapped, (event) => { count(); ticked(); local(event.target.parentNode || document); spell(document); });
    }
    document.body.addEventListener("htmx:responseError", (event) => { if (event.detail.xhr.status === 401) gone(); });
  });
})();
