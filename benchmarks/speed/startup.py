"""Times the stages of one decode in a fresh process; started by ``benchmarks.speed.kodak``.

python -m benchmarks.speed.startup FILE TARGET CAPTION STARTED

STARTED is the clock (time.time) when the process was asked for. Does what ``sidelight decode``
does, in the same order, and prints the seconds of each stage as JSON.
"""

import json
import sys
import time
from pathlib import Path


def main() -> None:
    """Decodes FILE to TARGET stage by stage."""
    source, target, caption, started = sys.argv[1:]
    stages = {"start Python": time.time() - float(started)}
    last = time.perf_counter()

    def reached(stage: str) -> None:
        nonlocal last
        now = time.perf_counter()
        stages[stage] = now - last
        last = now

    import sidelight.cli.app  # noqa: F401  (the command line imports it first)

    reached("import the command line")
    import numpy as np  # noqa: F401
    import onnxruntime  # noqa: F401

    reached("import numpy and onnxruntime")
    from sidelight.api import load
    from sidelight.pixels.files import write_picture

    reached("import sidelight")
    codec = load()
    reached("load the model")
    if caption:
        codec.captions.vectors([caption])
        reached("load and run the text encoder")
    picture = codec.decode(Path(source).read_bytes(), caption)
    reached("decode")
    write_picture(picture, Path(target))
    reached("write PNG")
    sys.stdout.write(json.dumps(stages))


if __name__ == "__main__":
    main()
