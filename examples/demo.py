"""Codes the example photograph and draws what came of it: python examples/demo.py FOLDER.

FOLDER gets coffee.avif, an ordinary file; coffee.png, that file decoded by its caption; and
side-by-side.png with the original, the file as every viewer shows it, and decoded with and without
the caption, whole and enlarged.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import sidelight

_HERE = Path(__file__).parent
_QUALITY = 3
_GAP_PX, _LABEL_PX = 6, 22
_DETAIL = (150, 150, 300, 250)
"""Left, top, right, bottom of what is shown enlarged."""


def main(folder: Path) -> None:
    """Codes, decodes, compares and prints the sizes."""
    folder.mkdir(parents=True, exist_ok=True)
    original = Image.open(_HERE / "coffee.png").convert("RGB")
    caption = (_HERE / "coffee.txt").read_text().strip()

    data = sidelight.encode(original, quality=_QUALITY)  # the encoder never sees the caption
    (folder / "coffee.avif").write_bytes(data)
    plain = Image.open(folder / "coffee.avif").convert("RGB")
    with_caption = sidelight.decode(data, caption=caption)
    without_caption = sidelight.decode(data, caption="")
    with_caption.save(folder / "coffee.png")

    panels = [
        (f"original, {(_HERE / 'coffee.png').stat().st_size} bytes as PNG", original),
        (f"AVIF as every viewer shows it, {len(data)} bytes", plain),
        ("the same file, decoded by Sidelight with its caption", with_caption),
        ("the same file, decoded by Sidelight without a caption", without_caption),
    ]
    details = [(label, detail(image)) for label, image in panels]
    sheets = [side_by_side(panels), side_by_side(details)]
    stacked(sheets).save(folder / "side-by-side.png")
    bpp = 8 * len(data) / (original.width * original.height)
    print(  # noqa: T201
        f"caption      {caption}\n"
        f"file         {folder / 'coffee.avif'}: {len(data)} bytes, {bpp:.3f} bits per pixel\n"
        f"decoded      {folder / 'coffee.png'}: PSNR {psnr_db(original, with_caption):.2f} dB, "
        f"plain AVIF {psnr_db(original, plain):.2f} dB\n"
        f"comparison   {folder / 'side-by-side.png'}"
    )


def psnr_db(x: Image.Image, x_hat: Image.Image) -> float:
    """Returns the peak signal-to-noise ratio over RGB."""
    error = np.asarray(x, np.float64) - np.asarray(x_hat, np.float64)
    return float(10 * np.log10(255**2 / np.mean(error**2)))


def detail(image: Image.Image) -> Image.Image:
    """Returns a part of the picture, enlarged pixel by pixel to its width."""
    left, top, right, bottom = _DETAIL
    factor = image.width // (right - left)
    size = factor * (right - left), factor * (bottom - top)
    return image.crop(_DETAIL).resize(size, Image.Resampling.NEAREST)


def side_by_side(panels: list[tuple[str, Image.Image]]) -> Image.Image:
    """Returns the labelled pictures in two columns."""
    width, height = panels[0][1].size
    cell_width, cell_height = width + _GAP_PX, height + _LABEL_PX + _GAP_PX
    rows = -(-len(panels) // 2)
    sheet = Image.new("RGB", (2 * cell_width - _GAP_PX, rows * cell_height), "white")
    pen = ImageDraw.Draw(sheet)
    for k, (label, image) in enumerate(panels):
        left, top = (k % 2) * cell_width, (k // 2) * cell_height
        pen.text((left + 2, top + 2), label, fill="black", font_size=15)
        sheet.paste(image, (left, top + _LABEL_PX))
    return sheet


def stacked(sheets: list[Image.Image]) -> Image.Image:
    """Returns the sheets below each other."""
    width, height = max(sheet.width for sheet in sheets), sum(sheet.height for sheet in sheets)
    page = Image.new("RGB", (width, height), "white")
    top = 0
    for sheet in sheets:
        page.paste(sheet, (0, top))
        top += sheet.height
    return page


if __name__ == "__main__":
    main(Path(sys.argv[1]))
