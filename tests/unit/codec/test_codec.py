"""Rate targets, precision, captions and their notes."""

import numpy as np
import pytest
from PIL import ImageCms
from tests.golden.tiny_text import HashingTextEncoder

from sidelight.bitstream.container import Container
from sidelight.bitstream.quality import NUM_QUALITY_STEPS, step_to_quality
from sidelight.codec.codec import Codec
from sidelight.codec.stored import Checkpoint
from sidelight.errors import ConfigError, ImageError, TextError
from sidelight.nn.precision import uses_bf16
from sidelight.pixels.exif_block import IMAGE, Entry, ExifContent, pack_exif
from sidelight.pixels.picture import Picture
from sidelight.pixels.rate import max_bytes_for
from sidelight.runtime.networks import is_bf16
from sidelight.text.encoder import EncoderIdentity

NOTE = "this is not the caption that the sender had"


@pytest.fixture(scope="module")
def codec(tiny_exported) -> Codec:
    return Codec(Checkpoint(tiny_exported, HashingTextEncoder.identity, {}), HashingTextEncoder())


@pytest.fixture(scope="module")
def picture(make_picture) -> Picture:
    return Picture(image=make_picture(64, 96))


@pytest.mark.parametrize("max_bytes", [170, 260, 333, 100_000])
def test_encode_to_size_takes_the_highest_step_that_fits(codec, picture, max_bytes):
    smallest = len(codec.encode(picture, quality=1))
    max_bytes = max(max_bytes, smallest)
    data = codec.encode_to_size(picture, max_bytes)
    assert len(data) <= max_bytes
    step = Container.parse(data).quality_step
    assert data == codec.encode(picture, quality=step_to_quality(step))
    if step < NUM_QUALITY_STEPS - 1:
        assert len(codec.encode(picture, quality=step_to_quality(step + 1))) > max_bytes


def test_encode_to_size_says_how_many_bytes_the_smallest_file_takes(codec, picture):
    smallest = len(codec.encode(picture, quality=1))
    assert len(codec.encode_to_size(picture, smallest)) == smallest
    with pytest.raises(
        ConfigError, match=rf"quality 1 takes {smallest} bytes \(.* bpp\), more than"
    ):
        codec.encode_to_size(picture, smallest - 1)


def test_encode_to_size_counts_the_caption(codec, picture):
    plain = codec.encode_to_size(picture, 400)
    captioned = codec.encode_to_size(picture, 400, caption="A brown dog.")
    assert len(captioned) <= 400
    steps = [Container.parse(data).quality_step for data in (captioned, plain)]
    assert steps[0] < steps[1]


@pytest.mark.parametrize("quality", [0.99, 9.01, float("nan"), float("inf")])
def test_qualities_out_of_range_are_refused(codec, picture, quality):
    with pytest.raises(ConfigError, match="quality must be between 1 and 9"):
        codec.encode(picture, quality=quality)


def test_a_picture_over_the_limits_is_refused_before_it_is_analysed(codec, monkeypatch):
    monkeypatch.setattr(Codec, "_analyse", None)
    with pytest.raises(ImageError, match="65536x1 px"):
        codec.encode(Picture(image=np.zeros((1, 65536, 3), np.uint8)))


def test_bits_per_pixel_become_bytes(picture):
    assert max_bytes_for(0.5, picture) == 64 * 96 // 16


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), "1"])
def test_impossible_rates_and_sizes_are_refused(codec, picture, value):
    with pytest.raises(ConfigError, match="bpp must be > 0 and finite"):
        max_bytes_for(value, picture)
    with pytest.raises(ConfigError, match="max_bytes must be > 0 and finite"):
        codec.encode_to_size(picture, value)


def test_precision_by_name():
    assert uses_bf16("bf16")
    assert is_bf16("bf16")
    for asked in ("fp32", "auto"):
        assert not is_bf16(asked)
    assert uses_bf16("auto") in (True, False)
    for asks in (uses_bf16, is_bf16):
        with pytest.raises(ConfigError, match=r"precision must be one of .* got 'fp16'"):
            asks("fp16")


def test_both_precisions_show_about_the_same(codec, picture):
    data = codec.encode(picture)
    fp32, bf16 = (codec.decode(data, precision=name).image for name in ("fp32", "bf16"))
    assert np.abs(fp32.astype(int) - bf16).mean() < 4


def test_another_caption_than_the_digested_one_gives_a_note(codec, picture):
    data = codec.encode(picture, caption="A brown dog.", caption_as="digest")
    assert codec.decode(data, "A black dog.").notes == (NOTE,)


def test_no_caption_is_not_a_wrong_one(codec, picture):
    data = codec.encode(picture, caption="A brown dog.", caption_as="digest")
    assert codec.decode(data).notes == codec.decode(data, "").notes == ()


def test_the_digested_caption_gives_no_note_however_it_is_spaced(codec, picture):
    data = codec.encode(picture, caption="A brown dog.", caption_as="digest")
    assert codec.decode(data, " A  brown\ndog. ").notes == ()
    assert codec.decode(codec.encode(picture), "A black dog.").notes == ()


def test_a_caption_changes_pixels_and_none_does_not_differ_from_empty(codec, picture):
    data = codec.encode(picture)
    without = codec.decode(data).image
    assert (codec.decode(data, "").image == without).all()
    assert (codec.decode(data, " \n").image == without).all()
    assert (codec.decode(data, "A brown dog.").image != without).any()


def test_the_caption_inside_the_file_is_used_unless_another_is_given(codec, picture):
    embedded = codec.encode(picture, caption="A brown dog.")
    plain = codec.encode(picture)
    given = codec.decode(plain, "A brown dog.").image
    assert (codec.decode(embedded).image == given).all()
    assert (codec.decode(embedded, "").image == codec.decode(plain).image).all()


@pytest.mark.parametrize("caption", ["caf\udce9", "a dog " * 20_000])
def test_a_caption_that_no_file_could_hold_is_refused(codec, picture, caption):
    data = codec.encode(picture)
    with pytest.raises(TextError, match="caption has"):
        codec.decode(data, caption)
    with pytest.raises(TextError, match="caption has"):
        codec.encode(picture, caption=caption)


def test_without_a_caption_no_text_encoder_is_loaded(tiny_exported, picture):
    codec = Codec(Checkpoint(tiny_exported, EncoderIdentity("unknown-encoder", "0"), {}))
    data = codec.encode(picture)
    codec.decode(data)
    with pytest.raises(TextError, match="no text encoder 'unknown-encoder'"):
        codec.decode(data, "A brown dog.")


def test_an_encoder_with_other_weights_is_refused(tiny_exported, picture, monkeypatch):
    other = HashingTextEncoder.identity._replace(fingerprint="fedcba9876543210")
    checkpoint = Checkpoint(tiny_exported, other, {})
    with pytest.raises(TextError, match="trained with text encoder tiny fedcba9876543210, got"):
        Codec(checkpoint, HashingTextEncoder())
    monkeypatch.setattr(
        "sidelight.text.reader.load_text_encoder", lambda name: HashingTextEncoder()
    )
    codec = Codec(checkpoint)
    data = codec.encode(picture)
    assert codec.decode(data).image.shape == picture.image.shape
    with pytest.raises(TextError, match="decode with --caption-from none"):
        codec.decode(data, "A brown dog.")


def test_a_caption_beyond_the_token_limit_is_cut_and_told(codec, picture, monkeypatch):
    monkeypatch.setattr(HashingTextEncoder, "characters_read", lambda self, caption: 20)
    data = codec.encode(picture, caption="A dog. A cat sits on a mat.", caption_as="digest")
    long, short = (codec.decode(data, text) for text in ("A dog. A cat sits on a mat.", "A dog."))
    assert long.notes == ("only the first 6 characters of the caption could be used",)
    assert np.array_equal(long.image, short.image)


def test_a_batch_needs_one_text_per_file(codec, picture):
    data = codec.encode(picture)
    with pytest.raises(ValueError, match="shorter"):
        codec.decode_batch([data, data], ["one"])


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def test_profile_and_exif_travel_unchanged(codec, make_picture):
    tags = {IMAGE: {270: Entry(2, b"A dog.\0")}}
    block = pack_exif(ExifContent(">", tags))
    picture = Picture(image=make_picture(10, 10), icc=SRGB, exif=block)
    decoded = codec.decode(codec.encode(picture))
    assert (decoded.icc, decoded.exif, decoded.notes) == (SRGB, block, ())


@pytest.mark.parametrize(
    ("icc", "gray", "told"),
    [(b"profile", False, "broken ICC profile dropped"), (SRGB, True, "ICC profile for RGB does")],
)
def test_a_profile_that_is_none_or_does_not_fit_is_left_out_and_told(
    codec, make_picture, icc, gray, told
):
    image = make_picture(10, 10)
    image = image[..., :1].repeat(3, axis=2) if gray else image
    decoded = codec.decode(codec.encode(Picture(image=image, gray=gray, icc=icc)))
    assert decoded.icc is None
    assert decoded.notes[0].startswith(told)


@pytest.mark.parametrize("block", [b"junk", b"Exif\0\0MM\0*\xff\xff\xff\xff", b"MM\0*" * 9])
def test_a_hostile_exif_block_is_left_out_and_told(codec, make_picture, block):
    data = codec.encode(Picture(image=make_picture(10, 10), exif=block))
    decoded = codec.decode(data)
    assert (decoded.exif, decoded.notes) == (None, ("broken EXIF dropped",))
