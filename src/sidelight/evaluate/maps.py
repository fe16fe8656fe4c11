"""Where the text acts and where the bits go, for every picture of a data set (paper figure 10)."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from sidelight.api import load
from sidelight.evaluate.dataset import Dataset
from sidelight.inspection import inspect_slt
from sidelight.pixels.files import write_picture
from sidelight.pixels.picture import Picture, from_pillow


def draw_maps(
    dataset: Dataset, quality: float, folder: Path, model: str | Path | None = None
) -> Iterator[Path]:
    """Codes each picture, writes the maps of its file into a folder of its name, yields each path.

    Raises:
        CodecError: A picture has no caption, or cannot be coded.
    """
    codec = load(model)
    stems = Counter(picture.path.stem for picture in dataset.pictures)
    for k, picture in enumerate(dataset.pictures):
        data = codec.encode(Picture(image=dataset.image(k)), quality=quality)
        own = picture.path.stem if stems[picture.path.stem] == 1 else picture.name
        for name, image in inspect_slt(codec.open(data), dataset.given(k, "right")).items():
            path = folder / own / f"{name}.png"
            write_picture(from_pillow(image), path)
            yield path
