"""What the page knows, as its script reads it."""

import base64
import itertools
import json
from pathlib import Path
from typing import Any

DATA_START = '<script type="application/json" id="comparison">'


def data_of(folder: Path) -> dict[str, Any]:
    text = (folder / "index.html").read_text("utf-8")
    return json.loads(text.split(DATA_START)[1].split("</script>")[0])


def key_of(data: dict[str, Any]) -> dict[str, Any]:
    mixed = base64.b64decode(data["key"])
    pad = itertools.cycle(data["id"].encode())
    return json.loads(bytes(a ^ b for a, b in zip(mixed, pad, strict=False)))
