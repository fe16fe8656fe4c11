import time

import pytest

from sidelight.pixels.names import names_with_suffix


@pytest.mark.parametrize(
    ("names", "made"),
    [
        (["a.jpg", "b.png"], ["a.slt", "b.slt"]),
        (["a.jpg", "a.png"], ["a.jpg.slt", "a.png.slt"]),
        (["a.jpg", "a.png", "a.jpg.webp"], ["a.jpg.slt", "a.png.slt", "a.jpg.webp.slt"]),
        (["x.jpg", "x.png", "x.png.png"], ["x.jpg.slt", "x.png.slt", "x.png.png.slt"]),
        (["a.jpg", "a.jpg.webp"], ["a.slt", "a.jpg.webp.slt"]),
        (["A.jpg", "a.png"], ["A.jpg.slt", "a.png.slt"]),
        (["caf\xe9.jpg", "cafe\u0301.png"], ["caf\xe9.jpg.slt", "cafe\u0301.png.slt"]),
        (["photo", ".hidden.png"], ["photo.slt", ".hidden.slt"]),
        (["1.5 m.jpg"], ["1.5 m.slt"]),
    ],
)
def test_each_file_gets_a_name_of_its_own(names, made):
    assert names_with_suffix(names, ".slt") == dict(zip(names, made, strict=True))


def test_names_that_are_taken_are_left_to_their_owners():
    taken = ["logo.jpg", "logo.PNG", "logo.jpg.png"]
    assert names_with_suffix(["logo.jpg"], ".png", taken=taken) == {"logo.jpg": "logo.jpg-2.png"}


def test_the_order_does_not_matter():
    names = ["a.jpg", "a.png", "a.jpg.webp", "a.jpg-2.png", "b"]
    taken = ["a.jpg.avif"]
    made = names_with_suffix(names, ".avif", taken=taken)
    assert names_with_suffix(names[::-1], ".avif", taken=taken) == made
    assert len(set(made.values())) == len(names)


def test_the_time_grows_with_the_number_only():
    start = time.process_time()
    assert len(names_with_suffix([f"{k}.jpg" for k in range(20_000)], ".avif")) == 20_000
    assert time.process_time() - start < 5
