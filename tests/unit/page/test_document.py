"""Whatever a page consists of, it is read, and keeps every byte but those of the URLs changed."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sidelight.errors import ConfigError
from sidelight.page.document import Page

PIECES = [
    *"<>/='\" \n\0&,é\x85\u2028",
    *("</", "/>", "<!--", "-->", "<!", "<![", "<![CDATA[", "]]>", "<![if x]>", "<?xml ?>", "<?"),
    *("<img ", "<IMG\r\n", "src=", "srcset=", "a.jpg", "1x", "alt=x", "style=", "url(", "data:,"),
    *("<script>", "</script>", "<style>", "</style>", "<title>", "</title>", "<textarea>", "<p>"),
    *(
        "<figure>",
        "</figure>",
        "<figcaption>",
        "<h1>",
        "<picture>",
        "<source srcset=",
        "<base href=",
    ),
    *("<svg>", "<image href=", "<noscript>", "<template>", "<plaintext>", "<a href=", "&#0;"),
]
SOUND = [
    "<p>caf\xe9",
    "\r\n",
    "</div>",
    "<h1>",
    "&copy <3",
    "<!-- <img src=c> -->",
    "<br/>",
    "\u72ac",
]


def read(text: str, tmp_path) -> Page:
    path = tmp_path / "page.html"
    path.write_bytes(text.encode())
    return Page.read(path)


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
@example("<![endif")
@example("<?xml ?><?XML ?><svg>")
@example("<![x <img src=a.jpg>")
@example("<![CDATA[<img src=a.jpg>")
@example("<img src='a.jpg")
@settings(max_examples=300)
def test_any_text_is_a_page_or_an_error_of_ours(tmp_path_factory, text):
    try:
        page = read(text, tmp_path_factory.getbasetemp())
    except ConfigError:
        return
    assert page.rewritten({}, None) == text.encode()
    changed = page.rewritten(dict.fromkeys(page.references, "new"), "image/avif")
    assert isinstance(page.style_urls, list)
    assert all(isinstance(page.caption_of(reference), str) for reference in page.references)
    assert changed.count(b"new") >= len({r.attribute for r in page.references})


@given(
    st.lists(st.sampled_from(SOUND), max_size=8),
    st.lists(
        st.sampled_from(["<img src=%s>", "<img alt='>' src='%s'/>", '<IMG\n\tSRC = "%s" >']),
        min_size=1,
    ),
)
@settings(max_examples=100)
def test_each_picture_is_changed_and_nothing_else(tmp_path_factory, around, images):
    pieces = [piece for image in images for piece in (*around, image)]
    before = "".join(p % "a.jpg" if "%s" in p else p for p in pieces)
    after = "".join(re.sub("[\"']?%s[\"']?", '"b.avif"', p) if "%s" in p else p for p in pieces)
    page = read(before, tmp_path_factory.getbasetemp())
    assert len(page.references) == len(images)
    assert page.rewritten(dict.fromkeys(page.references, "b.avif"), None) == after.encode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"<img src='&eacute;/a.jpg'>", b'<img src="&#233;/b.avif">'),
        (b"<img src=\xc3\xa9/a.jpg>", b'<img src="\xc3\xa9/b.avif">'),
        (b"<img src=\xe9/a.jpg>", b'<img src="\xe9/b.avif">'),
        (
            b"<meta charset=iso-8859-1><img srcset='a.jpg 1x, \xe9/&#x4E2D;.jpg 2x'>",
            b'<meta charset=iso-8859-1><img srcset="b.avif 1x, \xe9/&#20013;.jpg 2x">',
        ),
    ],
)
def test_characters_stay_references_or_bytes_whatever_the_encoding(tmp_path, before, after):
    path = tmp_path / "page.html"
    path.write_bytes(before)
    page = Page.read(path)
    new = {r: r.url.replace("a.jpg", "b.avif") for r in page.references if "a.jpg" in r.url}
    assert page.rewritten(new, "image/avif") == after


@pytest.mark.parametrize("text", ["", "p {}", "a < b", "\0"])
def test_what_holds_no_element_is_no_page(tmp_path, text):
    with pytest.raises(ConfigError, match="is not an HTML page"):
        read(text, tmp_path)
