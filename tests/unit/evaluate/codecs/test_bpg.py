import pytest

from sidelight.errors import CodecError, ConfigError
from sidelight.evaluate.codecs.bpg import BpgPoint

# both copy the picture as it is
BPGENC = """
if args == ["-h"]:
    sys.exit("BPG Image Encoder version 0.9.8")
*options, dash_o, target, source = args
if options != "-q 30 -f 444 -c ycbcr -b 8 -e jctvc -m 8".split() or dash_o != "-o":
    sys.exit(f"wrong options {options}")
open(target, "wb").write(open(source, "rb").read())
"""
BPGDEC = """
dash_o, target, source = args
open(target, "wb").write(open(source, "rb").read())
"""


@pytest.fixture
def point(install) -> BpgPoint:
    install("bpgenc", BPGENC)
    install("bpgdec", BPGDEC)
    return BpgPoint(30)


@pytest.mark.parametrize("size", [(48, 64), (47, 61)])
def test_the_programs_get_the_picture_and_the_options(point, make_picture, size):
    image = make_picture(*size)
    data = point.encode(image)
    assert data.startswith(b"\x89PNG")
    assert (point.decode(data, "") == image).all()


def test_the_description_has_the_version_and_no_paths(point):
    assert point.describe() == {
        "program": "BPG Image Encoder version 0.9.8",
        "encode": "bpgenc -q 30 -f 444 -c ycbcr -b 8 -e jctvc -m 8 -o x.bpg x.png",
        "decode": "bpgdec -o y.png x.bpg",
    }


def test_what_bpgenc_complains_of_is_reported(point, make_picture, install):
    install("bpgenc", "sys.exit('encoder jctvc not compiled in')")
    with pytest.raises(CodecError, match="bpgenc failed with status 1: encoder jctvc not"):
        point.encode(make_picture(48, 64))


def test_a_decoder_that_writes_no_picture_is_an_error(point, make_picture):
    with pytest.raises(CodecError, match="bpgdec wrote no picture"):
        point.decode(b"no picture", "")


def test_without_the_programs_the_error_says_where_they_are(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        ConfigError, match=r"bpgenc is not on the PATH: build libbpg .*bellard\.org"
    ):
        BpgPoint(30)
