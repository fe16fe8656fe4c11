"""Writes the graphs of models and text encoders into their files, for decoding without torch.

python scripts/add_graphs.py FILE [FILE ...]

Needs the extra ``export``. Weights and all else in the files stay as they are; `sidelight export`
does the same for what it writes.
"""

import sys
from pathlib import Path

from sidelight.codec.graphs import add_graphs

if __name__ == "__main__":
    for name in sys.argv[1:]:
        told = "" if add_graphs(Path(name)) else ", and no graphs: it runs with torch only"
        sys.stdout.write(f"{name}: {Path(name).stat().st_size} bytes{told}\n")
