import numpy as np
import pytest
from PIL import Image

from sidelight.errors import ImageError
from sidelight.pixels.modes import reduced_from, split_planes

RGBA = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4) * 10
GRAY = RGBA[..., 0]


def palette_image() -> Image.Image:
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8)).convert("L")
    image = Image.frombytes("P", image.size, image.tobytes())
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    return image


def test_rgba_keeps_the_colour_under_transparent_pixels():
    planes = split_planes(Image.fromarray(RGBA))
    assert (planes.image == RGBA[..., :3]).all()
    assert (planes.alpha == RGBA[..., 3]).all()
    assert not planes.gray


def test_rgb_is_taken_as_it_is():
    planes = split_planes(Image.fromarray(RGBA[..., :3]))
    assert (planes.image == RGBA[..., :3]).all()
    assert planes.alpha is None


def test_rgb_colour_key_becomes_alpha():
    image = Image.fromarray(RGBA[..., :3])
    image.info["transparency"] = tuple(int(value) for value in RGBA[1, 2, :3])
    assert split_planes(image).alpha.tolist() == [[255, 255, 255], [255, 255, 0]]


def test_l_gives_three_equal_planes():
    planes = split_planes(Image.fromarray(GRAY))
    assert (planes.image == GRAY[..., None]).all()
    assert planes.image.shape == (2, 3, 3)
    assert planes.gray


def test_l_key_becomes_alpha():
    image = Image.fromarray(GRAY)
    image.info["transparency"] = int(GRAY[0, 1])
    assert split_planes(image).alpha.tolist() == [[255, 0, 255], [255, 255, 255]]


def test_1_bit_becomes_black_and_white():
    planes = split_planes(Image.fromarray(np.array([[True, False]])))
    assert planes.image[..., 0].tolist() == [[255, 0]]
    assert planes.gray


def test_la_keeps_both_planes():
    planes = split_planes(Image.fromarray(RGBA[..., 2:], "LA"))
    assert (planes.image == RGBA[..., 2:3]).all()
    assert (planes.alpha == RGBA[..., 3]).all()
    assert planes.gray


@pytest.mark.parametrize(("premultiplied", "straight"), [("La", "LA"), ("RGBa", "RGBA")])
def test_premultiplied_colour_is_divided_by_alpha(premultiplied, straight):
    source = Image.new(straight, (1, 1), (200, 100) if straight == "LA" else (200, 80, 40, 100))
    planes = split_planes(source.convert(premultiplied))
    assert abs(int(planes.image[0, 0, 0]) - 200) <= 2
    assert planes.alpha.tolist() == [[100]]


def test_palette_colours_are_looked_up():
    planes = split_planes(palette_image())
    assert planes.image.tolist() == [[[10, 20, 30], [40, 50, 60], [70, 80, 90]]]
    assert (planes.alpha == 255).all()


@pytest.mark.parametrize(
    ("transparency", "alpha"), [(1, [255, 0, 255]), (b"\x05\x80", [5, 128, 255])]
)
def test_palette_transparency_becomes_alpha(transparency, alpha):
    image = palette_image()
    image.info["transparency"] = transparency
    planes = split_planes(image)
    assert planes.alpha.tolist() == [alpha]
    assert planes.image[0, 1].tolist() == [40, 50, 60]


def test_pa_keeps_its_alpha():
    image = palette_image().convert("PA")
    image.putalpha(Image.fromarray(np.array([[1, 2, 3]], np.uint8)))
    planes = split_planes(image)
    assert planes.alpha.tolist() == [[1, 2, 3]]
    assert planes.image[0, 2].tolist() == [70, 80, 90]


@pytest.mark.parametrize("mode", ["YCbCr", "HSV", "LAB"])
def test_other_colour_spaces_come_back_near_their_rgb(mode):
    source = Image.new("RGB", (4, 4), (180, 90, 60))
    if mode == "LAB":
        source = Image.fromarray(np.full((4, 4, 3), (60, 0, 0), np.uint8), "LAB")
        expected = Image.Image.convert(source, "RGB").getpixel((0, 0))
        assert split_planes(source).notes == ("Lab converted to sRGB",)
    else:
        source, expected = source.convert(mode), (180, 90, 60)
    assert np.abs(split_planes(source).image[0, 0].astype(int) - expected).max() <= 3


def test_cmyk_without_a_profile_is_converted_and_noted():
    planes = split_planes(Image.new("CMYK", (1, 1), (255, 0, 0, 0)))
    assert planes.image.tolist() == [[[0, 255, 255]]]
    assert planes.notes == ("CMYK converted to RGB without a profile",)


def test_cmyk_with_a_profile_goes_through_it(cmyk_profile):
    image = Image.new("CMYK", (1, 1), (255, 0, 0, 0))
    image.info["icc_profile"] = cmyk_profile
    planes = split_planes(image)
    assert planes.image.max() < 10
    assert planes.notes == ("CMYK converted to sRGB with its profile",)


@pytest.mark.parametrize("mode", ["I;16", "I;16L", "I;16B", "I;16N"])
def test_16_bit_gray_is_rounded_to_the_nearest_step(mode):
    values = [0, 128, 129, 385, 386, 65535]
    image = Image.new(mode, (len(values), 1))
    for column, value in enumerate(values):
        image.putpixel((column, 0), value)
    planes = split_planes(image)
    assert planes.image[0, :, 0].tolist() == [round(value / 257) for value in values]
    assert planes.notes == (reduced_from(16),)
    assert planes.gray


def test_16_bit_gray_key_is_compared_before_reduction():
    image = Image.fromarray(np.array([[1000, 1001]], np.uint16))
    image.info["transparency"] = 1000
    assert split_planes(image).alpha.tolist() == [[0, 255]]


def test_32_bit_integers_in_16_bit_range_are_read_as_16_bits():
    planes = split_planes(Image.fromarray(np.array([[0, 25700, 65535]], np.int32)))
    assert planes.image[0, :, 0].tolist() == [0, 100, 255]
    assert planes.notes == (reduced_from(16),)


@pytest.mark.parametrize("values", [(-1, 5), (0, 65536), (0, 200)])
def test_32_bit_integers_without_one_reading_are_refused(values):
    image = Image.fromarray(np.array([values], np.int32))
    with pytest.raises(ImageError, match=f"from {values[0]} to {values[1]}"):
        split_planes(image)


def test_floats_from_0_to_1_fill_8_bits():
    planes = split_planes(Image.fromarray(np.array([[0, 0.5, 1]], np.float32)))
    assert planes.image[0, :, 0].tolist() == [0, 128, 255]
    assert planes.notes == ("float samples reduced to 8 bits",)


@pytest.mark.parametrize("value", [-0.1, 1.5, float("nan"), float("inf")])
def test_other_floats_are_refused(value):
    with pytest.raises(ImageError, match=r"scale them to 0\.\.1"):
        split_planes(Image.fromarray(np.array([[0, value]], np.float32)))
