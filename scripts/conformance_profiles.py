"""Writes what of conformance/ is about ICC profiles: which are kept, and what is drawn in them.

python scripts/conformance_profiles.py

Reads the tiny models that scripts/make_conformance.py writes, and is called by it.
"""

import hashlib
import json
import struct
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from tests.unit.pixels.conftest import icc_profile  # noqa: E402

from sidelight.carriers.reading import read  # noqa: E402
from sidelight.codec.carrier_codec import CarrierCodec  # noqa: E402
from sidelight.codec.checkpoint import load_checkpoint  # noqa: E402
from sidelight.pixels.picture import to_pillow  # noqa: E402
from sidelight.pixels.profiles import rgb_to_srgb, sound_profile  # noqa: E402
from sidelight.text.bundled import BundledEncoder  # noqa: E402

CARRIER_FOLDER = ROOT / "conformance" / "carrier"
FOLDER = CARRIER_FOLDER / "profiles"
CAPTION = "A brown dog runs on the beach."
NUM_DAMAGED = 150
# about Adobe RGB: far from sRGB, so that a conversion would show
PRIMARIES = {
    b"rXYZ": (0.6097, 0.3111, 0.0195),
    b"gXYZ": (0.2053, 0.6257, 0.0609),
    b"bXYZ": (0.1492, 0.0632, 0.7446),
}
GAMMA = 2.2
SPLIT = 200
"""Bytes of the profile in the first of two JPEG segments."""
EXTENDED_FLAGS = 20
HAS_PROFILE = 0x20


def write_profiles() -> None:
    """Writes files with sound and broken profiles, expected pictures, and damaged profiles."""
    FOLDER.mkdir(exist_ok=True)
    for name, data in _files().items():
        (FOLDER / name).write_bytes(data)
    codec = CarrierCodec(
        load_checkpoint(CARRIER_FOLDER / "carrier.safetensors"),
        BundledEncoder(CARRIER_FOLDER / "text.safetensors"),
    )
    drawn = []
    for suffix in ("avif", "jpg", "webp"):
        picture = codec.open((FOLDER / f"wide.{suffix}").read_bytes()).decode(
            CAPTION, precision="fp32"
        )
        Image.fromarray(picture.image).save(FOLDER / f"wide-{suffix}.ppm")
        rgb_to_srgb(to_pillow(picture)).save(FOLDER / f"wide-{suffix}-srgb.ppm")
        drawn.append(
            {
                "file": f"profiles/wide.{suffix}",
                "caption": CAPTION,
                "expected": f"profiles/wide-{suffix}.ppm",
                "srgb": f"profiles/wide-{suffix}-srgb.ppm",
            }
        )
    manifest = {
        "profile": wide_profile().hex(),
        "files": [_describe(FOLDER / name) for name in sorted(_files())],
        "drawn": drawn,
        "damaged": _damaged(),
    }
    lines = [f"{json.dumps(key)}: {_listed(value)}" for key, value in manifest.items()]
    (FOLDER / "manifest.json").write_text("{" + ",\n".join(lines) + "}\n", "utf-8")


def wide_profile() -> bytes:
    """Returns a display profile of a wide gamut, with as much as decoders need."""
    curve = b"curv" + struct.pack(">4xIH", 1, round(GAMMA * 256))
    curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    matrix = {
        tag: b"XYZ " + struct.pack(">4x3i", *(round(value * 65536) for value in values))
        for tag, values in PRIMARIES.items()
    }
    return icc_profile(b"mntr", b"RGB ", b"XYZ ", matrix | curves)


def _files() -> dict[str, bytes]:
    sound = wide_profile()
    broken = sound.replace(b"acsp", b"none")
    gray = icc_profile(b"mntr", b"GRAY", b"XYZ ", {})
    webp = bytearray(_coded("WEBP", sound))
    webp[EXTENDED_FLAGS] &= ~HAS_PROFILE
    parts = sound[:SPLIT], sound[SPLIT:]
    return {
        "wide.avif": _coded("AVIF", sound),
        "wide.jpg": _with_segments((2, 2, parts[1]), (1, 2, parts[0])),
        "wide.webp": _coded("WEBP", sound),
        "broken.avif": _coded("AVIF", broken),
        "broken.jpg": _with_segments((1, 1, broken)),
        "one-of-two.jpg": _with_segments((1, 2, parts[0])),
        "gray.webp": _coded("WEBP", gray),
        "unannounced.webp": bytes(webp),
    }


def _coded(name: str, icc: bytes | None) -> bytes:
    rows, columns = np.mgrid[:24, :32][..., None]
    waves = np.sin(columns / (5, 6, 7) + rows / (9, 6, 4))
    stream = BytesIO()
    image = Image.fromarray((128 + 100 * waves).astype(np.uint8))
    image.save(stream, name, quality=30, icc_profile=icc)
    return stream.getvalue()


def _with_segments(*parts: tuple[int, int, bytes]) -> bytes:
    """Returns a JPEG with these parts of a profile: the number of each, how many, its bytes."""
    jpeg = _coded("JPEG", None)
    segments = b""
    for number, count, part in parts:
        payload = b"ICC_PROFILE\0" + bytes((number, count)) + part
        segments += b"\xff\xe2" + struct.pack(">H", 2 + len(payload)) + payload
    return jpeg[:2] + segments + jpeg[2:]


def _describe(path: Path) -> dict[str, Any]:
    file = read(path.read_bytes())
    icc = file.picture.icc
    return {
        "file": f"profiles/{path.name}",
        "width": file.picture.width,
        "height": file.picture.height,
        "profile_sha256": icc and hashlib.sha256(icc).hexdigest(),
    }


def _damaged() -> list[dict[str, Any]]:
    """Returns what was done to the profile, and whether it is kept all the same."""
    random = np.random.default_rng(9)
    sound = wide_profile()
    first_tag, tag_bytes, num_tags = 132, 12, sound[131]
    entries = []
    for number in range(NUM_DAMAGED):
        data = bytearray(sound)
        if number % 3 == 0:  # one tag has another's name, and maybe another place
            source, target = first_tag + tag_bytes * random.integers(num_tags, size=2)
            data[target : target + 4] = data[source : source + 4]
            data[target + 4] = random.choice((0, 255))
        elif number % 3 == 1:
            for place in random.choice((8, 9, 12, 16, 36, 128, 131), 2):
                data[place] = random.choice((0, 2, 5, 6, 16, 100, 101, 115))
        else:
            del data[random.integers(len(data)) :]
            for place in random.integers(0, max(len(data), 1), random.integers(0, 2)):
                data[place : place + 1] = bytes([random.integers(256)])
        changed = [[k, new] for k, new in enumerate(data) if new != sound[k]]
        kept = sound_profile(bytes(data), gray=False)[0] is not None
        entries.append({"bytes": len(data), "set": changed, "kept": kept})
    return entries


def _listed(value: Any) -> str:
    """Returns JSON with each entry of a list on a line of its own."""
    if not isinstance(value, list):
        return json.dumps(value)
    return "[\n" + ",\n".join(json.dumps(entry) for entry in value) + "\n]"


if __name__ == "__main__":
    write_profiles()
