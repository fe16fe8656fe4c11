"""Five pictures of one file, and colours that mean what the scale says."""

import numpy as np
import pytest
from PIL import Image
from tests.golden.tiny_text import HashingTextEncoder

from sidelight.bitstream.container import Container
from sidelight.codec.codec import Codec
from sidelight.codec.inspect import heat_map, inspect_slt
from sidelight.codec.stored import Checkpoint
from sidelight.entropy.coder import CodingTables, SymbolEncoder
from sidelight.errors import TextError
from sidelight.pixels.picture import Picture

CAPTION = "A brown dog."
HEAD_PX = 52
"""Title and scale above a map."""


@pytest.fixture(scope="module")
def codec(tiny_exported) -> Codec:
    return Codec(Checkpoint(tiny_exported, HashingTextEncoder.identity, {}), HashingTextEncoder())


def hyper_words(codec: Codec, z_symbols: np.ndarray) -> bytes:
    encoder = SymbolEncoder()
    channels = np.arange(len(z_symbols), dtype=np.uint16)[:, None, None]
    index = np.broadcast_to(channels, z_symbols.shape)
    encoder.push(z_symbols, index, CodingTables(codec.model.frozen.hyper_tables))
    return encoder.finish()


@pytest.mark.parametrize("size", [(300, 70), (100, 130), (1, 1)])
def test_every_picture_has_the_size_that_its_content_asks_for(codec, make_picture, size):
    width, height = size
    data = codec.encode(Picture(image=make_picture(height, width)))
    pictures = inspect_slt(codec.open(data), CAPTION).images
    assert list(pictures) == ["with-text", "without-text", "difference", "masks", "bits"]
    map_size = max(width, 260), height + HEAD_PX
    assert pictures["with-text"].size == pictures["without-text"].size == size
    assert pictures["difference"].size == pictures["bits"].size == map_size
    # four masks, two by two
    assert pictures["masks"].size == (2 * map_size[0] + 8, 2 * (map_size[1] + 8))


def test_the_decodes_are_those_of_the_codec(codec, make_picture):
    data = codec.encode(Picture(image=make_picture(64, 64)))
    pictures = inspect_slt(codec.open(data), CAPTION).images
    for name, text in (("with-text", CAPTION), ("without-text", "")):
        expected = codec.decode(data, text, precision="fp32").image
        assert (np.asarray(pictures[name]) == expected).all()


def test_gray_and_transparent_files_can_be_inspected(codec, make_picture):
    image = np.repeat(make_picture(40, 50)[..., :1], 3, axis=2)
    data = codec.encode(Picture(image=image, gray=True, alpha=image[..., 0]))
    assert {picture.mode for picture in inspect_slt(codec.open(data), CAPTION).images.values()} == {
        "RGB"
    }


def test_bits_of_all_positions_add_up_to_what_the_latent_takes(codec, make_picture):
    # dark, at the lowest quality: escapes, whose digits no table holds, stay out of it
    data = codec.encode(Picture(image=make_picture(256, 256) // 8), quality=1)
    container = Container.parse(data)
    latents = codec.decode_latents([container])
    hyper_bytes = len(hyper_words(codec, latents.z_symbols[0]))
    found_bytes = codec.model.frozen.information_bits(latents).sum().item() / 8
    assert found_bytes == pytest.approx(len(container.latents) - hyper_bytes, abs=8, rel=0.01)


@pytest.mark.parametrize("caption", ["", " \n"])
def test_without_a_caption_there_is_nothing_to_compare(codec, make_picture, caption):
    data = codec.encode(Picture(image=make_picture(16, 16)))
    with pytest.raises(TextError, match="give one"):
        inspect_slt(codec.open(data), caption)


def test_colours_get_brighter_with_the_value():
    values = np.linspace(0, 10, 300)[None].repeat(5, axis=0)
    sheet = heat_map(values, Image.new("RGB", (300, 5), "gray"), title="t", high=10)
    brightness = np.asarray(sheet.convert("L"), int)[HEAD_PX + 2]
    assert (np.diff(brightness) >= -1).all()  # rounding
    assert brightness[-1] - brightness[0] > 100


def test_values_outside_the_scale_take_the_colours_of_its_ends():
    values = np.array([[-5.0, 2.0, 4.0, 99.0]]).repeat(3, axis=0)
    sheet = heat_map(values, Image.new("RGB", (4, 3)), title="t", low=2, high=4)
    row = np.asarray(sheet)[HEAD_PX + 1]
    assert (row[0] == row[1]).all()
    assert (row[2] == row[3]).all()
    assert (row[0] != row[3]).any()


def test_a_map_without_any_difference_is_drawn():
    sheet = heat_map(np.zeros((4, 4)), Image.new("RGB", (4, 4)), title="t", high=0)
    assert sheet.size == (260, 4 + HEAD_PX)
