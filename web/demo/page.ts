/** The page's elements, by their ids. */

function element<T extends Element>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} #${id}`);
  return found;
}

export const page = {
  file: element("file", HTMLInputElement),
  drop: element("drop", HTMLElement),
  examples: element("examples", HTMLElement),
  chosen: element("chosen", HTMLElement),
  caption: element("caption", HTMLTextAreaElement),
  other: element("other", HTMLTextAreaElement),
  quality: element("quality", HTMLInputElement),
  qualityNow: element("quality-now", HTMLOutputElement),
  realism: element("realism", HTMLInputElement),
  realismNow: element("realism-now", HTMLOutputElement),
  result: element("result", HTMLElement),
  left: element("left", HTMLSelectElement),
  right: element("right", HTMLSelectElement),
  zoom: element("zoom", HTMLSelectElement),
  stage: element("stage", HTMLElement),
  leftPicture: element("left-picture", HTMLCanvasElement),
  rightPicture: element("right-picture", HTMLCanvasElement),
  leftTitle: element("left-title", HTMLElement),
  rightTitle: element("right-title", HTMLElement),
  split: element("split", HTMLInputElement),
  sizes: element("sizes", HTMLElement),
  saveAvif: element("save-avif", HTMLButtonElement),
  savePng: element("save-png", HTMLButtonElement),
  masks: element("masks", HTMLElement),
  maskList: element("mask-list", HTMLElement),
  status: element("status", HTMLElement),
  error: element("error", HTMLElement),
  offline: element("offline", HTMLElement),
};
