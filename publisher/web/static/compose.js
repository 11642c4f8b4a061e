// The composer: keeps what is typed on this device, takes pictures that are dropped or pasted, and
// shows the texts of one account at a time. Everything else works without this file.
"use strict";
(() => {
  const PREFIX = "composed ";
  const PAUSE = 400; // milliseconds without a key, after which what was typed is kept
  const ONE_PAGE = ["form", "key", "seen", "base", "against", "clash", "choice", "shown", "sure", "tried", "do", "upload", "original", "find",
    "frame_left", "frame_top", "frame_width", "frame_height"]; // fields that are no words of a draft

  // A post that was saved is not offered again: its page is opened with the name of what was kept.
  function forget() {
    const found = /^#saved=(.*)$/.exec(location.hash);
    if (!found) return;
    try { localStorage.removeItem(PREFIX + decodeURIComponent(found[1])); } catch { /* nothing is kept in this browser */ }
    history.replaceState(null, "", location.pathname + location.search);
  }

  const read = (key) => {
    try { return JSON.parse(localStorage.getItem(key)); } catch { return null; }
  };
  const write = (key, value) => {
    try { localStorage.setItem(key, JSON.stringify(value)); return true; } catch { return false; }
  };

  function pairs(form) {
    return [...new FormData(form)].filter(([, value]) => typeof value === "string");
  }
  const words = (list) => JSON.stringify(list.filter(([name, value]) => !ONE_PAGE.includes(name) && value !== ""));
  const clock = (when) => new Date(when).toLocaleString(document.documentElement.lang, {
    dateStyle: new Date(when).toDateString() === new Date().toDateString() ? undefined : "short", timeStyle: "short",
  });

  function keep(form) {
    const key = PREFIX + form.dataset.store, told = document.getElementById("kept");
    const begun = words(pairs(form));
    let waiting = 0;
    const save = () => {
      const now = pairs(form);
      if (words(now) === begun && !read(key)) return;
      if (write(key, { at: Date.now(), pairs: now }) && told) {
        told.textContent = told.dataset.kept.replace("{time}", clock(Date.now()));
        told.hidden = false;
      }
    };
    const later = () => { clearTimeout(waiting); waiting = setTimeout(save, PAUSE); };
    form.addEventListener("input", later);
    document.body.addEventListener("htmx:afterSettle", later);
    window.addEventListener("pagehide", () => { if (waiting) save(); });
    if (form.dataset.returned === undefined) offer(form, key, begun);
    else write(key, { at: Date.now(), pairs: pairs(form) }); // it holds what was sent and not saved
  }

  // What was typed and not saved, in this browser, before this page was opened.
  function offer(form, key, begun) {
    const kept = read(key), bar = document.getElementById("unsaved");
    if (!kept || !bar) return;
    if (words(kept.pairs) === begun) {
      localStorage.removeItem(key);
      return;
    }
    const said = bar.querySelector("[data-said]");
    said.textContent = said.dataset.said.replace("{time}", clock(kept.at));
    bar.hidden = false;
    bar.querySelector("[data-use]").addEventListener("click", () => use(form, kept.pairs));
    bar.querySelector("[data-throw]").addEventListener("click", () => {
      localStorage.removeItem(key);
      bar.hidden = true;
    });
  }

  // The server shows the form again, with what was kept.
  function use(form, list) {
    const sent = document.createElement("form");
    sent.method = "post";
    sent.action = form.action;
    const token = form.querySelector("[name=form]").value;
    for (const [name, value] of [...list.filter(([name]) => !["form", "shown", "sure", "tried", "do"].includes(name)), ["form", token]]) {
      const field = document.createElement("textarea");
      field.name = name;
      field.value = value;
      field.hidden = true;
      sent.append(field);
    }
    document.body.append(sent);
    sent.submit();
  }

  // Pictures that are dropped on the form or pasted into it are chosen in the field for them.
  function pictures(form) {
    const field = () => form.querySelector("#upload");
    // Not every system knows the type of a HEIC picture.
    const fits = (file) => /^(image|video)\/|^application\/pdf$/.test(file.type) || /\.(heic|heif|avif)$/i.test(file.name);
    const choose = (files) => {
      const list = new DataTransfer();
      for (const file of files) if (fits(file)) list.items.add(file);
      if (!list.files.length) return false;
      field().files = list.files;
      field().dispatchEvent(new Event("change", { bubbles: true }));
      return true;
    };
    const holds = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");
    form.addEventListener("dragover", (event) => {
      if (!holds(event)) return;
      event.preventDefault();
      form.classList.add("dropping");
    });
    for (const name of ["dragleave", "drop"]) {
      form.addEventListener(name, (event) => {
        if (name === "drop" || !form.contains(event.relatedTarget)) form.classList.remove("dropping");
      });
    }
    form.addEventListener("drop", (event) => { if (holds(event)) { event.preventDefault(); choose(event.dataTransfer.files); } });
    form.addEventListener("paste", (event) => { if (choose(event.clipboardData.files)) event.preventDefault(); });
    // Whoever went on typing while a picture was prepared is not led away from it.
    const written = () => [...form.querySelectorAll("textarea:not([name=alt])")].map((area) => area.value).join("\0");
    let before = "";
    // A file that is refused anyway is not sent first.
    document.body.addEventListener("htmx:configRequest", (event) => {
      const input = event.target;
      if (input.id !== "upload") return;
      const size = [...input.files].reduce((sum, file) => sum + file.size, 0);
      before = written();
      input.setCustomValidity(size > Number(input.dataset.most) ? input.dataset.heavy : "");
      if (!input.reportValidity()) event.preventDefault();
    });
    document.body.addEventListener("htmx:afterRequest", (event) => {
      if (event.target.id !== "upload") return;
      event.target.value = "";
      const [first] = form.querySelectorAll(".picture.new textarea");
      if (first && event.detail.successful && written() === before) first.focus();
      form.querySelectorAll(".picture.new").forEach((one) => one.classList.remove("new"));
    });
    // One that was chosen before this script was there.
    if (field().files.length) setTimeout(() => field().dispatchEvent(new Event("change", { bubbles: true })));
  }

  // Whoever pressed a button of the form goes on where its part of the page was shown again.
  function places(form) {
    document.body.addEventListener("htmx:afterSettle", (event) => {
      const button = event.detail.requestConfig.elt;
      const [what] = (button.value || "").split(":");
      if (what === "part" || what === "unpart") {
        [...document.querySelectorAll(button.getAttribute("hx-target") + " textarea")].pop().focus();
      } else if (what === "take") {
        const [first] = form.querySelectorAll(".picture.new textarea");
        if (first) first.focus();
      } else if (what === "crop") {
        form.querySelector(".stage .frame").focus();
      } else if (what === "up" || what === "drop") {
        form.querySelector("#upload").focus();
      } else if (what === "slot") {
        form.querySelector("#at").focus();
      }
    });
  }

  // What a button or an upload changed is checked anew: the answer to an earlier check, which does not
  // know of it, may be on its way still, and would come last. So is what was typed before this script
  // was there.
  function checks(form) {
    const live = document.getElementById("live-check");
    const isTyped = [...form.elements].some((one) => "defaultValue" in one && one.value !== one.defaultValue);
    if (isTyped) setTimeout(() => live.dispatchEvent(new Event("changed"))); // once htmx listens
    document.body.addEventListener("htmx:afterRequest", (event) => {
      if (event.detail.requestConfig.elt.matches("button, #upload")) live.dispatchEvent(new Event("changed"));
    });
  }

  // The texts of channels and accounts are tabs, and only those are there that somebody gets.
  function tabs(form) {
    const holder = form.querySelector(".own-texts");
    if (!holder) return;
    const panels = [form.querySelector(".text-panel"), ...holder.querySelectorAll(".own-text")];
    const bar = document.createElement("div");
    bar.className = "tabs";
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", holder.querySelector("summary").textContent);
    const buttons = panels.map((panel) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = panel.dataset.tab;
      button.addEventListener("click", () => show(panel));
      return button;
    });
    const isWritten = (panel) => [...panel.querySelectorAll("textarea")].some((area) => area.value.trim());
    function show(chosen) {
      panels.forEach((panel, number) => {
        panel.hidden = panel !== chosen;
        if (panel.matches("details")) panel.open = panel === chosen;
        buttons[number].setAttribute("aria-pressed", panel === chosen);
      });
    }
    function update() {
      const chosen = [...form.querySelectorAll("[name=account]:checked")].map((one) => one.value);
      panels.forEach((panel, number) => {
        const own = (panel.dataset.for || "").split("\n").filter((name) => chosen.includes(name));
        // Where one account of a channel gets it, the channel's text is that account's.
        const isOffered = !number || isWritten(panel) || (own.length && (panel.dataset.channel || panels.some((other) =>
          other.dataset.channel && own.every((name) => other.dataset.for.split("\n").includes(name)) &&
          other.dataset.for.split("\n").filter((name) => chosen.includes(name)).length > 1)));
        buttons[number].hidden = !isOffered;
        buttons[number].classList.toggle("written", number > 0 && isWritten(panel));
      });
      bar.hidden = buttons.filter((one) => !one.hidden).length < 2;
    }
    bar.append(...buttons);
    form.querySelector("#texts legend").after(bar);
    form.classList.add("scripted");
    holder.open = true;
    show(panels[0]);
    update();
    form.addEventListener("input", update);
    document.body.addEventListener("htmx:afterSettle", update);
  }

  // A field that only some accounts can have is there where one of them is chosen, or it is filled in.
  function options(form) {
    const isFilled = (field) => [...field.querySelectorAll("input, select")].some((one) =>
      one.type === "checkbox" ? one.checked : one.value !== "");
    const update = () => {
      const chosen = [...form.querySelectorAll("[name=account]:checked")].map((one) => one.value);
      form.querySelectorAll("[data-takers]").forEach((field) => {
        field.hidden = !isFilled(field) && !field.dataset.takers.split("\n").some((name) => chosen.includes(name));
      });
    };
    form.addEventListener("input", update);
    document.body.addEventListener("htmx:afterSettle", update);
  }

  document.addEventListener("DOMContentLoaded", () => {
    forget();
    // A picture for a post, from its page: it may have been chosen before this script was there.
    const send = (field) => field.matches("[data-send]") && field.files.length && field.form.requestSubmit();
    document.addEventListener("change", (event) => send(event.target));
    document.querySelectorAll("[data-send]").forEach(send);
    const form = document.getElementById("compose");
    if (!form) return;
    form.addEventListener("submit", (event) => { // Enter in a field
      if (event.submitter && event.submitter.matches(".hidden")) event.preventDefault();
    });
    keep(form);
    pictures(form);
    places(form);
    checks(form);
    tabs(form);
    options(form);
  });
})();
