"""Tables of what was measured of ordinary files."""

from benchmarks.record import Record
from benchmarks.tables.markdown import markdown
from sidelight.carriers.registry import CARRIERS


def rates(record: Record) -> str:
    """Returns a row for each carrier: its own quality and its rate at each of Sidelight's."""
    conditions = record["conditions"]
    targets = zip(conditions["qualities"], conditions["targets_bpp"], strict=True)
    header = ["carrier", *(f"{quality} ({bpp:g} bpp)" for quality, bpp in targets)]
    rows = []
    for name, measured in record["carriers"].items():
        knots = zip(measured["knots"], measured["knots_bpp"], strict=True)
        rows.append(" | ".join([f"`{name}`", *(f"{own} ({bpp:.3f})" for own, bpp in knots)]))
    return markdown(" | ".join(header), rows)


def avif_settings(record: Record) -> str:
    """Returns a row for each chroma and speed, with metrics at each size and seconds for all."""
    variants: dict[tuple[str, int], list[Record]] = {}
    for row in record["rows"]:
        variants.setdefault((row["chroma"], row["speed"]), []).append(row)
    rates = " / ".join(f"{row['bpp']:.2f}" for row in next(iter(variants.values())))
    shown = (("lpips", "{:.4f}"), ("ssimulacra2", "{:.1f}"), ("encode_cpu_s", "{:.2f}"))
    rows = []
    for (chroma, speed), points in variants.items():
        cells = (" / ".join(form.format(row[key]) for row in points) for key, form in shown)
        rows.append(" | ".join([chroma, str(speed), *cells]))
    columns = f"LPIPS at {rates} bpp | SSIMULACRA2 | processor seconds per picture"
    return markdown(f"chroma | speed | {columns}", rows)


def unusual_inputs(record: Record) -> str:
    """Returns a row for each kind of file: what decoding at the default changes."""
    rows = [
        f"{row['case']} | {row['pictures']} | {row['coded_bpp']:.2f} | "
        f"{row['ssimulacra2_plain']:.1f} | {row['ssimulacra2_default']:.1f} | "
        f"{row['worst_change']:+.1f} | {row['lpips_plain']:.4f} | {row['lpips_default']:.4f}"
        for row in record["rows"]
    ]
    columns = "SSIMULACRA2 plain | default | worst change | LPIPS plain | default"
    return markdown(f"file | pictures | bpp | {columns}", rows)


def drawn_range(record: Record) -> str:
    """Returns a row for each file quality: what drawing in full changes, and what decode uses."""
    rows = []
    for row in record["rows"]:
        change = row["ssimulacra2_drawn"] - row["ssimulacra2_plain"]
        rows.append(
            f"{CARRIERS[row['codec']].title} {row['quality']} | {row['bpp']:.2f} | "
            f"{row['ssimulacra2_plain']:.1f} | {change:+.2f} | {row['worst_change']:+.2f} | "
            f"{row['lpips_plain']:.4f} | {row['lpips_drawn']:.4f} | {100 * row['share']:.0f} %"
        )
    columns = "SSIMULACRA2 plain | change | worst | LPIPS plain | drawn | used by decode"
    told = f"{record['conditions']['pictures']} photographs of Kodak, everything drawn used."
    return f"{told}\n\n{markdown(f'file | bpp | {columns}', rows)}"


def changes_by_rate(record: Record) -> str:
    """Returns a row for each rate: how much a caption changes, and where."""
    rows = []
    for row in record["rates"]:
        masks = [f"{row[key]:.2f}" for key in row if key.startswith("mask_")]
        rows.append(
            f"{row['quality']} | {row['rms_levels']:.2f} | {row['with_detail']:+.2f} | "
            f"{row['with_loss']:+.2f} | {', '.join(masks)}"
        )
    columns = "with the original's detail | with what coding lost | masks, coarse to fine"
    return markdown(f"AVIF | change, 8-bit levels | {columns}", rows)


def changes_by_word(record: Record) -> str:
    """Returns a row for each word: what it changes by itself, where it is said and elsewhere."""
    rows = []
    for row in record["words"]:
        cells = [
            f"{of['pictures']} | {of['rms_levels']:.2f} | {of['lpips']:+.4f} | "
            f"{of['ssimulacra2']:+.2f}"
            for of in (row["captions_have_it"], row["captions_lack_it"])
        ]
        rows.append(f"{row['word']} | {' | '.join(cells)}")
    columns = "pictures {} | levels | LPIPS | SSIMULACRA2"
    said, unsaid = columns.format("whose captions have it"), columns.format("whose have not")
    return markdown(f"word | {said} | {unsaid}", rows)


def decoding_times(record: Record) -> str:
    """Returns a row for what is decoded from the same pictures, by what, and how long it takes."""
    rows = [
        f"{name} | {1000 * measured['median_s']:.0f}" for name, measured in record["decode"].items()
    ]
    conditions = record["conditions"]
    told = f"Quality {conditions['quality']:g}, {conditions['threads']} threads."
    return f"{told}\n\n{markdown('file, by, precision | ms', rows)}"
