"""Ordinary files decoded by a generator with captions, in Python and through the commands."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.golden.tiny_text import HashingTextEncoder
from tests.tiny_carrier import save_tiny_carrier
from typer.testing import CliRunner, Result

import sidelight
from sidelight.captions.metadata import captions_in_picture
from sidelight.carriers.reading import read
from sidelight.carriers.registry import CARRIERS
from sidelight.cli.app import app
from sidelight.codec.carrier_codec import CarrierCodec
from sidelight.errors import CheckpointError, ConfigError, ImageError, NotABitstreamError
from sidelight.pixels.picture import Picture

GOLDEN = Path(__file__).parents[2] / "golden"
SLT, TINY = GOLDEN / "rgb.slt", GOLDEN / "tiny.safetensors"
HEIC = GOLDEN.parent / "unit" / "pixels" / "turned.heic"


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return save_tiny_carrier(tmp_path_factory.mktemp("model") / "tiny-carrier.safetensors")


@pytest.fixture
def codec(model, monkeypatch) -> CarrierCodec:
    monkeypatch.setattr(
        "sidelight.text.reader.load_text_encoder", lambda name: HashingTextEncoder()
    )
    return sidelight.load_carrier(model)


@pytest.fixture(scope="module")
def picture(make_picture) -> Picture:
    return Picture(image=make_picture(50, 70, seed=2))


@pytest.fixture(scope="module")
def data(picture) -> bytes:
    return CARRIERS["avif"].encode(picture, 5.0)


def test_a_file_decodes_with_a_caption_another_and_none(codec, data):
    plain = read(data).picture.image
    shown = [codec.decode(data, text).image for text in ("A dog.", "A cat.", "")]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert not np.array_equal(shown[one], shown[other])
    assert all(image.shape == plain.shape for image in shown)
    assert not np.array_equal(shown[2], plain)


def test_the_caption_inside_is_read_unless_another_is_given(codec, picture):
    inside = CARRIERS["avif"].encode(picture, 5.0, caption="A dog.")
    assert np.array_equal(codec.decode(inside).image, codec.decode(inside, "A dog.").image)
    assert not np.array_equal(codec.decode(inside).image, codec.decode(inside, "").image)


def test_metadata_changes_no_pixel(codec, picture):
    exif = Image.Exif()
    exif[271] = "Sidelight"
    block = Picture(
        image=picture.image, exif=b"Exif\0\0" + exif.tobytes().removeprefix(b"Exif\0\0")
    )
    files = [CARRIERS["jpeg"].encode(each, 5.0) for each in (picture, block)]
    shown = [codec.decode(file, "A dog.") for file in files]
    assert np.array_equal(shown[0].image, shown[1].image)
    assert shown[1].exif == block.exif
    assert shown[0].exif is None


def test_alpha_and_gray_are_the_carriers_own(codec, picture):
    alpha = np.arange(50 * 70, dtype=np.uint32).reshape(50, 70).astype(np.uint8)
    data = CARRIERS["webp"].encode(Picture(image=picture.image, alpha=alpha), 5.0)
    assert np.array_equal(codec.decode(data, "").alpha, read(data).picture.alpha)
    gray = Picture(image=picture.image[..., :1].repeat(3, 2), gray=True)
    assert codec.decode(CARRIERS["avif"].encode(gray, 5.0), "").gray


def test_the_dial_has_a_default_and_two_ends(codec, data):
    default = codec.model.config.default_realism
    images = [codec.decode(data, "", realism=r).image for r in (None, default, 0.0, 1.0)]
    assert np.array_equal(images[0], images[1])
    assert not np.array_equal(images[2], images[3])
    with pytest.raises(ConfigError, match=r"between 0 .* got 2"):
        codec.decode(data, "", realism=2.0)


def test_a_lossless_file_comes_back_as_it_is_and_says_so(codec, picture):
    stream = io.BytesIO()
    Image.fromarray(picture.image).save(stream, "WEBP", lossless=True)
    shown = codec.decode(stream.getvalue(), "A dog.")
    assert np.array_equal(shown.image, picture.image)
    assert any("left as the file has it" in note for note in shown.notes)


def test_half_of_the_residual_is_half_way(codec, data):
    plain = read(data).picture
    none, half, whole = (
        codec.improve(plain, "", drawn_share=share, precision="fp32").image.astype(int)
        for share in (0.0, 0.5, 1.0)
    )
    assert np.array_equal(none, plain.image)
    unclipped = (whole > 0) & (whole < 255)
    assert np.abs(2 * half - none - whole)[unclipped].max() <= 3
    assert not np.array_equal(half, whole)


def test_a_white_ground_stays_white(codec, make_picture):
    image = np.full((64, 96, 3), 255, np.uint8)
    image[16:48, 32:64] = make_picture(32, 32, seed=4)
    data = CARRIERS["webp"].encode(Picture(image=image), 5.0)
    plain, shown = read(data).picture.image, codec.decode(data, "A dog.").image
    assert (plain[:, :16] == 255).all()
    assert (shown[:, :12] == 255).all()
    assert not np.array_equal(shown, plain)


def test_a_batch_is_each_picture_alone(codec, data, make_picture):
    pictures = [read(data).picture, Picture(image=make_picture(50, 70, seed=9))]
    texts = ["A dog.", None]
    together = codec.improve_batch(pictures, texts)
    for one, picture, text in zip(together, pictures, texts, strict=True):
        alone = codec.improve(picture, text).image
        assert np.abs(one.image.astype(int) - alone).max() <= 1


@pytest.mark.parametrize("format", ["avif", "jpeg", "webp"])
def test_python_encodes_to_an_ordinary_file_and_decodes_it_by_path(
    codec, model, picture, format, tmp_path
):
    data = sidelight.encode(picture, format=format, caption="A dog.")
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == format.upper()
        assert image.size == (70, 50)
    (tmp_path / "file").write_bytes(data)
    shown = sidelight.decode(tmp_path / "file", realism=1.0, model=model)
    assert np.array_equal(shown, codec.decode(data, "A dog.", realism=1.0).image)
    small = sidelight.encode(picture, format=format, max_bytes=len(data) - 1)
    assert len(small) < len(data)


def test_what_belongs_to_the_other_kind_of_file_is_refused(model, picture, data):
    with pytest.raises(ConfigError, match="takes neither model nor digests"):
        sidelight.encode(picture, caption="A dog.", caption_as="digest")
    with pytest.raises(ConfigError, match="format must be one of avif, jpg, jpeg, webp, jxl, slt"):
        sidelight.encode(picture, format="gif")
    with pytest.raises(CheckpointError, match="is a carrier generator"):
        sidelight.load(model)
    with pytest.raises(CheckpointError, match=r"is a codec of \.slt files"):
        sidelight.load_carrier("small-multirate")
    with pytest.raises(ConfigError, match=r"\.slt files have no dial"):
        sidelight.decode(SLT, realism=1.0, model=TINY)
    with pytest.raises(NotABitstreamError, match="is empty, expected a file of Sidelight"):
        sidelight.decode(b"", model=model)
    with pytest.raises(ImageError):
        sidelight.decode(data[: len(data) // 2], model=model)


@pytest.fixture
def folder(tmp_path, monkeypatch, codec, make_picture) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    for k, name in enumerate(("a.png", "b.jpg")):
        Image.fromarray(make_picture(50, 70, seed=k)).save(f"photos/{name}")
    Path("photos/a.txt").write_text("A dog on a beach.")
    return tmp_path


def size(path: str | Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_folder_goes_to_avif_and_comes_back_better(folder, model):
    done = run("encode", "photos", "out", "--caption-from", "sidecar", "--json")
    assert done.exit_code == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["target"] for record in records] == ["out/a.avif", "out/b.avif"]
    assert {record["codec"] for record in records} == {"avif"}
    decoded = run("decode", "out", "back", "--model", model, "--realism", 1, "--json")
    assert decoded.exit_code == 0, decoded.stderr
    captions = [json.loads(line)["caption"] for line in decoded.stdout.splitlines()]
    assert captions == ["A dog on a beach.", None]
    with Image.open("out/a.avif") as plain, Image.open("back/a.png") as better:
        assert better.size == plain.size
        assert not np.array_equal(better, plain.convert("RGB"))


@pytest.mark.parametrize("suffix", ["avif", "jpg", "webp", "jxl"])
def test_the_suffix_says_the_format_and_info_what_is_inside(folder, suffix):
    target = f"x.{suffix}"
    done = run("encode", "photos/a.png", target, "-c", "A dog.", "--max-bytes", 4000)
    assert done.exit_code == 0, done.stderr
    assert Path(target).stat().st_size <= 4000
    facts = json.loads(run("info", target, "--json").stdout)
    assert facts["codec"] == {"jpg": "jpeg"}.get(suffix, suffix)
    assert (facts["width"], facts["height"], facts["caption"]) == (70, 50, "A dog.")
    assert 0 < facts["coded_bytes"] < facts["bytes"] == Path(target).stat().st_size
    assert set(facts["metadata_bytes"]) == {"xmp"}
    assert "coded_bytes" in run("info", target).stdout


def test_stdin_and_stdout(folder, model):
    photo = Path("photos/a.png").read_bytes()
    done = CliRunner().invoke(app, ["encode", "-", "-", "--format", "webp"], input=photo)
    assert Image.open(io.BytesIO(done.stdout_bytes)).format == "WEBP"
    back = CliRunner().invoke(
        app, ["decode", "-", "-", "--model", str(model)], input=done.stdout_bytes
    )
    assert Image.open(io.BytesIO(back.stdout_bytes)).format == "PNG"


def test_inspect_shows_what_residual_and_text_changed(folder, model):
    run("encode", "photos/a.png", "a.avif")
    done = run("inspect", "a.avif", "maps", "--caption", "A dog.", "--realism", 1, "--model", model)
    assert done.exit_code == 0, done.stderr
    names = {path.stem for path in Path("maps").iterdir()}
    assert names == {"carrier", "with-text", "without-text", "residual", "difference", "masks"}


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("encode photos/a.png x.gif", "no format has the suffix '.gif'"),
        ("encode photos out --format gif", "--format: no format has the suffix '.gif'"),
        (
            "encode photos/a.png x.avif -c A --caption-as digest",
            "--caption-as digest is for .slt files",
        ),
        ("encode photos/a.png x.avif --model small-multirate", "--model is for .slt files"),
        ("encode photos/a.png x.avif --max-bytes 20", "allow more bytes"),
        ("decode photos/a.png x.png", "expected a file of Sidelight (.slt), AVIF, JPEG"),
        ("info photos/a.png", "expected a file of Sidelight (.slt), AVIF"),
        (f"decode {HEIC} x.png", "is HEIC, which encode reads and decode does not, expected"),
        (f"decode {SLT} x.png --realism 1 --model {TINY}", ".slt files have no dial"),
        (f"inspect {SLT} x -c A --realism 1 --model {TINY}", ".slt files have no dial"),
        ("decode photos/b.jpg x.png --model small-multirate", "is a codec of .slt files"),
    ],
)
def test_a_wrong_call_is_one_line_and_leaves_nothing(folder, command, message):
    before = sorted(folder.rglob("*"))
    done = run(*command.split())
    assert done.exit_code == 1, done.stderr
    assert message in done.stderr.splitlines()[-1]
    assert sorted(folder.rglob("*")) == before


def test_a_page_goes_to_avif_and_any_page_comes_back_better(folder, model):
    html = '<html><body><img src="photos/a.png" alt="A dog."><img src="photos/b.jpg"></body></html>'
    Path("page.html").write_text(html)
    done = run("page", "encode", "page.html", "out")
    assert done.exit_code == 0, done.stderr
    assert 'src="photos/a.avif"' in Path("out/page.html").read_text()
    assert size("out/photos/b.avif") == (70, 50)
    for page, kept in (("out/page.html", "photos/b.png"), ("page.html", "photos/b.png")):
        target = f"better-{Path(page).parent.name or 'plain'}"
        done = run("page", "decode", page, target, "--model", model, "--realism", 0.5)
        assert done.exit_code == 0, done.stderr
        assert f'src="{kept}"' in Path(target, "page.html").read_text()
        assert size(Path(target, kept)) == (70, 50)
    assert run("page", "encode", "page.html", "x", "--format", "gif").exit_code == 1
    assert run("page", "encode", "page.html", "x", "--caption-as", "digest").exit_code == 1
    assert not captions_in_picture(Path("out/photos/a.avif").read_bytes())
    assert run("page", "encode", "page.html", "y", "--caption-as", "embed").exit_code == 0
    assert captions_in_picture(Path("y/photos/a.avif").read_bytes()) == {"xmp": "A dog."}
