"""A page's words are taken from the place nearest to the picture."""

import pytest
from bs4 import BeautifulSoup

from sidelight.page.captions import caption_in_page


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
    image = BeautifulSoup(html, "html.parser").find("img")
    assert caption_in_page(image) == caption
