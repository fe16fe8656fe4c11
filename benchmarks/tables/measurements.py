"""Tables of what the benchmarks measured: exactness, speed, text, metrics."""

from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.record import Record
from benchmarks.tables.markdown import largest, markdown, number

_GIB, _MIB = 2**30, 2**20
_GPU_FLOPS_PER_S = 1e14
"""Of one GPU on convolutions in bfloat16: a tenth of what an H100's data sheet says."""
_PLANS = ((8, 2e11), (16, 5e10), (16, 1.25e10), (32, 1.25e10), (16, 1.25e9))
"""GPUs, and bytes per second of the slowest link between them: of NVLink, then of networks."""


def determinism(record: Record) -> str:
    """Returns one row for each processor setting, both precisions and batchings in it."""
    header = (
        "threads | instructions | oneDNN | files | latents differ, alone | "
        "latents differ, in batches | fp32 max pixel difference | bf16 mean error"
    )
    rows = []
    for (threads, isa, mkldnn), members in _grouped(record, "threads", "isa", "mkldnn"):
        alone = largest(r.get("latents_differ") for r in members if r.get("batch") is False)
        batched = largest(r.get("latents_differ") for r in members if r.get("batch"))
        rows.append(
            f"{threads} | {isa} | {'on' if mkldnn else 'off'} | "
            f"{number(largest(r.get('files') for r in members), '{}')} | "
            f"{number(alone, '{}')} | {number(batched, '{}')} | {_pixel_cells(members)}"
        )
    return markdown(header, rows)


def determinism_of_runtimes(record: Record) -> str:
    """Returns one row for each runtime and precision, all processor settings in it."""
    header = (
        "floats by | precision | settings | files | latents differ, by numpy | by torch | "
        "max pixel difference | mean error"
    )
    rows = []
    for (runtime, precision), members in _grouped(record, "runtime", "precision"):
        counts = (
            number(largest(r.get(key) for r in members), "{}")
            for key in (
                "files",
                "latents_differ",
                "latents_differ_by_torch",
                "max_pixel_difference",
            )
        )
        mean = number(largest(r.get("mean_pixel_error") for r in members), "{:.4f}")
        rows.append(f"{runtime} | {precision} | {len(members)} | {' | '.join(counts)} | {mean}")
    return markdown(header, rows)


def determinism_of_models(record: Record) -> str:
    """Returns one row for each model, all processor settings in it."""
    header = (
        "model | settings | files | largest batch | latents differ | fp32 max pixel difference | "
        "bf16 mean error"
    )
    rows = []
    for (name,), members in _grouped(record, "of"):
        counts = (
            number(largest(r.get(key) for r in members), "{}")
            for key in ("files", "largest_batch", "latents_differ")
        )
        rows.append(f"`{name}` | {len(members)} | {' | '.join(counts)} | {_pixel_cells(members)}")
    return markdown(header, rows)


def _grouped(record: Record, *keys: str) -> Iterable[tuple[tuple[Any, ...], list[Record]]]:
    """Returns the rows that agree in these keys, in the order of each first one."""
    groups: dict[tuple[Any, ...], list[Record]] = {}
    for row in record["rows"]:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    return groups.items()


def _pixel_cells(members: Sequence[Record]) -> str:
    """Returns the largest fp32 difference and the largest mean bf16 error: two cells."""
    shown = (("fp32", "max_pixel_difference", "{}"), ("bf16", "mean_pixel_error", "{:.3f}"))
    return " | ".join(
        number(largest(r.get(key) for r in members if r.get("precision") == precision), form)
        for precision, key, form in shown
    )


def speed(record: Record) -> str:
    """Returns the codecs, the parts of ours, and the command line: three tables."""
    coding, quality = record["coding"], record["conditions"]["quality"]
    encode_ms = 1000 * coding["encode"]["median_s"]
    ours = [
        f"sidelight, quality {quality:g}, {precision} | {coding['bpp']:.3f} | "
        f"{encode_ms:.0f} | {1000 * decode['median_s']:.0f}"
        for precision, decode in coding["decode"].items()
    ]
    other = "{codec} ({setting}) | {bpp:.3f} | {encode_ms:.0f} | {decode_ms:.1f}"
    others = [other.format_map(row) for row in record["others"]]
    ffmpeg = f"JPEG XL's times hold {record['ffmpeg_start_ms']:.0f} ms in which ffmpeg starts."
    load = record["environment"]["load_average_at_start"]
    return "\n\n".join(
        [
            markdown("codec | bpp | encode ms | decode ms", ours + others),
            f"{ffmpeg} Load of the machine at the start: {load:.1f}.",
            _parts(coding),
            _commands(record["commands"]),
        ]
    )


def _parts(coding: Record) -> str:
    runs = {"encode": coding["encode"]} | {
        f"decode {precision}": decode for precision, decode in coding["decode"].items()
    }
    rows = [
        f"{run} | {part} | {1000 * seconds['median_s']:.1f} | {seconds['share_percent']:.1f}"
        for run, timed in runs.items()
        for part, seconds in timed["parts"].items()
    ]
    return markdown("run | part | ms | %", rows)


def _commands(commands: Sequence[Record]) -> str:
    rows = []
    for row in commands:
        stages = ", ".join(f"{stage} {s:.2f}" for stage, s in row.get("stages_s", {}).items())
        mib = row["peak_bytes"] / _MIB
        rows.append(f"`{row['command']}` | {row['wall_s']:.2f} | {mib:.0f} | {stages}")
    return markdown("command, one picture | s | peak MiB | stages, s", rows)


def overhead(record: Record) -> str:
    """Returns a row for each model: what files take, over what their tables say, and times."""
    row = (
        "`{of}` | {bpp:.4f} | {bpp_estimated:.4f} | {overhead_percent:+.2f} | {encode_s:.2f} | "
        "{decode_s:.2f}"
    )
    return markdown(
        "model | bpp of whole files | of their latents' information | overhead, % | encode s | "
        "decode s",
        [row.format_map(values) for values in record["rows"]],
    )


def coding_times(record: Record) -> str:
    """Returns a row for each model: seconds per picture alone, whatever its weights are worth."""
    row = "`{of}` | {pictures} | {encode_s:.2f} | {decode_s:.2f}"
    return markdown(
        "model | pictures | encode s | decode s",
        [row.format_map(values) for values in record["rows"]],
    )


def text_retrieval(record: Record) -> str:
    """Returns one row for each text encoder."""
    header = (
        "encoder | text R@1 | text R@5 | image to caption R@1 | R@5 | cosine to MiniLM | "
        "ms per caption | first vector after s | MiB to it"
    )
    known_of_some = ("image_recall_at_1", "image_recall_at_5", "cosine_to_teacher")
    rows = [
        f"{name} | {row['recall_at_1']:.3f} | {row['recall_at_5']:.3f} | "
        f"{' | '.join(number(row[key], '{:.3f}') for key in known_of_some)} | "
        f"{row['ms_per_caption']:.1f} | {row['start_s']:.2f} | {row['start_bytes'] / _MIB:.0f}"
        for name, row in record["summary"].items()
    ]
    return markdown(header, rows)


def text_mismatch(record: Record) -> str:
    """Returns false alarms and detections of each data set and quality."""
    row = (
        "{dataset} | {quality:g} | {captions} | {threshold:.3f} | {false_alarms:.1%} | "
        "{detections:.1%}"
    )
    return markdown(
        "pictures | quality | captions | threshold | false alarms | wrong ones found",
        [row.format_map(values) for values in record["summary"]],
    )


def text_odd_captions(record: Record) -> str:
    """Returns LPIPS and what the decoder said, for each kind of caption."""
    rows = [
        f"{name} | {number(row['lpips'], '{:.4f}')} | {'; '.join(row['said'])}"
        for name, row in record["summary"].items()
    ]
    quality = f"Kodak at quality {record['conditions']['quality']:g}."
    return f"{quality}\n\n{markdown('caption | LPIPS | the decoder says', rows)}"


def speed_training(record: Record) -> str:
    """Returns one row for each stage."""
    header = (
        "stage | crop px | batch | GFLOP per image | s per step | images/s | limit images/s | "
        "share | peak GiB"
    )
    conditions = record["conditions"]
    rows = [
        f"{name} | {conditions['crop']} | {conditions['batch']} | "
        f"{row['flops_per_image'] / 1e9:.0f} | {row['s_per_step']:.2f} | "
        f"{row['images_per_s']:.2f} | {row['limit_images_per_s']:.2f} | "
        f"{row['share_of_limit']:.0%} | {row['peak_bytes'] / _GIB:.1f}"
        for name, row in record["summary"].items()
    ]
    rate = record["convolution"]["flops_per_s"] / 1e9
    return f"The convolution runs at {rate:.0f} GFLOP/s.\n\n{markdown(header, rows)}"


def speed_ddp(record: Record) -> str:
    """Returns one row for each way to share batches and number of processes."""
    header = "batch | of | processes | s per step | images/s | efficiency | s for gradients"
    rows = [
        f"{row['kind']} | {row['batch']} | {row['processes']} | {row['s_per_step']:.2f} | "
        f"{row['images_per_s']:.2f} | {number(row.get('efficiency'), '{:.0%}')} | "
        f"{row['exchange_s']:.3f}"
        for row in record["rows"]
    ]
    conditions, size = record["conditions"], record["rows"][0]["gradient_bytes"] / _MIB
    told = (
        f"`{conditions['recipe']}`, crops of {conditions['crop']} px, {size:.1f} MiB of gradients."
    )
    return f"{told}\n\n{markdown(header, rows)}"


def plan_of_gpus(record: Record) -> str:
    """Returns what sharing gradients costs on machines of 8 GPUs, by arithmetic alone."""
    header = (
        "GPUs | slowest link, GB/s | MB that each sends | s for gradients | s to compute, "
        "8 images each | at most | with 64 images each"
    )
    stage = record["summary"]["stage 1"]
    gradients = 4 * stage["parameters"]
    compute_s = 8 * stage["flops_per_image"] / _GPU_FLOPS_PER_S
    rows = []
    for gpus, link in _PLANS:
        sent = 2 * (gpus - 1) / gpus * gradients
        exchange_s = sent / link
        rows.append(
            f"{gpus} | {link / 1e9:g} | {sent / 1e6:.0f} | {exchange_s:.3f} | {compute_s:.3f} | "
            f"{compute_s / (compute_s + exchange_s):.0%} | "
            f"{8 * compute_s / (8 * compute_s + exchange_s):.0%}"
        )
    told = (
        f"{stage['parameters'] / 1e6:.0f} million parameters, {gradients / 1e6:.0f} MB of "
        f"gradients, {stage['flops_per_image'] / 1e9:.0f} GFLOP for each image, GPUs that compute "
        f"{_GPU_FLOPS_PER_S / 1e12:.0f} TFLOP/s."
    )
    return f"{told}\n\n{markdown(header, rows)}"


def metric_checks(record: Record) -> str:
    """Returns a row for each way in which a metric was checked."""
    rows = [
        f"{', '.join(f'`{name}`' for name in row['metrics'])} | {row['part']} | {row['against']} | "
        f"{row['largest_difference']:.1g} | {row['largest_value']:.3g} | {row['unproven']}"
        for row in record["checks"]
    ]
    return markdown(
        "metric | what | checked against | largest difference | values up to | unproven", rows
    )
