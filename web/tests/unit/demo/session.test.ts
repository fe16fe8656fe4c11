import { expect, test } from "vitest";
import { ownQuality } from "../../../demo/coding.ts";
import { type Job, Session, type Tools, type Wishes } from "../../../demo/session.ts";

const WISHES: Wishes = { quality: 3, realism: 0.5, caption: "A dog", other: "A cat" };

/** A picture that tells what it was made of. */
interface Told {
  readonly width: number;
  readonly height: number;
  readonly made: string;
}
const told = (made: string): Told => ({ width: 4, height: 3, made });

function open(wishes: Wishes, tools: Partial<Tools<Told>> = {}) {
  const jobs: (Job | undefined)[] = [];
  const errors: unknown[] = [];
  const session = new Session<Told>(
    told("original"),
    wishes,
    {
      code: async (_, quality) => new Blob([`file of ${quality}`]),
      open: async (file) => told(await file.text()),
      draw: async (file, caption, realism) => {
        return { picture: told(`${await file.text()}, ${realism}, '${caption}'`), masks: [] };
      },
      ...tools,
    },
    { onChange: (job) => jobs.push(job), onError: (error) => errors.push(error) },
  );
  const views = () =>
    Object.fromEntries([...session.views].map(([name, { picture }]) => [name, picture.made]));
  return { session, jobs, errors, views };
}

test("everything is made once, what is looked at first", async () => {
  const { session, jobs, views } = open(WISHES);
  session.shown = ["none", "plain"];
  await session.work();
  expect(jobs).toEqual(["code", "none", "plain", "caption", "other", undefined]);
  const file = `file of ${ownQuality(3)}`;
  expect(views()).toEqual({
    original: "original",
    plain: file,
    caption: `${file}, 0.5, 'A dog'`,
    none: `${file}, 0.5, ''`,
    other: `${file}, 0.5, 'A cat'`,
  });
  expect(session.next()).toBeUndefined();
});

test("a new wish makes anew what depends on it, and nothing else", async () => {
  const { session, jobs } = open(WISHES);
  const madeFor = async (wishes: Partial<Wishes>) => {
    jobs.length = 0;
    session.wishes = { ...session.wishes, ...wishes };
    await session.work();
    return jobs.slice(0, -1);
  };
  await session.work();
  expect(await madeFor({ caption: "A brown dog" })).toEqual(["caption"]);
  expect(await madeFor({ other: "" })).toEqual([]);
  expect(await madeFor({ realism: 1 })).toEqual(["caption", "none"]);
  expect(await madeFor({ quality: 5 })).toEqual(["code", "plain", "caption", "none"]);
});

test("a wish that changes during a job is looked at right after it", async () => {
  const { session, views } = open(WISHES, {
    code: async (_, quality) => {
      session.wishes = { ...session.wishes, quality: 7 };
      return new Blob([`file of ${quality}`]);
    },
  });
  await session.work();
  expect(views().plain).toBe(`file of ${ownQuality(7)}`);
});

test("what fails is told, left out, and tried again when asked", async () => {
  let isBroken = true;
  const { session, jobs, errors, views } = open(WISHES, {
    draw: async (_, caption) => {
      if (isBroken && caption) throw new Error("no models");
      return { picture: told(caption), masks: [] };
    },
  });
  await session.work();
  expect(errors).toHaveLength(2);
  expect(Object.keys(views())).toEqual(["original", "plain", "none"]);
  isBroken = false;
  session.retry();
  jobs.length = 0;
  await session.work();
  expect(jobs).toEqual(["caption", "other", undefined]);
});

test("nothing is begun or told of a picture that was replaced", async () => {
  const { session, jobs } = open(WISHES, {
    code: async () => {
      session.close();
      throw new Error("too late");
    },
  });
  await session.work();
  expect(jobs).toEqual(["code"]);
});
