"""Codes the example photograph and draws what came of it: python examples/demo.py FOLDER.

FOLDER gets coffee.slt, the decoded coffee.png, and side-by-side.png with the original, the decode
with and without caption, and a JPEG of (nearly) equal size.
"""

import sys
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import sidelight

_HERE = Path(__file__).parent
_QUALITY = 4
_GAP_PX, _LABEL_PX = 6, 22


def main(folder: Path) -> None:
    """Codes, decodes, compares and prints the sizes."""
    folder.mkdir(parents=True, exist_ok=True)
    original = Image.open(_HERE / "coffee.png").convert("RGB")
    caption = (_HERE / "coffee.txt").read_text().strip()

    data = sidelight.encode(original, quality=_QUALITY, digest_caption=caption)
    with_caption = sidelight.decode(data, text=caption)
    (folder / "coffee.slt").write_bytes(data)
    with_caption.save(folder / "coffee.png")

    jpeg = largest_jpeg_within(original, len(data))
    with_caption_db = psnr_db(original, with_caption)
    panels = [
        (f"original, {(_HERE / 'coffee.png').stat().st_size} bytes as PNG", original),
        (f"Sidelight with its caption, {len(data)} bytes", with_caption),
        ("the same file without a caption", sidelight.decode(data, text="")),
        (f"JPEG, {len(jpeg)} bytes", Image.open(BytesIO(jpeg)).convert("RGB")),
    ]
    side_by_side(panels).save(folder / "side-by-side.png")
    bpp = 8 * len(data) / (original.width * original.height)
    print(  # noqa: T201
        f"caption      {caption}\n"
        f"file         {folder / 'coffee.slt'}: {len(data)} bytes, {bpp:.3f} bits per pixel\n"
        f"decoded      {folder / 'coffee.png'}: PSNR {with_caption_db:.2f} dB\n"
        f"comparison   {folder / 'side-by-side.png'}: JPEG takes {len(jpeg)} bytes there"
    )


def largest_jpeg_within(image: Image.Image, max_bytes: int) -> bytes:
    """Returns the best JPEG of at most ``max_bytes``, or the smallest one that JPEG can make."""
    smallest = _jpeg(image, 1)
    fitting = [data for q in range(1, 96) if len(data := _jpeg(image, q)) <= max_bytes]
    return max(fitting, key=len, default=smallest)


def _jpeg(image: Image.Image, quality: int) -> bytes:
    stream = BytesIO()
    image.save(stream, "JPEG", quality=quality, optimize=True)
    return stream.getvalue()


def psnr_db(x: Image.Image, x_hat: Image.Image) -> float:
    """Returns the peak signal-to-noise ratio over RGB."""
    error = np.asarray(x, np.float64) - np.asarray(x_hat, np.float64)
    return float(10 * np.log10(255**2 / np.mean(error**2)))


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


if __name__ == "__main__":
    main(Path(sys.argv[1]))
