/** The caption of a picture is what its page says of it; the order is the Python package's. */

import { canonicalCaption } from "../text/canonical.ts";

const HEADINGS = "h1, h2, h3, h4, h5, h6";
/** In one caption: an element that is never closed holds all of the page that follows. */
const MOST_NODES = 500;
/** Elements whose words are set apart from those around; all others may be part of a word. */
const SEPARATE = new Set(
  (
    "ADDRESS ARTICLE ASIDE BLOCKQUOTE BODY BR CAPTION CENTER DD DETAILS DIALOG DIR DIV DL DT " +
    "FIELDSET FIGCAPTION FIGURE FOOTER FORM H1 H2 H3 H4 H5 H6 HEADER HGROUP HR LEGEND LI LISTING " +
    "MAIN MENU NAV OL OPTGROUP OPTION P PLAINTEXT PRE SEARCH SECTION SUMMARY TABLE TBODY TD TFOOT " +
    "TH THEAD TR UL XMP"
  ).split(" "),
);
const UNREAD = new Set(["SCRIPT", "STYLE", "TEMPLATE"]);

/** Returns the figure's caption, else alt, else title, else the nearest heading above, or "". */
export function captionOf(image: HTMLImageElement): string {
  return (
    figureCaption(image) ||
    canonicalCaption(image.getAttribute("alt")) ||
    canonicalCaption(image.getAttribute("title")) ||
    headingAbove(image)
  );
}

function figureCaption(image: HTMLImageElement): string {
  const figure = image.parentElement?.closest("figure");
  // the caption of a figure inside this one is that one's
  const captions = [...(figure?.querySelectorAll("figcaption") ?? [])];
  const own = captions.find((caption) => caption.parentElement?.closest("figure") === figure);
  return own ? words(own) : "";
}

function headingAbove(image: HTMLImageElement): string {
  let found = "";
  for (const heading of image.ownerDocument.querySelectorAll(HEADINGS)) {
    const place = heading.compareDocumentPosition(image);
    if (!(place & Node.DOCUMENT_POSITION_FOLLOWING)) break;
    found = words(heading) || found;
  }
  return found;
}

function words(element: Element): string {
  const nodes = element.ownerDocument.createTreeWalker(
    element,
    NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT,
    (node) => (UNREAD.has(node.nodeName) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT),
  );
  const texts: string[] = [];
  const around: Node[] = [element];
  for (let left = MOST_NODES; left > 0 && nodes.nextNode(); left--) {
    const node = nodes.currentNode;
    while (around.at(-1) !== node.parentNode) texts.push(spaceAt(around.pop()!));
    if (node.nodeType === Node.TEXT_NODE) {
      texts.push(node.nodeValue!);
    } else {
      around.push(node);
      texts.push(spaceAt(node));
    }
  }
  return canonicalCaption(texts.join(""));
}

/** Returns what stands before and behind the words of an element. */
function spaceAt(element: Node): string {
  return SEPARATE.has(element.nodeName) ? " " : "";
}
