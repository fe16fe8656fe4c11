from pathlib import Path

import pytest
from PIL import Image

from sidelight.compare.matching import find_pictures, find_series, match
from sidelight.errors import ConfigError


def test_a_label_stands_before_the_place_and_else_is_the_folders_name(folder):
    assert find_series(["Smooth=smooth"]).label == "Smooth"
    assert find_series(["smooth"]).label == "smooth"
    assert find_series(["smooth/*.avif"]).label == "smooth"
    assert find_series(["noisy/cat.webp", "Noise=noisy/boat.webp"]).label == "Noise"


def test_a_folder_whose_name_has_the_sign_is_a_folder(folder):
    Path("smooth").rename("q=25")
    assert find_series(["q=25"]).label == "q=25"
    assert find_series(["AVIF=q=25"]).label == "AVIF"


def test_pictures_match_by_name_whatever_the_suffix(folder):
    found = match(find_pictures(["of"]), find_series(["smooth"]), find_series(["noisy"]))
    assert [trio.name for trio in found] == ["boat", "cat", "dune", "fern"]
    assert found[1].a == Path("smooth/cat.avif")
    assert found[1].b == Path("noisy/cat.webp")


def test_every_picture_without_partner_is_named_with_where_it_lacks(folder):
    Path("smooth/cat.avif").unlink()
    Path("of/fern.png").unlink()
    sides = find_pictures(["of"]), find_series(["smooth"]), find_series(["noisy"])
    with pytest.raises(ConfigError, match=r"cat \(not in --a\), fern \(not in --of\);"):
        match(*sides)


def test_very_many_pictures_without_partners_are_counted(folder):
    for k in range(30):
        Image.new("RGB", (4, 4)).save(f"of/more-{k:02}.png")
    with pytest.raises(ConfigError, match=r"more-09 \(not in --a, --b\) and 20 more;"):
        match(find_pictures(["of"]), find_series(["smooth"]), find_series(["noisy"]))


@pytest.mark.parametrize(
    ("places", "message"),
    [
        (["missing"], "missing: no such file or folder"),
        (["AVIF=missing"], "missing: no such file or folder"),
        (["AVIF="], "expected LABEL=PLACE with both"),
        (["=smooth"], "expected LABEL=PLACE with both"),
        (["empty"], "empty: no picture there$"),
        (["coded"], "coded: no picture there; decode .slt files first"),
        (["coded/a.slt"], "decode .slt files first"),
        (["none/*.png"], r"none/\*.png: no picture there"),
        (["of", "smooth"], "have the same name"),
        (["A=smooth/cat.avif", "B=smooth/boat.avif"], "labels 'A' and 'B'; give one"),
    ],
)
def test_places_without_pictures_are_told(folder, places, message):
    Path("empty").mkdir()
    Path("coded").mkdir()
    Path("coded/a.slt").touch()
    with pytest.raises(ConfigError, match=message):
        find_series(places)


def test_two_sides_of_one_name_must_be_named(folder):
    Path("x").mkdir()
    Path("noisy").rename("x/smooth")
    with pytest.raises(ConfigError, match="both sides are called 'smooth'; name them"):
        match(find_pictures(["of"]), find_series(["smooth"]), find_series(["x/smooth"]))
