"""Style sheets name pictures, fonts and each other; comments and other words do not."""

import pytest

from sidelight.page.stylesheets import urls_in_sheet, urls_in_style


@pytest.mark.parametrize(
    ("css", "urls"),
    [
        ("body { background: url(a.jpg) }", ["a.jpg"]),
        ("body { background: red url( 'a b.jpg' ) , URL(\"c.jpg\") }", ["a b.jpg", "c.jpg"]),
        (r"p { background: url(a\ b\).jpg) }", ["a b).jpg"]),
        ("/* url(no.jpg) */ p { content: 'url(no.jpg)'; color: red }", []),
        ("@import 'a.css'; @import url(b.css) screen; @import url('c.css');", 3),
        ("@font-face { src: local('X'), url(f.woff2) format('woff2') }", ["f.woff2"]),
        ("@media print { p { background: url(a.jpg) } }", ["a.jpg"]),
        ("p { background: image-set('a.jpg' 1x, url(b.jpg) 2x) }", ["a.jpg", "b.jpg"]),
        ("p { background: -webkit-image-set(url(a.jpg) 1x) }", ["a.jpg"]),
        ("p { --hero: url(a.jpg); mask: url(#m) }", ["a.jpg", "#m"]),
        (".a { & .b { background: url(a.jpg) } }", ["a.jpg"]),
        ("p { background: url(a.jpg", ["a.jpg"]),
        ("}} p { background: url(a.jpg) }", ["a.jpg"]),
    ],
)
def test_urls_are_found(css, urls):
    found = urls_in_sheet(css.encode())
    assert found == (["a.css", "b.css", "c.css"] if urls == 3 else urls)
    assert urls_in_style(css) == found


def test_a_style_attribute_is_read():
    assert urls_in_style("color: red; background: url(a.jpg)") == ["a.jpg"]
    assert urls_in_style("color: red") == []


def test_a_sheet_in_another_encoding_is_read():
    css = '@charset "iso-8859-1"; p { background: url(caf\xe9.jpg) }'
    assert urls_in_sheet(css.encode("latin-1")) == ["caf\xe9.jpg"]
    assert urls_in_sheet(b"\xff\xfe\x00 url(") == []


def test_deep_nesting_is_no_error():
    css = "p { background: " + 5000 * "f(" + "url(a.jpg)"
    assert urls_in_style(css) == ["a.jpg"]
