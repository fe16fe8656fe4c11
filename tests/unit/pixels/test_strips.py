import numpy as np
import pytest
from PIL import Image

from sidelight.pixels import strips
from sidelight.pixels.exif import read_exif
from sidelight.pixels.modes import split_planes
from sidelight.pixels.orientation import as_stored, turn_upright
from sidelight.pixels.picture import Picture, from_pillow, to_pillow
from sidelight.pixels.strips import row_strips, to_array

RGBA = np.random.default_rng(5).integers(0, 256, (7, 11, 4), dtype=np.uint8)
RGB, GRAY, ALPHA = RGBA[..., :3], RGBA[..., 1], RGBA[..., 3]
MODES = (
    *("1", "L", "LA", "La", "P", "PA", "RGB", "RGBX", "RGBA", "RGBa", "CMYK", "YCbCr", "HSV"),
    *("LAB", "I", "F", "I;16", "I;16B"),
)


def image_in(mode: str) -> Image.Image:
    if mode == "F":
        return Image.fromarray(GRAY.astype(np.float32) / 255)
    if mode in {"I", "I;16", "I;16B"}:
        return Image.fromarray(GRAY.astype(np.uint16) * 250).convert(mode)
    if mode == "LAB":
        return Image.fromarray(np.ascontiguousarray(RGB), "LAB")
    if mode in {"La", "RGBa"}:
        return image_in(mode.upper()).convert(mode)
    if mode == "PA":
        return image_in("LA").convert("PA")
    return Image.fromarray(RGBA).convert(mode)


@pytest.fixture
def narrow_strips(monkeypatch):
    monkeypatch.setattr(strips, "STRIP_PIXELS", 25)


def as_one(read, image):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strips, "STRIP_PIXELS", 2**20)
        return read(image)


def assert_same(found, expected):
    assert found is None if expected is None else (found == expected).all()


@pytest.mark.parametrize("height", [1, 2, 7])
def test_strips_cover_all_rows_once(narrow_strips, height):
    assert [k for rows in row_strips(height, 11) for k in range(height)[rows]] == [*range(height)]


def test_a_row_is_the_least(narrow_strips):
    assert len(list(row_strips(3, 1000))) == 3


@pytest.mark.parametrize("mode", MODES)
def test_planes_are_those_of_the_whole_image(narrow_strips, mode):
    image = image_in(mode)
    found, expected = split_planes(image), as_one(split_planes, image)
    assert_same(found.image, expected.image)
    assert_same(found.alpha, expected.alpha)
    assert found[2:] == expected[2:]


@pytest.mark.parametrize(("mode", "key"), [("L", int(GRAY[3, 4])), ("RGB", (1, 2, 3))])
def test_a_colour_key_is_found_in_every_strip(narrow_strips, mode, key):
    image = image_in(mode)
    if mode == "RGB":
        image.putpixel((4, 6), key)
    image.info["transparency"] = key
    found = split_planes(image)
    assert found.alpha.min() == 0
    assert_same(found.alpha, as_one(split_planes, image).alpha)


@pytest.mark.parametrize("mode", MODES)
def test_an_array_is_what_numpy_makes(narrow_strips, mode):
    image = image_in(mode)
    found, expected = to_array(image), np.array(image)
    assert found.dtype == expected.dtype
    assert_same(found, expected)


@pytest.mark.parametrize("has_alpha", [False, True])
@pytest.mark.parametrize("gray", [False, True])
def test_images_are_put_together_again(narrow_strips, gray, has_alpha):
    picture = Picture(image=RGB[:, ::-1], gray=gray, alpha=ALPHA[:, ::-1] if has_alpha else None)
    found, expected = to_pillow(picture), as_one(to_pillow, picture)
    assert found.mode == expected.mode
    assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_pixels_need_no_copy(narrow_strips, orientation):
    image = image_in("RGBA")
    image.info["exif"] = oriented(orientation)
    assert read_exif(image).orientation == orientation
    planes = split_planes(image, orientation)
    assert np.shares_memory(turn_upright(planes.image, orientation), planes.image)
    picture = from_pillow(image)
    assert_same(picture.image, turn_upright(RGB, orientation))
    assert_same(picture.alpha, turn_upright(ALPHA, orientation))
    assert_same(as_stored(picture.image, orientation), RGB)


def test_gamma_is_converted_in_place(narrow_strips):
    image = image_in("RGB")
    image.info["gamma"] = 1.0
    assert_same(from_pillow(image).image, as_one(from_pillow, image).image)


def oriented(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[274] = orientation
    return exif.tobytes()
