// Moves posts in the calendar by dragging them, and writes new ones where it is empty.
"use strict";
(() => {
  // A post that is dragged to another place: the form for that time opens.
  function drags() {
    let dragged = null;
    const place = (event) => dragged && event.target.closest("[data-day], [data-hour]");
    const mark = (target) => {
      document.querySelectorAll(".drop").forEach((other) => other.classList.remove("drop"));
      if (target) target.classList.add("drop");
    };
    document.addEventListener("dragstart", (event) => {
      dragged = event.target.closest("[data-move]");
      if (!dragged) return;
      dragged.classList.add("dragged");
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", dragged.dataset.local);
    });
    document.addEventListener("dragover", (event) => {
      const target = place(event);
      if (target) event.preventDefault();
      mark(target);
    });
    document.addEventListener("dragend", () => {
      if (dragged) dragged.classList.remove("dragged");
      dragged = null;
      mark(null);
    });
    document.addEventListener("drop", (event) => {
      const target = place(event);
      if (!target) return;
      event.preventDefault();
      const [day, clock] = dragged.dataset.local.split("T");
      const at = target.dataset.day ? target.dataset.day + "T" + clock : target.dataset.hour + clock.slice(2);
      if (at !== day + "T" + clock) location.assign(dragged.dataset.move + "?at=" + encodeURIComponent(at));
    });
  }

  // A click on an empty place does what its plus does.
  function writes() {
    document.addEventListener("click", (event) => {
      const place = event.target.closest("[data-new]");
      if (place && !event.target.closest("a, .chip, .band")) location.assign(place.dataset.new);
    });
  }

  // The line of now stays between what is past and what is to come.
  function passes() {
    const now = window.serverNow(); // see web.js
    for (const line of document.querySelectorAll("[data-now-line]")) {
      const later = [...line.parentElement.querySelectorAll("time")].find((time) => Date.parse(time.dateTime) > now);
      line.parentElement.insertBefore(line, later ? later.closest("li") : null);
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    drags();
    writes();
    setInterval(passes, 30000);
  });
})();
