import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { CheckpointError, TextError } from "../../src/errors.ts";
import { canonicalCaption, checkCaption } from "../../src/text/canonical.ts";
import { WordPieces } from "../../src/text/word-pieces.ts";
import { CONFORMANCE, read } from "../conformance.ts";

const { text } = JSON.parse(read("models/manifest.json").toString());
const serialised = gunzipSync(read(`models/${text.tokenizer.path}`)).toString();
const pieces = new WordPieces(serialised, text.max_tokens);

test.each(CONFORMANCE.captions)("'$caption' is read as Python reads it", (entry) => {
  const { ids, used } = pieces.read(entry.caption);
  expect(used).toBe(entry.used);
  expect([...ids]).toEqual(entry.ids);
});

test.each([undefined, null, "", " \t\n "])("%j is no caption", (caption) => {
  expect(pieces.read(caption)).toEqual({ ids: new Int32Array(), used: "" });
});

test("white space is folded as Python folds it, and composed letters are one", () => {
  expect(canonicalCaption("\x1c a\u2028b \x85e\u0301\u3000")).toBe("a b é");
  expect(canonicalCaption("\ufeffa")).toBe("\ufeffa");
});

test("a caption beyond 64 KiB, or with half a letter, is refused", () => {
  checkCaption("a".repeat(65536));
  expect(() => checkCaption("é".repeat(32769))).toThrow(TextError);
  expect(() => checkCaption("half \ud83d of a pair")).toThrow(/place 5/);
});

test("a broken tokenizer is one error", () => {
  expect(() => new WordPieces("{", 5)).toThrow(CheckpointError);
});
