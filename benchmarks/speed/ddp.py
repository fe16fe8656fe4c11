"""What more processes are worth to training: seconds of a step, and of sharing its gradients.

python -m benchmarks.speed.ddp [--recipe recipes/small-mid.toml] [--processes 1 2]

Each process computes with one thread on a core of its own (or on its own GPU, with ``--device
cuda``). ``shared`` is one batch for all of them, as torchrun has it for a recipe; ``each`` is a
batch of that size for every one. Pictures are random and lie in memory, as for
``benchmarks.speed.training``.
"""

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.record import Record, add_output_option, say, write_record
from sidelight.evaluate.environment import environment

_SEED = 2611


def main() -> None:
    """Parses the command line; measures in processes that torchrun starts, or is one of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipe", type=Path, default=Path("recipes/small-mid.toml"))
    parser.add_argument("--crop", type=int, default=256)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    add_output_option(parser, "speed_ddp.json")
    arguments = parser.parse_args()
    if arguments.worker is not None:
        measure_here(arguments)
        return
    rows = [
        run(arguments, kind, count, arguments.batch * (count if kind == "each" else 1))
        for kind in ("shared", "each")
        for count in arguments.processes
    ]
    conditions = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in vars(arguments).items()
        if name not in ("worker", "output")
    }
    record = {
        "environment": environment(seed=_SEED),
        "conditions": conditions,
        "rows": compared(rows),
    }
    write_record(arguments.output, record)


def run(arguments: argparse.Namespace, kind: str, count: int, batch: int) -> Record:
    """Returns what so many processes took."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "row.json"
        options = ("--recipe", arguments.recipe, "--crop", arguments.crop, "--batch", batch)
        more = ("--steps", arguments.steps, "--device", arguments.device, "--worker", target)
        torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", count)
        command = (sys.executable, *torchrun, "-m", "benchmarks.speed.ddp", *options, *more)
        threads = {"OMP_NUM_THREADS": "1"}
        subprocess.run(list(map(str, command)), env=os.environ | threads, check=True)
        row = {"kind": kind, "processes": count, "batch": batch, **json.loads(target.read_text())}
    say(f"{kind}, {count} processes: {row['s_per_step']:.2f} s per step")
    return row


def compared(rows: list[Record]) -> list[Record]:
    """Returns the rows with images per second, and what share of so many lone processes' it is."""
    rated = [{**row, "images_per_s": row["batch"] / row["s_per_step"]} for row in rows]
    alone = {row["kind"]: row["images_per_s"] for row in rated if row["processes"] == 1}
    return [
        {**row, "efficiency": row["images_per_s"] / row["processes"] / alone[row["kind"]]}
        if row["kind"] in alone
        else row
        for row in rated
    ]


def measure_here(arguments: argparse.Namespace) -> None:
    """Is what each process does; the first writes the row."""
    import torch

    from benchmarks.speed.training import prepared, seconds_of
    from sidelight.train import distributed
    from sidelight.train.recipe import Phase, load_recipe

    torch.set_num_threads(1)
    if arguments.device == "cpu":
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[int(os.environ["LOCAL_RANK"]) % len(cores)]})
    distributed.join(arguments.device)
    phases = (Phase(steps=10**6, crop=arguments.crop, batch=arguments.batch),)
    recipe = dataclasses.replace(load_recipe(arguments.recipe), phases=phases)
    trainer, sampler = prepared(recipe, str(distributed.local_device(arguments.device)))
    rows = distributed.rows_of_this_process(arguments.batch)

    def step() -> None:
        trainer.take_step(sampler.draw(trainer.step, rows, arguments.crop))

    def exchange() -> None:
        distributed.average_gradients(trainer.model)

    s_per_step = seconds_of(step, arguments.device, arguments.steps)
    row = {
        "s_per_step": s_per_step,
        "exchange_s": seconds_of(exchange, arguments.device, arguments.steps),
        "gradient_bytes": sum(
            p.grad.numel() * p.grad.element_size()
            for p in trainer.model.parameters()
            if p.grad is not None
        ),
    }
    if distributed.rank() == 0:
        arguments.worker.write_text(json.dumps(row))
    distributed.leave()


if __name__ == "__main__":
    main()
