"""Tables of what damaged input and interruptions came to."""

from benchmarks.record import Record
from benchmarks.tables.markdown import markdown

_MIB = 2**20


def fuzz(record: Record) -> str:
    """Returns the figures of all inputs, and how many there were of each kind."""
    longest, most = record["longest"], record["most_memory"]
    header = (
        "inputs | in processes of their own | faults | silent wrong pictures | longest s of CPU | "
        "most memory, MiB"
    )
    row = (
        f"{record['inputs']} | {record['inputs_in_processes']} | {record['num_faults']} | "
        f"{record['silent_wrong_pictures']} | {longest['cpu_s']:.1f} ({longest['kind']}) | "
        f"{most['grown_bytes'] / _MIB:.0f} ({most['kind']})"
    )
    kinds = ", ".join(f"{kind} {number}" for kind, number in record["by_kind"].items())
    return f"{markdown(header, [row])}\n\nOf each kind: {kinds}."


def interruptions(record: Record) -> str:
    """Returns the kills, and what each command says when its disk is full."""
    torn = sum(len(row["faults"]) for row in record["faults"])
    told = (
        f"{record['kills']} commands, {record['killed_while_at_work']} of them killed at work: "
        f"{torn} faults."
    )
    rows = [
        f"{row['name']} | {'; '.join(row['said'])} | {'; '.join(row['faults']) or 'none'}"
        for row in record["full_disks"]
    ]
    return f"{told}\n\n{markdown('full disk | its last line | faults', rows)}"
