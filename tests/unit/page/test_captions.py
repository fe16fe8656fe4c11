"""A page's words are taken from the place nearest to the picture."""

import time

import pytest
from bs4 import BeautifulSoup

from sidelight.page.captions import captions_in


@pytest.mark.parametrize(
    ("html", "caption"),
    [
        (
            "<figure><img alt='A' title='T'><figcaption>A <b>dog</b>\n on a beach.</figcaption>"
            "</figure>",
            "A dog on a beach.",
        ),
        ("<figure><p><img alt='A'></p><figcaption> </figcaption></figure>", "A"),
        ("<h1>H</h1><img alt='A &amp; B' title='T'>", "A & B"),
        ("<h1>H</h1><img alt='' title=' T '>", "T"),
        (
            "<h1>First</h1><section><h3>Second</h3></section><div><img></div><h2>After</h2>",
            "Second",
        ),
        ("<figure><figcaption>Of another</figcaption></figure><img>", ""),
        ("<img><h1>After</h1>", ""),
    ],
)
def test_the_caption_is_the_nearest_one(html, caption):
    assert caption_of(html, "img") == caption


def caption_of(html: str, name: str) -> str:
    document = BeautifulSoup(html, "html.parser")
    return captions_in(document)[id(document.find(name))]


@pytest.mark.parametrize(
    ("html", "name", "caption"),
    [
        ("<picture><source><source><img alt='A'></picture>", "source", "A"),
        ("<img alt='A'><video title='V'></video>", "video", "V"),
        ("<h2>H</h2><svg><image></svg>", "image", "H"),
        ("<input type=image alt='Go'>", "input", "Go"),
        ("<h1>H</h1><h2> </h2><img>", "img", "H"),
        (
            "<figure><figure><img alt='A'><figcaption>In</figcaption></figure>"
            "<input><figcaption>Out</figcaption></figure>",
            "input",
            "Out",
        ),
        (
            "<figure><figure><img><figcaption>In</figcaption></figure>"
            "<figcaption>Out</figcaption></figure>",
            "img",
            "In",
        ),
    ],
)
def test_whatever_shows_a_picture_has_a_caption(html, name, caption):
    assert caption_of(html, name) == caption


@pytest.mark.parametrize(
    ("html", "caption"),
    [
        (
            "The <a href='#'>lighthouse</a>, H<sub>2</sub>O and <b>b</b>old",
            "The lighthouse, H2O and bold",
        ),
        ("<i>A <b>dog</b></i><!-- or two -->s\n  on<em> a </em>beach", "A dogs on a beach"),
        ("far<wbr>away <my-word>un</my-word>known", "faraway unknown"),
        ("A dog<br>on a<BR/>beach", "A dog on a beach"),
        (
            "<p>A dog</p><p>on <b>a</b></p>beach<div>at <i>dawn</div>again",
            "A dog on a beach at dawn again",
        ),
        ("<ul><li>A<li>B</ul><table><tr><td>C<td>D<tr><th>E</th><th>F</table>", "A B C D E F"),
        ("A <script>no</script><style>no</style>dog", "A dog"),
    ],
)
@pytest.mark.parametrize("around", ["<h2>{}</h2><img>", "<figure><img><figcaption>{}</figcaption>"])
def test_words_are_parted_where_a_browser_parts_them(around, html, caption):
    assert caption_of(around.format(html), "img") == caption


def test_bytes_that_are_no_text_do_not_spoil_a_caption():
    assert caption_of("<img alt='caf\udce9'>", "img") == "caf?"


@pytest.mark.parametrize(
    "html",
    [
        "<p><img src=a.jpg>",
        "<figure><img src=a.jpg>",
        "<figure><img src=a.jpg></figure>",
        "<h2>A word <img src=a.jpg>",
        "<figure><figcaption>A word <img src=a.jpg>",
        "<picture><source srcset=a.jpg>",
    ],
)
def test_the_time_grows_with_the_page_only(html):
    def seconds(number: int) -> float:
        document = BeautifulSoup("<body>" + number * html, "html.parser")
        start = time.process_time()
        captions_in(document)
        return time.process_time() - start

    assert seconds(8000) < 24 * max(seconds(1000), 0.005)  # 8 if linear, 64 if quadratic
