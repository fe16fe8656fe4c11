"""What `sidelight` exports, every kind of picture that it takes, and what it refuses."""

import inspect
import warnings
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tests.golden.tiny_text import HashingTextEncoder

import sidelight
from sidelight import api
from sidelight.bitstream.container import Container
from sidelight.bitstream.quality import DEFAULT_QUALITY
from sidelight.bulk.encoding import Encoding
from sidelight.carriers.carrier import Carrier
from sidelight.cli.page import encode as page
from sidelight.codec.checkpoint import save_checkpoint
from sidelight.codec.codec import Codec
from sidelight.codec.joint_codec import JointCodec
from sidelight.codec.loading import load_model
from sidelight.codec.stored import Checkpoint
from sidelight.errors import (
    CheckpointError,
    ConfigError,
    ImageError,
    ModelMismatchError,
    SidelightWarning,
    TextError,
)
from sidelight.pixels.picture import Picture

RGB = np.random.default_rng(3).integers(0, 256, (20, 30, 3), np.uint8)


@pytest.fixture(scope="module")
def model(tiny_exported, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    save_checkpoint(path, Checkpoint(tiny_exported, HashingTextEncoder.identity, {}))
    return path


@pytest.mark.parametrize(
    ("image", "gray", "alpha"),
    [
        pytest.param(RGB, False, False, id="array-rgb"),
        pytest.param(RGB[..., 0], True, False, id="array-gray"),
        pytest.param(np.dstack([RGB, RGB[..., 0]]), False, True, id="array-rgba"),
        pytest.param(RGB[::-1, ::-1], False, False, id="array-with-negative-strides"),
        pytest.param(torch.from_numpy(RGB).permute(2, 0, 1), False, False, id="tensor-uint8"),
        pytest.param(torch.rand(3, 20, 30), False, False, id="tensor-float"),
        pytest.param(torch.rand(3, 20, 30).half(), False, False, id="tensor-half"),
        pytest.param(torch.rand(3, 20, 30, requires_grad=True), False, False, id="tensor-grad"),
        pytest.param(Image.fromarray(RGB), False, False, id="pillow-RGB"),
        pytest.param(Image.fromarray(RGB).convert("L"), True, False, id="pillow-L"),
        pytest.param(Image.fromarray(RGB).convert("1"), True, False, id="pillow-1"),
        pytest.param(Image.fromarray(RGB).convert("P"), False, False, id="pillow-P"),
        pytest.param(
            Image.fromarray(RGB).convert("CMYK"),
            False,
            False,
            id="pillow-CMYK",
            marks=pytest.mark.filterwarnings("ignore:CMYK:sidelight.errors.SidelightWarning"),
        ),
        pytest.param(Image.new("RGBA", (30, 20), (1, 2, 3, 4)), False, True, id="pillow-RGBA"),
        pytest.param(Image.new("LA", (30, 20), (1, 2)), True, True, id="pillow-LA"),
        pytest.param(Picture(image=RGB), False, False, id="picture"),
    ],
)
def test_every_kind_of_picture_is_taken(model, image, gray, alpha):
    data = sidelight.encode(image, format="slt", model=model)
    container = Container.parse(data)
    assert (container.width, container.height) == (30, 20)
    assert (container.gray, container.alpha is not None) == (gray, alpha)
    mode = {(False, False): "RGB", (True, False): "L", (False, True): "RGBA", (True, True): "LA"}
    assert sidelight.decode(data, model=model).mode == mode[gray, alpha]


def test_pixels_are_the_same_from_every_kind(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(RGB).save(path)
    tensor = torch.from_numpy(RGB).permute(2, 0, 1)
    data = path.read_bytes()
    kinds = [path, str(path), Image.open(path), RGB, tensor, tensor / 255, tensor.double() / 255]
    kinds += [data, bytearray(data), memoryview(data), BytesIO(data)]
    for kind in kinds:
        assert (api.as_picture(kind).image == RGB).all()


def test_floats_that_round_to_a_level_are_taken():
    image = api.as_picture(torch.tensor([-0.001, 0.5, 1.001]).reshape(3, 1, 1)).image
    assert image.ravel().tolist() == [0, 128, 255]


@pytest.mark.parametrize("value", [-1.0, 1.05, 255.0, torch.nan, torch.inf])
def test_floats_outside_the_range_are_refused(value):
    image = torch.full((3, 2, 2), 0.5)
    image[1, 1, 1] = value
    with pytest.raises(ImageError, match=r"values from .* expected values in \[0, 1\]; scale or"):
        api.as_picture(image)


def test_a_truncated_pillow_image_is_our_error(tmp_path):
    path = tmp_path / "half.jpg"
    Image.effect_noise((99, 99), 50).save(path)
    path.write_bytes(path.read_bytes()[:900])
    with Image.open(path) as image, pytest.raises(ImageError, match="Pillow cannot read"):
        sidelight.encode(image)


@pytest.mark.parametrize("wanted", [bytes, bytearray, memoryview, BytesIO, Path, str])
def test_decode_takes_bytes_paths_and_streams(model, tmp_path, wanted):
    data = sidelight.encode(RGB, format="slt", model=model)
    path = tmp_path / "a.slt"
    path.write_bytes(data)
    given = path if wanted in (Path, str) else data
    assert sidelight.decode(wanted(given), model=model).size == (30, 20)


@pytest.mark.parametrize("data", [None, 3, StringIO("text"), [1]])
def test_decode_names_what_it_takes(data):
    with pytest.raises(ConfigError, match="expected a file as path, bytes or stream of bytes"):
        sidelight.decode(data)


def test_a_file_opened_as_text_is_no_stream_of_bytes(tmp_path):
    (tmp_path / "photo.avif").write_bytes(sidelight.encode(RGB))
    for call in (sidelight.encode, sidelight.decode, sidelight.open):
        with (
            (tmp_path / "photo.avif").open(encoding="utf-8") as stream,
            pytest.raises(ConfigError, match="got TextIOWrapper, expected a file as path, bytes"),
        ):
            call(stream)


def test_conversions_are_warnings_of_our_own():
    with pytest.warns(SidelightWarning, match="CMYK converted to RGB without a profile") as caught:
        sidelight.encode(Image.new("CMYK", (8, 8)))
    assert caught[0].filename == __file__


def test_a_profile_that_a_file_cannot_hold_warns_likewise(gray_profile):
    stream = BytesIO()
    Image.new("L", (8, 8), 20).save(stream, "PNG", icc_profile=gray_profile)
    assert sidelight.encode(stream.getvalue(), format="jpg")
    with pytest.warns(SidelightWarning, match="converted to sRGB, without its ICC profile"):
        sidelight.encode(stream.getvalue(), format="webp")


@pytest.mark.parametrize("format", ["avif", "slt"])
def test_a_larger_picture_than_asked_for_is_refused_everywhere(model, format):
    models = {"model": model} if format == "slt" else {}
    data = sidelight.encode(RGB, format=format, **models)
    stream = BytesIO()
    Image.fromarray(RGB).save(stream, "PNG")
    for call in (
        lambda: sidelight.decode(data, max_pixels=599, **models),
        lambda: api.decoder_of(data, max_pixels=599, **models).decode(data),
        lambda: sidelight.encode(stream.getvalue(), max_pixels=599),
        lambda: sidelight.encode(RGB, max_pixels=599),
    ):
        with pytest.raises(ImageError, match=r"30x20 px, .* 599 px in all \(--max-pixels\)"):
            call()
    assert sidelight.decode(data, max_pixels=600, **models).size == (30, 20)


def test_a_limit_below_one_pixel_is_refused():
    with pytest.raises(ConfigError, match="max_pixels must be a whole number of at least 1, got 0"):
        sidelight.load(max_pixels=0)


def test_codecs_of_different_limits_share_their_weights():
    assert sidelight.load(max_pixels=9).model is sidelight.load().model


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(RGB.astype(np.float32), id="float-array"),
        pytest.param(RGB[:0], id="empty-array"),
        pytest.param(RGB[..., :2], id="two-channels"),
        pytest.param(RGB[None], id="batch-array"),
        pytest.param(torch.zeros(1, 20, 30), id="one-channel-tensor"),
        pytest.param(torch.zeros(20, 30, 3), id="channels-last-tensor"),
        pytest.param(torch.zeros(2, 3, 20, 30), id="batch-tensor"),
        pytest.param(torch.zeros(3, 0, 30), id="empty-tensor"),
        pytest.param(torch.zeros(3, 20, 30, dtype=torch.int64), id="integer-tensor"),
        pytest.param(torch.full((3, 20, 30), torch.nan), id="nan-tensor"),
        pytest.param(None, id="none"),
        pytest.param([[1, 2], [3, 4]], id="list"),
    ],
)
def test_anything_else_is_refused_with_what_was_found(image):
    with pytest.raises(ImageError, match=r"^got .* expected"):
        api.as_picture(image)


@pytest.mark.parametrize("format", ["avif", "slt"])
def test_what_is_no_caption_and_no_quality_is_refused(model, format):
    models = {"model": model} if format == "slt" else {}
    with pytest.raises(TextError, match="caption must be a str, got bytes"):
        sidelight.encode(RGB, format=format, caption=b"A dog.", **models)
    with pytest.raises(ConfigError, match="quality must be between 1 and 9, got '5'"):
        sidelight.encode(RGB, format=format, quality="5", **models)
    data = sidelight.encode(RGB, format=format, **models)
    with pytest.raises(TextError, match="caption must be a str, got int"):
        sidelight.decode(data, caption=5, **models)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"quality": None}, "quality must be between 1 and 9, got None"),
        ({"bpp": "1"}, "bpp must be > 0 and finite, got '1'"),
        ({"max_bytes": "900"}, "max_bytes must be > 0 and finite, got '900'"),
        ({"effort": "3"}, "effort must be a whole number from 1 to 9, got '3'"),
        ({"max_pixels": "9"}, "max_pixels must be a whole number of at least 1, got '9'"),
    ],
)
def test_what_is_no_number_is_refused_as_what_is_out_of_range(options, message):
    with pytest.raises(ConfigError, match=message):
        sidelight.encode(RGB, **options)


def test_a_place_of_the_dial_that_is_no_number_is_refused():
    data = sidelight.encode(RGB)
    with pytest.raises(ConfigError, match=r"realism must be between 0 .* got '0\.5'"):
        sidelight.decode(data, realism="0.5")
    with pytest.raises(ConfigError, match="max_pixels must be a whole number"):
        sidelight.decode(data, max_pixels="9")


@pytest.mark.parametrize("format", ["avif", "slt"])
def test_a_rate_that_cannot_be_reached_is_told_as_a_rate(model, format):
    models = {"model": model} if format == "slt" else {}
    with pytest.raises(ConfigError, match=r"takes .* bpp\), more than the 0 .* \(0\.0001 bpp\)"):
        sidelight.encode(RGB, format=format, bpp=0.0001, **models)


def test_a_format_goes_by_every_suffix_of_its_files():
    assert sidelight.encode(RGB, format="jpg") == sidelight.encode(RGB, format="jpeg")
    with pytest.raises(ConfigError, match=r"one of avif, jpg, jpeg, webp, jxl, slt, got 'png'"):
        sidelight.encode(RGB, format="png")


def test_files_that_are_no_pictures_are_refused(tmp_path):
    (tmp_path / "a.png").write_bytes(b"junk")
    with pytest.raises(ImageError, match="not a picture"):
        api.as_picture(tmp_path / "a.png")
    with pytest.raises(FileNotFoundError):
        api.as_picture(tmp_path / "missing.png")


def test_profile_and_exif_reach_the_decoded_image(model):
    image = Image.fromarray(RGB)
    exif = Image.Exif()
    exif[271] = "Sidelight"
    image.info["exif"] = exif.tobytes()
    decoded = sidelight.decode(sidelight.encode(image, format="slt", model=model), model=model)
    assert decoded.getexif()[271] == "Sidelight"
    stream = BytesIO()
    decoded.save(stream, "PNG", exif=decoded.info["exif"])
    assert Image.open(stream).getexif()[271] == "Sidelight"


def test_a_rate_takes_the_place_of_quality(model):
    height, width = RGB.shape[:2]
    for options in ({"format": "slt", "model": model}, {"format": "webp", "effort": 1}):
        data = sidelight.encode(RGB, bpp=6.0, **options)
        assert data == sidelight.encode(RGB, max_bytes=int(6 * height * width / 8), **options)
    with pytest.raises(ConfigError, match="give only one of bpp and max_bytes"):
        sidelight.encode(RGB, bpp=6.0, max_bytes=300)
    with pytest.raises(ConfigError, match="slt files have one"):
        sidelight.encode(RGB, format="slt", effort=3, model=model)


def test_max_bytes_takes_the_place_of_quality(model):
    data = sidelight.encode(RGB, format="slt", max_bytes=300, model=model)
    assert len(data) <= 300
    with pytest.raises(ConfigError, match="more than the 20 asked for"):
        sidelight.encode(RGB, format="slt", max_bytes=20, model=model)


def test_a_wrong_caption_warns_where_decode_was_called(model, monkeypatch):
    monkeypatch.setattr(
        "sidelight.text.reader.load_text_encoder", lambda name: HashingTextEncoder()
    )
    data = sidelight.encode(
        RGB, format="slt", caption="A brown dog.", caption_as="digest", model=model
    )
    with pytest.warns(UserWarning, match="not the caption that the sender had") as caught:
        sidelight.decode(data, caption="A black dog.", model=model)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sidelight.decode(data, caption="A brown dog.", model=model)


def test_load_gives_the_same_codec_for_the_same_path(model):
    assert isinstance(sidelight.load(model), Codec)
    assert sidelight.load(str(model)) is sidelight.load(model)


@pytest.mark.parametrize(
    "encode", [sidelight.encode, Codec.encode, JointCodec.encode, Carrier.encode, Encoding, page]
)
def test_the_default_quality_stands_once(encode):
    assert inspect.signature(encode).parameters["quality"].default is DEFAULT_QUALITY


def test_the_kind_of_a_model_is_that_of_its_config(model, monkeypatch):
    checkpoint = load_model(model)
    checkpoint.model.improve = None  # as a codec might name something of its own
    monkeypatch.setattr(api, "load_model", lambda *_: checkpoint)
    assert isinstance(api._load.__wrapped__(model, None), Codec)


def test_load_takes_the_name_of_a_shipped_model():
    assert sidelight.load() is sidelight.load(api.DEFAULT_MODEL)
    assert sidelight.load().checkpoint.text_encoder.name == "sidelight-text"


def test_load_names_the_shipped_models_when_there_is_no_such_one():
    told = r"no model 'large': shipped are \['carrier-small', 'carrier-tiny', 'small-multirate"
    with pytest.raises(CheckpointError, match=told):
        sidelight.load("large")


@pytest.mark.parametrize("content", [None, b"", b"junk" * 99], ids=["folder", "empty", "junk"])
def test_load_refuses_what_is_no_checkpoint(tmp_path, content):
    path = tmp_path
    if content is not None:
        path = tmp_path / "model.safetensors"
        path.write_bytes(content)
    with pytest.raises(CheckpointError, match=path.name):
        sidelight.load(path)


def test_a_file_of_another_model_is_refused(model):
    data = sidelight.encode(RGB, format="slt", model=model)
    with pytest.raises(ModelMismatchError, match="give the right one by --model"):
        sidelight.decode(data)
