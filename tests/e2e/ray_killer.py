"""Runs jobs of which one kills every worker that takes it, on the cluster at the address given.

Prints a table of what became of each.
"""

import json
import os
import signal
import sys

from sidelight.bulk.jobs import Job
from sidelight.bulk.ray import Cluster, run_on_ray


class Work:
    def __call__(self, job: Job) -> str:
        if job.source == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        return job.source.upper()


if __name__ == "__main__":
    jobs = [Job(name, "target") for name in ("a", "b", "kill", "c", "d")]
    told = {
        job.source: result if error is None else str(error)
        for job, result, error, _ in run_on_ray(jobs, Work(), Cluster(address=sys.argv[1]))
    }
    sys.stdout.write(json.dumps(told))
