"""Writes conformance/: what every implementation has to agree on, with tiny models.

python scripts/make_conformance.py

Needs the packages onnx and onnxscript. The Python tests and those of web/ read the folder alike.
Everything is seeded, but floats are computed: another machine may write other, equally right
pictures, so write it anew only where something is added.
"""

import json
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from conformance_profiles import write_profiles  # noqa: E402
from export_web import export_codec, export_models  # noqa: E402
from tests.golden.tiny_text import HashingTextEncoder  # noqa: E402
from tests.tiny_carrier import trained_carrier  # noqa: E402

from sidelight.bitstream.reader import ByteReader  # noqa: E402
from sidelight.carriers.reading import read  # noqa: E402
from sidelight.codec.carrier_codec import CarrierCodec  # noqa: E402
from sidelight.codec.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402
from sidelight.codec.codec import Codec  # noqa: E402
from sidelight.codec.stored import Checkpoint  # noqa: E402
from sidelight.errors import BitstreamError, CodecError  # noqa: E402
from sidelight.models.exported_carrier import ExportedCarrier  # noqa: E402
from sidelight.pixels.detail import bits_of_detail  # noqa: E402
from sidelight.pixels.padding import pad_to_multiple  # noqa: E402
from sidelight.pixels.picture import Picture  # noqa: E402
from sidelight.text.bundled import BundledEncoder, save_bundled, tokenize  # noqa: E402
from sidelight.text.encoder import embed_captions, fit_caption  # noqa: E402
from sidelight.text.network import SentenceConfig, SentenceNetwork  # noqa: E402
from sidelight.train.text.distillation import train_tokenizer  # noqa: E402

FOLDER = ROOT / "conformance" / "carrier"
SLT_FOLDER = ROOT / "conformance" / "slt"
GOLDEN = ROOT / "tests" / "golden"
NUM_DAMAGED = 400
CAPTION = "A brown dog runs on the beach."
CAPTIONS = (
    CAPTION,
    "  white\tspace \n of every\u00a0kind ",
    "Don't you'll WE'VE 3 apples, 12.5 % & more...",
    "Éclair ﬁne ① ﬀ e\u0301",
    "ΟΔΥΣΣΕΥΣ και Σίσυφος",
    "日本語のテキスト。海の犬\uff01",
    "emoji 👩‍👩‍👧 and 🐕",
    "A dog. A cat on a sofa looks past the camera. Something else that is not read any more at "
    "all.",
    "one very long sentence that goes on and on without any mark until it is cut between words "
    "here",
    "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverkäuferinnenwettbewerbsteilnehmer",
)
SIZES = {"waves": (40, 56), "odd": (33, 47), "dot": (1, 1), "wide": (24, 1500)}
CASES = (
    ("waves", CAPTION, None, 1.0),
    ("waves", "", 0.0, 1.0),
    ("waves", CAPTIONS[7], 1.0, 0.4),
    ("waves", CAPTION, 0.5, 0.0),
    ("odd", CAPTION, 0.25, 1.0),
    ("dot", "", None, 1.0),
    ("wide", CAPTION, None, 1.0),
)


def main() -> None:
    """Runs the command."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    encoder = _write_text_encoder(FOLDER / "text.safetensors")
    checkpoint = Checkpoint(ExportedCarrier(trained_carrier()), encoder.identity, {"terms": "none"})
    save_checkpoint(FOLDER / "carrier.safetensors", checkpoint)
    export_models(FOLDER / "models", FOLDER / "carrier.safetensors", FOLDER / "text.safetensors")
    manifest = {
        "captions": [_describe_caption(caption, encoder) for caption in CAPTIONS],
        "pictures": _write_pictures(encoder),
        "files": _write_files(),
        "detail": {name: _detail_of(name) for name in ("odd.ppm", "wide.ppm", "dot.ppm")},
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False)
    (FOLDER / "manifest.json").write_text(text + "\n", "utf-8")
    write_masks(encoder)
    write_profiles()
    _write_damaged()
    _write_shown()


def _write_text_encoder(path: Path) -> BundledEncoder:
    tokenizer = train_tokenizer([CAPTION, *CAPTIONS[7:9]], 300)
    with torch.random.fork_rng():
        torch.manual_seed(6)
        network = SentenceNetwork(
            SentenceConfig(
                vocabulary=tokenizer.get_vocab_size(),
                max_tokens=24,
                width=16,
                num_layers=1,
                num_heads=2,
                hidden=32,
                text_width=16,
            )
        )
    save_bundled(path, network, tokenizer)
    return BundledEncoder(path)


def _describe_caption(caption: str, encoder: BundledEncoder) -> dict[str, Any]:
    used = fit_caption(caption, encoder)
    ids, _ = tokenize(encoder._tokenizer, [used])
    return {"caption": caption, "used": used, "ids": ids[0].tolist()}


def _write_pictures(encoder: BundledEncoder) -> list[dict[str, Any]]:
    codec = CarrierCodec(load_checkpoint(FOLDER / "carrier.safetensors"), encoder)
    for name, (height, width) in SIZES.items():
        Image.fromarray(_waves(height, width)).save(FOLDER / f"{name}.ppm")
    entries = []
    for number, (name, caption, realism, share) in enumerate(CASES):
        picture = Picture(image=_read(FOLDER / f"{name}.ppm"))
        drawn = codec.improve(
            picture, caption, realism=realism, precision="fp32", drawn_share=share
        )
        expected = f"{name}-{number}.ppm"
        Image.fromarray(drawn.image).save(FOLDER / expected)
        entries.append(
            {
                "picture": f"{name}.ppm",
                "caption": caption,
                "realism": realism,
                "share": share,
                "expected": expected,
            }
        )
    return entries


def write_masks(encoder: BundledEncoder) -> None:
    """Writes where the text acts in two pictures; of the one in tiles the coarsest mask."""
    generator = load_checkpoint(FOLDER / "carrier.safetensors").model.generator.eval()
    entries = []
    for name, count in (("odd", None), ("wide", 1)):
        picture = pad_to_multiple(_read(FOLDER / f"{name}.ppm"), generator.config.stride)
        text = torch.from_numpy(embed_captions([CAPTION], encoder, encoder.width))
        with torch.inference_mode():
            x = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
            masks = generator.with_masks(x, text, torch.full((1,), 0.5)).masks
        maps = [{"width": m.shape[3], "height": m.shape[2], "values": _short(m)} for m in masks]
        entries.append(
            {"picture": f"{name}.ppm", "caption": CAPTION, "realism": 0.5, "masks": maps[:count]}
        )
    (FOLDER / "masks.json").write_text(json.dumps(entries) + "\n", "utf-8")


def _short(mask: torch.Tensor) -> list[float]:
    return [round(value, 5) for value in mask.flatten().tolist()]


def _read(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image)


def _waves(height: int, width: int) -> np.ndarray:
    """Smooth and without noise, so that it packs well."""
    rows, columns = np.mgrid[:height, :width][..., None]
    waves = np.sin(columns / (7, 9, 11) + rows / (13, 8, 6)) + np.sin(
        rows * columns / (300, 350, 400)
    )
    return (128 + 50 * waves).astype(np.uint8)


def _write_files() -> list[dict[str, Any]]:
    """Writes files of carriers, sound and broken, with what is to be known of each."""
    folder = FOLDER / "files"
    folder.mkdir(exist_ok=True)
    picture = Image.fromarray(_waves(64, 96))
    exif = Image.Exif()
    exif[0x010E] = "x" * 500
    options: dict[str, dict[str, Any]] = {
        "plain.avif": {"quality": 40},
        "metadata.avif": {"quality": 40, "exif": exif},
        "plain.jpg": {"quality": 30},
        "progressive.jpg": {"quality": 30, "progressive": True, "exif": exif, "comment": "c" * 90},
        "some-bits.jpg": {"quality": 84, "subsampling": 0},
        "many-bits.jpg": {"quality": 98, "subsampling": 0},
        "plain.webp": {"quality": 30},
        "metadata.webp": {"quality": 30, "exif": exif},
        "lossless.webp": {"lossless": True},
    }
    for name, given in options.items():
        picture.save(folder / name, **given)
    moving = [picture, picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    for name in ("moving.webp", "moving.avif"):
        moving[0].save(folder / name, save_all=True, append_images=moving[1:], quality=30)
    with_alpha = picture.convert("RGBA")
    with_alpha.putalpha(Image.linear_gradient("L").resize(picture.size))
    with_alpha.save(folder / "alpha.avif", quality=40)
    with_alpha.save(folder / "alpha.webp", quality=30)
    for name in ("plain.avif", "plain.jpg", "plain.webp"):
        data = (folder / name).read_bytes()
        (folder / f"cut-{name}").write_bytes(data[: len(data) // 3])
    picture.save(folder / "other.png")
    return [_describe_file(path) for path in sorted(folder.iterdir())]


def _detail_of(name: str) -> float:
    return bits_of_detail(np.asarray(Image.open(FOLDER / name)))


def _describe_file(path: Path) -> dict[str, Any]:
    entry: dict[str, Any] = {"file": f"files/{path.name}", "moves": path.stem == "moving"}
    try:
        file = read(path.read_bytes())
    except CodecError as error:
        return entry | {"error": type(error).__name__}
    return entry | {
        "codec": file.codec,
        "width": file.picture.width,
        "height": file.picture.height,
        "coded_bytes": file.coded_bytes,
        "lossless": file.is_lossless,
        "detail": bits_of_detail(file.picture.image),
        "drawn_share": file.drawn_share,
    }


def _write_damaged() -> None:
    """Writes what was done to golden files, and the error that each then gives."""
    random = np.random.default_rng(7)
    codec = Codec(load_checkpoint(GOLDEN / "tiny.safetensors"), HashingTextEncoder())
    sound = {path.name: path.read_bytes() for path in sorted(GOLDEN.glob("*.slt"))}
    lines = []
    for _ in range(NUM_DAMAGED):
        name = random.choice(list(sound))
        data = bytearray(sound[name])
        for place in random.integers(0, len(data), random.integers(1, 4)):
            data[place] = random.integers(256)
        if random.random() < 0.2:
            del data[random.integers(len(data)) :]
        elif random.random() < 0.8:
            _mend_checksums(data)
        changed = [[k, new] for k, new in enumerate(data) if new != sound[name][k]]
        entry = {"file": name, "bytes": len(data), "set": changed, "error": _error(codec, data)}
        lines.append(json.dumps(entry))
    SLT_FOLDER.mkdir(exist_ok=True)
    (SLT_FOLDER / "damaged.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


def _write_shown() -> None:
    """Writes the tiny codec for the browser and some golden files' pictures in float32."""
    checkpoint = load_checkpoint(GOLDEN / "tiny.safetensors")
    encoder = HashingTextEncoder()
    codec = Codec(checkpoint, encoder)
    entry = export_codec(SLT_FOLDER, checkpoint)
    pictures = []
    for name, caption in (("rgb", ""), ("odd-size", CAPTION), ("quality-9", CAPTION)):
        data = (GOLDEN / f"{name}.slt").read_bytes()
        shown = codec.decode(data, caption, precision="fp32")
        Image.fromarray(shown.image).save(SLT_FOLDER / f"{name}.ppm")
        vector = embed_captions([caption], encoder, encoder.width)[0]
        pictures.append({"file": f"{name}.slt", "text": vector.tolist(), "expected": f"{name}.ppm"})
    text = json.dumps({"codec": entry, "pictures": pictures}, indent=1)
    (SLT_FOLDER / "manifest.json").write_text(text + "\n", "utf-8")


def _error(codec: Codec, data: bytearray) -> str | None:
    try:
        codec.open(bytes(data))
    except CodecError as error:
        return type(error).__name__
    return None


def _mend_checksums(data: bytearray) -> None:
    """Writes the CRCs that the damaged bytes ask for, so that the damage is found behind them."""
    reader = ByteReader(bytes(data))
    try:
        reader.take(14)
        reader.varint(), reader.varint(), reader.take(5)
        start = 0
        while True:
            place = reader.position
            data[place : place + 4] = zlib.crc32(data[start:place]).to_bytes(4, "little")
            reader.take(4)
            start = reader.position
            if not reader.remaining:
                return
            reader.take(reader.varint())
    except BitstreamError:
        return  # the damage is in the framing itself


if __name__ == "__main__":
    main()
