import json

import numpy as np
import pytest
from PIL import Image

from sidelight.errors import ConfigError
from sidelight.evaluate.dataset import GIVEN, load_dataset


@pytest.fixture
def folder(tmp_path):
    for k, name in enumerate(("b.png", "a.png")):
        Image.new("RGB", (20 + k, 10), (k, 0, 0)).save(tmp_path / name)
    listing = {"a.png": ["one two three four", "again"], "b.png": ["other picture", "once more"]}
    (tmp_path / "captions.json").write_text(json.dumps(listing))
    return tmp_path


def test_pictures_come_by_name_with_their_captions(folder):
    dataset = load_dataset(str(folder))
    assert [p.name for p in dataset.pictures] == ["a.png", "b.png"]
    assert dataset.pictures[0].captions == ("one two three four", "again")
    assert dataset.image(0).shape == (10, 21, 3)
    assert set(dataset.describe()["sha256"]) == {"a.png", "b.png"}


def test_each_choice_gives_the_caption_it_names(folder):
    dataset = load_dataset(str(folder))
    given = {choice: dataset.given(0, choice) for choice in GIVEN}
    shuffled = given.pop("shuffled")
    assert given == {
        "right": "one two three four",
        "none": "",
        "wrong": "other picture",
        "other": "again",
        "NA": "NA",
    }
    assert sorted(shuffled.split()) == sorted(given["right"].split())
    assert shuffled == dataset.given(0, "shuffled")
    assert dataset.given(0, "caption-2") == "again"
    assert dataset.given(1, "wrong") == "one two three four"  # after the last comes the first


def test_scored_captions_begin_with_the_given_one_if_it_is_the_pictures_own(folder):
    dataset = load_dataset(str(folder))
    assert dataset.scored(0, "caption-2") == ("again", "one two three four")
    assert dataset.scored(0, "wrong") == ("one two three four", "again")
    assert dataset.scored(0, "none") == ("one two three four", "again")


def test_whole_pictures_are_squeezed_to_the_asked_side(folder):
    assert load_dataset(str(folder), side_px=16).image(0).shape == (16, 16, 3)


def test_limit_takes_the_first_by_name(folder):
    assert [p.name for p in load_dataset(str(folder), limit=1).pictures] == ["a.png"]


def test_pictures_below_a_side_are_passed_over_before_the_limit_counts(folder):
    Image.new("RGB", (40, 30)).save(folder / "c.png")
    Image.new("RGB", (30, 40)).save(folder / "d.png")
    dataset = load_dataset(str(folder), shortest_px=30, limit=1)
    assert [p.name for p in dataset.pictures] == ["c.png"]
    assert len(load_dataset(str(folder), shortest_px=30).pictures) == 2
    with pytest.raises(ConfigError, match="has sides of 31 px or more"):
        load_dataset(str(folder), shortest_px=31)


def test_a_folder_without_a_listing_has_pictures_without_captions(tmp_path):
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(tmp_path / "x.png")
    dataset = load_dataset(str(tmp_path))
    assert dataset.pictures[0].captions == ()
    assert dataset.given(0, "none") == ""
    with pytest.raises(ConfigError, match=r"x.png has 0 captions, number 1 is needed"):
        dataset.given(0, "right")


@pytest.mark.parametrize("choice", ["wrng", "caption-0", "caption-x"])
def test_an_unknown_choice_is_refused(folder, choice):
    with pytest.raises(ConfigError, match="captions must be one of"):
        load_dataset(str(folder)).given(0, choice)


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="holds no pictures"):
        load_dataset(str(tmp_path))


def test_pictures_are_those_that_the_commands_read(tmp_path):
    for name in ("a.jxl", "b.GIF", "c.jfif", "d.avif"):
        (tmp_path / name).touch()
    for name in ("._a.jxl", "e.pdf", "f.mpg", "g.json", "h"):
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    names = [picture.name for picture in load_dataset(str(tmp_path)).pictures]
    assert names == ["a.jxl", "b.GIF", "c.jfif", "d.avif"]
