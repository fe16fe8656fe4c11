import numpy as np
import pytest

from sidelight.errors import CodecError, ConfigError
from sidelight.evaluate.codecs.vtm import VARIABLES, VtmPoint

# the stream is a line with the size, and the planes as they are
ENCODER = """
if args == ["--help"]:
    sys.exit("VVCSoftware: VTM Encoder Version 12.1 [Linux]")
options = dict(zip(args[0:-3:2], args[1:-3:2], strict=True))
planes = open(options["-i"], "rb").read()
if len(planes) != 6 * int(options["-wdt"]) * int(options["-hgt"]) or options["-q"] != "37":
    sys.exit(f"wrong options {options}")
if not options["-c"].endswith("encoder_intra_vtm.cfg"):
    sys.exit("no config")
size = f"{options['-wdt']}x{options['-hgt']}\\n".encode()
open(options["-b"], "wb").write(size + planes)
"""
DECODER = """
options = dict(zip(args[0::2], args[1::2], strict=True))
if options["-d"] != "10":
    sys.exit("not 10 bits")
size, _, planes = open(options["-b"], "rb").read().partition(b"\\n")
open(options["-o"], "wb").write(planes)
"""


@pytest.fixture
def point(install, monkeypatch, tmp_path) -> VtmPoint:
    config = tmp_path / "encoder_intra_vtm.cfg"
    config.write_text("IntraPeriod : 1\n")
    files = (install("EncoderAppStatic", ENCODER), install("DecoderAppStatic", DECODER), config)
    for variable, path in zip(VARIABLES, files, strict=True):
        monkeypatch.setenv(variable, str(path))
    return VtmPoint(37)


@pytest.mark.parametrize("size", [(48, 64), (47, 61)])
def test_a_stream_without_loss_gives_the_picture_back(point, make_picture, size):
    image = make_picture(*size)
    data = point.encode(image)
    assert data[2:].startswith(b"%dx%d\n" % (size[1], size[0]))
    assert len(data) == 2 + len("64x48\n") + 6 * image[..., 0].size
    assert (point.decode(data, "") == image).all()


def test_the_description_has_the_version_and_no_paths(point):
    assert point.describe() == {
        "program": "VVCSoftware: VTM Encoder Version 12.1 [Linux]",
        "encode": "EncoderAppStatic -c encoder_intra_vtm.cfg -i x.yuv -b x.bin -o /dev/null -q 37 "
        "-wdt WIDTH -hgt HEIGHT -fr 1 -f 1 --InputChromaFormat=444 --InputBitDepth=10 "
        "--ConformanceWindowMode=1",
        "decode": "DecoderAppStatic -b x.bin -o y.yuv -d 10",
    }


@pytest.mark.parametrize("width", [0, 5])
def test_planes_that_do_not_fit_the_width_are_an_error(point, make_picture, width):
    data = point.encode(make_picture(4, 4))
    with pytest.raises(CodecError, match=f"VTM decoded 48 samples, no picture {width} px wide"):
        point.decode(width.to_bytes(2, "little") + data[2:], "")


def test_a_width_that_two_bytes_cannot_say_is_an_error(point):
    with pytest.raises(CodecError, match="up to 65535 px wide, got 65536"):
        point.encode(np.zeros((1, 65536, 3), np.uint8))


@pytest.mark.parametrize("variable", VARIABLES)
def test_a_missing_variable_is_named(point, monkeypatch, variable):
    monkeypatch.delenv(variable)
    with pytest.raises(ConfigError, match=f"set {variable} to VTM's .*: it is not set; build VTM"):
        VtmPoint(37)


@pytest.mark.parametrize("variable", VARIABLES)
def test_a_variable_that_names_no_file_is_an_error(point, monkeypatch, variable, tmp_path):
    monkeypatch.setenv(variable, str(tmp_path / "gone"))
    with pytest.raises(ConfigError, match=f"set {variable} .*gone, which is no file"):
        VtmPoint(37)
