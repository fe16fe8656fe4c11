"""Tables of many pictures."""

from benchmarks.record import Record
from benchmarks.tables.markdown import markdown

_MANY = 10**7
_CORES = (1, 100, 1000)


def throughput(record: Record) -> str:
    """Returns pictures per second by direction and number of processes."""
    header = "direction | processes, cores | pictures per second | efficiency | s of CPU each"
    pictures = record["conditions"]["pictures"]
    rows = [
        f"{row['direction']} | {row['processes']} | {row['pictures_per_s']:.2f} | "
        f"{100 * row['efficiency']:.0f} % | {row['cpu_s'] / pictures:.3f}"
        for row in record["rows"]
    ]
    same = "the same" if record["identical"] else "NOT the same"
    told = f"{pictures} pictures; every number of processes wrote {same} bytes."
    return f"{told}\n\n{markdown(header, rows)}"


def on_ray(record: Record) -> str:
    """Returns pictures per second by direction, number of workers and engine."""
    header = "direction | workers, cores | run by | pictures per second | of the processes' rate"
    rows = [
        f"{row['direction']} | {row['workers']} | {row['engine']} | "
        f"{row['pictures_per_s']:.2f} | {100 * row['share']:.0f} %"
        for row in record["rows"]
    ]
    same = "the same" if record["identical"] else "NOT the same"
    starts = ", ".join(f"{engine} {s:.1f} s" for engine, s in record["start_s"].items())
    told = (
        f"{record['conditions']['pictures']} pictures; all runs wrote {same} bytes. A run of one "
        f"picture takes: {starts}."
    )
    return f"{told}\n\n{markdown(header, rows)}"


def at_scale(record: Record) -> str:
    """Returns what ten million such pictures take on more cores, if nothing else were slower."""
    header = (
        "direction | cores | pictures per second | hours | core-hours | read MB/s | written MB/s"
    )
    pictures = record["conditions"]["pictures"]
    most = max(row["workers"] for row in record["rows"])
    rows = []
    for row in record["rows"]:
        if row["engine"] != "ray" or row["workers"] != most:
            continue
        of_a_core = row["pictures_per_s"] / most
        core_hours = _MANY / of_a_core / 3600
        rows += [
            f"{row['direction']} | {cores:,} | {cores * of_a_core:,.1f} | "
            f"{core_hours / cores:,.1f} | {core_hours:,.0f} | "
            f"{_megabytes(row['read_bytes'] / pictures * cores * of_a_core)} | "
            f"{_megabytes(row['written_bytes'] / pictures * cores * of_a_core)}"
            for cores in _CORES
        ]
    told = f"{_MANY:,} pictures, by the rate of {most} workers on Ray with {pictures:,}."
    return f"{told}\n\n{markdown(header, rows)}"


def _megabytes(size: float) -> str:
    return f"{size / 1e6:,.2f}"
