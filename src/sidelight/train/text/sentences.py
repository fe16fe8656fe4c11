"""Sentences to distil a text encoder from: crossed captions, WordNet's glosses, templates."""

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from sidelight.errors import TextError

_PARTS_OF_SPEECH = ("noun", "verb", "adj", "adv")
_EXAMPLE = re.compile(r'"([^"]+)"')
_TEMPLATES = (
    "a photo of {}",
    "a close-up of {}",
    "{} in the background",
    "{} on the left and {} on the right",
    "{} next to {}",
    "a picture of {} and {}",
    "there is {} in front of {}",
)
_MIN_WORDS = 3
_SCRIPTS = (
    (0x21, 0x7E),  # ASCII
    (0x61, 0x7A),  # small letters
    (0xC0, 0x17F),  # Latin with accents
    (0x391, 0x3C9),  # Greek
    (0x410, 0x44F),  # Cyrillic
    (0x5D0, 0x5EA),  # Hebrew
    (0x627, 0x64A),  # Arabic
    (0x905, 0x939),  # Devanagari
    (0x3041, 0x30F6),  # Japanese syllables
    (0x4E00, 0x9FA5),  # Chinese
    (0xAC00, 0xD7A3),  # Korean
    (0x1F300, 0x1F64F),  # pictographs
)


def wordnet_sentences(folder: Path) -> Iterator[str]:
    """Yields every definition, headed by its words, and every example of WordNet.

    Args:
        folder: With the files data.noun, data.verb, data.adj and data.adv of WordNet 3.

    Raises:
        TextError: A file is missing.
    """
    for part in _PARTS_OF_SPEECH:
        path = folder / f"data.{part}"
        if not path.is_file():
            raise TextError(f"{path} is missing: install Debian's wordnet-base, or give its folder")
        for line in path.read_text("utf-8").splitlines():
            if line.startswith(" ") or " | " not in line:  # the licence stands in front
                continue
            head, gloss = line.split(" | ", 1)
            definition = _EXAMPLE.sub("", gloss).strip(" ;")
            yield f"{' or '.join(_words_of(head))}: {definition}"
            yield from (e for e in _EXAMPLE.findall(gloss) if len(e.split()) >= _MIN_WORDS)


def wordnet_nouns(folder: Path) -> list[str]:
    """Returns the first word of every noun that is written in small letters."""
    lines = (folder / "data.noun").read_text("utf-8").splitlines()
    heads = (line.split(" | ")[0] for line in lines if " | " in line and not line.startswith(" "))
    return sorted({words[0] for head in heads if (words := _words_of(head))[0].islower()})


def template_sentences(nouns: Iterable[str]) -> Iterator[str]:
    """Yields sentences about the nouns, taken in order, one template after the other."""
    queue = iter(nouns)
    for k in range(2**62):
        template = _TEMPLATES[k % len(_TEMPLATES)]
        try:
            fillers = [_with_article(next(queue)) for _ in range(template.count("{}"))]
        except StopIteration:
            return
        yield template.format(*fillers)


def crossed_captions(captions: Sequence[str], count: int, *, seed: int) -> Iterator[str]:
    """Yields the first words of one caption with the last words of another."""
    chance = random.Random(seed)
    for _ in range(count):
        first, second = (chance.choice(captions).split() for _ in range(2))
        head = first[: chance.randint(1, len(first))]
        tail = second[chance.randrange(len(second)) :]
        yield " ".join(head + tail)


def odd_texts(count: int, *, seed: int) -> Iterator[str]:
    """Yields text that no one would write below a picture: letters at random, of any script."""
    chance = random.Random(seed)
    while count > 0:
        first, last = chance.choice(_SCRIPTS)
        letters = [chr(chance.randint(first, last)) for _ in range(chance.randint(1, 12))]
        words = ["".join(chance.choices(letters, k=chance.randint(1, 8))) for _ in range(8)]
        text = " ".join(words[: chance.randint(1, 8)]) * chance.choice((1, 1, 1, 10))
        if text.strip().isprintable():
            count -= 1
            yield text


def _words_of(head: str) -> list[str]:
    # offset, file number, part of speech, number of words (hexadecimal), then word and id in turn
    fields = head.split(" ")
    count = int(fields[3], 16)
    return [
        re.sub(r"\(.*\)$", "", word).replace("_", " ") for word in fields[4 : 4 + 2 * count : 2]
    ]


def _with_article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
