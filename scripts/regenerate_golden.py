"""Writes tests/golden/: a tiny model and one .slt file per feature of the format.

Old files decode forever. Run this only after a deliberate change of format, with a line in
CHANGELOG.md under Bitstream. Everything is seeded, but E and G compute in floats: another machine
may write other, equally right files.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image, ImageCms

from sidelight.bitstream.container import Container
from sidelight.codec.checkpoint import load_checkpoint, save_checkpoint
from sidelight.codec.codec import Codec
from sidelight.codec.stored import Checkpoint
from sidelight.entropy.coder import CodingTables
from sidelight.entropy.latents import Latents
from sidelight.models.config import HiFiCConfig
from sidelight.models.exported import ExportedCodec
from sidelight.models.hific import HiFiC
from sidelight.pixels.files import write_picture
from sidelight.pixels.picture import Picture

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "tests" / "golden"
CAPTION = "A brown dog runs on the beach."


class Case(NamedTuple):
    """One golden file and the one thing that it shows."""

    feature: str
    picture: Picture
    options: dict[str, Any] = {}  # noqa: RUF012  (never changed)
    text: str | None = None
    """What the decoder is given."""


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--yes-change-the-format",
        action="store_true",
        help="without it nothing is written: old files must decode forever",
    )
    if not parser.parse_args().yes_change_the_format:
        parser.error("golden files change only with the format: give --yes-change-the-format")
    before = _digests()
    regenerate()
    _report_changes(before, _digests())


def regenerate() -> None:
    """Writes the model, the files, the pictures they decode to, and the manifest."""
    # the script's own folder is on the path, the repository is not
    sys.path.insert(0, str(ROOT))
    from tests.golden.tiny_text import HashingTextEncoder
    from tests.tiny_config import TINY_CONFIG

    torch.set_num_threads(1)
    for old in (*FOLDER.glob("*.slt"), *FOLDER.glob("*.png")):
        old.unlink()
    weights = FOLDER / "tiny.safetensors"
    provenance = {"made_by": "scripts/regenerate_golden.py"}
    model = ExportedCodec(tiny_model(TINY_CONFIG))
    save_checkpoint(weights, Checkpoint(model, HashingTextEncoder.identity, provenance))
    codec = Codec(load_checkpoint(weights), HashingTextEncoder())
    cases = {name: _write_case(codec, name, case) for name, case in golden_cases().items()}
    manifest = {"model": codec.fingerprint.hex(), "cases": cases}
    (FOLDER / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


def tiny_model(config: HiFiCConfig) -> HiFiC:
    """Returns seeded weights, changed where a fresh model would leave a path unused."""
    from tests.tiny_model import use_every_path

    torch.manual_seed(7)
    with torch.no_grad():
        model = HiFiC(config).eval()
        use_every_path(model, scale_bias=6)
    return model


def golden_cases() -> dict[str, Case]:
    """Returns every case by the name of its files."""
    waves = _waves(64, 64)
    rows, columns = np.mgrid[:64, :64]
    alpha = np.minimum(255, rows * 4 + columns).astype(np.uint8)
    gray = np.repeat(waves[..., :1], 3, axis=2)
    exif = Image.Exif()
    exif[271] = "Sidelight"
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes(12)  # the time at which it was made
    checks = np.repeat(((rows // 4 + columns // 4) % 2 * 255).astype(np.uint8)[..., None], 3, 2)
    checks[..., 1:] = 255 - checks[..., 1:]
    plain = Picture(image=waves)
    return {
        "rgb": Case("three colour planes, no optional section", plain),
        "gray": Case("gray flag: decodes to one plane", Picture(image=gray, gray=True)),
        "alpha": Case("alpha section, lossless", Picture(image=waves, alpha=alpha)),
        "icc-exif": Case(
            "ICC and EXIF sections",
            Picture(image=waves, icc=bytes(profile), exif=exif.tobytes()),
        ),
        "caption": Case("caption section, used where none is given", plain, {"caption": CAPTION}),
        "digest": Case(
            "caption digest section", plain, {"caption": CAPTION, "caption_as": "digest"}, CAPTION
        ),
        "one-pixel": Case("1x1 px", Picture(image=waves[:1, :1])),
        "odd-size": Case("63x65 px: padded along both axes", Picture(image=_waves(65, 63))),
        "quality-1": Case("lowest quality", plain, {"quality": 1.0}),
        "quality-9": Case("highest quality", plain, {"quality": 9.0}),
        "quality-5.3": Case("quality between trained levels", plain, {"quality": 5.3}),
        "escapes": Case("symbols outside the tables", Picture(image=checks), {"quality": 9.0}),
    }


def _waves(height: int, width: int) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    planes = [
        128 + 70 * np.sin(rows / (5 + k) + k) + 50 * np.cos(columns / (3 + 2 * k)) for k in range(3)
    ]
    return np.stack(planes, axis=2).clip(0, 255).astype(np.uint8)


def _write_case(codec: Codec, name: str, case: Case) -> dict[str, Any]:
    data = codec.encode(case.picture, **case.options)
    (FOLDER / f"{name}.slt").write_bytes(data)
    latents = codec.decode_latents([Container.parse(data)])
    if name == "escapes" and not count_escapes(codec, latents):
        raise SystemExit("the case 'escapes' has no escaped symbol; change its picture")
    decoded = codec.decode(data, case.text, precision="fp32")
    write_picture(decoded, FOLDER / f"{name}.png")
    return {
        "feature": case.feature,
        "sha256": hashlib.sha256(data).hexdigest(),
        "latents_sha256": latents_sha256(latents),
        "text": case.text,
    }


def count_escapes(codec: Codec, latents: Latents) -> int:
    """Returns how many latent symbols lie outside their tables."""
    tables = CodingTables(codec.model.frozen.latent_tables)
    index = latents.prediction.index
    entries = latents.y_symbols - tables.first[index]
    return int(((entries < 0) | (entries >= tables.escape[index])).sum())


def latents_sha256(latents: Latents) -> str:
    """Returns the hash over z and then y_hat, as little-endian int32."""
    digest = hashlib.sha256()
    for integers in (latents.z_symbols, latents.fixed_point()):
        digest.update(integers.astype("<i4").tobytes())
    return digest.hexdigest()


def _digests() -> dict[str, str]:
    suffixes = {".slt", ".png", ".json", ".safetensors"}
    paths = sorted(p for p in FOLDER.iterdir() if p.suffix in suffixes)
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}


def _report_changes(before: dict[str, str], after: dict[str, str]) -> None:
    for name in sorted({*before, *after}):
        if name not in after:
            print("removed  ", name)  # noqa: T201
        elif before.get(name) != after[name]:
            print("changed  " if name in before else "new      ", name)  # noqa: T201
    print(f"{sum(before.get(name) == digest for name, digest in after.items())} files unchanged")  # noqa: T201


if __name__ == "__main__":
    main()
