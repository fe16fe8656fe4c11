import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sidelight.captions.canonical import canonical_caption, caption_digest, caption_matches

DECOMPOSED, COMPOSED = "cafe\u0301", "caf\u00e9"


@pytest.mark.parametrize(
    ("caption", "canonical"),
    [
        (None, ""),
        ("", ""),
        (" \t\n ", ""),
        ("a  dog\n runs", "a dog runs"),
        ("\u3000a\u00a0dog ", "a dog"),
        (DECOMPOSED, COMPOSED),
        ("A Dog.", "A Dog."),  # letters and marks are kept
    ],
)
def test_the_canonical_form_folds_white_space_and_composes(caption, canonical):
    assert canonical_caption(caption) == canonical


@given(st.text())
@example(" \u0301")
@example("\ud800")
def test_the_canonical_form_is_its_own(caption):
    canonical = canonical_caption(caption)
    assert canonical_caption(canonical) == canonical
    assert len(caption_digest(caption)) == 4


def test_digests_are_pinned():
    # files carry them: the first bytes of sha256("") and sha256("A dog runs.")
    assert caption_digest(None).hex() == "e3b0c442"
    assert caption_digest("A dog runs.").hex() == "a1596c5f"


def test_a_digest_depends_on_the_canonical_form_only():
    assert caption_digest(f"  {DECOMPOSED} ") == caption_digest(COMPOSED)
    assert caption_digest("a dog") != caption_digest("A dog")


def test_a_caption_matches_its_own_digest():
    digest = caption_digest("a dog")
    assert caption_matches(digest, " a  dog") is True
    assert caption_matches(digest, "a cat") is False
    assert caption_matches(digest, None) is False
    assert caption_matches(caption_digest(None), "") is True


def test_without_a_digest_nothing_is_said():
    assert caption_matches(None, "a dog") is None
