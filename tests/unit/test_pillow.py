"""Pillow opens and saves .slt files as it does those of its own formats."""

import pickle
import subprocess
import sys
import warnings
from io import BytesIO
from pathlib import Path

import pytest
from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError

import sidelight
import sidelight.pillow
from sidelight.bitstream.container import Container
from sidelight.errors import SidelightWarning

GOLDEN = Path(__file__).parents[1] / "golden"
MODES = {
    "rgb": "RGB",
    "gray": "L",
    "alpha": "RGBA",
    "odd-size": "RGB",
    "one-pixel": "RGB",
}
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture(scope="module")
def photo(make_picture) -> Image.Image:
    return Image.fromarray(make_picture(40, 56, seed=5))


@pytest.fixture(scope="module")
def path(photo, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("pillow") / "photo.slt"
    photo.save(path, quality=3, caption="A dog.", caption_as="embed")
    return path


def reopened(image: Image.Image, **options: object) -> Image.Image:
    stream = BytesIO()
    image.save(stream, "SLT", **options)
    return Image.open(stream)


@pytest.mark.parametrize(("name", "mode"), MODES.items())
def test_size_mode_and_quality_are_known_from_the_header(name, mode):
    container = Container.parse((GOLDEN / f"{name}.slt").read_bytes())
    with Image.open(GOLDEN / f"{name}.slt") as image:
        assert (image.format, image.mode) == ("SLT", mode)
        assert image.size == (container.width, container.height)
        assert image.info["quality"] == 1 + container.quality_step / 16


def test_opening_loads_neither_torch_nor_a_model():
    code = (
        "import sys, sidelight.pillow; from PIL import Image\n"
        f"image = Image.open({str(GOLDEN / 'caption.slt')!r})\n"
        "image.verify(), image.getexif()\n"
        "assert image.info['caption'], image.info\n"
        "assert not {'torch', 'onnxruntime', 'safetensors', 'sidelight.api'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True)
    assert done.returncode == 0, done.stderr


def test_the_pixels_are_those_of_decode(path):
    data = path.read_bytes()
    with Image.open(path) as image:
        assert image.info["caption"] == "A dog."
        assert image.tobytes() == sidelight.decode(data).tobytes()


@pytest.mark.parametrize("caption", ["", "A red bus in the rain.", None])
def test_the_caption_set_before_the_pixels_are_read_decodes_them(path, caption):
    with Image.open(path) as image:
        image.caption = caption
        assert image.tobytes() == sidelight.decode(path, caption=caption).tobytes()


def test_another_caption_gives_other_pixels(path):
    with Image.open(path) as inside, Image.open(path) as other:
        other.caption = "A red bus in the rain."
        assert inside.tobytes() != other.tobytes()


def test_a_caption_that_comes_too_late_is_refused(path):
    with Image.open(path) as image:
        image.load()
        with pytest.raises(ValueError, match="open the file anew"):
            image.caption = "A dog."


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "LA", "P", "1"])
def test_every_mode_comes_back_as_what_it_shows(photo, mode):
    image = photo.convert("L" if mode == "LA" else mode)
    if mode in ("RGBA", "LA"):
        image.putalpha(photo.getchannel("R"))
    shown = {"P": "RGB", "1": "L"}.get(mode, mode)
    straight = sidelight.decode(sidelight.encode(image.convert(shown), format="slt"))
    with reopened(image) as decoded:
        assert decoded.mode == shown
        assert decoded.tobytes() == straight.tobytes()


def test_profile_and_exif_travel_from_info_to_info(photo):
    image = photo.copy()
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Ann"
    image.info |= {"icc_profile": SRGB, "exif": exif.tobytes()}
    with reopened(image) as decoded:
        assert decoded.info["icc_profile"] == SRGB
        assert decoded.getexif()[ExifTags.Base.Artist] == "Ann"


def test_profile_and_exif_given_to_save_replace_those_of_the_image(photo):
    image = photo.copy()
    image.info["icc_profile"] = SRGB
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Ann"
    exif[ExifTags.Base.Orientation] = 6
    with reopened(image, icc_profile=None, exif=exif) as decoded:
        assert "icc_profile" not in decoded.info
        assert decoded.getexif()[ExifTags.Base.Artist] == "Ann"
        assert ExifTags.Base.Orientation not in decoded.getexif()  # the pixels are upright
        assert decoded.size == (40, 56)
    assert image.info == {"icc_profile": SRGB}


def test_a_digest_travels_alone_and_a_wrong_caption_is_told(photo):
    with reopened(photo, caption="A dog.", caption_as="digest") as decoded:
        assert "caption" not in decoded.info
        assert len(decoded.info["caption_digest"]) == 8
        decoded.caption = "A cat."
        with pytest.warns(SidelightWarning, match="not the caption that the sender had"):
            decoded.load()


def test_max_bytes_bounds_the_file(photo):
    stream = BytesIO()
    photo.save(stream, "SLT", max_bytes=300)
    assert 0 < len(stream.getvalue()) <= 300


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"quality": 85}, "quality must be between 1 and 9, got 85"),
        ({"caption": "A dog.", "caption_as": "pixels"}, "caption_as must be one of"),
        ({"max_bytes": 9}, "more than the 9 asked for"),
    ],
)
def test_a_wrong_option_is_a_value_error_and_leaves_no_file(photo, tmp_path, options, told):
    with pytest.raises(ValueError, match=told):
        photo.save(tmp_path / "x.slt", **options)
    assert not (tmp_path / "x.slt").exists()


def test_what_cannot_be_coded_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match="float samples"):
        Image.new("F", (8, 8), 1e9).save(tmp_path / "x.slt")
    with pytest.raises(OSError, match="no model 'large'"):
        Image.new("RGB", (8, 8)).save(tmp_path / "x.slt", model="large")


def test_a_broken_header_is_no_image(path):
    data = bytearray(path.read_bytes())
    data[9] ^= 1
    with pytest.raises(UnidentifiedImageError):
        Image.open(BytesIO(data))
    for start in (b"", b"\x89", b"\x89SLT", bytes(data[:20])):
        with pytest.raises(UnidentifiedImageError):
            Image.open(BytesIO(start))


def test_a_newer_format_is_named(path):
    data = bytearray(path.read_bytes())
    data[4] = 2
    with (
        pytest.warns(UserWarning, match="format version 2; this release reads 1"),
        pytest.raises(UnidentifiedImageError),
    ):
        Image.open(BytesIO(data))


def test_damage_behind_the_header_is_an_os_error_of_load_and_verify(path):
    data = path.read_bytes()
    for broken in (data[:-1], data[:-1] + bytes([data[-1] ^ 1]), data + b"x"):
        image = Image.open(BytesIO(broken))
        assert image.size == (56, 40)
        for _ in range(2):
            with pytest.raises(OSError, match=r"(only|CRC|follow)"):
                image.load()
        with pytest.raises(OSError, match=r"(only|CRC|follow)"):
            image.verify()


def test_a_file_of_another_model_is_an_os_error():
    with (
        Image.open(GOLDEN / "rgb.slt") as image,
        pytest.raises(OSError, match="the file was made by model"),
    ):
        image.load()


def test_files_are_closed_as_pillow_closes_them(path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        image = Image.open(path)
        image.load()
        assert image.fp is None
        with path.open("rb") as stream:
            Image.open(stream).load()
            assert not stream.closed
    verified = Image.open(path)
    verified.verify()
    with pytest.raises(OSError, match="cannot load"):
        verified.load()
    closed = Image.open(path)
    closed.close()
    with pytest.raises((OSError, ValueError)):
        closed.load()


def test_an_image_saves_over_its_own_file_copies_and_pickles(path, tmp_path):
    own = tmp_path / "own.slt"
    own.write_bytes(path.read_bytes())
    with Image.open(own) as image:
        pixels = image.copy().tobytes()
        image.save(own, quality=9)
        assert pickle.loads(pickle.dumps(image)).tobytes() == pixels
    with Image.open(own) as again:
        assert again.info["quality"] == 9
        assert again.resize((7, 5)).size == (7, 5)


def test_registering_again_changes_nothing(path):
    before = list(Image.ID)
    sidelight.pillow.register()
    assert before == Image.ID
    assert Image.registered_extensions()[".slt"] == "SLT"
    with Image.open(path, formats=["SLT"]) as image:
        assert image.size == (56, 40)
