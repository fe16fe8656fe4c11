"""Pages go out and come back with the same words and with pictures of the same size."""

import importlib.util
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from PIL import Image

from sidelight.bitstream.container import Container
from sidelight.captions.canonical import caption_digest

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
def site(place) -> Path:
    (place / "site" / "pictures").mkdir()
    picture = Image.linear_gradient("L").resize((40, 30)).convert("RGB")
    for name in ("site/pictures/a b.png", "site/pictures/a b.jpg", "site/c.png", "outside.png"):
        picture.save(name)
    Path("site/broken.png").write_bytes(b"broken")
    Path("site/style.css").write_text("p { color: red }")
    Path("site/page.html").write_bytes(HTML.encode("latin-1"))
    return place


def images(path: str) -> list[str | None]:
    document = BeautifulSoup(Path(path).read_bytes(), "html.parser")
    return [image.get("src") for image in document.find_all("img")]


LEFT_ALONE = [
    "broken.png",
    "https://example.org/x.png",
    "/etc/x.png",
    "data:image/png;base64,AAAA",
    "missing.png",
    "../outside.png",
    None,
]


def test_a_page_goes_out_and_comes_back(site, run, files):
    encoded = run("encode", "site/page.html", "out")
    assert encoded.exit_code == 1  # one picture is broken
    said = encoded.stderr.splitlines()
    assert said[-2] == "1 file failed, left as before:"
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


def test_all_but_the_pictures_stays_as_it_was(site, run):
    run("encode", "site/page.html", "out")
    changed = HTML.replace("pictures/a%20b.png", "pictures/a%20b.png.slt")
    changed = changed.replace("pictures/a b.jpg", "pictures/a%20b.jpg.slt")
    changed = changed.replace("c.png", "c.slt")
    assert Path("out/page.html").read_bytes() == changed.encode("latin-1")


def test_what_leads_to_no_file_is_named(site, run):
    said = run("encode", "site/page.html", "out").stderr
    for url, reason in {
        "/etc/x.png": "there is no such file",
        "missing.png": "there is no such file",
        "../outside.png": "is outside of the site's folder; give that by --root",
    }.items():
        assert f"page.html: {url} stays as it is: {reason}\n" in said
    assert "example.org" not in said
    assert "data:" not in said


def test_captions_change_the_pictures_and_digests_travel(site, run):
    assert "A dog." not in str(Path("site/pictures/a b.png").read_bytes())
    run("encode", "site/page.html", "out", "--caption-as", "digest")
    data = Path("out/pictures/a b.jpg.slt").read_bytes()
    assert Container.parse(data).caption_digest == caption_digest("A cat.")
    run("decode", "out/page.html", "right")
    edited = Path("out/page.html").read_bytes().replace(b"A cat.", b"A red bus.")
    Path("out/page.html").write_bytes(edited)
    told = run("decode", "out/page.html", "wrong")
    assert "pictures/a b.jpg.slt: this is not the caption that the sender had" in told.stderr
    pictures = [Path(f"{f}/pictures/a b.jpg.png").read_bytes() for f in ("right", "wrong")]
    assert pictures[0] != pictures[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["encode", "site/page.html", "site"], "is the page's own folder"),
        (["encode", "site/page.html", "site/"], "is the page's own folder"),
        (["encode", "site/page.html", "link"], "is the page's own folder"),
        (["encode", "site/page.html", "out", "--root", "site/pictures"], "is not in site/pictures"),
        (["encode", "site/pictures", "out"], "no file to read, expected .htm"),
        (["encode", "site/missing.html", "out"], "No such file"),
        (["encode", "site/style.css", "out"], "is not an HTML page"),
        (["decode", "site/missing.html", "out"], "No such file"),
    ],
)
def test_wrong_calls_are_one_line(site, run, arguments, message):
    Path("link").symlink_to("site")
    done = run(*arguments)
    assert done.exit_code == 1
    assert message in done.stderr
    assert done.stderr.startswith("sidelight: error: ")
    assert not Path("out").exists()


@pytest.mark.parametrize("command", ["encode", "decode"])
@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "TIFF", "BMP"])
def test_a_picture_alone_is_no_page(place, run, command, format):
    Image.effect_noise((300, 300), 99).convert("RGB").save("a.html", format)
    done = run(command, "a.html", "out")
    assert done.exit_code == 1
    assert done.stderr.startswith("sidelight: error: a.html is not an HTML page: it starts with ")
    assert "`sidelight encode` or `sidelight decode`" in done.stderr
    assert not Path("out").exists()


def test_carriers_are_the_default_and_come_back_better(site, run, files):
    encoded = run("encode", "site/page.html", "out", "--quality", "3", carrier=True)
    coded = {"pictures/a b.png.avif", "pictures/a b.jpg.avif", "c.avif"}
    assert coded <= files("out")
    assert "pictures/a b.jpg -> pictures/a b.jpg.avif: " in encoded.stdout
    decoded = run("decode", "out/page.html", "back", carrier=True)
    assert decoded.exit_code == 0, decoded.stderr
    assert {"pictures/a b.png.png", "pictures/a b.jpg.png", "c.png"} <= files("back")
    assert "pictures/a b.jpg.avif: caption: A cat.\n" in decoded.stderr


@pytest.fixture
def misnamed(place) -> Path:
    """A page with a JPEG file without a suffix and a PNG file named .jpg."""
    picture = Image.linear_gradient("L").resize((40, 30)).convert("RGB")
    picture.save("site/d", "JPEG")
    picture.save("site/w.jpg", "PNG")
    Path("site/p.html").write_text("<img src=d alt=a><img src=w.jpg alt=b>")
    return place / "site" / "p.html"


def test_pictures_are_decoded_by_their_first_bytes(misnamed, run, files):
    done = run("decode", "site/p.html", "out", carrier=True)
    assert done.exit_code == 0, done.stderr
    assert files("out") == {"p.html", "d.png", "w.jpg"}
    assert images("out/p.html") == ["d.png", "w.jpg"]
    assert Path("out/w.jpg").read_bytes() == Path("site/w.jpg").read_bytes()
    assert "d: caption: a\n" in done.stderr


def test_pictures_are_in_a_format_already_by_their_first_bytes(misnamed, run, files):
    done = run("encode", "site/p.html", "out", "--format", "jpg", carrier=True)
    assert done.exit_code == 0, done.stderr
    assert files("out") == {"p.html", "d", "w.jpg.jpg"}


@pytest.mark.parametrize("name", ["a.avif", "a.jpg", "a.slt"])
def test_a_coded_file_that_is_none_is_told(place, run, name):
    Path("site", name).write_bytes(b"")
    Path("site/p.html").write_text(f"<img src={name}>")
    done = run("decode", "site/p.html", "out", carrier=True)
    assert done.exit_code == 1
    assert f"1 file failed, left as before:\n  {name}: is empty, expected" in done.stderr


def test_a_slash_behind_an_unquoted_name_belongs_to_it(place, draw, run, files):
    draw("site/img/a.png")
    Path("site/p.html").write_text("<img src=img/a.png/>")
    done = run("encode", "site/p.html", "out", carrier=True)
    told = "p.html: img/a.png/ stays as it is: its last slash names a folder, and a file is there\n"
    assert done.stderr == told
    assert Path("out/p.html").read_text() == "<img src=img/a.png/>"
    assert files("out") == {"p.html"}


@pytest.fixture
def credited(place) -> Path:
    """A page with a JPEG file whose credit and terms of use only XMP states."""
    packet = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description'
        ' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:Credit="Agency"'
        ' xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/" xmpRights:UsageTerms="No use."/>'
        "</rdf:RDF>"
    )
    Image.new("RGB", (16, 12), "teal").save("site/a.jpg", xmp=packet.encode())
    Path("site/p.html").write_text("<img src=a.jpg alt=sea>")
    return place / "site" / "p.html"


def test_what_encoded_pictures_leave_out_is_told(credited, run):
    lost = (
        "a.jpg: credit of the XMP not kept: Agency\n"
        "a.jpg: terms of use of the XMP not kept: No use.\n"
    )
    assert run("encode", "site/p.html", "out").stderr == "a.jpg: caption: sea\n" + lost
    assert run("encode", "site/p.html", "kept", carrier=True).stderr == "a.jpg: caption: sea\n"


def test_what_decoded_pictures_leave_out_is_told(credited, run):
    done = run("decode", "site/p.html", "out", "--format", "bmp", carrier=True)
    assert "a.jpg: XMP left out, which BMP does not hold\n" in done.stderr
    assert Path("out/a.bmp").exists()
    done = run("decode", "site/p.html", "kept", carrier=True)
    assert "left out" not in done.stderr


def test_several_processes_make_the_same_of_a_page(site, run, files):
    told = {}
    for jobs in ("1", "2"):
        done = run("encode", "site/page.html", f"out{jobs}", "-j", jobs, carrier=True)
        assert done.exit_code == 1  # one picture is broken
        told[jobs] = done.stdout.replace(f"out{jobs}", "out"), done.stderr
    assert told["1"] == told["2"]
    assert "c.avif" in files("out1")
    assert files("out1") == files("out2")
    for name in files("out1"):
        assert Path("out1", name).read_bytes() == Path("out2", name).read_bytes()


def test_characters_that_the_page_cannot_hold_go_out_and_come_back(place, draw, run):
    draw("site/\xe9/a.jpg", "site/\u4e2d.png")
    page = "<meta charset=iso-8859-1>"
    page += "<img src='&eacute;/a.jpg' srcset='&#x4E2D;.png 2x, &#x4E2D;/missing.jpg 3x'>"
    Path("site/p.html").write_text(page)
    for command, source, folder in (("encode", "site", "out"), ("decode", "out", "back")):
        done = run(command, f"{source}/p.html", folder, carrier=True)
        assert done.exit_code == 0, done.stderr
    assert Path("back/p.html").read_bytes().isascii()
    assert images("back/p.html") == ["\xe9/a.png"]
    assert Path("back/\xe9/a.png").exists()
    assert Path("back/\u4e2d.png").exists()


def test_without_the_parser_the_extra_is_named(site, run, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    done = run("encode", "site/page.html", "out")
    assert done.exit_code == 1
    assert "pip install 'sidelight[page]'" in done.stderr
