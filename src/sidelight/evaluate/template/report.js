"use strict";

// a cell's place in the order: numbers by value, words by alphabet, empty cells last either way
function inOrder(first, second, direction) {
  if (first === "" || second === "") return (first === "") - (second === "");
  const [a, b] = [first, second].map((value) => (value === "inf" ? Infinity : Number(value)));
  const difference = a === b ? 0 : a - b;
  const order = Number.isNaN(difference) ? first.localeCompare(second, "en", { numeric: true }) : difference;
  return direction * order;
}

for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, k) => head.firstElementChild.addEventListener("click", () => {
    const down = head.ariaSort === "ascending";
    for (const other of heads) other.removeAttribute("aria-sort");
    head.ariaSort = down ? "descending" : "ascending";
    const rows = [...table.tBodies[0].rows];
    rows.sort((a, b) => inOrder(a.cells[k].dataset.value, b.cells[k].dataset.value, down ? -1 : 1));
    table.tBodies[0].append(...rows);
  }));
}

for (const viewer of document.querySelectorAll(".viewer")) {
  const stage = viewer.querySelector(".stage");
  const slider = viewer.querySelector("input");
  const pictures = viewer.nextElementSibling;
  const sources = [...pictures.querySelectorAll("img")].map((image) => image.src);
  const view = { x: 0, y: 0, zoom: 1 }; // the corner in shares of the stage
  viewer.hidden = false;
  pictures.hidden = true;

  function move(x, y, zoom) {
    view.zoom = Math.min(16, Math.max(1, zoom));
    view.x = Math.min(0, Math.max(1 - view.zoom, x));
    view.y = Math.min(0, Math.max(1 - view.zoom, y));
    stage.style.setProperty("--x", `${100 * view.x}%`);
    stage.style.setProperty("--y", `${100 * view.y}%`);
    stage.style.setProperty("--zoom", view.zoom);
    stage.classList.toggle("zoomed", view.zoom > 1);
    const screenPixels = (view.zoom * stage.clientWidth) / stage.querySelector("img").naturalWidth;
    stage.classList.toggle("pixels", screenPixels >= 2);
    viewer.querySelector(".zoom output").textContent = `${view.zoom.toFixed(1)}×`;
  }

  // what lies at (x, y) of the stage stays there
  function zoomAt(factor, x = 0.5, y = 0.5) {
    const zoom = Math.min(16, Math.max(1, view.zoom * factor));
    move(x - ((x - view.x) * zoom) / view.zoom, y - ((y - view.y) * zoom) / view.zoom, zoom);
  }

  function place(event) {
    const box = stage.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  function split(percent) {
    slider.value = percent;
    stage.style.setProperty("--split", `${slider.value}%`);
  }

  for (const select of viewer.querySelectorAll("select")) {
    const show = () => {
      const option = select.selectedOptions[0];
      const image = stage.querySelector(`img.${select.dataset.side}`);
      image.src = sources[select.value];
      image.alt = option.label;
      viewer.querySelector(`.facts .${select.dataset.side}`).textContent = `${option.label}: ${option.dataset.facts}`;
    };
    select.addEventListener("change", show);
    show();
  }
  slider.addEventListener("input", () => split(slider.value));
  for (const button of viewer.querySelectorAll("[data-zoom]")) {
    const steps = { in: () => zoomAt(1.5), out: () => zoomAt(1 / 1.5), whole: () => move(0, 0, 1) };
    button.addEventListener("click", steps[button.dataset.zoom]);
  }
  stage.addEventListener("wheel", (event) => {
    if (document.activeElement !== stage && !event.ctrlKey) return; // the page scrolls
    event.preventDefault();
    zoomAt(Math.exp(-event.deltaY / 400), ...place(event));
  }, { passive: false });
  stage.addEventListener("dblclick", (event) => zoomAt(2, ...place(event)));
  stage.addEventListener("keydown", (event) => {
    const step = 0.1;
    const keys = {
      "+": () => zoomAt(1.5), "=": () => zoomAt(1.5), "-": () => zoomAt(1 / 1.5), 0: () => move(0, 0, 1),
      ArrowLeft: () => move(view.x + step, view.y, view.zoom), ArrowRight: () => move(view.x - step, view.y, view.zoom),
      ArrowUp: () => move(view.x, view.y + step, view.zoom), ArrowDown: () => move(view.x, view.y - step, view.zoom),
    };
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  });
  stage.addEventListener("pointerdown", (event) => {
    const divides = event.target.className === "divider";
    let [x, y] = place(event);
    stage.setPointerCapture(event.pointerId);
    stage.onpointermove = (moved) => {
      const [toX, toY] = place(moved);
      if (divides) split(100 * toX);
      else move(view.x + toX - x, view.y + toY - y, view.zoom);
      [x, y] = [toX, toY];
    };
  });
  for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, () => { stage.onpointermove = null; });
}
