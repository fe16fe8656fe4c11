"""WordNet's files and templates as sentences."""

from itertools import islice

import pytest

from sidelight.errors import TextError
from sidelight.train.text.sentences import (
    crossed_captions,
    odd_texts,
    template_sentences,
    wordnet_nouns,
    wordnet_sentences,
)

LICENCE = "  1 This software and database is being provided to you, the LICENSEE, by\n"
NOUN = (
    "02084071 05 n 03 dog 0 domestic_dog 0 Canis_familiaris 0 001 @ 02083346 n 0000 | "
    'a member of the genus Canis; "the dog barked all night"; "a dog"  \n'
    "00001740 03 n 01 Entity 0 000 | that which is perceived  \n"
)
ADJECTIVE = '00001740 00 a 01 able(p) 0 000 | having the means; "he\'s able to swim"  \n'


@pytest.fixture
def folder(tmp_path):
    for part, text in (("noun", NOUN), ("verb", ""), ("adj", ADJECTIVE), ("adv", "")):
        (tmp_path / f"data.{part}").write_text(LICENCE + text)
    return tmp_path


def test_definitions_are_headed_by_their_words_and_short_examples_left_out(folder):
    assert list(wordnet_sentences(folder)) == [
        "dog or domestic dog or Canis familiaris: a member of the genus Canis",
        "the dog barked all night",
        "Entity: that which is perceived",
        "able: having the means",
        "he's able to swim",
    ]


def test_nouns_are_those_in_small_letters(folder):
    assert wordnet_nouns(folder) == ["dog"]


def test_templates_take_the_nouns_in_turn_until_they_run_out():
    nouns = ["dog", "apple", "cat", "cow", "horse", "ant", "bee"]
    assert list(islice(template_sentences(nouns), 4)) == [
        "a photo of a dog",
        "a close-up of an apple",
        "a cat in the background",
        "a cow on the left and a horse on the right",
    ]
    assert list(template_sentences(nouns[:4])) == [
        "a photo of a dog",
        "a close-up of an apple",
        "a cat in the background",
    ]


def test_crossed_captions_begin_as_one_and_end_as_another():
    captions = ["a b c d", "1 2 3"]
    crossed = list(crossed_captions(captions, 200, seed=3))
    assert crossed == list(crossed_captions(captions, 200, seed=3))
    assert len({len(sentence.split()) for sentence in crossed}) > 4
    for sentence in crossed:
        assert any(
            sentence == f"{' '.join(first.split()[:k])} {' '.join(second.split()[m:])}"
            for first in captions
            for second in captions
            for k in range(1, 5)
            for m in range(4)
        )
    assert any(s.startswith("a b") and s.endswith("3") for s in crossed)


def test_odd_texts_are_many_printable_and_of_many_scripts():
    texts = list(odd_texts(500, seed=1))
    assert texts == list(odd_texts(500, seed=1))
    assert len(set(texts)) > 480
    assert all(text.strip() and text.isprintable() for text in texts)
    for low, high in ((0x61, 0x7A), (0x410, 0x44F), (0x4E00, 0x9FA5), (0x1F300, 0x1F64F)):
        share = sum(low <= ord(text.strip()[0]) <= high for text in texts) / 500
        assert 0.02 < share < 0.3


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(TextError, match=r"data\.noun is missing: install"):
        list(wordnet_sentences(tmp_path))
