"""Bad input gives one line and the right exit code, never a traceback and never half a file."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from sidelight.bitstream.container import Container
from sidelight.cli.app import app

GOLDEN = Path(__file__).parents[2] / "golden"
MODEL = ["--model", str(GOLDEN / "tiny.safetensors")]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (20, 30), "red").save("a.png")
    Image.new("RGBA", (20, 30), (1, 2, 3, 4)).save("alpha.png")
    data = (GOLDEN / "rgb.slt").read_bytes()
    Path("a.slt").write_bytes(data)
    Path("alpha.slt").write_bytes((GOLDEN / "alpha.slt").read_bytes())
    Path("cut.slt").write_bytes(data[:-9])
    Path("junk.png").write_bytes(b"junk")
    Path("junk.slt").write_bytes(b"junk")
    Path("latin1.txt").write_bytes(b"caf\xe9")
    Path("words.txt").write_text("A.")
    Path("here").mkdir()
    return tmp_path


@pytest.fixture
def captioned(folder) -> Path:
    """Has photo.png too, for the shipped model, whose text encoder is real."""
    Image.linear_gradient("L").resize((80, 64)).convert("RGB").save("photo.png")
    return folder


def run(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=stdin)


def files() -> set[str]:
    return {path.name for path in Path.cwd().rglob("*")}


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("encode missing.png x.slt", "missing.png: No such file or directory"),
        ("encode junk.png x.slt", "junk.png: not a picture"),
        ("encode a.png a.slt", "a.slt exists; give --force"),
        ("encode a.png a.png/x.slt", "a.png"),
        ("encode a.png /proc/no/x.slt", "/proc/no"),
        ("encode here x", "here: no file to read"),
        ("encode *.png a.slt", "a.slt must be a folder"),
        ("encode a.png x.slt --max-bytes 20", "more than the 20 asked for"),
        ("encode a.png x.slt --bpp 0.0001", "(0.0001 bpp)"),
        ("encode a.png x.slt --bpp 0", "bpp must be > 0"),
        ("encode a.png x.slt --bpp inf", "bpp must be > 0 and finite"),
        ("encode a.png x.slt --caption caf\udce9", "no UTF-8 form"),
        ("decode missing.slt x.png", "missing.slt: No such file or directory"),
        ("decode junk.slt x.png", "junk.slt: starts with 6a756e6b, expected"),
        ("decode cut.slt x.png", "cut.slt: "),
        ("decode a.slt x.xyz", "cannot write format 'xyz'"),
        ("decode a.slt x", "cannot write format ''"),
        ("decode alpha.slt x.jpg", "use PNG or WebP"),
        ("decode a.slt x.png --caption-from latin1.txt", "latin1.txt is not UTF-8 text"),
        ("decode a.slt x.png --caption-from missing.txt", "missing.txt: no such file"),
        ("decode a.slt x.png --caption-from here", "which is a folder"),
        ("decode a.slt x.png --caption caf\udce9", "no UTF-8 form"),
        (
            "decode a.slt x.png --caption-from exfi",
            "expected auto, none, xmp, iptc, exif, sidecar or",
        ),
        ("decode a.slt x.png --caption-from junk.png", "junk.png is not JSON"),
        ("encode a.png x.slt --caption-from junk.slt", "junk.slt is not JSON"),
        ("decode a.slt x.png --caption A", "no text encoder 'tiny'"),
        ("inspect a.slt maps", "give one"),
        ("inspect junk.slt maps --caption A", "junk.slt: starts with"),
        ("inspect a.slt . -c A", "holds pictures already; give --force"),
        ("inspect missing.slt maps --caption A", "missing.slt: No such file or directory"),
    ],
)
def test_an_error_is_one_line_and_exit_code_1(folder, command, message):
    before = files()
    done = run(*command.split(), *MODEL)
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1].startswith("sidelight: error: ")
    assert message in done.stderr.splitlines()[-1]
    assert files() == before


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ["junk.slt", "cut.slt", "junk.png"])
def test_info_names_the_file_that_is_none(name):
    done = run("info", name)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"sidelight: error: {name}: ")


@pytest.mark.parametrize("command", ["encode a.png x.slt", "decode a.slt x.png"])
def test_a_model_that_is_none_is_an_error(folder, command):
    for model in ("large", "junk.png", "here"):
        done = run(*command.split(), "--model", model)
        assert (done.exit_code, done.stdout) == (1, "")
        assert done.stderr.startswith("sidelight: error: ")


def test_a_file_of_another_model_says_what_to_do(folder):
    done = run("decode", "a.slt", "x.png")
    assert done.exit_code == 1
    assert "give the right one by --model" in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        "",
        "compress a.png",
        "encode a.png",
        "encode a.png x.slt --quality 11",
        "encode a.png x.slt --quality 5 --max-bytes 100",
        "encode a.png x.slt --max-bytes 0",
        "encode *.png out --caption A",
        "encode *.png out --caption-from words.txt",
        "encode a.png x.slt --caption A --caption-from auto",
        "encode a.png x.slt --caption A --caption-as text",
        "decode a.slt x.png --caption A --caption-from none",
        "decode a.slt x.png --check-caption fallback",
        "decode a.slt x.png --precision fp16",
        "decode a.slt here --format ../x",
        "inspect a.slt maps --caption A --caption-from latin1.txt",
        "info",
        "info a.slt --quality 5",
    ],
)
def test_wrong_usage_is_exit_code_2(folder, command):
    before = files()
    done = run(*command.split())
    assert done.exit_code == 2
    assert "Traceback" not in done.output
    assert files() == before


def test_a_quality_that_is_no_number_is_refused(folder):
    before = files()
    done = run(*["encode", "a.png", "x.slt", "--quality", "nan"])
    assert (done.exit_code, "quality" in done.stderr) in (
        (1, True),
        (2, True),
    )  # typer sees it from 0.29 on, else the codec does
    assert files() == before


@pytest.mark.parametrize("name", ["junk.slt", "cut.slt", "missing.slt", "here", "a.png"])
def test_info_refuses_what_is_no_sound_file(folder, name):
    done = run("info", name)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("sidelight: error: ")


@pytest.mark.parametrize("command", ["info", "decode", "inspect"])
def test_what_cannot_be_decoded_is_known_by_its_first_bytes(folder, command):
    with Path("film.slt").open("wb") as stream:
        stream.truncate(2**40)
    done = run(command, "film.slt", *([] if command == "info" else ["x"]))
    assert done.exit_code == 1
    assert "starts with 00000000, expected" in done.stderr


def test_a_film_is_known_by_its_first_bytes(folder):
    with Path("film.mkv").open("wb") as stream:
        stream.write(b"\x1a\x45\xdf\xa3")
        stream.truncate(2**40)
    before = files()
    done = run("encode", "film.mkv", "x.avif")
    assert (done.exit_code, files()) == (1, before)
    assert "film.mkv: Matroska or WebM film is not read as a picture" in done.stderr


FORGED = "A dog.\x1b[2J\nbytes  1\u202e"


@pytest.mark.parametrize("name", ["x.slt", "x.avif"])
def test_a_caption_inside_a_file_cannot_command_the_terminal(folder, name):
    allowed = FORGED if name == "x.slt" else FORGED.replace("\x1b", "\x9b")  # XML has no escape
    assert (
        run(
            "encode", "a.png", name, "--caption", allowed, *MODEL[: 2 * (name == "x.slt")]
        ).exit_code
        == 0
    )
    done = run("info", name)
    assert "caption" in done.stdout
    assert not {"\x1b", "\x9b", "\u202e"} & set(done.stdout)
    assert done.stdout.count("\nbytes") == 1


def test_a_name_cannot_command_the_terminal(folder):
    Path("a\x1b[2J.slt").write_bytes(b"junk")
    for done in (run("decode", "a\x1b[2J.slt", "x.png"), run("decode", "a\x1b[2J*.slt", "out")):
        assert done.exit_code == 1
        assert "\x1b" not in done.output


def test_out_of_memory_is_one_line(folder, monkeypatch):
    def load(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", load)
    done = run("encode", "a.png", "x.avif")
    assert done.exit_code == 1
    assert done.stderr == (
        "sidelight: error: not enough memory; free some, or scale the picture down\n"
    )


@pytest.mark.parametrize("command", ["encode a.jpg a.jpg", "decode a.jpg a.jpg", "encode *.jpg ."])
def test_no_force_makes_a_file_its_own_target(folder, command):
    Image.new("RGB", (20, 30), "red").save("a.jpg")
    before = Path("a.jpg").read_bytes()
    done = run(*command.split(), "--force", "--format", "jpg")
    assert done.exit_code == 1
    assert "which would be lost; name another" in done.stderr
    assert Path("a.jpg").read_bytes() == before


@pytest.mark.parametrize("format", ["WebP", ".webp"])
@pytest.mark.parametrize("command", ["encode", "decode"])
def test_a_format_is_one_in_any_letter_case_and_as_a_suffix(folder, command, format):
    Image.new("RGB", (20, 30), "red").save("a.jpg")
    done = run(command, "a.jpg", "-", "--format", format)
    assert done.exit_code == 0
    assert done.stdout_bytes[8:12] == b"WEBP"


@pytest.mark.parametrize("command", ["encode", "decode", "info", "inspect"])
def test_every_command_explains_itself(command):
    done = run(command, "--help")
    assert done.exit_code == 0
    assert f"{command} [OPTIONS] {{SOURCE}}" in done.stdout
    assert "--help" in done.stdout


def test_a_picture_goes_to_a_file_and_back(folder):
    encoded = run("encode", "a.png", "x.slt", "--quality", "9", *MODEL)
    size = Path("x.slt").stat().st_size
    assert encoded.stdout.startswith(f"a.png -> x.slt ({size} bytes, ")
    assert encoded.stderr == ""
    decoded = run("decode", "x.slt", "new/x.png", "--caption-from", "none", *MODEL)
    assert decoded.stdout.startswith(f"x.slt ({size} bytes, ")
    assert " bpp) -> new/x.png: " in decoded.stdout
    assert decoded.stderr == "x.slt: caption: none, as asked\n"
    with Image.open("new/x.png") as picture:
        assert picture.size == (20, 30)


def test_a_file_name_that_is_no_text_is_coded(folder):
    name = os.fsdecode(b"caf\xe9.png")
    Image.new("RGB", (9, 9)).save(name)
    done = run("encode", name, "x.slt", *MODEL)
    assert done.exit_code == 0
    assert done.stdout.startswith("caf\\udce9.png -> x.slt")


def test_the_caption_comes_from_the_first_place_that_has_one(captioned):
    inside = "A dog on a beach."
    assert run("encode", "photo.png", "x.slt", "--caption", inside).exit_code == 0
    found = {}
    for name, options in {
        "inside": [],
        "none": ["--caption-from", "none"],
        "blank": ["-c", "  "],
        "given": ["-c", "Snow."],
    }.items():
        done = run("decode", "x.slt", f"{name}.png", "--json", *options)
        found[name] = json.loads(done.stdout)["caption"], done.stderr
    assert found == {
        "inside": (inside, "x.slt: caption: the one inside the file\n"),
        "none": (None, "x.slt: caption: none, as asked\n"),
        "blank": (None, "x.slt: caption: none, as asked\n"),
        "given": ("Snow.", "x.slt: caption: given\n"),
    }
    assert Path("inside.png").read_bytes() != Path("none.png").read_bytes()


def test_a_caption_that_is_not_the_senders_is_told(captioned):
    assert (
        run(
            "encode", "photo.png", "x.slt", "--caption", "A dog.", "--caption-as", "digest"
        ).exit_code
        == 0
    )
    Path("x.txt").write_text(" A  dog.\n")
    assert run("decode", "x.slt", "x.png").stderr == "x.slt: caption: read from x.txt\n"
    other = run("decode", "x.slt", "y.png", "--caption", "A cat.")
    assert other.exit_code == 0
    assert other.stderr.endswith("x.slt: this is not the caption that the sender had\n")


def test_inspect_writes_five_pictures(captioned):
    assert run("encode", "photo.png", "x.slt").exit_code == 0
    done = run("inspect", "x.slt", "maps", "--caption", "A dog.")
    assert (done.exit_code, done.stderr) == (0, "caption: given\n")
    names = {f"{n}.png" for n in ("bits", "difference", "masks", "with-text", "without-text")}
    assert {path.name for path in Path("maps").iterdir()} == names
    assert set(done.stdout.split()) == {f"maps/{name}" for name in names}


@pytest.mark.usefixtures("captioned")
def test_inspect_says_what_decode_says():
    Image.open("photo.png").convert("CMYK").save("ink.jpg", quality=30)
    Image.open("photo.png").save("exact.webp", lossless=True)
    for name, told in {
        "ink.jpg": "CMYK converted to RGB without a profile",
        "exact.webp": "left as the file has it",
    }.items():
        for command in (f"inspect {name} maps", f"decode {name} x.png"):
            done = run(*command.split(), "--caption", "A dog.", "--force")
            assert done.exit_code == 0
            assert told in done.stderr


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("options", [["--caption", " "], ["--caption-from", "none"]])
def test_a_description_that_stays_is_told(options):
    assert run("encode", "a.png", "said.avif", "--caption", "Secret words.").exit_code == 0
    stays = "the description in the picture's own XMP stays"
    done = run("encode", "said.avif", "x.webp", *options)
    assert stays in done.stderr
    assert "Secret words." in run("info", "x.webp").stdout
    done = run("encode", "said.avif", "y.webp", "--strip", *options)
    assert stays not in done.stderr
    assert "Secret words." not in run("info", "y.webp").stdout
    assert stays not in run("encode", "a.png", "z.webp", *options).stderr


def test_verify_and_strip(folder):
    image = Image.new("RGB", (20, 30))
    exif = Image.Exif()
    exif[271] = "Sidelight"
    image.save("exif.png", exif=exif)
    for target, options in (("kept.slt", ["--verify"]), ("stripped.slt", ["--strip"])):
        assert run("encode", "exif.png", target, *options, *MODEL).exit_code == 0
    assert '"exif"' in run("info", "kept.slt", "--json").stdout
    assert '"exif"' not in run("info", "stripped.slt", "--json").stdout


def test_rates_are_kept_to(folder):
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save("noise.png")
    assert run("encode", "noise.png", "a1.slt", "--max-bytes", "200", *MODEL).exit_code == 0
    assert run("encode", "noise.png", "a2.slt", "--bpp", "0.4", *MODEL).exit_code == 0
    assert Path("a1.slt").stat().st_size <= 200
    assert Path("a2.slt").stat().st_size <= 0.4 * 64 * 64 / 8


def test_larger_pictures_than_asked_for_are_refused(folder):
    told = "20x30 px, the limit is 65535 px a side and 599 px in all"
    assert run("encode", "a.png", "b.avif").exit_code == 0
    for command in (["encode", "a.png", "c.avif"], ["decode", "b.avif", "c.png"]):
        done = run(*command, "--max-pixels", "599")
        assert done.exit_code == 1
        assert told in done.output
        assert run(*command, "--max-pixels", "600").exit_code == 0
    small = run("decode", "a.slt", "d.png", "--max-pixels", "9", *MODEL)
    assert (small.exit_code, Path("d.png").exists()) == (1, False)


def test_hostile_metadata_spoils_no_decode(folder):
    container = Container.parse((GOLDEN / "icc-exif.slt").read_bytes())
    hostile = replace(container, exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\xff")
    Path("bad.slt").write_bytes(hostile.pack())
    for suffix in ("png", "tif", "jpg", "webp", "avif"):
        done = run("decode", "bad.slt", f"bad.{suffix}", *MODEL)
        assert done.exit_code == 0
        assert "broken EXIF dropped" in done.output


def test_a_text_nobody_asked_for_spoils_no_decode(folder):
    Path("a.txt").write_bytes(b"Notes: caf\xe9")
    done = run("decode", "a.slt", "b.png", *MODEL)
    assert done.exit_code == 0
    assert "passed over: a.txt is not UTF-8" in done.output


@pytest.mark.parametrize("group", [[], ["page"]])
def test_the_list_of_commands_has_whole_sentences(group):
    listed = CliRunner().invoke(app, [*group, "--help"], env={"COLUMNS": "80"}).output
    assert "encode  " in listed
    assert "..." not in listed.partition("Commands:")[2]
