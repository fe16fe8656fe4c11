"""A Ray cluster of a head and two worker nodes on this machine, in a process of its own.

Prints the head's address, then does what the lines on stdin say: ``kill`` a worker node, or ``add``
one. It ends with stdin, and nothing is left behind.
"""

import os
import sys

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

from ray.cluster_utils import Cluster

SMALL = {"object_store_memory": 80 * 2**20}


def main() -> None:
    head = {"num_cpus": 0, "include_dashboard": False, **SMALL}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    workers = [cluster.add_node(num_cpus=1, wait=False, **SMALL) for _ in range(2)]
    cluster.wait_for_nodes()
    tell(cluster.address)
    for line in sys.stdin:
        if line.strip() == "kill":
            cluster.remove_node(workers.pop(), allow_graceful=False)
        else:
            workers.append(cluster.add_node(num_cpus=1, **SMALL))
        tell("done")
    cluster.shutdown()


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
