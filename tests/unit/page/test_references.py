"""Whatever a page shows, needs or links to is coded, copied or named."""

import codecs
import os
from pathlib import Path

import pytest
from PIL import Image

IMG = '<img src="plain.jpg" alt="Plain.">'


def write(html: str, path: str = "site/page.html") -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(html, "utf-8")


def page(path: str = "out/page.html") -> str:
    return Path(path).read_text("utf-8")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<img src=a.jpg>", '<img src="a.slt">'),
        ("<IMG SRC='a.jpg'\n ALT=x >", '<IMG SRC="a.slt"\n ALT=x >'),
        ("<img src=a.jpg?v=3#x/>", '<img src="a.slt?v=3#x/">'),
        ("<img src='./deep/../a.jpg'>", '<img src="./deep/../a.slt">'),
        ("<img src='/a.jpg'>", '<img src="/a.slt">'),
        ("<img srcset='a.jpg 1x, deep/b.jpg 2x'>", '<img srcset="a.slt 1x, deep/b.slt 2x">'),
        ("<img srcset=a.jpg>", '<img srcset="a.slt">'),
        ("<img src='data:,' data-src='a.jpg'>", "<img src='data:,' data-src=\"a.slt\">"),
        ("<img data-srcset='a.jpg 1x'>", '<img data-srcset="a.slt 1x">'),
        ("<noscript><img src='a.jpg'></noscript>", '<noscript><img src="a.slt"></noscript>'),
        (
            "<picture><source srcset='deep/b.jpg'><img src='a.jpg'></picture>",
            '<picture><source srcset="deep/b.slt"><img src="a.slt"></picture>',
        ),
        ("<svg><image href='a.jpg'/></svg>", '<svg><image href="a.slt"/></svg>'),
        ("<svg><image xlink:href='a.jpg'/></svg>", '<svg><image xlink:href="a.slt"/></svg>'),
        ("<input type=image src=a.jpg>", '<input type=image src="a.slt">'),
        ("<video poster=a.jpg></video>", '<video poster="a.slt"></video>'),
        ("<link rel=preload as=image href=a.jpg>", '<link rel=preload as=image href="a.slt">'),
        ("<base href='deep/'><img src='b.jpg'>", "<base href='deep/'><img src=\"b.slt\">"),
        ("<base href='/'><img src='a.jpg'>", "<base href='/'><img src=\"a.slt\">"),
        ("<img src='deep%2Fb.jpg'>", '<img src="deep%2Fb.slt">'),
        ("<img src='deep\\b.jpg'>", '<img src="deep\\b.slt">'),
    ],
)
def test_pictures_that_a_page_shows_are_coded(run, draw, files, before, after):
    draw("site/a.jpg", "site/deep/b.jpg")
    write(f"<!-- <img src=a.jpg> -->\n<p>caf\xe9 &amp; &copy\n{before}<br/>")
    done = run("encode", "site/page.html", "out")
    assert done.exit_code == 0, done.stderr
    assert page() == f"<!-- <img src=a.jpg> -->\n<p>caf\xe9 &amp; &copy\n{after}<br/>"
    named = {name for name in ("a.slt", "deep/b.slt") if name.split("/")[-1] in after}
    assert named
    assert files("out") == {"page.html", *named}


@pytest.mark.parametrize(
    "html",
    [
        "<style>body { background: url(x.jpg) }</style>",
        "<style>@import 'x.jpg';</style>",
        "<p style='background: url(\"x.jpg\")'>",
        "<a href=x.jpg>",
        "<area href=x.jpg>",
        "<link rel=icon href=x.jpg>",
        "<link rel='shortcut icon' href=x.jpg>",
        "<link rel=apple-touch-icon href='x.jpg?2'>",
        "<script src=x.jpg></script>",
        "<video src=x.jpg></video>",
        "<audio><source src=x.jpg></audio>",
        "<track src=x.jpg>",
        "<object data=x.jpg></object>",
        "<embed src=x.jpg>",
        "<svg><use href='x.jpg#part'/></svg>",
        "<body background=x.jpg>",
        "<td background=x.jpg>",
        "<meta property=og:image content=x.jpg>",
        "<meta name=twitter:image content=/x.jpg>",
        "<meta name=msapplication-TileImage content=x.jpg>",
        "<div data-bg=x.jpg>",
        "<video data-src=x.jpg></video>",
        "<amp-img src=x.jpg></amp-img>",
        "<object><param name=movie value=x.jpg></object>",
    ],
)
def test_other_files_that_it_names_are_copied(run, draw, html):
    draw("site/x.jpg")
    write(html)
    done = run("encode", "site/page.html", "out")
    assert done.exit_code == 0
    assert page() == html
    assert Path("out/x.jpg").read_bytes() == Path("site/x.jpg").read_bytes()


@pytest.mark.parametrize("base", ["https://example.org/", "//example.org/", "../"])
def test_a_base_elsewhere_is_told(run, draw, files, base):
    draw("site/plain.jpg")
    write(f"<base href='{base}'>{IMG}<img src=/plain.jpg>")
    done = run("encode", "site/page.html", "out")
    assert done.exit_code == 0
    assert (
        f"page.html: its <base> is {base}, so what it names is not looked for here" in done.stderr
    )
    assert files("out") == {"page.html"}


def test_what_may_be_no_name_at_all_is_not_told(run, draw):
    draw("site/plain.jpg")
    write(f'{IMG}<p data-text="A long text." data-json=\'{{"a": "b.jpg"}}\' data-x="{"y" * 5000}">')
    assert run("encode", "site/page.html", "out").stderr == "plain.jpg: caption: Plain.\n"


def test_style_sheets_bring_what_they_name(run, draw, files):
    draw("site/css/back.jpg", "site/icons/dot.png", "site/css/no.jpg")
    Path("site/css/font.woff2").write_bytes(b"font")
    write(
        "@import 'more/b.css'; /* url(no.jpg) */ body{background:url(back.jpg)}", "site/css/a.css"
    )
    write(
        "@import url(../a.css); p{background:url(/icons/dot.png);src:url(../font.woff2)"
        " url(gone.png) url(../../../x.png)}",
        "site/css/more/b.css",
    )
    write("<link rel=stylesheet href=css/a.css?v=1>")
    done = run("encode", "site/page.html", "out")
    assert files("out") == {
        "page.html",
        "css/a.css",
        "css/more/b.css",
        "css/back.jpg",
        "css/font.woff2",
        "icons/dot.png",
    }
    assert "css/more/b.css: gone.png stays as it is: there is no such file\n" in done.stderr
    assert "css/more/b.css: ../../../x.png stays as it is: is outside" in done.stderr


def test_drawings_moving_pictures_and_coded_ones_are_copied(run, draw, files):
    draw("site/a.jpg", "site/coded.avif")
    write("<svg/>", "site/logo.svg")
    frames = [Image.new("L", (8, 8), k) for k in (0, 200)]
    for name in ("moves.gif", "moves.webp", "moves.png"):
        frames[0].save(f"site/{name}", save_all=True, append_images=frames[1:])
    Image.new("L", (8, 8)).save("site/still.gif")
    names = ["logo.svg", "moves.gif", "moves.webp", "moves.png", "coded.avif"]
    write("".join(f"<img src={name}>" for name in (*names, "a.jpg", "still.gif")))
    done = run("encode", "site/page.html", "out", carrier=True)
    assert done.exit_code == 0
    assert files("out") == {"page.html", "a.avif", "still.avif", *names}
    assert "2 pictures" in done.stdout
    assert "5 files copied" in done.stdout


def test_stated_types_follow_the_files(run, draw):
    draw("site/a.webp", "site/b.jpg")
    write(
        "<picture><source type='image/webp' srcset='a.webp'>"
        "<source type=image/jpeg srcset='no.jpg'>"
        "<img src=b.jpg></picture><link rel=preload as=image type=image/jpeg href=b.jpg>"
    )
    run("encode", "site/page.html", "out", carrier=True)
    assert page() == (
        '<picture><source type="image/avif" srcset="a.avif"><source type=image/jpeg '
        "srcset='no.jpg'><img src=\"b.avif\"></picture>"
        '<link rel=preload as=image type="image/avif" href="b.avif">'
    )
    run("decode", "out/page.html", "back", "--format", "jpg", carrier=True)
    assert '<source type="image/jpeg" srcset="a.jpg">' in page("back/page.html")


@pytest.mark.parametrize(
    ("src", "reason"),
    [
        ("a%00.png", "a NUL"),
        ("&#0;.png", "there is no such file"),
        ("a" * 300 + ".png", "too long"),
        ("x/a.png", "Too many levels|there is no such file"),
        ("out/outside.png", "a link leads out"),
        ("gone.png", "there is no such file"),
    ],
)
def test_a_bad_url_stops_its_own_picture_only(run, draw, files, src, reason):
    draw("site/plain.jpg", "outside.png")
    Path("site/x").symlink_to("y")
    Path("site/y").symlink_to("x")
    Path("site/out").symlink_to("..")
    write(f'{IMG}<img src="{src}"><img src="http://[x/y.png"><a href="//[x">')
    done = run("encode", "site/page.html", "out")
    assert done.exit_code == 0
    assert files("out") == {"page.html", "plain.slt"}
    assert page() == f'{IMG}<img src="{src}"><img src="http://[x/y.png"><a href="//[x">'.replace(
        "plain.jpg", "plain.slt"
    )
    assert any(part in done.stderr for part in reason.split("|"))


def test_links_to_other_pages_are_named_once(run, draw):
    draw("site/plain.jpg")
    write("other", "site/other.html")
    links = "<a href=other.html><a href=other.html><a href=/about><a href=blog/><a href=#top>"
    write(f"{IMG}{links}<a href=page.html?a=1><a href=https://example.org>")
    done = run("encode", "site/page.html", "out")
    told = "links that lead to nothing of what is written: other.html, /about, blog/\n"
    assert told in done.stderr


def test_pages_below_the_root_reach_all_of_the_site(run, draw, files):
    draw("site/images/a.jpg", "site/posts/b.jpg")
    write("<img src=/images/a.jpg><img src=../images/a.jpg><img src=b.jpg>", "site/posts/x.html")
    alone = run("encode", "site/posts/x.html", "alone")
    assert "/images/a.jpg stays as it is: there is no such file" in alone.stderr
    done = run("encode", "site/posts/x.html", "out", "--root", "site")
    assert done.exit_code == 0
    assert files("out") == {"posts/x.html", "posts/b.slt", "images/a.slt"}
    assert page("out/posts/x.html") == (
        '<img src="/images/a.slt"><img src="../images/a.slt"><img src="b.slt">'
    )


def test_a_folder_is_a_whole_site(run, draw, files):
    draw("site/images/a.jpg", "site/images/b.jpg")
    write("<img src=images/a.jpg alt=One><a href=posts/x.html>", "site/index.html")
    write("<img src=/images/a.jpg alt=Two><img src=/images/b.jpg>", "site/posts/x.html")
    done = run("encode", "site", "site/out")
    assert done.exit_code == 0, done.stderr
    assert "lead to nothing" not in done.stderr
    assert "images/a.jpg: caption: One\nimages/a.jpg: elsewhere its caption is: Two" in done.stderr
    assert files("site/out") == {"index.html", "posts/x.html", "images/a.slt", "images/b.slt"}
    again = run("encode", "site", "site/out", "--force")
    assert again.exit_code == 0
    assert "2 pages: 2 pictures" in again.stdout


def test_bytes_of_any_encoding_stay_and_captions_are_read(run, draw):
    draw("site/plain.jpg")
    alt = "Un v\xe9lo pr\xe8s du caf\xe9"
    html = f"<p>\xc9t\xe9</p><img src='plain.jpg' alt='{alt}' />"
    declared = {
        "xhtml": ('<?xml version="1.0" encoding="ISO-8859-1"?>\n<html>', "latin-1", b""),
        "meta": ('<meta charset="windows-1252">', "cp1252", b""),
        "none": ("", "latin-1", b""),
        "utf-8": ("", "utf-8", b""),
        "mark": ("<meta charset=latin1>", "utf-8", codecs.BOM_UTF8),
        "utf-16": ("", "utf-16-le", codecs.BOM_UTF16_LE),
    }
    for name, (head, codec, mark) in declared.items():
        Path("site/page.html").write_bytes(mark + (head + html).encode(codec))
        done = run("encode", "site/page.html", name, "--caption-as", "digest")
        assert f"plain.jpg: caption: {alt}\n" in done.stderr
        changed = (head + html).replace("'plain.jpg'", '"plain.slt"')
        assert Path(name, "page.html").read_bytes() == mark + changed.encode(codec)
        back = run("decode", f"{name}/page.html", f"{name}-back")
        assert back.exit_code == 0
        assert "not the caption that the sender had" not in back.stderr


def test_names_that_are_no_text_are_coded(run, draw, files):
    draw("site/" + os.fsdecode(b"caf\xe9.jpg"), "site/\u732b.jpg", "site/a,b 1x.jpg")
    write("<img src=caf%E9.jpg><img src=\u732b.jpg><img srcset='a,b%201x.jpg 1x'>")
    done = run("encode", "site/page.html", "out")
    assert done.exit_code == 0, done.stderr
    assert files("out") == {"page.html", os.fsdecode(b"caf\xe9.slt"), "\u732b.slt", "a,b 1x.slt"}
    assert page() == (
        '<img src="caf%E9.slt"><img src="%E7%8C%AB.slt"><img srcset="a%2Cb%201x.slt 1x">'
    )
    assert run("decode", "out/page.html", "back").exit_code == 0


def test_text_that_only_looks_like_elements_stays(run, draw):
    draw("site/plain.jpg")
    html = (
        "<title><img src=plain.jpg></title><textarea><img src=plain.jpg></textarea>"
        "<script>x = '<img src=plain.jpg>'</script><style>p::after{content:'<img src=plain.jpg>'}"
        "</style><p title='<img src=plain.jpg>'><!--[if IE]><img src=plain.jpg><![endif]-->"
    )
    write(html + IMG)
    run("encode", "site/page.html", "out")
    assert page() == html + IMG.replace("jpg", "slt")


def test_folders_and_pages_that_are_linked_are_named_or_left_out(run, draw, files):
    draw("site/plain.jpg", "elsewhere/x.jpg")
    write(IMG, "site/index.html")
    write("<img src=x.jpg>", "elsewhere/index.html")
    Path("site/linked").symlink_to("../elsewhere")
    done = run("encode", "site", "out")
    assert files("out") == {"index.html", "plain.slt"}
    assert "site/linked: linked folders are not followed" in done.stderr
    assert done.exit_code == 1
    Path("site/linked").unlink()
    Path("site/alien.html").symlink_to("../elsewhere/index.html")
    done = run("encode", "site", "new")
    assert "alien.html: a link leads out of the site's folder" in done.stderr
    assert files("new") == {"index.html", "plain.slt"}
