"""Attributes and their parts are found as browsers find them."""

import pytest

from sidelight.page.markup import Span, attributes_at, quoted, replaced, spans_in_srcset


@pytest.mark.parametrize(
    ("tag", "values"),
    [
        ('<img src="a.jpg" alt=\'A "dog"\'>', {"src": "a.jpg", "alt": 'A "dog"'}),
        ("<IMG SRC=a.jpg/>", {"src": "a.jpg/"}),
        ("<img src = a.jpg\n alt>", {"src": "a.jpg"}),
        ("<img/src='a.jpg'/alt=b>", {"src": "a.jpg", "alt": "b"}),
        ("<img src=a.jpg src=b.jpg>", {"src": "a.jpg"}),
        ("<img alt='a > b' src=c>", {"alt": "a > b", "src": "c"}),
        ("<img xlink:href='a&amp;b.jpg'>", {"xlink:href": "a&b.jpg"}),
        ("<img src='a?x=1&copy=2&lt=3&reg;&eacute'>", {"src": "a?x=1&copy=2&lt=3\xae\xe9"}),
        ("<img src='&#x61;&#46jpg'>", {"src": "a.jpg"}),
        ("<img src=''>", {"src": ""}),
        ("<img src=a\xa0b\u3000c.jpg\falt=d>", {"src": "a\xa0b\u3000c.jpg", "alt": "d"}),
        ('<img src="a.jpg>', {"src": '"a.jpg'}),
        ("<img", {}),
    ],
)
def test_attributes_are_found_with_their_places(tag, values):
    text = f"<p>x\n{tag} after='no'"
    attributes = attributes_at(text, 5)
    assert {a.name: a.value for a in attributes} | values == values or tag == "<img"
    for name, value in values.items():
        (found,) = (a for a in attributes if a.name == name)
        assert found.value == value
        changed = text[: found.start] + quoted("new", "") + text[found.end :]
        assert {a.name: a.value for a in attributes_at(changed, 5)}[name] == "new"


@pytest.mark.parametrize("text", ["", "x", "</img>", "<!-- -->", "< img>", "<"])
def test_what_is_no_start_tag_has_none(text):
    assert attributes_at(text, 0) is None


def test_a_value_is_quoted_for_html_and_xml():
    assert quoted("a&b\"c'<>", "") == '"a&amp;b&quot;c&#x27;&lt;&gt;"'


def test_beyond_ascii_only_what_stood_there_is_written_as_itself():
    assert quoted("\xe9\u4e2d\udce9\U0001f436.avif", "'\xe9\udce9'") == (
        '"\xe9&#20013;\udce9&#128054;.avif"'
    )


@pytest.mark.parametrize(
    ("value", "urls"),
    [
        ("a.jpg", ["a.jpg"]),
        (" a.jpg 1x , b.jpg 2x ", ["a.jpg", "b.jpg"]),
        ("a.jpg,b.jpg 2x", ["a.jpg,b.jpg"]),
        ("a.jpg, b.jpg", ["a.jpg", "b.jpg"]),
        ("a,b.jpg 480w,\n c.jpg 2x", ["a,b.jpg", "c.jpg"]),
        ("data:image/png;base64,AA== 1x, b.jpg 2x", ["data:image/png;base64,AA==", "b.jpg"]),
        ("a.jpg calc(1x, 2x), b.jpg", ["a.jpg", "b.jpg"]),
        (",,a.jpg,,", ["a.jpg"]),
        ("a\xa0b.jpg 1x,\tc.jpg\f2x", ["a\xa0b.jpg", "c.jpg"]),
        ("", []),
        (" , ", []),
    ],
)
def test_a_srcset_is_taken_apart_as_in_the_standard(value, urls):
    spans = list(spans_in_srcset(value))
    assert [value[s.start : s.end] for s in spans] == urls


def test_parts_are_replaced_where_they_are():
    assert replaced("a.jpg 1x, a.jpg 2x", {Span(0, 5): "b", Span(10, 15): "ccc"}) == "b 1x, ccc 2x"
