import { expect, test } from "vitest";
import { bitsOfDetail } from "../../src/pixels/detail.ts";
import { CONFORMANCE, readPpm } from "../conformance.ts";

test.each(Object.entries(CONFORMANCE.detail))(
  "%s has the detail that Python finds",
  (name, bits) => {
    expect(bitsOfDetail(readPpm(name))).toBeCloseTo(bits, 12);
  },
);
