"""Work for worker processes, which import it by its name."""

import os
import signal
import time
from pathlib import Path

from sidelight.errors import ImageError


def act(job: str) -> str:
    """Does what the job says; ``once`` in a job dies only where its file is not there yet."""
    verb, _, argument = job.partition(" ")
    match verb:
        case "fail":
            raise ImageError(argument)
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "once":
            if not Path(argument).exists():
                Path(argument).touch()
                os.kill(os.getpid(), signal.SIGKILL)
        case "err":
            raise KeyError(argument)
        case "sleep":
            time.sleep(float(argument))
        case "threads":
            return os.environ["OMP_NUM_THREADS"]
        case "pid":
            time.sleep(0.2)
            return str(os.getpid())
    return job.upper()
