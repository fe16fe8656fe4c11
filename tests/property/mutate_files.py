"""Decodes many damaged files and prints as JSON what became of them.

A process of its own, so that its memory can be limited: test_codec.py runs it.
"""

import json
import re
import resource
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.golden.tiny_text import HashingTextEncoder  # noqa: E402

from sidelight.bitstream.container import Container, section_sizes  # noqa: E402
from sidelight.captions.canonical import caption_digest  # noqa: E402
from sidelight.codec.checkpoint import load_checkpoint  # noqa: E402
from sidelight.codec.codec import Codec  # noqa: E402
from sidelight.errors import BitstreamError, CodecError, ModelMismatchError  # noqa: E402
from sidelight.pixels.picture import Picture  # noqa: E402

MEMORY_LIMIT_BYTES = 2**30


def main(num_files: int) -> None:
    torch.set_num_threads(1)
    random = np.random.default_rng(2)
    golden = ROOT / "tests" / "golden"
    codec = Codec(load_checkpoint(golden / "tiny.safetensors"), HashingTextEncoder())
    sound = [(golden / f"{name}.slt").read_bytes() for name in ("rgb", "one-pixel", "digest")]
    sound.append(file_with_everything(codec))
    for data in sound:
        codec.decode(data)  # what a first call allocates is not counted
    limit_memory()
    outcomes: Counter[str] = Counter()
    worst_s = 0.0
    for k in range(num_files):
        data = sound[random.integers(len(sound))]
        match k % 4:
            case 0:
                data = mutated(data, sound, random)
            case 1 | 2:
                data = resealed(mutated(data, sound, random))
            case _:
                container = damaged_inside(Container.parse(data), sound, random)
                data = with_right_latents_crc(codec, container).pack()
        start = time.perf_counter()
        outcomes[outcome(codec, data)] += 1
        worst_s = max(worst_s, time.perf_counter() - start)
    print(json.dumps({"outcomes": outcomes, "worst_s": worst_s}))  # noqa: T201


def limit_memory() -> None:
    """Lets the process grow by the limit from here on."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY_LIMIT_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def file_with_everything(codec: Codec) -> bytes:
    image = np.tile(np.arange(60, dtype=np.uint8)[:, None, None] * 4, (1, 70, 3))
    picture = Picture(
        image=image, alpha=image[..., 0], icc=b"profile" * 9, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"
    )
    data = codec.encode(picture, caption="A brown dog.")
    container = Container.parse(data)
    return replace(container, caption_digest=caption_digest("A brown dog.")).pack()


def mutated(original: bytes, sound: list[bytes], random: np.random.Generator) -> bytes:
    """Overwrites, flips, inserts, deletes, or goes on as another file."""
    data = bytearray(original)
    for _ in range(random.integers(1, 4)):
        start, end = sorted(random.integers(0, len(data) + 1, 2))
        end = min(end, start + int(random.integers(1, 9)))
        match random.integers(5):
            case 0:
                data[start:end] = random.bytes(end - start)
            case 1 if start < len(data):
                data[start] ^= 1 << random.integers(8)
            case 2:
                data[start:start] = random.bytes(int(random.integers(1, 9)))
            case 3:
                del data[start:end]
            case _:
                other = sound[random.integers(len(sound))]
                data[start:] = other[random.integers(len(other)) :]
    return bytes(data)


def resealed(data: bytes) -> bytes:
    """Gives the header and every section that can be found a right CRC."""
    start = 0
    while found := re.search(r"has CRC (\w{8}), expected (\w{8})", problem(data)):
        right, wrong = (int(word, 16).to_bytes(4, "little") for word in found.groups())
        place = data.find(wrong, start)
        data = data[:place] + right + data[place + 4 :]
        start = place + 4
    return data


def problem(data: bytes) -> str:
    try:
        section_sizes(data)
    except BitstreamError as error:
        return str(error)
    return ""


def damaged_inside(
    container: Container, sound: list[bytes], random: np.random.Generator
) -> Container:
    """Changes the coded words, and half of the time size and quality."""
    words = mutated(container.latents, sound, random)
    container = replace(container, latents=words[: len(words) // 4 * 4])
    if random.integers(2) or container.alpha is not None:
        return container
    width, height = (int(2 ** random.uniform(0, 13)) for _ in range(2))
    return replace(container, width=width, height=height, quality_step=int(random.integers(129)))


def with_right_latents_crc(codec: Codec, container: Container) -> Container:
    """Makes the file one that an encoder could have written, if its latents can be read."""
    try:
        codec.decode_latents([container])
    except ModelMismatchError as error:
        found = re.search(r"CRC (\w{8}), the file", str(error))
        if found:
            return replace(container, latents_crc=int(found[1], 16))
    except CodecError:
        pass
    return container


def outcome(codec: Codec, data: bytes) -> str:
    try:
        picture = codec.decode(data)
    except CodecError as error:
        return type(error).__name__
    container = Container.parse(data)
    if (picture.width, picture.height) != (container.width, container.height):
        raise AssertionError(f"{picture.width}x{picture.height} px from {data.hex()}")
    return "picture"


if __name__ == "__main__":
    main(int(sys.argv[1]))
