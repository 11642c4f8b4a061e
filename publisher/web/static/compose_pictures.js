// The composer's pictures: the frame of a crop is dragged or moved by keys, and the media library
// opens as a dialog. Everything works without this file, by the buttons and fields of the form.
"use strict";
(() => {
  const EDGE = 16; // pixels of the screen beside an edge of the frame by which it is dragged
  const SHAPES = { "1:1": 1, "16:9": 16 / 9, "4:5": 4 / 5, "1.91:1": 1.91 };
  const SMALLEST = 16; // pixels of the picture
  const clamp = (value, least, most) => Math.min(Math.max(value, least), Math.max(least, most));

  class Stage {
    constructor(root) {
      this.root = root;
      this.width = Number(root.dataset.width);
      this.height = Number(root.dataset.height);
      this.svg = root.querySelector("svg");
      this.shown = root.querySelector(".frame");
      this.fields = ["left", "top", "width", "height"].map((name) => root.querySelector(`[name=frame_${name}]`));
      const chosen = root.querySelector("[data-shape][aria-pressed=true]");
      this.ratio = chosen ? SHAPES[chosen.dataset.shape] : undefined;
      this.shown.setAttribute("tabindex", "0");
      this.shown.setAttribute("role", "group");
      this.shown.setAttribute("aria-label", this.shown.dataset.label);
      this.shown.addEventListener("keydown", (event) => this.key(event));
      this.svg.addEventListener("pointerdown", (event) => this.drag(event));
      this.svg.addEventListener("pointermove", (event) => this.point(event));
      for (const field of this.fields) {
        field.addEventListener("change", () => { this.ratio = undefined; this.show(this.frame()); this.press(); });
      }
      for (const button of root.querySelectorAll("[data-shape]")) {
        button.addEventListener("click", (event) => {
          event.preventDefault();
          event.stopImmediatePropagation();
          this.shape(button.dataset.shape);
        }, true);
      }
    }

    frame() {
      const [left, top, width, height] = this.fields.map((field) => Math.round(Number(field.value)) || 0);
      return { left, top, width, height };
    }

    // Moved, and made smaller, until it is inside the picture.
    show({ left, top, width, height }) {
      width = Math.round(clamp(width, Math.min(SMALLEST, this.width), this.width));
      height = Math.round(clamp(height, Math.min(SMALLEST, this.height), this.height));
      left = Math.round(clamp(left, 0, this.width - width));
      top = Math.round(clamp(top, 0, this.height - height));
      [left, top, width, height].forEach((value, number) => { this.fields[number].value = value; });
      const { shown } = this;
      shown.setAttribute("x", left);
      shown.setAttribute("y", top);
      shown.setAttribute("width", width);
      shown.setAttribute("height", height);
      this.svg.querySelector(".outside").setAttribute("d",
        `M0 0h${this.width}v${this.height}h-${this.width}zM${left} ${top}v${height}h${width}v-${height}z`);
      const reach = Math.min(width, height) / 6, corners = [];
      for (const [x, across] of [[left, 1], [left + width, -1]]) {
        for (const [y, down] of [[top, 1], [top + height, -1]]) {
          corners.push(`M${x} ${y + down * reach}V${y}H${x + across * reach}`);
        }
      }
      this.svg.querySelector(".corners").setAttribute("d", corners.join(" "));
    }

    press(shape) {
      for (const button of this.root.querySelectorAll("[data-shape]")) {
        button.setAttribute("aria-pressed", button.dataset.shape === shape);
        button.classList.toggle("chosen", button.dataset.shape === shape);
      }
    }

    shape(name) {
      const old = this.frame();
      this.ratio = SHAPES[name];
      const width = this.ratio ? Math.min(this.width, this.height * this.ratio) : this.width;
      const height = this.ratio ? width / this.ratio : this.height;
      this.show({ left: old.left + (old.width - width) / 2, top: old.top + (old.height - height) / 2, width, height });
      this.press(name);
    }

    // The size that a frame may have from a corner that stays, with its shape.
    sized(width, height, mostWide, mostHigh) {
      width = clamp(width, SMALLEST, mostWide);
      height = clamp(height, SMALLEST, mostHigh);
      if (!this.ratio) return [width, height];
      width = Math.min(Math.max(width, height * this.ratio), mostWide, mostHigh * this.ratio);
      return [width, width / this.ratio];
    }

    at(event) {
      const box = this.svg.getBoundingClientRect();
      return {
        x: (event.clientX - box.left) * this.width / box.width,
        y: (event.clientY - box.top) * this.height / box.height,
        edge: EDGE * this.width / box.width,
      };
    }

    // The sides by which a point takes the frame: -1 left or top, 1 right or bottom, 0 neither.
    side({ x, y, edge }) {
      const { left, top, width, height } = this.frame();
      if (x < left - edge || x > left + width + edge || y < top - edge || y > top + height + edge) return null;
      const near = (from, size, value) => {
        const reach = Math.min(edge, size / 3);
        if (value < from + reach) return -1;
        return value > from + size - reach ? 1 : 0;
      };
      return [near(left, width, x), near(top, height, y)];
    }

    point(event) {
      if (this.dragged) {
        this.dragged(this.at(event));
        return;
      }
      const side = this.side(this.at(event));
      const [across, down] = side || [0, 0];
      const corner = across && down ? (across === down ? "nwse-resize" : "nesw-resize") : "";
      this.svg.style.cursor = this.shown.style.cursor =
        side ? corner || (across ? "ew-resize" : down ? "ns-resize" : "move") : "default";
    }

    drag(event) {
      const begun = this.at(event), side = this.side(begun), old = this.frame();
      if (!side || event.button) return;
      event.preventDefault();
      this.shown.focus({ preventScroll: true });
      this.svg.setPointerCapture(event.pointerId);
      const [across, down] = side;
      this.dragged = ({ x, y }) => {
        const [right, below] = [x - begun.x, y - begun.y];
        if (!across && !down) this.show({ ...old, left: old.left + right, top: old.top + below });
        else this.resize(old, across, down, right, below);
      };
      const end = () => { this.dragged = null; };
      this.svg.addEventListener("pointerup", end, { once: true });
      this.svg.addEventListener("pointercancel", end, { once: true });
    }

    resize(old, across, down, right, below) {
      const mostWide = across < 0 ? old.left + old.width : this.width - old.left;
      const mostHigh = down < 0 ? old.top + old.height : this.height - old.top;
      let [width, height] = [old.width + across * right, old.height + down * below];
      if (this.ratio && !across) width = height * this.ratio;
      if (this.ratio && !down) height = width / this.ratio;
      [width, height] = this.sized(width, height, mostWide, mostHigh);
      this.show({
        left: across < 0 ? old.left + old.width - width : old.left,
        top: down < 0 ? old.top + old.height - height : old.top,
        width, height,
      });
      if (!this.ratio) this.press();
    }

    key(event) {
      const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      const step = steps[event.key];
      if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      const old = this.frame(), by = Math.max(1, Math.round(this.width / 100));
      const [right, below] = [step[0] * by, step[1] * by];
      if (event.shiftKey) this.resize(old, step[0] ? 1 : 0, step[1] ? 1 : 0, right, below);
      else this.show({ ...old, left: old.left + right, top: old.top + below });
    }
  }

  function stages() {
    for (const root of document.querySelectorAll("[data-stage]:not([data-ready])")) {
      root.dataset.ready = "";
      new Stage(root);
    }
  }

  // The library as a dialog: Escape and the button close it, and Enter searches.
  function dialog() {
    const found = document.querySelector("[data-dialog]");
    if (!found || found.matches(":modal")) return;
    found.removeAttribute("open"); // so it is open by itself, and not above the page
    found.showModal();
    const find = found.querySelector("[data-find]");
    if (find) find.focus();
    found.addEventListener("close", () => found.remove());
  }

  // Heard by the document: who types fast presses Enter before the dialog is settled.
  function keys() {
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !event.target.matches("[data-find]")) return;
      event.preventDefault();
      event.target.parentElement.querySelector("[data-find] ~ button").click();
    });
    document.addEventListener("click", (event) => {
      const found = event.target.closest("dialog[data-dialog]:modal"), button = event.target.closest("button");
      if (!found || (event.target !== found && !(button && button.value === "check"))) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      found.close();
    }, true);
  }

  document.addEventListener("DOMContentLoaded", () => {
    if (!document.getElementById("compose")) return;
    keys();
    stages();
    dialog();
    document.body.addEventListener("htmx:afterSettle", () => { stages(); dialog(); });
  });
})();
