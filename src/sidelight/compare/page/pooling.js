// @ts-check
"use strict";

/**
 * The choices of several judges together; `sidelight compare --results` says the same of them.
 *
 * @typedef {ReturnType<Session["exported"]>} Judgements
 * @typedef {{a: number, b: number, none: number}} Counts
 * @typedef {{judges: number, counts: Counts, pictures: Map<string, Counts>}} Pooled
 */

const Z = 1.959963984540054; // of an interval of 95 %

/**
 * Returns a share with Wilson's score interval of the binomial; undefined without trials.
 *
 * @param {number} successes
 * @param {number} trials
 */
function wilson(successes, trials) {
  if (!trials) return undefined;
  const value = successes / trials;
  const shrink = 1 + (Z * Z) / trials;
  const middle = (value + (Z * Z) / (2 * trials)) / shrink;
  const spread = Math.sqrt((value * (1 - value)) / trials + (Z * Z) / (4 * trials * trials));
  const half = (Z / shrink) * spread;
  const low = successes === 0 ? 0 : middle - half;
  const high = successes === trials ? 1 : middle + half;
  return { value, low, high };
}

/**
 * Returns the side that was chosen, wherever it stood.
 *
 * @param {Judgements["choices"][number]} choice
 */
function outcomeOf(choice) {
  return choice.choice === "none" ? "none" : choice[choice.choice];
}

/**
 * Returns how often each side was chosen.
 *
 * @param {Iterable<Judgements>} judged
 * @returns {Pooled}
 */
function pool(judged) {
  /** @type {Pooled} */
  const pooled = { judges: 0, counts: { a: 0, b: 0, none: 0 }, pictures: new Map() };
  for (const { choices } of judged) {
    pooled.judges++;
    for (const choice of choices) {
      const counts = pooled.pictures.get(choice.picture) ?? { a: 0, b: 0, none: 0 };
      pooled.pictures.set(choice.picture, counts);
      counts[outcomeOf(choice)]++;
      pooled.counts[outcomeOf(choice)]++;
    }
  }
  return pooled;
}

/**
 * Returns what a page exported, if it is of the comparison that `own` is of.
 *
 * @param {string} text
 * @param {Judgements} own
 * @returns {Judgements}
 */
function parseJudgements(text, own) {
  /** @type {Judgements} */
  let read;
  try {
    read = JSON.parse(text);
  } catch {
    throw new Error("not JSON");
  }
  if (read?.format !== own.format || read.version !== own.version) {
    throw new Error("not the choices of a comparison page of this version");
  }
  for (const what of /** @type {const} */ (["a", "b"])) {
    if (read.labels?.[what] !== own.labels[what]) throw new Error("compares something else");
  }
  if (read.question !== own.question) throw new Error("asks another question");
  if (typeof read.comparison !== "string" || !Number.isInteger(read.draw)) {
    throw new Error("damaged: comparison or draw is missing");
  }
  const seen = new Set();
  if (!Array.isArray(read.choices)) throw new Error("damaged: choices are missing");
  for (const [k, choice] of read.choices.entries()) {
    const asked = JSON.stringify([choice?.picture, choice?.round]);
    const isSound =
      typeof choice?.picture === "string" &&
      Number.isInteger(choice.round) &&
      ["left", "right", "none"].includes(choice.choice) &&
      ["ab", "ba"].includes(`${choice.left}${choice.right}`) &&
      !seen.has(asked);
    if (!isSound) throw new Error(`damaged: choice ${k + 1}`);
    seen.add(asked);
  }
  return read;
}
