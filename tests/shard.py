"""Shards of captioned pictures, as training reads them."""

import io
import json
import tarfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image


def write_shard(path: Path, pictures: Iterable[tuple[np.ndarray, Sequence[str]]]) -> None:
    """Writes pictures with their captions as ``0.png`` beside ``0.json`` and so on."""
    with tarfile.open(path, "w") as shard:
        for k, (picture, captions) in enumerate(pictures):
            file = io.BytesIO()
            Image.fromarray(picture).save(file, "PNG")
            words = json.dumps({"captions": captions}).encode()
            for name, content in ((f"{k}.png", file.getvalue()), (f"{k}.json", words)):
                info = tarfile.TarInfo(name)
                info.size = len(content)
                shard.addfile(info, io.BytesIO(content))
