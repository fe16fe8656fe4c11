"""All files are settled before one is written, and none is another's."""

import io
import os
import stat
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sidelight.errors import ImageError


def write(html: str, path: str = "site/page.html") -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(html, "utf-8")


def contents(folder: str) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in Path(folder).rglob("*") if p.is_file()}


def colour(path: str) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), float).mean((0, 1))


@pytest.mark.parametrize(
    "names",
    [
        ["a.jpg", "a.png", "a.jpg.webp"],
        ["x.jpg", "x.png", "x.png.png"],
        ["A.jpg", "a.png"],
        ["a.jpg", "a.gif", "a.jpg.avif.png"],
    ],
)
def test_each_element_shows_its_own_picture(run, draw, names):
    draw(*(f"site/{name}" for name in names))
    write("".join(f"<img src='{name}'>" for name in names))
    assert run("encode", "site/page.html", "coded", carrier=True).exit_code == 0
    assert run("decode", "coded/page.html", "back", carrier=True).exit_code == 0
    shown = Path("back/page.html").read_text().split('"')[1::2]
    assert len(set(shown)) == len(names)
    for name, back in zip(names, shown, strict=True):
        assert np.abs(colour(f"site/{name}") - colour(f"back/{back}")).max() < 16


def test_a_picture_does_not_take_the_name_of_another_file(run, draw):
    draw("site/logo.jpg", "site/logo.png")
    icon = Path("site/logo.png").read_bytes()
    write("<link rel=icon href=logo.png><img src=logo.jpg>")
    done = run("decode", "site/page.html", "out", carrier=True)
    assert done.exit_code == 0
    assert Path("out/logo.png").read_bytes() == icon
    assert Path("out/page.html").read_text().endswith('<img src="logo.jpg.png">')


def test_another_page_of_the_site_gives_the_same_names(run, draw):
    draw("site/a.jpg", "site/a.png")
    write("<img src=a.jpg>", "site/one.html")
    write("<img src=a.png>", "site/two.html")
    for page in ("one", "two"):
        assert run("encode", f"site/{page}.html", "out").exit_code == 0
    assert {p.name for p in Path("out").glob("*.slt")} == {"a.jpg.slt", "a.png.slt"}


def test_a_file_without_suffix_leaves_others_their_names(run, draw):
    draw("site/a.jpg", "site/b.jpg", "site/b/c.jpg", "d.jpg")
    Path("d.jpg").rename("site/a")
    write("<img src=a>", "site/one.html")
    write("<img src=a.jpg><img src=b.jpg>", "site/two.html")
    for page in ("one", "two"):
        assert run("encode", f"site/{page}.html", "out").exit_code == 0
    assert {p.name for p in Path("out").glob("*.slt")} == {"a.slt", "a.jpg.slt", "b.slt"}


def test_nothing_that_is_there_is_replaced_without_force(run, draw):
    draw("photo.png", "side.png")
    write("<img src=photo.png><img src=side.png><!-- mine -->", "page.html")
    before = contents(".")
    assert run("encode", "page.html", "coded").exit_code == 0
    done = run("decode", "coded/page.html", ".")
    assert done.exit_code == 1
    assert done.stderr.startswith("sidelight: error: page.html, photo.png, side.png exist; give ")
    assert {path: contents(".")[path] for path in before} == before
    again = run("encode", "page.html", "coded")
    assert "coded/page.html, coded/photo.slt, coded/side.slt exist; give --force" in again.stderr
    assert run("encode", "page.html", "coded", "--force").exit_code == 0


@pytest.mark.parametrize("there", ["style.css", "a.slt", "page.html"])
def test_one_file_in_the_way_is_enough_to_write_none(run, draw, there):
    draw("site/a.jpg", "site/b.jpg")
    write("p {}", "site/style.css")
    write("<link rel=stylesheet href=style.css><img src=a.jpg><img src=b.jpg>")
    write("mine", f"out/{there}")
    done = run("encode", "site/page.html", "out")
    assert done.exit_code == 1
    assert f"out/{there} exists; give --force" in done.stderr
    assert contents("out") == {f"out/{there}": b"mine"}


def test_a_stale_or_torn_copy_is_told_and_replaced_by_force(run, draw):
    draw("site/a.jpg", "site/b.jpg")
    write("p { color: red }", "site/style.css")
    for name, picture in (("one", "a"), ("two", "b")):
        write(f"<link rel=stylesheet href=style.css><img src={picture}.jpg>", f"site/{name}.html")
    assert run("encode", "site/one.html", "out").exit_code == 0
    assert run("encode", "site/two.html", "out").exit_code == 0  # the same style sheet: no matter
    write("p { col", "out/style.css")
    assert "out/style.css" in run("encode", "site/two.html", "out").stderr
    assert run("encode", "site/two.html", "out", "--force").exit_code == 0
    assert Path("out/style.css").read_text() == "p { color: red }"


@pytest.mark.parametrize("link", ["page.html", "alias.html"])
def test_a_linked_page_is_not_rewritten_in_place(run, draw, link):
    draw("site/a.jpg")
    write("<img src=a.jpg>")
    draw("a.jpg")
    Path(link).symlink_to("site/page.html")
    Path("out").mkdir()
    Path("out", link).symlink_to("../site/page.html")
    for folder in (".", "out"):
        done = run("encode", link, folder, "--force")
        assert done.exit_code == 1
        assert "own folder" in done.stderr or "is a file of the page itself" in done.stderr
    assert Path("site/page.html").read_text() == "<img src=a.jpg>"


def test_a_folder_that_is_linked_to_the_pictures_destroys_none(run, draw):
    draw("site/pictures/a.jpg")
    write("<a href=pictures/a.jpg><img src=pictures/a.jpg></a>")
    Path("out").mkdir()
    Path("out/pictures").symlink_to("../site/pictures")
    before = contents("site")
    done = run("encode", "site/page.html", "out", "--force")
    assert "is a file of the page itself" in done.stderr
    assert contents("site") == before


def test_a_dangling_link_in_the_way_is_something_that_is_there(run, draw):
    draw("site/a.jpg")
    write("<img src=a.jpg>")
    Path("out").mkdir()
    Path("out/a.slt").symlink_to("../elsewhere.slt")
    assert "out/a.slt exists" in run("encode", "site/page.html", "out").stderr
    assert not Path("elsewhere.slt").exists()


def test_a_picture_that_fails_stays_with_its_file(run, draw, files):
    draw("site/a.jpg")
    Path("site/broken.png").write_bytes(b"broken")
    write("<img src=a.jpg><img src=broken.png>")
    done = run("encode", "site/page.html", "out")
    assert done.exit_code == 1
    assert "1 file failed, left as before:\n  broken.png: " in done.stderr
    assert files("out") == {"page.html", "a.slt", "broken.png"}
    assert Path("out/page.html").read_text() == '<img src="a.slt"><img src=broken.png>'


@pytest.mark.parametrize(
    "error",
    [MemoryError(), RuntimeError("can't allocate memory"), OSError("disk is full")],
)
def test_one_that_runs_out_of_memory_does_not_stop_the_rest(run, draw, monkeypatch, error):
    from sidelight.page import coding

    draw("site/a.jpg", "site/b.jpg")
    write("<img src=a.jpg><img src=b.jpg>")
    read = coding.read_picture

    def fail(path, **options):
        if path.name == "a.jpg":
            raise error
        return read(path, **options)

    monkeypatch.setattr(coding, "read_picture", fail)
    done = run("encode", "site/page.html", "out")
    assert done.exit_code == 1
    assert "broken" not in done.stderr
    assert Path("out/page.html").read_text() == '<img src=a.jpg><img src="b.slt">'
    monkeypatch.setattr(coding, "read_picture", lambda path, **options: 1 / 0)
    assert isinstance(run("encode", "site/page.html", "new").exception, ZeroDivisionError)


def test_a_file_that_cannot_be_read_is_told(run, draw, monkeypatch):
    draw("site/a.jpg")
    write("p {}", "site/style.css")
    write("<link rel=stylesheet href=style.css><img src=a.jpg>")
    read = Path.read_bytes

    def refuse(path):
        if path.name == "style.css":
            raise PermissionError(13, "Permission denied", str(path))
        return read(path)

    def refuse_copy(source, target):
        raise PermissionError(13, "Permission denied", str(source))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    monkeypatch.setattr("sidelight.page.coding.copy_atomically", refuse_copy)
    done = run("encode", "site/page.html", "out")
    assert done.exit_code == 1
    assert "style.css: Permission denied" in done.stderr
    assert Path("out/a.slt").exists()


def test_what_cannot_be_read_costs_itself_alone_and_is_told_once(run, draw, monkeypatch):
    for name in ("site/a.jpg", "site/shut.jpg", "site/hidden/b.jpg"):
        draw(name)
    write("<img src=a.jpg><img src=shut.jpg><img src=hidden/b.jpg>")
    write("<img src=a.jpg>", "site/shut.html")
    open_file, list_folder = io.open, Path.iterdir

    def refuse(path, *arguments, **options):
        if "shut" in str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return open_file(path, *arguments, **options)

    def refuse_to_list(path):
        if path.name == "hidden":
            raise PermissionError(13, "Permission denied", str(path))
        return list_folder(path)

    monkeypatch.setattr(io, "open", refuse)
    monkeypatch.setattr(Path, "iterdir", refuse_to_list)
    done = run("encode", "site", "out")
    assert done.exit_code == 1
    assert "site/shut.html: Permission denied\n1 file failed" in done.stderr
    assert done.stderr.endswith("  shut.jpg: site/shut.jpg: Permission denied\n")
    coded = '<img src="a.slt"><img src=shut.jpg><img src="hidden/b.slt">'
    assert Path("out/page.html").read_text() == coded
    assert not Path("out/shut.html").exists()


@pytest.mark.parametrize("command", ["encode", "decode"])
def test_files_of_a_site_that_are_no_pages_are_copied_and_told(run, draw, files, command):
    draw("site/a.jpg")
    write("<img src=a.jpg><a href=google123.html>x</a>")
    write("google-site-verification: google123.html", "site/google123.html")
    write("", "site/empty.htm")
    done = run(command, "site", "out", carrier=True)
    assert done.exit_code == 0
    for name in ("google123.html", "empty.htm"):
        assert f"{name}: is not an HTML page, so it is copied as it is\n" in done.stderr
        assert Path("out", name).read_bytes() == Path("site", name).read_bytes()
    assert "links that lead" not in done.stderr
    assert {"page.html", "google123.html", "empty.htm"} < files("out")
    alone = run(command, "site/google123.html", "alone", carrier=True)
    assert alone.exit_code == 1
    assert alone.stderr == "sidelight: error: site/google123.html is not an HTML page\n"


def test_a_broken_page_of_a_site_fails_alone(run, draw):
    for name in ("a", "b"):
        draw(f"site/{name}.jpg")
    write("<img src=a.jpg>")
    broken = '<meta charset="utf-16"><img src=b.jpg>'.encode("utf-16")[:-1]
    Path("site/broken.html").write_bytes(broken)
    done = run("encode", "site", "out")
    assert done.exit_code == 1
    assert "1 file failed, left as before:\n  broken.html: " in done.stderr
    assert Path("out/broken.html").read_bytes() == broken
    assert Path("out/page.html").read_text() == '<img src="a.slt">'
    assert run("encode", "site/broken.html", "alone").stderr.startswith("sidelight: error: ")


def test_captions_cannot_command_the_terminal(run, draw):
    draw("site/a.jpg")
    write("<img src=a.jpg alt='\x1b[2J\x9b0m\x07 &#x202e;gpj'>")
    done = run("encode", "site/page.html", "out")
    assert not {"\x1b", "\x9b", "\x07", "\u202e"} & set(done.output)
    assert r"a.jpg: caption: \x1b[2J\x9b0m\x07 \u202egpj" in done.stderr


def test_copies_follow_the_umask_and_not_the_source(run, draw):
    draw("site/a.jpg")
    Path("site/a.jpg").chmod(0o600)
    write("<a href=a.jpg>")
    assert run("encode", "site/page.html", "out").exit_code == 0
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(Path("out/a.jpg").stat().st_mode) == 0o666 & ~umask


def test_errors_of_the_picture_name_it_once(run, draw, monkeypatch):
    draw("site/a.jpg")
    write("<img src=a.jpg>")

    def refuse(*_: object, **options: object) -> None:
        raise ImageError("site/a.jpg: no")

    monkeypatch.setattr("sidelight.page.coding.read_picture", refuse)
    assert run("encode", "site/page.html", "out").stderr.endswith("\n  a.jpg: site/a.jpg: no\n")


def test_pictures_above_the_limit_stay_as_they_are(run, draw, files):
    draw("site/a.jpg")  # 16x12 px
    write("<img src=a.jpg>")
    done = run("encode", "site/page.html", "out", "--max-pixels", "191")
    assert done.exit_code == 1
    assert "16x12 px, the limit is" in done.stderr
    assert files("out") == {"a.jpg", "page.html"}
    assert run("encode", "site/page.html", "coded", "--max-pixels", "192").exit_code == 0
    done = run("decode", "coded/page.html", "back", "--max-pixels", "191")
    assert done.exit_code == 1
    assert "16x12 px, the limit is" in done.stderr
    assert files("back") == {"a.slt", "page.html"}
