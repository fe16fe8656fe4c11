"""Tables of many pictures."""

from benchmarks.record import Record
from benchmarks.tables.markdown import markdown


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
