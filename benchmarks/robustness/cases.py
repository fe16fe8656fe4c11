"""One damaged input after the other, and the command lines that meet it."""

import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from benchmarks.robustness.corpus import CAPTION, CURVE, LISTING, PAGE, RECIPE, Corpus
from benchmarks.robustness.mutations import damaged, damaged_text, resealed, typed_words
from benchmarks.robustness.shards import pack_shard

WEIGHTS = Path("src") / "sidelight" / "weights"
_TARGETS = ("avif", "jpg", "webp", "slt")


class Case(NamedTuple):
    """Commands to run in a folder that holds their inputs."""

    commands: list[list[str]]
    same_as: np.ndarray | None = None
    """Where given, out.png is this picture, or was never written."""
    data: bytes | None = None
    """What is also given to the functions of the package."""


Make = Callable[[Path, Corpus, np.random.Generator], Case]


def pictures(folder: Path, corpus: Corpus, random: np.random.Generator) -> Case:
    """Returns a damaged picture that is coded."""
    suffix, data = _one_of(corpus.pictures, random)
    data = damaged(data, list(corpus.pictures.values()), random)
    source = folder / f"in.{suffix}"
    source.write_bytes(data)
    target = _TARGETS[random.integers(len(_TARGETS))]
    command = ["encode", str(source), str(folder / f"out.{target}")]
    for options in (["--strip"], ["--json"], ["--caption-from", "auto"], ["--quality", "1"]):
        command += options if not random.integers(3) else []
    return Case([command], data=data)


def end_to_end(folder: Path, corpus: Corpus, random: np.random.Generator) -> Case:
    """Returns a damaged .slt file, half of the time under right checksums."""
    k = int(random.integers(len(corpus.end_to_end)))
    source, same = folder / "in.slt", None
    if random.integers(2):
        data = damaged(corpus.end_to_end[k], corpus.end_to_end, random)
    else:
        data, must_be_same = resealed(corpus.end_to_end[k], corpus.end_to_end, random)
        same = corpus.shown[k] if must_be_same else None
    source.write_bytes(data)
    return Case(_reading(source, folder, random), same, data)


def carriers(folder: Path, corpus: Corpus, random: np.random.Generator) -> Case:
    """Returns a damaged AVIF, JPEG or WebP file that is decoded."""
    suffix, data = _one_of(corpus.coded, random)
    data = damaged(data, list(corpus.coded.values()), random)
    source = folder / f"in.{suffix}"
    source.write_bytes(data)
    return Case(_reading(source, folder, random), data=data)


def metadata(folder: Path, corpus: Corpus, random: np.random.Generator) -> Case:
    """Returns sound pixels with damaged EXIF, XMP and profile around them."""
    format = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF")[random.integers(5)]
    exif = corpus.exif if random.integers(2) else damaged(corpus.exif, [corpus.exif], random)
    xmp = damaged_text(corpus.xmp, random)
    options: dict[str, object] = {"exif": b"Exif\0\0" + exif.removeprefix(b"Exif\0\0")}
    if format != "TIFF":
        options["xmp"] = xmp
    if not random.integers(3):
        options["icc_profile"] = damaged(corpus.icc, [corpus.icc], random)
    stream = io.BytesIO()
    try:
        Image.new("RGB", (40, 24), (90, 120, 30)).save(stream, format, **options)
    except Exception:  # the writer will not have this one
        return pictures(folder, corpus, random)
    source = folder / f"in.{format.lower()}"
    source.write_bytes(stream.getvalue())
    target = _TARGETS[random.integers(len(_TARGETS))]
    coded = str(folder / f"out.{target}")
    place = ("auto", "xmp", "exif", "iptc")[random.integers(4)]
    commands = [["encode", str(source), coded, "--caption-from", place], ["info", coded]]
    commands += _reading(source, folder, random)
    return Case(commands, data=stream.getvalue())


def checkpoints(folder: Path, corpus: Corpus, random: np.random.Generator) -> Case:
    """Returns weights with a damaged head, or of another kind, that are to decode a file."""
    whole = (WEIGHTS / "carrier-small.safetensors").read_bytes()
    head = 8 + int.from_bytes(whole[:8], "little")
    model, source = folder / "model.safetensors", folder / "in.jpg"
    changed = damaged(whole[:head], [whole[:head], corpus.end_to_end[0]], random)
    if random.integers(2):  # a head whose length is right again
        changed = (len(changed) - 8).to_bytes(8, "little") + changed[8:]
    model.write_bytes(changed + whole[head:])
    source.write_bytes(corpus.coded["jpg"])
    out = str(folder / "out.png")
    use = ["decode", str(source), out, "--caption-from", "none", "--model", str(model)]
    convert = ["export", str(model), str(folder / "x.safetensors"), "-a", "balle2018"]
    return Case([use, convert][: 1 + (not random.integers(8))])


def captions(folder: Path, corpus: Corpus, random: np.random.Generator) -> Case:
    """Returns sound files with odd captions around them."""
    suffix, data = _one_of(corpus.coded, random)
    source, words = folder / f"in.{suffix}", folder / "words.txt"
    source.write_bytes(data)
    words.write_bytes(damaged_text(CAPTION, random))
    (folder / "in.txt").write_bytes(damaged_text(CAPTION, random))
    listing = folder / "captions.json"
    listing.write_bytes(damaged_text(LISTING.replace("a.png", source.name), random))
    out = str(folder / "out.png")
    decode = ["decode", str(source), out, "--force"]
    chosen: list[list[list[str]]] = [
        [[*decode, "--caption", typed_words(random)]],
        [[*decode, "--caption-from", str(words)]],
        [[*decode, "--caption-from", str(listing)]],
        [[*decode, "--caption-from", "sidecar"]],
        [["encode", str(source), str(folder / "out.avif"), "--caption", typed_words(random)]],
        [["encode", str(source), str(folder / "out.slt"), "--caption-from", "sidecar"]],
        [
            [
                "encode",
                str(source),
                str(folder / "out.slt"),
                "--caption-as",
                "digest",
                "--caption-from",
                str(listing),
            ]
        ],
    ]
    return Case(chosen[random.integers(len(chosen))])


def pages(folder: Path, corpus: Corpus, random: np.random.Generator) -> Case:
    """Returns a damaged page with sound or damaged pictures, coded and decoded again."""
    site, there, back = folder / "site", folder / "there", folder / "back"
    site.mkdir()
    (site / "a.png").write_bytes(corpus.pictures["png"])
    (site / "c.webp").write_bytes(corpus.pictures["webp"])
    jpeg = corpus.pictures["jpg"]
    (site / "b.jpg").write_bytes(jpeg if random.integers(2) else damaged(jpeg, [jpeg], random))
    (site / "style.css").write_bytes(b"img { width: 9em }")
    page = site / "index.html"
    page.write_bytes(damaged_text(PAGE, random))
    encode = ["page", "encode", str(page), str(there), "--format", _TARGETS[random.integers(4)]]
    decode = ["page", "decode", str(there / page.name), str(back)]
    return Case([encode, decode] if random.integers(2) else [encode])


def folders(folder: Path, corpus: Corpus, random: np.random.Generator) -> Case:
    """Returns a folder of odd names, links and damaged files."""
    root = folder / os.fsdecode(b"in \xff") if random.integers(2) else folder / "in"
    (root / "below").mkdir(parents=True)
    suffix, data = _one_of(corpus.pictures, random)
    (root / f"a.{suffix}").write_bytes(data)
    (root / "a.jpg").write_bytes(damaged(corpus.pictures["jpg"], [data], random))
    (root / f"{'n' * int(random.integers(1, 240))}.gif").write_bytes(corpus.pictures["gif"])
    (root / os.fsdecode(b"\xfe\n.png")).write_bytes(corpus.pictures["png"])
    (root / "below" / "up").symlink_to(root)
    (root / "loop.png").symlink_to(root / "loop.png")
    (root / "gone.png").symlink_to(root / "nowhere.png")
    command = ["encode", str(root), str(folder / "out"), "--format", _TARGETS[random.integers(4)]]
    return Case([command])


def evaluations(folder: Path, corpus: Corpus, random: np.random.Generator) -> Case:
    """Returns a test set with damage in a picture, its captions or the results before."""
    place, out = folder / "set", folder / "out"
    place.mkdir()
    (place / "a.png").write_bytes(corpus.pictures["png"])
    (place / "b b.jpg").write_bytes(corpus.pictures["jpg"])
    command = ["evaluate", str(place), str(out), "--codec", "jpeg:50", "--metrics", "psnr"]
    command += ["--condition", "none"]
    match random.integers(4):
        case 0:
            name = "b b.jpg"
            (place / name).write_bytes(damaged(corpus.pictures["jpg"], [b""], random))
            return Case([command])
        case 1:
            (place / "captions.json").write_bytes(damaged_text(LISTING, random))
            return Case([command])
        case 2:
            curve = folder / "curve.json"
            curve.write_bytes(damaged_text(CURVE, random))
            return Case([[*command, "--published", str(curve)]])
    out.mkdir()
    rows = json.dumps({"codec": "jpeg", "setting": "quality=50", "captions": "-"}) + "\n"
    for name, text in (("conditions.json", '{"codecs": {}}'), ("pictures.jsonl", rows)):
        if random.integers(2):
            (out / name).write_bytes(damaged_text(text, random))
    return Case([command])


def shards(folder: Path, corpus: Corpus, random: np.random.Generator) -> Case:
    """Returns a damaged shard that is trained on."""
    path = folder / "set.tar"
    words = json.dumps({"captions": [CAPTION, "A dog."]})
    members = {
        "a.jpg": corpus.pictures["jpg"],
        "a.json": damaged_text(words, random),
        "b.txt": damaged_text(CAPTION, random),
        "b.png": damaged(corpus.pictures["png"], [b""], random),
    }
    pack_shard(path, members)
    whole = path.read_bytes()
    path.write_bytes(whole if random.integers(2) else damaged(whole, [whole], random))
    recipe = folder / "recipe.toml"
    absolute = RECIPE.replace("set.tar", str(path.resolve()))
    recipe.write_text(absolute if random.integers(2) else f"skip_broken = true\n{absolute}")
    return Case([["train", str(recipe), str(folder / "run")]])


def recipes(folder: Path, _: Corpus, random: np.random.Generator) -> Case:
    """Returns a damaged recipe, which finds no data if it is sound."""
    recipe = folder / "recipe.toml"
    recipe.write_bytes(damaged_text(RECIPE.replace("set.tar", "/nowhere/*.tar"), random))
    command = ["train", str(recipe), str(folder / "run")]
    key = ("seed", "model.text_width", "phases", "data", "model.preset", "text_encoder", "odd_text")
    if random.integers(2):
        value = ("-1", "true", "nan", "[]", "{}", '"\\u0000"', "9" * 30, "[[[")
        command += ["--set", f"{key[random.integers(len(key))]}={value[random.integers(8)]}"]
    return Case([command])


def runs(folder: Path, corpus: Corpus, random: np.random.Generator) -> Case:
    """Returns the folder of a training run with a damaged recipe or state."""
    run = folder / "run"
    run.mkdir()
    (run / "recipe.json").write_bytes(
        damaged_text(corpus.run_recipe, random)
        if random.integers(2)
        else corpus.run_recipe.encode()
    )
    state = _state()
    (run / "state.pt").write_bytes(damaged(state, [state, b""], random))
    target = str(folder / "x.safetensors")
    convert = ["export", str(run / "state.pt"), target, "-a", "minnen2018"]
    return Case([["export", str(run), target], convert])


def _reading(source: Path, folder: Path, random: np.random.Generator) -> list[list[str]]:
    out = str(folder / "out.png")
    decode = ["decode", str(source), out, "--precision", "fp32"]
    commands = [[*decode, "--caption-from", "none"]]
    match random.integers(4):
        case 0:
            commands = [decode, ["info", str(source)]]
        case 1:
            commands.append(["info", str(source), "--json"])
        case 2:
            commands = [["inspect", str(source), str(folder / "maps")]]
    return commands


def _state() -> bytes:
    import torch

    stream = io.BytesIO()
    torch.save({"ema": {"a": torch.arange(9.0)}, "step": 1, "more": [1.5, "x", None]}, stream)
    return stream.getvalue()


def _one_of(files: dict[str, bytes], random: np.random.Generator) -> tuple[str, bytes]:
    return list(files.items())[random.integers(len(files))]


KINDS: dict[str, tuple[int, Make]] = {
    "pictures": (8, pictures),
    "end to end": (8, end_to_end),
    "carriers": (8, carriers),
    "metadata": (6, metadata),
    "checkpoints": (3, checkpoints),
    "captions": (4, captions),
    "pages": (4, pages),
    "folders": (1, folders),
    "evaluations": (2, evaluations),
    "shards": (2, shards),
    "recipes": (4, recipes),
    "runs": (3, runs),
}
"""Weights by which kinds are drawn, and what makes one."""
