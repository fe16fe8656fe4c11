/** The demo page: a photograph in, its AVIF and what Sidelight makes of it out. */

import { improve, inspect } from "sidelight";
import { sparesData } from "../src/page/sources.ts";
import type { Size } from "./coding.ts";
import { Comparison } from "./comparison.ts";
import { Encoder } from "./encoder.ts";
import { EXAMPLES, type Example } from "./examples.ts";
import { showChange, showMasks } from "./masks.ts";
import { keepPage } from "./offline.ts";
import { page } from "./page.ts";
import { openPicture, pixelsOf, toPng } from "./picture.ts";
import {
  type Coded,
  type Job,
  Session,
  type Tools,
  VIEW_TITLES,
  type View,
  type Wishes,
} from "./session.ts";
import { bytesInWords, megabytes, rateInWords, sizeInWords, stemOf } from "./words.ts";

/** Filled in by build-site.mjs: what is fetched on the first visit beside the page itself. */
declare const FETCHED_BYTES: number;

/** A reader who types is not drawn for at every letter. */
const PAUSE_MS = 500;

const encoder = new Encoder();
const comparison = new Comparison((shown) => {
  if (!session) return;
  session.shown = shown;
  showViews(session);
  session.work();
});
const tools: Tools<ImageBitmap> = {
  code: (original, ownQuality) => encoder.code(pixelsOf(original), ownQuality),
  open: (file) => createImageBitmap(file),
  draw: (file, caption, realism) => inspect(file, { caption, realism }),
};

let session: Session<ImageBitmap> | undefined;
let name = "picture";
let numChosen = 0;
let pause: ReturnType<typeof setTimeout> | undefined;
let mapped: { drawn?: View<ImageBitmap>; without?: View<ImageBitmap> | undefined } = {};

start();

function start(): void {
  for (const example of EXAMPLES) page.examples.append(buttonOf(example));
  page.file.addEventListener("change", () => chooseOwn(page.file.files?.[0]));
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    page.drop.classList.add("over");
  });
  document.addEventListener("dragleave", () => page.drop.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    page.drop.classList.remove("over");
    chooseOwn(event.dataTransfer?.files[0]);
  });
  for (const input of [page.caption, page.other, page.quality, page.realism]) {
    input.addEventListener("input", () => {
      sayDials();
      clearTimeout(pause);
      pause = setTimeout(takeWishes, PAUSE_MS);
    });
  }
  page.saveAvif.addEventListener("click", saveAvif);
  page.savePng.addEventListener("click", savePng);
  sayDials();
  keepPage();
  if (!sparesData()) fetchAhead();
}

/** Gets encoder, runtime and models before they are asked for. */
async function fetchAhead(): Promise<void> {
  page.status.textContent = `Fetching what codes and draws: ${megabytes(FETCHED_BYTES)}, once.`;
  const small = new ImageData(8, 8);
  const told = await Promise.allSettled([
    encoder.prepare(),
    improve(small, { caption: "A picture." }),
  ]);
  if (session) return;
  const isReady = told.every(({ status }) => status === "fulfilled");
  // what failed is tried again, and told, with the first picture
  page.status.textContent = isReady ? "Ready. Choose a photograph." : "Choose a photograph.";
}

function buttonOf(example: Example): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  const image = new Image();
  image.src = `examples/${example.file}`;
  image.alt = example.caption;
  button.append(image);
  button.addEventListener("click", async () => {
    const other = EXAMPLES[(EXAMPLES.indexOf(example) + 1) % EXAMPLES.length]!;
    page.file.value = "";
    page.caption.value = example.caption;
    page.other.value = other.caption;
    const response = await fetch(image.src);
    const parts = [await response.blob()];
    choose(new File(parts, example.file));
  });
  return button;
}

function chooseOwn(file: File | undefined): void {
  if (!file) return;
  // an example's words say nothing of the reader's own photograph
  if (EXAMPLES.some(({ caption }) => caption === page.caption.value)) page.caption.value = "";
  choose(file);
}

async function choose(file: File): Promise<void> {
  const turn = ++numChosen;
  page.error.textContent = "";
  page.status.textContent = `Opening ${file.name}.`;
  let opened: Awaited<ReturnType<typeof openPicture>>;
  try {
    opened = await openPicture(file);
  } catch (error) {
    if (turn === numChosen) tell(error);
    page.file.value = ""; // the same file, mended, can be chosen again
    return;
  }
  if (turn !== numChosen) return;
  session?.close();
  const { bitmap, before } = opened;
  name = stemOf(file.name);
  page.chosen.textContent = before
    ? `${file.name}, scaled down from ${sizeInWords(before)} to ${sizeInWords(bitmap)} so that ` +
      "drawing takes seconds."
    : `${file.name}, ${sizeInWords(bitmap)}.`;
  page.result.hidden = false;
  page.masks.hidden = true;
  mapped = {};
  const chosen = new Session(bitmap, wishes(), tools, {
    onChange: (job) => onChange(chosen, job),
    onError: tell,
  });
  chosen.shown = comparison.shown;
  session = chosen;
  chosen.work();
}

function wishes(): Wishes {
  return {
    quality: page.quality.valueAsNumber,
    realism: page.realism.valueAsNumber,
    caption: page.caption.value,
    other: page.other.value,
  };
}

function takeWishes(): void {
  if (!session) return;
  page.error.textContent = "";
  session.wishes = wishes();
  session.retry();
  session.work();
}

function sayDials(): void {
  const { coded } = session ?? {};
  const bytes = coded && coded.quality === page.quality.valueAsNumber && coded.file.size;
  const size = bytes ? `, ${bytesInWords(bytes)}` : "";
  page.qualityNow.textContent = `${page.quality.value} of ${page.quality.max}${size}`;
  page.realismNow.textContent = page.realism.valueAsNumber.toFixed(1);
}

function tell(error: unknown): void {
  page.status.textContent = "";
  page.error.textContent = error instanceof Error ? error.message : String(error);
  page.error.scrollIntoView({ block: "nearest" });
}

function onChange(from: Session<ImageBitmap>, job: Job | undefined): void {
  showViews(from);
  if (job) {
    const title = job === "code" ? "Coding to AVIF" : `Making: ${VIEW_TITLES[job]}`;
    page.status.textContent = `${title} …`;
  } else if (!page.error.textContent) {
    page.status.textContent = "Done.";
  }
}

function showViews(from: Session<ImageBitmap>): void {
  const [left, right] = comparison.shown.map((view) => from.views.get(view)?.picture);
  comparison.show(from.original, left, right);
  sayDials();
  const { coded } = from;
  const drawn = from.views.get("caption");
  page.saveAvif.hidden = !coded;
  page.savePng.hidden = !drawn;
  page.sizes.textContent = coded ? factsOf(coded, drawn, from.original) : "";
  if (drawn) showMaps(drawn, from.isFresh("none") ? from.views.get("none") : undefined);
}

/** Shows masks and change of what is drawn, where that has not been done. */
function showMaps(drawn: View<ImageBitmap>, without: View<ImageBitmap> | undefined): void {
  if (mapped.drawn !== drawn) showMasks(drawn.masks, pixelsOf(drawn.picture));
  if (without && (mapped.drawn !== drawn || mapped.without !== without)) {
    showChange(pixelsOf(without.picture), pixelsOf(drawn.picture));
  }
  mapped = { drawn, without };
}

function factsOf(coded: Coded, drawn: View<ImageBitmap> | undefined, size: Size): string {
  const times = [`Coded in ${coded.seconds.toFixed(1)}\u00a0s`];
  if (drawn) times.push(`drawn in ${drawn.seconds.toFixed(1)}\u00a0s`);
  const isFull = drawn?.masks.length === 0;
  return (
    `The AVIF has ${rateInWords(coded.file.size, size)}; all views but the original are made of ` +
    `it. ${times.join(", ")}.${isFull ? " So many bits leave nothing to draw." : ""}`
  );
}

function saveAvif(): void {
  if (session?.coded) save(session.coded.file, `${name}.avif`);
}

async function savePng(): Promise<void> {
  const drawn = session?.views.get("caption");
  if (drawn) save(await toPng(drawn.picture), `${name}-sidelight.png`);
}

function save(file: Blob, as: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = as;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // by then the browser has it
}
