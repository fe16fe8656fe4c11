"""Decodes a corpus under the settings of this process; started by ``matrix``.

python -m benchmarks.determinism.worker FOLDER TARGET --model NAME --threads 2 [--no-mkldnn]

What a processor can do is set by environment variables, which must be there before torch is.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from benchmarks.determinism.by_torch import codec_by_torch
from benchmarks.determinism.corpus import (
    ONNXRUNTIME,
    TORCH,
    CodedFile,
    batches,
    latents_sha256,
    load_codecs,
)
from benchmarks.record import Record
from sidelight.bitstream.container import Container
from sidelight.codec.codec import Codec
from sidelight.errors import CodecError

_PRECISIONS = {ONNXRUNTIME: ("fp32",), TORCH: ("fp32", "bf16")}
"""What each runtime computes floats in."""


def main() -> None:
    """Parses the command line, decodes and writes the rows of this process."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--mkldnn", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--model", required=True)
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    torch.backends.mkldnn.set_flags(arguments.mkldnn)
    codecs = load_codecs(arguments.model)
    by_numpy, integers_by_torch = codecs[TORCH], codec_by_torch(codecs[TORCH])
    files, references = read_corpus(arguments.folder)
    _show_onednn_isa()
    rows = []
    for batched in (False, True):
        latents = compare_latents(by_numpy, files, batched=batched)
        by_torch = compare_latents(integers_by_torch, files, batched=batched)
        latents |= {f"{key}_by_torch": by_torch[key] for key in ("latents_differ", "latents_s")}
        rows += [
            {"runtime": name, "precision": precision, "batch": batched, **latents, **pixels}
            for name, codec in codecs.items()
            for precision in _PRECISIONS[name]
            for pixels in [compare_pixels(codec, files, references, precision, batched=batched)]
        ]
    seen = {
        "aten": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "mkldnn": bool(torch.backends.mkldnn.enabled),
    }
    arguments.target.write_text(json.dumps({"rows": rows, "seen": seen}))


def write_corpus(
    folder: Path, files: Sequence[CodedFile], references: Sequence[np.ndarray]
) -> None:
    """Writes the files, and the pictures that the generator makes of those it is compared on."""
    for k, file in enumerate(files):
        (folder / f"{k}.slt").write_bytes(file.data)
    index = [file._replace(data=b"")._asdict() | {"data": ""} for file in files]
    (folder / "index.json").write_text(json.dumps(index))
    np.savez(folder / "references.npz", *references)


def read_corpus(folder: Path) -> tuple[list[CodedFile], list[np.ndarray]]:
    """Returns what ``write_corpus`` was given."""
    index = json.loads((folder / "index.json").read_text())
    files = [
        CodedFile(**entry | {"data": (folder / f"{k}.slt").read_bytes()})
        for k, entry in enumerate(index)
    ]
    with np.load(folder / "references.npz") as archive:
        return files, [archive[name] for name in archive.files]


def compare_latents(codec: Codec, files: Sequence[CodedFile], *, batched: bool) -> Record:
    """Returns how many files decode to other integers than the encoder's, or not at all."""
    containers = [Container.parse(file.data) for file in files]
    groups = batches(containers, batched=batched)
    differ, start = [], time.perf_counter()
    for members in groups:
        try:
            latents = codec.decode_latents([containers[k] for k in members])
        except CodecError:
            differ += members
            continue
        digests = [latents_sha256(latents, k) for k in range(len(members))]
        differ += [
            k for k, sha in zip(members, digests, strict=True) if sha != files[k].latents_sha256
        ]
    return {
        "files": len(files),
        "largest_batch": max(map(len, groups)),
        "latents_differ": len(differ),
        "differing_files": [files[k].name for k in differ],
        "latents_s": round(time.perf_counter() - start, 2),
    }


def compare_pixels(
    codec: Codec,
    files: Sequence[CodedFile],
    references: Sequence[np.ndarray],
    precision: str,
    *,
    batched: bool,
) -> Record:
    """Returns how far the pictures are from the references, in 8-bit levels."""
    chosen = [file for file in files if file.synthesised]
    data, texts = [file.data for file in chosen], [file.caption for file in chosen]
    start = time.perf_counter()
    try:
        if batched:
            pictures = codec.decode_batch(data, texts, precision=precision)
        else:
            pictures = [
                codec.decode(d, t, precision=precision) for d, t in zip(data, texts, strict=True)
            ]
    except (CodecError, RuntimeError) as error:  # oneDNN may lack a kernel for this processor
        return {
            "pictures": len(chosen),
            "max_pixel_difference": None,
            "mean_pixel_error": None,
            "error": str(error).splitlines()[0],
        }
    differences = [
        np.abs(picture.image.astype(np.int16) - reference)
        for picture, reference in zip(pictures, references, strict=True)
    ]
    return {
        "pictures": len(chosen),
        "max_pixel_difference": int(max(d.max() for d in differences)),
        "mean_pixel_error": float(np.mean([d.mean() for d in differences])),
        "pixels_s": round(time.perf_counter() - start, 2),
    }


def _show_onednn_isa() -> None:
    """Makes oneDNN name its instruction set on stdout, where ``matrix`` reads it."""
    x, weight = torch.rand(1, 32, 128, 128), torch.rand(32, 32, 3, 3)
    with torch.inference_mode(), torch.backends.mkldnn.verbose(torch.backends.mkldnn.VERBOSE_ON):
        torch.nn.functional.conv2d(x, weight)


if __name__ == "__main__":
    main()
