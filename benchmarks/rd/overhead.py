"""What whole files take over the information in their latents, and how long coding takes.

python -m benchmarks.rd.overhead [MODEL ...] [--dataset kodak] [--quality 5]

The information is by the tables stored in the checkpoint. A joint codec is told the right caption.
"""

import argparse
import time
from pathlib import Path
from statistics import fmean

import numpy as np

from benchmarks.pictures import DATASETS, CaptionedPicture, load_dataset, manifest
from benchmarks.record import Record, add_output_option, say, write_record
from benchmarks.threads import use_threads
from sidelight.api import DEFAULT_MODEL, load
from sidelight.codec.codec import Codec
from sidelight.codec.joint_codec import JointCodec
from sidelight.entropy.latents import Latents
from sidelight.entropy.model import EntropyModel
from sidelight.entropy.tables import SymbolTables
from sidelight.evaluate.environment import environment
from sidelight.pixels.files import read_picture

_COUNT_BITS = np.log2(9)
"""An escaped value is a number of digits, 0 to 8, and then the digits."""
_DIGIT_BITS = 4


def main() -> None:
    """Parses the command line, measures and writes the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="*", default=[DEFAULT_MODEL], help="names or paths")
    parser.add_argument("--dataset", choices=DATASETS, default="kodak")
    parser.add_argument("--limit", type=int, help="only the first pictures")
    parser.add_argument("--quality", type=float, default=5.0, help="of models that have several")
    parser.add_argument("--threads", type=int, default=2)
    add_output_option(parser, "rd_overhead.json")
    arguments = parser.parse_args()

    use_threads(arguments.threads)
    head = environment()
    pictures = load_dataset(arguments.dataset)[: arguments.limit]
    rows = []
    for model in arguments.models:
        codec = load(model)
        records = [measure(codec, picture, arguments.quality) for picture in pictures]
        rows.append(summarise(records) | {"model": codec.model.config.name, "of": Path(model).stem})
        say(f"{model}: {rows[-1]}")
    record: Record = {
        "environment": head,
        "dataset": {"name": arguments.dataset, "sha256": manifest(pictures)},
        "conditions": {
            "threads": arguments.threads,
            "precision": "fp32",
            "quality": arguments.quality,
        },
        "rows": rows,
    }
    write_record(arguments.output, record)


def measure(codec: Codec, captioned: CaptionedPicture, quality: float) -> Record:
    """Returns what one picture takes and how long it takes."""
    picture = read_picture(captioned.path)
    if isinstance(codec, JointCodec):
        codec = codec.told(captioned.caption)
    start = time.perf_counter()
    data = codec.encode(picture, quality=quality)
    middle = time.perf_counter()
    codec.decode(data, captioned.caption, precision="fp32")
    end = time.perf_counter()
    latents = codec.quantised(picture, quality)
    return {
        "bits": 8 * len(data),
        "estimated": estimated_bits(latents, codec.model.frozen),
        "pixels": picture.width * picture.height,
        "encode_s": middle - start,
        "decode_s": end - middle,
    }


def summarise(records: list[Record]) -> Record:
    """Returns means over pictures; the overhead is that of all files together, in percent."""
    bits, estimated = (sum(r[key] for r in records) for key in ("bits", "estimated"))
    return {
        "pictures": len(records),
        "bpp": fmean(r["bits"] / r["pixels"] for r in records),
        "bpp_estimated": fmean(r["estimated"] / r["pixels"] for r in records),
        "overhead_percent": 100 * (bits / estimated - 1),
        "encode_s": fmean(r["encode_s"] for r in records),
        "decode_s": fmean(r["decode_s"] for r in records),
    }


def estimated_bits(latents: Latents, frozen: EntropyModel) -> float:
    """Returns the information content of one picture's latents by the stored tables."""
    z_symbols = latents.z_symbols[0]
    channel = np.broadcast_to(np.arange(len(z_symbols))[:, None, None], z_symbols.shape)
    y_symbols, index = latents.y_symbols[0], latents.prediction.index[0]
    return symbol_bits(z_symbols, channel, frozen.hyper_tables) + symbol_bits(
        y_symbols, index, frozen.latent_tables
    )


def symbol_bits(symbols: np.ndarray, index: np.ndarray, tables: SymbolTables) -> float:
    """Returns the ideal bits of ``symbols``, each by the table that ``index`` names."""
    entry = symbols.astype(np.int64) - tables.first[index]
    escaped = (entry < 0) | (entry >= tables.lengths[index] - 1)
    return float(tables.bits(symbols, index).sum()) + _escape_bits(symbols[escaped])


def _escape_bits(values: np.ndarray) -> float:
    zigzag = np.where(values < 0, -2 * values.astype(np.int64) - 1, 2 * values.astype(np.int64))
    num_digits = [-(-int(z).bit_length() // _DIGIT_BITS) for z in zigzag]
    return float(len(num_digits) * _COUNT_BITS + _DIGIT_BITS * sum(num_digits))


if __name__ == "__main__":
    main()
