import sys
from dataclasses import replace

import numpy as np
import pytest

from sidelight.errors import CodecError, ConfigError
from sidelight.evaluate.codecs.ffmpeg import FfmpegPoint, find_ffmpeg, hevc, jpeg_xl, vvc

POINTS = [jpeg_xl(1), hevc(20), vvc(20, preset="faster")]


@pytest.mark.parametrize("size", [(48, 64), (47, 61), (48, 61), (47, 64)])
@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.codec)
def test_what_was_coded_comes_back(make_picture, psnr_db, point, size):
    image = make_picture(*size) // 2 + 60
    data = point.encode(image)
    assert psnr_db(image, point.decode(data, "a dog")) > 30
    assert not point.reads_text


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.codec)
def test_colours_stay_what_they_are(point):
    halves = [np.full((64, 64, 3), colour, np.uint8) for colour in ((200, 40, 60), (30, 90, 180))]
    image = np.concatenate(halves)
    decoded = point.decode(point.encode(image), "").astype(int)
    assert abs(decoded - image).mean() < 1.5  # fast conversion takes off two levels


def test_halved_chroma_costs_a_byte_where_a_side_is_odd(make_picture):
    point, image = POINTS[2], make_picture(48, 64)
    first = {
        (height, width): point.encode(image[:height, :width])[0]
        for height in (47, 48)
        for width in (63, 64)
    }
    assert first == {(48, 64): 0, (48, 63): 1, (47, 64): 2, (47, 63): 3}


def test_the_stream_holds_nothing_that_the_encoder_prints(make_picture):
    data = POINTS[2].encode(make_picture(48, 64))
    assert b"warning" not in data.lower()


def test_the_text_of_x265_is_left_out_unless_asked_for(make_picture):
    image = make_picture(48, 64)
    plain, informed = (hevc(30, preset="slower", info=info).encode(image) for info in (False, True))
    assert b"x265" not in plain
    assert b"x265" in informed
    assert len(informed) - len(plain) > 2000


@pytest.mark.parametrize(("point", "least"), [(hevc(30), 32), (vvc(30), 16)])
def test_a_picture_under_the_encoders_least_size_is_an_error(make_picture, point, least):
    message = f"pictures of {least}x{least} px or more, got 40x{least - 1}"
    with pytest.raises(CodecError, match=message):
        point.encode(make_picture(least - 1, 40))


@pytest.mark.parametrize("data", [b"", b"\0\0\1garbage", b"\3"])
@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.codec)
def test_bytes_without_a_picture_are_an_error(point, data):
    with pytest.raises(CodecError, match="ffmpeg"):
        replace(point, decode_limit_s=0.8).decode(data, "")


def test_a_decoder_that_never_ends_is_stopped(make_picture):
    point = replace(POINTS[0], decode_limit_s=0.3)
    data = point.encode(make_picture(48, 64))
    with pytest.raises(CodecError, match=r"has not ended after 0\.3 s and was stopped"):
        point.decode(data[:100], "")


def test_the_description_has_both_command_lines_without_paths():
    described = vvc(37).describe()
    assert described["program"].startswith("ffmpeg version")
    assert described["wheel"].startswith("imageio-ffmpeg 0.")
    assert "-c:v libvvenc -preset medium -qp 37 -vvenc-params intraperiod=1" in described["encode"]
    assert described["encode"].startswith("ffmpeg -v error -f rawvideo")
    assert described["decode"].startswith("ffmpeg -v error -threads 1 -f vvc -i pipe:")


def test_without_the_wheel_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(ConfigError, match=r"needs ffmpeg: pip install 'sidelight\[evaluate\]'"):
        find_ffmpeg()


def test_an_encoder_that_ffmpeg_lacks_is_an_error_when_the_point_is_made():
    with pytest.raises(ConfigError, match="imageio-ffmpeg lacks libtheora9"):
        FfmpegPoint(
            codec="theora",
            setting="",
            encoder="libtheora9",
            options=(),
            muxer="ogg",
            demuxer="ogg",
        )
