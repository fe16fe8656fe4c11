import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Once } from "../../src/once.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("what is made is made once", async () => {
  const make = vi.fn(async () => 7);
  const once = new Once(make);
  expect(await Promise.all([once.get(), once.get()])).toEqual([7, 7]);
  vi.advanceTimersByTime(3_600_000);
  expect(await once.get()).toBe(7);
  expect(make).toHaveBeenCalledTimes(1);
});

test("a failure is told for a while, and then tried again", async () => {
  const make = vi.fn(async () => 7).mockRejectedValueOnce(new Error("no network"));
  const once = new Once(make);
  await expect(once.get()).rejects.toThrow("no network");
  await expect(once.get()).rejects.toThrow("no network");
  expect(make).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(31_000);
  expect(await once.get()).toBe(7);
});
