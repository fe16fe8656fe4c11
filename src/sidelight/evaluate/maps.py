"""Where the text acts and where the bits go, for every picture of a data set (paper figure 10)."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from sidelight.api import load
from sidelight.codec.inspect import inspect_slt
from sidelight.errors import ConfigError
from sidelight.evaluate.codecs.choice import CodecChoice
from sidelight.evaluate.codecs.registry import OURS
from sidelight.evaluate.dataset import Dataset
from sidelight.pixels.files import write_picture
from sidelight.pixels.picture import Picture, from_pillow


def draw_maps(dataset: Dataset, codecs: Sequence[CodecChoice], folder: Path) -> Iterator[Path]:
    """Codes each picture, writes the maps of its file into a folder of its name, yields each path.

    Raises:
        CodecError: A picture has no caption, or cannot be coded; or this is not one .slt model at
            one quality.
    """
    if len(codecs) != 1 or len(codecs[0].settings or ()) != 1 or _is_foreign(codecs[0]):
        raise ConfigError(
            f"maps are drawn of one .slt model at one quality, such as {OURS}:3 or mine=FILE:3"
        )
    (choice,) = codecs
    (quality,) = choice.settings or ()
    codec = load(choice.checkpoint)
    stems = Counter(picture.path.stem for picture in dataset.pictures)
    for k, picture in enumerate(dataset.pictures):
        data = codec.encode(Picture(image=dataset.image(k)), quality=quality)
        own = picture.path.stem if stems[picture.path.stem] == 1 else picture.name
        for name, image in inspect_slt(codec.open(data), dataset.given(k, "right")).images.items():
            path = folder / own / f"{name}.png"
            write_picture(from_pillow(image), path)
            yield path


def _is_foreign(choice: CodecChoice) -> bool:
    return "+" in choice.name or (choice.checkpoint is None and choice.name != OURS)
