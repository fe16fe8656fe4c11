// @ts-check
"use strict";

/**
 * One sitting: which questions are asked in which order, what was answered, and where that is kept.
 *
 * @typedef {"left" | "right"} Side
 * @typedef {"a" | "b"} Letter
 * @typedef {{versions: [string, string], original: string, width: number, height: number}} Picture
 * @typedef {{labels: Record<Letter, string>, seed: number, names: string[], a: number[]}} Key
 * @typedef {{format: string, version: number, id: string, title: string, question: string,
 *   rounds: number, pictures: Picture[], key: string}} Comparison
 * @typedef {{picture: number, round: number, left: number}} Question
 *   `left` says which of the two versions stands left.
 * @typedef {{choice: Side | "none", seconds: number, at: string, device_pixel_ratio: number}} Answer
 * @typedef {{draw: number, started: string, revealed: boolean, answers: Answer[]}} Kept
 */

/** @type {Comparison} */
const COMPARISON = JSON.parse(document.getElementById("comparison")?.textContent ?? "");

/**
 * Returns numbers in [0, 1) that follow from a whole number: mulberry32, T. Ettinger, 2017.
 *
 * @param {number} seed
 */
function numbersFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Returns every picture once a round, in an order and with sides that the number decides.
 *
 * @param {number} draw
 * @returns {Question[]}
 */
function questionsOf(draw) {
  const next = numbersFrom(draw);
  const questions = [];
  for (let round = 1; round <= COMPARISON.rounds; round++) {
    const order = COMPARISON.pictures.map((_, picture) => picture);
    for (let last = order.length - 1; last > 0; last--) {
      const other = Math.floor(next() * (last + 1));
      [order[last], order[other]] = [order[other], order[last]];
    }
    for (const picture of order) questions.push({ picture, round, left: next() < 0.5 ? 0 : 1 });
  }
  return questions;
}

class Session {
  #place = `sidelight-comparison-${COMPARISON.id}`;

  /** Takes up what this browser has kept of this comparison. */
  constructor() {
    /** Whether choices outlive the page. */
    this.isKept = true;
    this.kept = this.#read() ?? Session.#fresh();
    this.questions = questionsOf(this.kept.draw);
  }

  /** @returns {Kept} */
  static #fresh() {
    const [draw] = crypto.getRandomValues(new Uint32Array(1));
    return { draw, started: new Date().toISOString(), revealed: false, answers: [] };
  }

  get question() {
    return this.questions[this.kept.answers.length];
  }

  get isFinished() {
    return this.kept.answers.length === this.questions.length;
  }

  /** @param {Answer} answer */
  answer(answer) {
    this.kept.answers.push(answer);
    this.#write();
  }

  /** Takes the last answer back; there is none to take once the result was seen. */
  back() {
    if (this.kept.revealed) return;
    this.kept.answers.pop();
    this.#write();
  }

  reveal() {
    this.kept.revealed = true;
    this.#write();
  }

  startAfresh() {
    this.kept = Session.#fresh();
    this.questions = questionsOf(this.kept.draw);
    this.#write();
  }

  /** @returns {Key} */
  key() {
    const pad = COMPARISON.id;
    const text = Array.from(atob(COMPARISON.key), (letter, k) =>
      String.fromCharCode(letter.charCodeAt(0) ^ pad.charCodeAt(k % pad.length)),
    );
    return JSON.parse(text.join(""));
  }

  /** Returns all that was chosen, with what it was chosen between. */
  exported() {
    const { labels, seed, names, a } = this.key();
    const choices = this.kept.answers.map((answer, k) => {
      const { picture, round, left } = this.questions[k];
      /** @type {[Letter, Letter]} */
      const sides = left === a[picture] ? ["a", "b"] : ["b", "a"];
      return { picture: names[picture], round, left: sides[0], right: sides[1], ...answer };
    });
    return {
      format: "sidelight-judgements",
      version: 1,
      comparison: COMPARISON.id,
      title: COMPARISON.title,
      question: COMPARISON.question,
      rounds: COMPARISON.rounds,
      labels,
      seed,
      draw: this.kept.draw,
      started: this.kept.started,
      exported: new Date().toISOString(),
      choices,
    };
  }

  /** @returns {Kept | undefined} */
  #read() {
    try {
      /** @type {Kept} */
      const kept = JSON.parse(localStorage.getItem(this.#place) ?? "null");
      const isSound =
        Number.isInteger(kept?.draw) &&
        Array.isArray(kept.answers) &&
        kept.answers.length <= COMPARISON.rounds * COMPARISON.pictures.length;
      return isSound ? kept : undefined;
    } catch {
      return undefined;
    }
  }

  #write() {
    try {
      localStorage.setItem(this.#place, JSON.stringify(this.kept));
    } catch {
      this.isKept = false; // forbidden here, or full
    }
  }
}
