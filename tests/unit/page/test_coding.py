"""Pages go out and come back with the same words and with pictures of the same size."""

import importlib.util
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from PIL import Image
from tests.golden.tiny_text import HashingTextEncoder
from typer.testing import CliRunner, Result

from sidelight.bitstream.container import Container
from sidelight.cli.app import app
from sidelight.text.canonical import caption_digest

TINY = str(Path(__file__).parents[2] / "golden" / "tiny.safetensors")
HTML = """<!DOCTYPE html>
<html><head><meta charset="latin-1"><link rel="stylesheet" href="style.css"></head><body>
<p>caf\xe9 &lt;3 &amp; more</p>
<figure><img src="pictures/a%20b.png" srcset="pictures/a%20b.png 2x" sizes="1px">
<figcaption>A dog.</figcaption></figure>
<p><img src="pictures/a b.jpg" alt="A cat."> <img src="pictures/a%20b.png"></p>
<picture><source srcset="c.png"><img src="c.png"></picture>
<img src="broken.png" alt="B"><img src="https://example.org/x.png"><img src="/etc/x.png">
<img src="data:image/png;base64,AAAA"><img src="missing.png"><img src="../outside.png"><img>
</body></html>
"""


@pytest.fixture
def site(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "sidelight.text.reader.load_text_encoder", lambda name: HashingTextEncoder()
    )
    (tmp_path / "site" / "pictures").mkdir(parents=True)
    picture = Image.linear_gradient("L").resize((40, 30)).convert("RGB")
    for name in ("site/pictures/a b.png", "site/pictures/a b.jpg", "site/c.png", "outside.png"):
        picture.save(name)
    Path("site/broken.png").write_bytes(b"broken")
    Path("site/style.css").write_text("p { color: red }")
    Path("site/page.html").write_bytes(HTML.encode("latin-1"))
    return tmp_path


def run(command: str, *arguments: str) -> Result:
    options = ["--format", "slt"] if command == "encode" else []
    return CliRunner().invoke(app, ["page", command, *options, *arguments, "--model", TINY])


def images(path: str) -> list[str | None]:
    document = BeautifulSoup(Path(path).read_bytes(), "html.parser")
    return [image.get("src") for image in document.find_all("img")]


def files(folder: str) -> set[str]:
    return {str(p.relative_to(folder)) for p in Path(folder).rglob("*") if p.is_file()}


LEFT_ALONE = [
    "broken.png",
    "https://example.org/x.png",
    "/etc/x.png",
    "data:image/png;base64,AAAA",
    "missing.png",
    "../outside.png",
    None,
]


def test_a_page_goes_out_and_comes_back(site):
    encoded = run("encode", "site/page.html", "out")
    assert encoded.exit_code == 1  # one picture is broken
    said = encoded.stderr.splitlines()
    assert said[-2] == "1 pictures failed and stay as they were:"
    assert said[-1].startswith("  broken.png: ")
    coded = ["pictures/a%20b.png.slt", "pictures/a%20b.jpg.slt", "pictures/a%20b.png.slt", "c.slt"]
    assert images("out/page.html") == coded + LEFT_ALONE
    assert files("out") == {
        "page.html",
        "style.css",
        "broken.png",
        "pictures/a b.png.slt",
        "pictures/a b.jpg.slt",
        "c.slt",
    }
    decoded = run("decode", "out/page.html", "back", "--format", "webp")
    assert decoded.exit_code == 0
    restored = [name.replace(".slt", ".webp") for name in coded]
    assert images("back/page.html") == restored + LEFT_ALONE
    with Image.open("back/c.webp") as restored_picture:
        assert restored_picture.size == (40, 30)
    assert "pictures/a b.png.slt: caption: A dog.\n" in decoded.stderr
    assert "pictures/a b.jpg.slt: caption: A cat.\n" in decoded.stderr


def test_all_but_the_pictures_stays_as_it_was(site):
    run("encode", "site/page.html", "out")
    text = Path("out/page.html").read_text("utf-8")
    assert '<meta charset="utf-8"/>' in text
    assert "<p>caf\xe9 &lt;3 &amp; more</p>" in text
    assert '<img src="pictures/a%20b.jpg.slt" alt="A cat."/>' in text
    # what would still name the old pictures is gone
    assert "srcset" not in text
    assert "sizes" not in text


def test_captions_change_the_pictures_and_digests_travel(site):
    assert "A dog." not in str(Path("site/pictures/a b.png").read_bytes())
    run("encode", "site/page.html", "out", "--digest")
    data = Path("out/pictures/a b.jpg.slt").read_bytes()
    assert Container.parse(data).caption_digest == caption_digest("A cat.")
    run("decode", "out/page.html", "right")
    edited = Path("out/page.html").read_text("utf-8").replace("A cat.", "A red bus.")
    Path("out/page.html").write_text(edited, "utf-8")
    told = run("decode", "out/page.html", "wrong")
    assert "pictures/a b.jpg.slt: this is not the caption that the sender had" in told.stderr
    pictures = [Path(f"{f}/pictures/a b.jpg.png").read_bytes() for f in ("right", "wrong")]
    assert pictures[0] != pictures[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["encode", "site/page.html", "site"], "is the page's own folder"),
        (["encode", "site/missing.html", "out"], "No such file"),
        (["encode", "site/style.css", "out"], "is not an HTML page"),
        (["decode", "site/missing.html", "out"], "No such file"),
    ],
)
def test_wrong_calls_are_one_line(site, arguments, message):
    done = run(*arguments)
    assert done.exit_code == 1
    assert message in done.stderr
    assert done.stderr.startswith("sidelight: error: ")
    assert not Path("out").exists()


def test_without_the_parser_the_extra_is_named(site, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    done = run("encode", "site/page.html", "out")
    assert done.exit_code == 1
    assert "pip install 'sidelight[page]'" in done.stderr
