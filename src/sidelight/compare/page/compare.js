// @ts-check
"use strict";

/** The page: what is on it at each step, its keys and buttons. */

const session = new Session();

/**
 * @template {HTMLElement} [E=HTMLElement]
 * @param {string} id
 */
const at = (id) => /** @type {E} */ (document.getElementById(id));

const stage = new Stage(at("stage"));
/** @type {Map<string, Judgements>} */
const others = new Map();
let shownAt = Number.NaN; // when the pictures were there, by performance.now()

/** @param {"start" | "judge" | "finished" | "result"} name */
function open(name) {
  for (const id of ["start", "judge", "finished", "result"]) at(id).hidden = id !== name;
  at("trouble").hidden = session.isKept;
  if (!session.isKept) {
    at("trouble").textContent =
      "This browser keeps nothing for this page: save your choices before you close it.";
  }
}

/** @param {unknown} error */
function tell(error) {
  at("trouble").textContent = error instanceof Error ? error.message : String(error);
  at("trouble").hidden = false;
}

function openStart() {
  open("start");
  const answered = session.kept.answers.length;
  at("begin").textContent = answered ? `Go on with question ${answered + 1}` : "Start";
  at("afresh").hidden = !answered;
  at("begin").focus();
}

/** Goes to the question that is next, or past the last. */
async function goOn() {
  if (session.kept.revealed) return openResult();
  if (session.isFinished) {
    open("finished");
    at("reveal").focus();
    return;
  }
  open("judge");
  shownAt = Number.NaN;
  const { question, questions, kept } = session;
  const [done, all] = [kept.answers.length, questions.length];
  at("place").textContent = `Question ${done + 1} of ${all}`;
  /** @type {HTMLProgressElement} */ (at("progress")).value = done / all;
  /** @type {HTMLButtonElement} */ (at("back")).disabled = !done;
  stage.shown = "left";
  showView();
  try {
    if (!(await stage.show(sourcesOf(question)))) return;
  } catch (error) {
    tell(error);
    return;
  }
  shownAt = performance.now();
  const next = questions[done + 1];
  if (next) {
    for (const source of Object.values(sourcesOf(next))) load(source).catch(() => {});
  }
}

/** @param {Question} question */
function sourcesOf({ picture, left }) {
  const { versions, original } = COMPARISON.pictures[picture];
  return { left: versions[left], original, right: versions[1 - left] };
}

/** @param {Side | "none"} choice */
function choose(choice) {
  if (Number.isNaN(shownAt)) return; // nothing to see yet
  const seconds = Math.round(performance.now() - shownAt) / 1000;
  shownAt = Number.NaN;
  const answered = new Date().toISOString();
  session.answer({ choice, seconds, at: answered, device_pixel_ratio: devicePixelRatio });
  goOn();
}

function goBack() {
  session.back();
  goOn();
}

function showView() {
  stage.draw();
  at("view").ariaPressed = String(stage.isInOnePlace);
  at("zoom").textContent = `${stage.magnification}×`;
  for (const button of document.querySelectorAll("[data-show]")) {
    const isShown = /** @type {HTMLElement} */ (button).dataset.show === stage.shown;
    button.ariaPressed = String(isShown && stage.isInOnePlace);
  }
  const ratio = Math.round(devicePixelRatio * 100) / 100;
  const wide = stage.magnification;
  at("scale").textContent =
    `In the detail a pixel of the picture takes ${wide} × ${wide} of the screen ` +
    `(devicePixelRatio ${ratio}).`;
}

/** @param {Shown} shown */
function showOne(shown) {
  stage.shown = shown;
  stage.isInOnePlace = true;
  showView();
}

function switchView() {
  stage.isInOnePlace = !stage.isInOnePlace;
  showView();
}

/** @param {number} steps */
function magnify(steps) {
  stage.magnify(steps);
  showView();
}

function startAfresh() {
  if (!confirm("Forget all choices made in this browser?")) return;
  session.startAfresh();
  others.clear();
  openStart();
}

function openResult() {
  session.reveal();
  open("result");
  showResult();
  at("result-title").focus();
}

/** @param {number} share */
const percent = (share) => `${(100 * share).toFixed(1)} %`;

function showResult() {
  const own = session.exported();
  const { labels } = own;
  const { judges, counts, pictures } = pool([own, ...others.values()]);
  const decided = counts.a + counts.b;
  const share = wilson(counts.a, decided);
  at("result-title").textContent = `${labels.a} against ${labels.b}`;
  at("result-question").textContent = own.question;
  at("end-a").textContent = labels.a;
  at("end-b").textContent = labels.b;
  at("scale-of-share").hidden = !share;
  const ties = `“No difference” was chosen ${counts.none} of ${decided + counts.none} times`;
  at("pooled").textContent = others.size ? `${judges} judges together, you among them.` : "";
  if (share) {
    at("verdict").textContent =
      `${labels.a} was chosen in ${counts.a} of ${decided} decided choices: ${percent(share.value)}, ` +
      `95 % interval ${percent(share.low)} to ${percent(share.high)}.`;
    const holdsHalf = share.low <= 0.5 && share.high >= 0.5;
    at("reading").textContent =
      `${holdsHalf ? "The interval holds 50 %: these choices prefer neither. " : ""}` +
      `${ties} and is left out. The interval is Wilson’s of the binomial.`;
    at("interval").style.left = `${100 * share.low}%`;
    at("interval").style.width = `${100 * (share.high - share.low)}%`;
    at("share").style.left = `${100 * share.value}%`;
  } else {
    at("verdict").textContent = "You saw no difference.";
    at("reading").textContent = `${ties}: there is nothing to take a share of.`;
  }
  const cells = (/** @type {(string | number)[]} */ texts, /** @type {"th" | "td"} */ tag) =>
    texts.map((text, k) => {
      const cell = document.createElement(k ? tag : "th");
      cell.scope = tag === "th" ? "col" : "row";
      cell.textContent = String(text);
      return cell;
    });
  at("heads").replaceChildren(...cells(["Picture", labels.a, labels.b, "No difference"], "th"));
  const sorted = [...pictures].sort(([one], [other]) => one.localeCompare(other, "en"));
  const rows = sorted.map(([name, { a, b, none }]) => {
    const row = document.createElement("tr");
    row.append(...cells([name, a, b, none], "td"));
    return row;
  });
  at("rows").replaceChildren(...rows);
}

function saveChoices() {
  const own = session.exported();
  const text = `${JSON.stringify(own, null, 1)}\n`;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = `comparison-${own.comparison}-${own.draw.toString(16).padStart(8, "0")}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** @param {Iterable<File>} files */
async function addOthers(files) {
  const own = session.exported();
  at("trouble").hidden = true;
  const troubles = [];
  for (const file of files) {
    try {
      const read = parseJudgements(await file.text(), own);
      const sitting = `${read.comparison}-${read.draw}`;
      if (sitting === `${own.comparison}-${own.draw}`)
        throw new Error("these are your own choices");
      others.set(sitting, read);
    } catch (error) {
      troubles.push(`${file.name}: ${/** @type {Error} */ (error).message}`);
    }
  }
  if (troubles.length) tell(troubles.join("; "));
  showResult();
}

/** @type {Record<string, () => void>} */
const JUDGING_KEYS = {
  ArrowLeft: () => choose("left"),
  ArrowRight: () => choose("right"),
  ArrowDown: () => choose("none"),
  Backspace: goBack,
  " ": () => stage.hold(true),
  v: switchView,
  1: () => showOne("left"),
  2: () => showOne("original"),
  3: () => showOne("right"),
  "+": () => magnify(1),
  "=": () => magnify(1),
  "-": () => magnify(-1),
  w: () => stage.move(0, -0.25),
  a: () => stage.move(-0.25, 0),
  s: () => stage.move(0, 0.25),
  d: () => stage.move(0.25, 0),
};
const MAY_REPEAT = "wasd";

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (!at("finished").hidden && key === "Backspace") return goBack();
  if (at("judge").hidden || !Object.hasOwn(JUDGING_KEYS, key)) return;
  event.preventDefault();
  if (!event.repeat || MAY_REPEAT.includes(key)) JUDGING_KEYS[key]();
});
addEventListener("keyup", (event) => {
  if (event.key !== " " || at("judge").hidden) return;
  event.preventDefault(); // or the button that was clicked last would answer
  stage.hold(false);
});
addEventListener("blur", () => stage.hold(false));

for (const button of document.querySelectorAll("[data-choice]")) {
  const { choice } = /** @type {HTMLElement} */ (button).dataset;
  button.addEventListener("click", () => choose(/** @type {Side | "none"} */ (choice)));
}
for (const button of document.querySelectorAll("[data-show]")) {
  const { show } = /** @type {HTMLElement} */ (button).dataset;
  button.addEventListener("click", () => showOne(/** @type {Shown} */ (show)));
}
/** @type {Record<string, () => void>} */
const BUTTONS = {
  begin: goOn,
  afresh: startAfresh,
  view: switchView,
  in: () => magnify(1),
  out: () => magnify(-1),
  back: goBack,
  again: goBack,
  reveal: openResult,
  export: saveChoices,
  forget: startAfresh,
};
for (const [id, act] of Object.entries(BUTTONS)) at(id).addEventListener("click", act);
at("hold").addEventListener("pointerdown", () => stage.hold(true));
for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
  at("hold").addEventListener(end, () => stage.hold(false));
}
at("others").addEventListener("change", () => {
  const input = /** @type {HTMLInputElement} */ (at("others"));
  addOthers([...(input.files ?? [])]).finally(() => {
    input.value = "";
  });
});
at("drop").addEventListener("dragover", (event) => event.preventDefault());
at("drop").addEventListener("drop", (event) => {
  event.preventDefault();
  addOthers([...(event.dataTransfer?.files ?? [])]);
});

document.title = COMPARISON.title;
at("title").textContent = COMPARISON.title;
for (const id of ["question", "start-question"]) at(id).textContent = COMPARISON.question;
const { length: numQuestions } = session.questions;
at("count").textContent =
  `There ${numQuestions === 1 ? "is 1 question" : `are ${numQuestions} questions`}` +
  `${COMPARISON.rounds > 1 ? `, ${COMPARISON.rounds} of each picture` : ""}.`;
if (session.kept.revealed) openResult();
else openStart();
