/** The worker: decodes files and draws, one picture after the other, away from the page. */

import { MAGIC } from "./bitstream/header.ts";
import { soundProfile } from "./carriers/icc.ts";
import { codedBpp, drawnShare, readCarrier } from "./carriers/reading.ts";
import { Decoder, type Settings, type Wish } from "./decoder.ts";
import { addAlpha, decodeFile, toBitmap, toBlob } from "./pixels/browser-codec.ts";
import { bitsOfDetail } from "./pixels/detail.ts";
import { makeGray, type Pixels } from "./pixels/pixels.ts";
import type { Form, Reply, Request, Result, Work } from "./protocol.ts";
import { checkRealism } from "./runtime/generator.ts";
import { toSent } from "./sent-error.ts";

interface WorkerScope {
  onmessage: ((event: MessageEvent<Request>) => void) | null;
  postMessage(reply: Reply, transfer: Transferable[]): void;
}
const scope = self as unknown as WorkerScope;

let decoder: Decoder | undefined;
let last: Promise<void> = Promise.resolve();

scope.onmessage = ({ data: { id, settings, work } }) => {
  if (work.kind === "prepare") {
    decoderOf(settings).prepare();
    scope.postMessage({ id, result: { kind: "prepared" } }, []);
    return;
  }
  last = last.then(async () => {
    try {
      const result = await perform(decoderOf(settings), work);
      scope.postMessage({ id, result }, transferable(result));
    } catch (error) {
      scope.postMessage({ id, error: toSent(error) }, []);
    }
  });
};

function decoderOf(settings: Settings): Decoder {
  decoder ??= new Decoder(settings);
  return decoder;
}

async function perform(decoder: Decoder, work: Exclude<Work, { kind: "prepare" }>) {
  if (work.wish.realism !== undefined) checkRealism(work.wish.realism);
  if (work.kind === "decode") return decode(decoder, work.bytes, work.wish, work.as);
  const { picture } = await decoder.improve(work.picture, work.wish, 1);
  return { kind: "improved", picture } satisfies Result;
}

async function decode(decoder: Decoder, bytes: ArrayBuffer, wish: Wish, as: Form): Promise<Result> {
  const begin = performance.now();
  const data = new Uint8Array(bytes);
  if (MAGIC.every((byte, k) => data[k] === byte)) return decodeSlt(decoder, data, wish, as);
  const file = readCarrier(data);
  const plain = await decodeFile(data, file);
  const decoded = performance.now();
  const numPixels = plain.width * plain.height;
  const share = drawnShare(file, numPixels, bitsOfDetail(plain));
  const times = { models: 0, text: 0, generator: 0 };
  const untouched = { picture: plain, masks: [], used: "", times };
  const improved = share > 0 ? await decoder.improve(plain, wish, share) : untouched;
  const drawn = performance.now();
  const shown = await shownAs(as, { ...improved.picture, profile: plain.profile });
  return {
    kind: "decoded",
    shown,
    masks: improved.masks,
    width: plain.width,
    height: plain.height,
    share,
    bpp: codedBpp(file, numPixels),
    used: improved.used,
    times: {
      ...improved.times,
      decode: decoded - begin,
      hand_over: performance.now() - drawn,
    },
  };
}

async function decodeSlt(
  decoder: Decoder,
  data: Uint8Array,
  wish: Wish,
  as: Form,
): Promise<Result> {
  const { picture: opaque, used, times, container } = await decoder.decodeSlt(data, wish);
  const drawn = performance.now();
  // a canvas has no gray pictures, so that it cannot have their profiles
  const profile = container.gray ? undefined : soundProfile(container.icc);
  const picture = { ...opaque, profile };
  if (container.gray) makeGray(picture);
  if (container.alpha) await addAlpha(picture, container.alpha);
  const shown = await shownAs(as, picture);
  return {
    kind: "decoded",
    shown,
    masks: [],
    width: picture.width,
    height: picture.height,
    share: 1,
    bpp: (8 * data.length) / (picture.width * picture.height),
    used,
    times: { ...times, decode: 0, hand_over: performance.now() - drawn },
  };
}

async function shownAs(as: Form, picture: Pixels): Promise<ImageBitmap | Blob | Pixels> {
  if (as === "blob") return toBlob(picture);
  return as === "bitmap" ? toBitmap(picture) : picture;
}

function transferable(result: Result): Transferable[] {
  if (result.kind === "improved") return [result.picture.data.buffer];
  if (result.kind === "prepared" || result.shown instanceof Blob) return [];
  return [result.shown instanceof ImageBitmap ? result.shown : result.shown.data.buffer];
}
