"""Decodes one corpus under many settings of the processor and compares the integers.

python -m benchmarks.determinism.matrix [MODEL ...] [--random-sizes 50] [--limit-kodak N]

Threads 1 and 2, three instruction sets, oneDNN on and off, floats by onnxruntime in fp32 and by
torch in fp32 and bf16, files alone and in batches: the integer latents must be equal everywhere, by
numpy and by torch, and are compared with those that the encoder had. Pixels are floats: their
distance from this process's fp32 picture by torch is recorded. The latents do not depend on who
computes the floats, so all rows of a process share them.
Exit code 1 if an integer differs or a process fails.
"""

import argparse
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from benchmarks.determinism.corpus import (
    TORCH,
    CodedFile,
    encode_kodak,
    encode_synthetic,
    load_codecs,
)
from benchmarks.determinism.worker import write_corpus
from benchmarks.pictures import load_dataset, manifest
from benchmarks.record import Record, add_output_option, say, write_record
from sidelight.api import DEFAULT_MODEL
from sidelight.codec.codec import Codec
from sidelight.evaluate.environment import environment

_SEED = 20260
_WIDE = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL"
_ISAS: dict[str, dict[str, str]] = {
    "default": {},
    "AVX2": {
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": _WIDE,
    },
    "SSE41": {
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "ATEN_CPU_CAPABILITY": "default",
        "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
        "OPENBLAS_CORETYPE": "Nehalem",
        "NPY_DISABLE_CPU_FEATURES": f"{_WIDE} AVX2 FMA3",
    },
}
"""oneDNN runs float32 convolutions; numpy and its OpenBLAS run the latents' float64 ones, and for
comparison ATen and MKL."""
_TIME_LIMIT_S = 3600
_FP32_LIMIT = 1


def main() -> None:
    """Parses the command line, runs all settings and writes the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--random-sizes", type=int, default=50, metavar="N")
    parser.add_argument("--limit-kodak", type=int, metavar="N", help="only the first pictures")
    parser.add_argument(
        "--synthesise", type=int, default=4, metavar="N", help="of Kodak, whose pixels are compared"
    )
    parser.add_argument("--isa", nargs="+", choices=_ISAS, default=list(_ISAS))
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("models", nargs="*", default=[DEFAULT_MODEL], help="names or paths")
    add_output_option(parser, "determinism_matrix.json")
    arguments = parser.parse_args()

    torch.set_num_threads(max(arguments.threads))
    head = environment(seed=_SEED)
    kodak = load_dataset("kodak")[: arguments.limit_kodak]
    grid = list(itertools.product(arguments.threads, arguments.isa, (True, False)))
    models: list[Record] = []
    rows: list[Record] = []
    for model in arguments.models:
        codecs = load_codecs(model)
        codec = next(iter(codecs.values()))  # by the runtime that users have
        files: list[CodedFile] = [
            *encode_kodak(codec, kodak, num_synthesised=arguments.synthesise),
            *encode_synthetic(codec, arguments.random_sizes, _SEED),
        ]
        name = Path(model).stem
        models.append(
            {"of": name, "fingerprint": codec.fingerprint.hex(), "corpus": _listed(files)}
        )
        rows += [{"of": name} | row for row in run_grid(model, codecs[TORCH], files, grid)]
    record: Record = {
        "environment": head,
        "dataset": {"name": "kodak and smooth noise", "sha256": manifest(kodak)},
        "conditions": {"variables": _ISAS, "fp32_pixel_limit": _FP32_LIMIT},
        "models": models,
        "summary": summarise(rows),
        "rows": rows,
    }
    write_record(arguments.output, record)
    sys.exit(0 if record["summary"]["latents_equal_everywhere"] else 1)


def run_grid(
    model: str, codec: Codec, files: list[CodedFile], grid: list[tuple[int, str, bool]]
) -> Iterator[Record]:
    """Yields the rows of one model, from a fresh process for each setting."""
    references = [
        codec.decode(file.data, file.caption, precision="fp32").image
        for file in files
        if file.synthesised
    ]
    say(f"{model}: coded {len(files)} files, {len(references)} of them synthesised")
    with tempfile.TemporaryDirectory() as folder:
        write_corpus(Path(folder), files, references)
        for threads, isa, mkldnn in grid:
            settings: Record = {"threads": threads, "isa": isa, "mkldnn": mkldnn}
            start = time.perf_counter()
            rows = [settings | row for row in run_worker(Path(folder), model, **settings)]
            say(f"{settings}: {time.perf_counter() - start:.0f} s, {_outcome(rows[-1])}")
            yield from rows


def run_worker(folder: Path, model: str, *, threads: int, isa: str, mkldnn: bool) -> list[Record]:
    """Returns the rows of one process, or one row that says why there are none."""
    target = folder / "rows.json"
    target.unlink(missing_ok=True)
    command = [sys.executable, "-m", "benchmarks.determinism.worker", str(folder), str(target)]
    command += ["--model", model, "--threads", str(threads)]
    command += ["--mkldnn" if mkldnn else "--no-mkldnn"]
    try:
        done = subprocess.run(
            command,
            env=os.environ | _ISAS[isa] | _threads(threads),
            capture_output=True,
            text=True,
            timeout=_TIME_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return [{"error": f"no result after {_TIME_LIMIT_S} s"}]
    if not target.exists():
        last_line = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return [{"error": f"exit code {done.returncode}: {last_line}"}]
    result = json.loads(target.read_text())
    found = re.search(r"info,cpu,isa:(.*)", done.stdout)
    seen = result["seen"] | {"onednn": found[1] if found else None}
    return [row | {"seen": seen} for row in result["rows"]]


def _threads(count: int) -> dict[str, str]:
    return {"OMP_NUM_THREADS": str(count), "OPENBLAS_NUM_THREADS": str(count)}


def summarise(rows: list[Record]) -> Record:
    """Returns what the rows say together."""
    fp32 = [_pixels(row) for row in rows if row.get("precision") == "fp32"]
    return {
        "num_settings": len(rows),
        "failed": sum("error" in row for row in rows),
        "largest_batch": max((row.get("largest_batch", 0) for row in rows), default=0),
        "latents_equal_everywhere": all(
            row.get("latents_differ") == row.get("latents_differ_by_torch") == 0 for row in rows
        ),
        "fp32_within_limit": all(p is not None and p <= _FP32_LIMIT for p in fp32),
    }


def _listed(files: list[CodedFile]) -> list[Record]:
    return [
        {"name": f.name, "bytes": len(f.data), "latents_sha256": f.latents_sha256} for f in files
    ]


def _pixels(row: Record) -> int | None:
    return row.get("max_pixel_difference")


def _outcome(row: Record) -> str:
    return row.get("error") or (
        f"{row['latents_differ']} of {row['files']} files differ, "
        f"{row['latents_differ_by_torch']} by torch"
    )


if __name__ == "__main__":
    main()
