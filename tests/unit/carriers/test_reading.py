from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from tests.captioned_pictures import XMP
from tests.unit.carriers.conftest import ALPHA

from sidelight.carriers.reading import read
from sidelight.carriers.registry import CARRIERS
from sidelight.errors import ImageError
from sidelight.pixels.decoding import decode_picture
from sidelight.pixels.picture import Picture

OF_PILLOW = ("avif", "jpeg", "webp")


def saved(image: np.ndarray, format: str, **options) -> bytes:
    stream = BytesIO()
    Image.fromarray(image).save(stream, format, **options)
    return stream.getvalue()


@pytest.mark.parametrize("quality", [1, 5, 9])
@pytest.mark.parametrize("name", CARRIERS)
def test_pixels_and_their_bytes_do_not_depend_on_metadata(
    name, quality, image, exif, rgb_profile, exchanged_profile
):
    carrier = CARRIERS[name]
    plain = read(carrier.encode(Picture(image=image), quality))
    # JPEG XL keeps a profile by converting the pixels
    profiles = (rgb_profile,) if name == "jxl" else (rgb_profile, exchanged_profile)
    metadata = [{"exif": exif}, {"xmp": XMP}, *({"icc": profile} for profile in profiles)]
    metadata.append({"exif": exif, "xmp": XMP, "icc": rgb_profile})
    for fields in metadata:
        data = carrier.encode(Picture(image=image, **fields), quality, caption="A dog.")
        found = read(data)
        assert (found.picture.image == plain.picture.image).all()
        assert found.coded_bytes == plain.coded_bytes < found.file_bytes == len(data)


def test_alpha_does_not_count(image):
    noise = np.random.default_rng(1).integers(1, 255, ALPHA.shape, dtype=np.uint8)
    ramp, noisy = (
        read(CARRIERS["avif"].encode(Picture(image=image, alpha=alpha), 9))
        for alpha in (ALPHA, noise)
    )
    assert noisy.coded_bytes == ramp.coded_bytes
    assert (noisy.picture.image == ramp.picture.image).all()
    assert noisy.file_bytes > ramp.file_bytes + ramp.coded_bytes


def test_the_bytes_are_those_of_the_formats_own_structure(plain):
    files = {name: carrier.encode(plain, 5) for name, carrier in CARRIERS.items()}
    coded = {name: read(data).coded_bytes for name, data in files.items()}
    assert coded["jxl"] == len(files["jxl"])  # nothing is around a bare codestream
    assert coded["jpeg"] == len(files["jpeg"]) - 2 - 18 - 2  # SOI, the APP0 of JFIF, EOI
    assert coded["webp"] in (len(files["webp"]) - 20, len(files["webp"]) - 21)  # RIFF, one chunk
    assert coded["avif"] == len(files["avif"]) - files["avif"].index(b"mdat") - 4


def test_rates_are_per_pixel_of_the_upright_picture(image):
    exif = Image.Exif()
    exif[274] = 6
    found = read(saved(image, "JPEG", exif=exif))
    assert found.picture.image.shape == (64, 48, 3)
    assert found.coded_bpp == pytest.approx(8 * found.coded_bytes / (48 * 64))


def test_further_pictures_in_a_jpeg_do_not_count(image):
    alone = read(saved(image, "JPEG"))
    further = [Image.fromarray(255 - image)]
    album = read(saved(image, "MPO", save_all=True, append_images=further))
    assert album.coded_bytes == alone.coded_bytes
    assert (album.picture.image == alone.picture.image).all()
    assert album.picture.notes == ("only the first frame is kept",)


@pytest.mark.parametrize(("format", "tolerance"), [("WEBP", 0), ("AVIF", 0.2)])
def test_of_an_animation_the_first_frame_counts(format, tolerance, image):
    after = Image.fromarray(255 - image), Image.fromarray(image[:, ::-1])
    found = [
        read(saved(image, format, quality=50, save_all=True, append_images=after[:num_frames]))
        for num_frames in (1, 2)
    ]
    for animation in found:
        assert animation.picture.notes == ("only the first frame is kept",)
        assert animation.coded_bytes < animation.file_bytes / 2
    # libaom looks ahead while it codes the first frame
    assert found[0].coded_bytes == pytest.approx(found[1].coded_bytes, rel=tolerance)


@pytest.mark.parametrize("name", OF_PILLOW)
def test_the_picture_is_the_one_that_is_read_as_input(name, plain):
    data = CARRIERS[name].encode(plain, 5)
    assert (read(data).picture.image == decode_picture(data).image).all()


@pytest.mark.parametrize("name", CARRIERS)
@pytest.mark.parametrize("tail", [b"\n", bytes(7), b"junk behind the end"])
def test_bytes_behind_a_file_s_end_do_not_matter(name, tail, plain):
    data = CARRIERS[name].encode(plain, 5)
    whole, longer = read(data), read(data + tail)
    assert (longer.picture.image == whole.picture.image).all()
    if name != "jxl":  # a codestream without boxes does not say where it ends
        assert longer.coded_bpp == whole.coded_bpp


@pytest.mark.parametrize("name", CARRIERS)
def test_a_file_cut_in_half_is_refused(name, plain):
    data = CARRIERS[name].encode(plain, 9)
    with pytest.raises(ImageError):
        read(data[: len(data) // 2])


def test_what_was_coded_well_is_left_more_and_more_alone(make_picture):
    noise = make_picture(160, 160, seed=4)
    shares = [
        read(saved(noise, "JPEG", quality=quality)).drawn_share for quality in (5, 40, 75, 100)
    ]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == 1
    assert shares[-1] == 0


def test_lossless_files_are_left_alone_however_few_their_bits():
    flat = np.full((64, 64, 3), 200, np.uint8)
    lossless, lossy = (read(saved(flat, "WEBP", lossless=each)) for each in (True, False))
    assert (lossless.is_lossless, lossless.drawn_share) == (True, 0)
    assert (lossy.is_lossless, lossy.drawn_share) == (False, 1)


def test_the_tables_of_a_small_jpeg_do_not_count_as_quality():
    file = read(saved(np.full((24, 24, 3), 90, np.uint8), "JPEG", quality=20))
    assert file.coded_bpp > 5
    assert file.drawn_share == 1
