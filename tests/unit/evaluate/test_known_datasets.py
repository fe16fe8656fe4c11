import hashlib
import json

import pytest
from PIL import Image

from sidelight.errors import ConfigError
from sidelight.evaluate.known_datasets import KnownDataset, find_known, known_datasets


@pytest.fixture
def folder(tmp_path):
    for k in range(2):
        Image.new("RGB", (4, 4), (k, 0, 0)).save(tmp_path / f"{k}.png")
    (tmp_path / "captions.json").write_text(json.dumps({"0.png": ["a"], "1.png": ["b"]}))
    return tmp_path


@pytest.fixture
def known(folder):
    digests = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.glob("*.png")}
    return KnownDataset("Two", "https://example.org", 2, 1, digests)


def test_a_complete_folder_has_no_problems(known, folder):
    assert known.problems(folder) == []


def test_every_fault_is_named(known, folder):
    (folder / "0.png").rename(folder / "x.png")
    Image.new("RGB", (4, 4), "white").save(folder / "1.png")
    Image.new("RGB", (4, 4)).save(folder / "y.png")
    assert known.problems(folder) == [
        "3 pictures, expected 2",
        "missing: 1 (0.png)",
        "not of this set: 2 (x.png, y.png)",
        "other bytes than recorded: 1 (1.png)",
        "fewer than 1 captions in captions.json: 2 (x.png, y.png)",
    ]


def test_without_digests_only_number_and_captions_are_checked(known, folder):
    loose = KnownDataset(known.title, known.origin, 2, 1, {})
    Image.new("RGB", (4, 4), "white").save(folder / "1.png")
    assert loose.problems(folder) == []


def test_the_papers_sets_are_known_with_their_sizes():
    sizes = {name: dataset.num_pictures for name, dataset in known_datasets().items()}
    assert sizes == {
        "clic2020": 428,
        "coco-test": 120,
        "coco2014-val": 40504,
        "coco2017-val": 5000,
        "cub-200-test": 2933,
        "kodak": 24,
    }
    for dataset in known_datasets().values():
        assert len(dataset.sha256) in (0, dataset.num_pictures)


def test_an_unknown_set_or_folder_is_one_clear_error(known, tmp_path):
    with pytest.raises(ConfigError, match="no data set 'kodac', known are"):
        find_known("kodac")
    with pytest.raises(ConfigError, match="is no folder: get the pictures from"):
        known.problems(tmp_path / "absent")
