"""Sound files to damage: small pictures in many formats, coded files, pages, listings, weights."""

import io
import json
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageCms, features

import sidelight
from sidelight.models.presets import PRESETS
from sidelight.strict_json import to_json

CAPTION = "A brown dog runs along the beach."
_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description><rdf:Alt><rdf:li '
    f'xml:lang="x-default">{CAPTION}</rdf:li></rdf:Alt></dc:description></rdf:Description>'
    "</rdf:RDF></x:xmpmeta>"
).encode()
_FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "TIFF", "GIF", "BMP", "PPM", "TGA", "ICO", "JPEG2000")
_SUFFIXES = {"JPEG": "jpg", "TIFF": "tif", "JPEG2000": "jp2"}
PAGE = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><base href="./">
<link rel="stylesheet" href="style.css"><title>Pictures</title></head><body><h1>Dogs</h1>
<figure><img src="a.png" alt="x"><figcaption>{CAPTION}</figcaption></figure>
<img src="b.jpg" srcset="b.jpg 1x, a.png 2x" alt="Two"><picture><source srcset="c.webp">
<img src="./a.png?v=1" title="Three"></picture><a href="a.png">the file</a>
<video poster="b.jpg"></video><p style="background: url(c.webp)">text</p></body></html>
"""
RECIPE = """data = [{ pictures = "set.tar" }]
held_out_shard = ""
generator_text = false
target_bpp = [0.2]
initial_lmbda = [1.0]
phases = [{ steps = 1, crop = 64, batch = 2 }]
[model]
preset = "balle2018-small"
text_width = 384
[distortion]
lpips_weight = 0.0
"""
CURVE = to_json({"name": "VTM", "results": {"bpp": [0.1, 0.5], "psnr": [30, 35]}})
LISTING = json.dumps({"a.png": [CAPTION, "A dog."], "b.jpg": ["Two."], "c.webp": "Three."})


@dataclass(frozen=True)
class Corpus:
    """Files by their suffix; the same seed gives the same."""

    pictures: dict[str, bytes]
    coded: dict[str, bytes]
    """Ordinary files of a carrier, with the caption in their XMP."""
    end_to_end: list[bytes]
    """.slt files."""
    shown: list[np.ndarray] = field(repr=False)
    """What each of them decodes to without a caption."""
    run_recipe: str
    """recipe.json of a run."""
    exif: bytes
    xmp: str
    icc: bytes


def make_corpus(seed: int) -> Corpus:
    """Returns files of pictures drawn here."""
    random = np.random.default_rng(seed)
    images = [_draw(random, *size) for size in ((48, 40), (64, 64), (1, 1), (33, 20))]
    pictures = {}
    for format in _FORMATS:
        if format == "AVIF" and not features.check("avif"):
            continue
        suffix = _SUFFIXES.get(format, format.lower())
        pictures[suffix] = _saved(images[0], format)
    pictures["apng"] = _saved(images[3], "PNG", save_all=True, append_images=[images[3]])
    pictures["deep.png"] = _saved(_deep(images[3]), "PNG")
    pictures["la.png"] = _saved(images[3].convert("LA"), "PNG")
    pictures["cmyk.jpg"] = _saved(images[3].convert("CMYK"), "JPEG")
    coded = {
        suffix: sidelight.encode(images[0], quality=4, format=format, caption=CAPTION)
        for suffix, format in (("avif", "avif"), ("jpg", "jpeg"), ("webp", "webp"))
    }
    end_to_end = [
        sidelight.encode(images[0], quality=2, format="slt", caption=CAPTION),
        sidelight.encode(images[1], quality=7, format="slt", caption=CAPTION, caption_as="digest"),
        sidelight.encode(images[2], quality=5, format="slt"),
        sidelight.encode(images[3].convert("RGBA"), quality=5, format="slt"),
        sidelight.encode(pictures["jpg"], quality=3, format="slt"),  # with EXIF
    ]
    shown = [
        np.asarray(sidelight.decode(data, caption="", precision="fp32")) for data in end_to_end
    ]
    recipe = {
        "data": [{"pictures": "*.tar"}],
        "target_bpp": [0.3],
        "initial_lmbda": [1.0],
        "phases": [{"steps": 1, "crop": 64, "batch": 2}],
        "model": PRESETS["small"].to_dict(),
    }
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return Corpus(
        pictures, coded, end_to_end, shown, to_json(recipe), _exif().tobytes(), _XMP.decode(), icc
    )


def _draw(random: np.random.Generator, width: int, height: int) -> Image.Image:
    rows, columns = np.mgrid[:height, :width][..., None]
    waves = sum(np.sin(random.uniform(-0.3, 0.3, 3) * columns + k * 0.1 * rows) for k in range(3))
    noise = random.normal(0, 6, (height, width, 3))
    return Image.fromarray((128 + 40 * waves + noise).clip(0, 255).astype(np.uint8))


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E], exif[0x0112], exif[0x8298] = CAPTION, 6, "Somebody"
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0A dog."
    exif.get_ifd(0x8825)[2] = (52.0, 30.0, 1.5)
    return exif


def _saved(image: Image.Image, format: str, **options: object) -> bytes:
    exif = _exif()
    if format in ("PNG", "JPEG", "WEBP", "AVIF", "TIFF"):
        options["exif"] = exif
    if format in ("JPEG", "WEBP", "AVIF"):
        options["xmp"] = _XMP
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def _deep(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
