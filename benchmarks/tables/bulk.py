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
