"""Any picture's latents come back exactly; any bytes give a picture or an error of ours."""

import copy
import json
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.golden.tiny_text import HashingTextEncoder

from sidelight.bitstream.container import Container
from sidelight.codec.checkpoint import load_checkpoint
from sidelight.codec.codec import CAPTION_FORMS, Codec
from sidelight.entropy.coder import CodingTables, SymbolEncoder
from sidelight.entropy.latents import Latents
from sidelight.entropy.tables import FREQUENCY_TOTAL
from sidelight.errors import CodecError, CorruptBitstreamError, ModelMismatchError
from sidelight.limits import MAX_PIXELS
from sidelight.pixels.picture import Picture

GOLDEN = Path(__file__).parents[1] / "golden"
SMALL = (GOLDEN / "rgb.slt").read_bytes()
NUM_MUTATIONS = 10_000
SLOWEST_S = 5.0
"""For a file of some hundred bytes, on a machine that does other things too."""

CODEC = Codec(load_checkpoint(GOLDEN / "tiny.safetensors"), HashingTextEncoder())

qualities = st.floats(1, 9)
captions = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def draw_image(height: int, width: int, seed: int) -> np.ndarray:
    """Flat, noisy or of hard blocks."""
    random = np.random.default_rng(seed)
    kind = seed % 3
    if kind == 0:
        return np.broadcast_to(random.integers(0, 256, 3, np.uint8), (height, width, 3)).copy()
    noise = random.integers(0, 256, (height, width, 3), np.uint8)
    return noise if kind == 1 else noise // 128 * 255


@st.composite
def pictures(draw: st.DrawFn, longest: int = 200) -> Picture:
    height, width = draw(st.tuples(st.integers(1, longest), st.integers(1, longest)))
    seed = draw(st.integers(0, 2**32 - 1))
    alpha = None
    if draw(st.booleans()):
        alpha = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    return Picture(image=draw_image(height, width, seed), alpha=alpha, gray=draw(st.booleans()))


@given(pictures(), qualities)
@settings(max_examples=60)
def test_decoding_gives_back_the_latents_exactly(picture: Picture, quality: float) -> None:
    sent = CODEC.quantised(picture, quality)
    container = Container.parse(CODEC.encode(picture, quality=quality))
    received = CODEC.decode_latents([container])
    assert np.array_equal(received.z_symbols, sent.z_symbols)
    assert np.array_equal(received.fixed_point(), sent.fixed_point())


@given(pictures(), qualities)
@settings(max_examples=40)
def test_size_alpha_and_gray_are_kept(picture: Picture, quality: float) -> None:
    decoded = CODEC.decode(CODEC.encode(picture, quality=quality), precision="fp32")
    assert decoded.image.shape == picture.image.shape
    assert decoded.gray == picture.gray
    if picture.alpha is None:
        assert decoded.alpha is None
    else:
        assert (decoded.alpha == picture.alpha).all()


@given(pictures(longest=80), captions, st.sampled_from(CAPTION_FORMS))
@settings(max_examples=30)
def test_captions_do_not_change_the_latents(picture, caption, caption_as) -> None:
    plain = Container.parse(CODEC.encode(picture))
    data = CODEC.encode(picture, caption=caption, caption_as=caption_as)
    captioned = Container.parse(data)
    assert (captioned.latents, captioned.latents_crc) == (plain.latents, plain.latents_crc)


@given(
    st.lists(
        st.tuples(pictures(longest=130), st.sampled_from([1.0, 5.0, 9.0])), min_size=2, max_size=5
    )
)
@settings(max_examples=20)
def test_a_batch_decodes_like_its_files_one_by_one(items) -> None:
    files = [CODEC.encode(picture, quality=quality) for picture, quality in items]
    texts = [f"picture {k}" if k % 2 else "" for k in range(len(files))]
    together = CODEC.decode_batch(files, texts, precision="fp32")
    for data, text, picture in zip(files, texts, together, strict=True):
        alone = CODEC.decode(data, text, precision="fp32")
        assert picture.image.shape == alone.image.shape
        assert np.abs(picture.image.astype(int) - alone.image).max() <= 1


def test_latents_of_a_batch_are_those_of_its_files() -> None:
    images = [draw_image(64, 64, seed) for seed in range(3)]
    containers = [Container.parse(CODEC.encode(Picture(image=image))) for image in images]
    together = CODEC.decode_latents(containers)
    for k, container in enumerate(containers):
        alone = CODEC.decode_latents([container])
        assert np.array_equal(together.z_symbols[k], alone.z_symbols[0])
        assert np.array_equal(together.fixed_point()[k], alone.fixed_point()[0])


def test_every_truncation_raises_a_codec_error() -> None:
    for length in range(len(SMALL)):
        with pytest.raises(CodecError):
            CODEC.decode(SMALL[:length])


def test_every_single_bit_flip_raises_a_codec_error() -> None:
    for bit in range(8 * len(SMALL)):
        flipped = bytearray(SMALL)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CodecError):
            CODEC.decode(bytes(flipped))


def test_mutated_files_give_codec_errors_or_pictures_in_bounded_time_and_memory() -> None:
    # three quarters of them have their checksums repaired, so that they reach the entropy coder
    script = Path(__file__).with_name("mutate_files.py")
    command = [sys.executable, "-W", "error", str(script), str(NUM_MUTATIONS)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert sum(report["outcomes"].values()) == NUM_MUTATIONS
    assert report["worst_s"] < SLOWEST_S
    kinds = {"picture", "CorruptBitstreamError", "ModelMismatchError", "TruncatedBitstreamError"}
    assert kinds <= set(report["outcomes"])
    assert report["outcomes"]["picture"] > NUM_MUTATIONS // 100  # the generator met some too


@given(st.data(), st.integers(0, 128))
@settings(max_examples=40)
def test_any_integers_in_a_sound_file_decode_to_a_picture(data: st.DataObject, step: int) -> None:
    # no encoder would send them, but who wants to crash a reader may
    extremes = st.sampled_from([0, 1, -1, 999, 2**24, 2**31 - 1, -(2**31)])
    values = data.draw(st.lists(extremes, min_size=8, max_size=8))
    config = CODEC.model.config
    z_symbols = np.array(values, np.int32)[None, :, None, None]
    y_symbols = np.array(values * 24, np.int32).reshape(1, config.latent_channels, 4, 4)
    latents = Latents(z_symbols, y_symbols, CODEC.model.frozen.predict(z_symbols, step))
    payload, crc = CODEC.coder.encode(latents)
    container = replace(Container.parse(SMALL), quality_step=step, latents=payload, latents_crc=crc)
    assert CODEC.decode(container.pack(), precision="fp32").image.shape == (64, 64, 3)


@pytest.mark.parametrize("size", [(MAX_PIXELS // 8192, 8192), (65535, 1), (1024, 1024)])
@pytest.mark.parametrize("num_words", [0, 1, 30])
def test_a_file_too_small_for_its_size_is_refused_before_any_work(size, num_words) -> None:
    width, height = size
    hostile = replace(
        Container.parse(SMALL), width=width, height=height, latents=bytes(4 * num_words)
    )
    trusting = copy.copy(CODEC)
    trusting.max_pixels = MAX_PIXELS  # else large ones are refused by their few bytes
    with pytest.raises(CorruptBitstreamError, match="takes at least"):
        trusting.decode(hostile.pack())


@given(st.integers(0, 7), st.integers(1, 50_000), st.floats(0.001, 0.999999))
@example(0, 50_000, 1 - 2.0**-20)
def test_no_honest_file_falls_below_the_bound_on_its_size(channel, count, share) -> None:
    # the likeliest symbol all over, from tables flat and steep: what costs the fewest bits
    from sidelight.entropy.latent_coder import _SLACK_BYTES, least_bits
    from sidelight.entropy.tables import SymbolTables

    likely = min(max(round(share * FREQUENCY_TOTAL), 1), FREQUENCY_TOTAL - 1)
    frequencies = np.array([likely, FREQUENCY_TOTAL - likely], np.uint32)
    tables = SymbolTables(frequencies, np.array([2], np.int32), np.array([channel], np.int32))
    encoder = SymbolEncoder()
    index = np.zeros(count, np.uint8)
    encoder.push(np.full(count, channel, np.int32), index, CodingTables(tables))
    bound_bytes = count * least_bits(tables) / 8 - _SLACK_BYTES
    assert len(encoder.finish()) >= bound_bytes


def test_a_file_of_another_model_is_refused() -> None:
    other = replace(Container.parse(SMALL), model=bytes(8)).pack()
    with pytest.raises(ModelMismatchError, match="made by model 0000000000000000"):
        CODEC.decode(other)


def test_latents_with_another_crc_are_refused_under_a_right_header_crc() -> None:
    container = Container.parse(SMALL)
    altered = replace(container, latents_crc=container.latents_crc ^ 1).pack()
    header_bytes = len(SMALL) - len(container.latents) - 6  # two bytes of length, four of CRC
    body = altered[: header_bytes - 4]
    assert altered[header_bytes - 4 : header_bytes] == zlib.crc32(body).to_bytes(4, "little")
    with pytest.raises(ModelMismatchError, match="this machine computed other integers"):
        CODEC.decode(altered)


@given(st.binary(min_size=4, max_size=4))
@settings(max_examples=20)
def test_words_after_the_last_symbol_are_refused(word: bytes) -> None:
    # a whole word more, under right checksums: the entropy coder alone can tell
    container = Container.parse(SMALL)
    longer = replace(container, latents=container.latents + word + bytes(4)).pack()
    with pytest.raises(CorruptBitstreamError, match="go on after the last symbol"):
        CODEC.decode(longer)
