"""URLs lead to the files that a server would give, and nowhere else."""

import os
from pathlib import Path

import pytest

from sidelight.page.addresses import AddressError, Site, renamed

FILES = [
    "a.jpg",
    "deep/a b.jpg",
    "deep/caf\xe9.jpg",
    "100%.jpg",
    "deep/er/c.jpg",
    "a#b?c.jpg",
    os.fsdecode(b"caf\xe9.jpg"),
]


@pytest.fixture
def site(tmp_path) -> Site:
    for name in FILES:
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "outside.jpg").touch()
    (tmp_path / "site" / "out").symlink_to("..")
    (tmp_path / "site" / "out.jpg").symlink_to("../outside.jpg")
    (tmp_path / "site" / "in").symlink_to("deep")
    (tmp_path / "site" / "x").symlink_to("y")
    (tmp_path / "site" / "y").symlink_to("x")
    os.mkfifo(tmp_path / "site" / "pipe.jpg")
    return Site(tmp_path / "site")


@pytest.mark.parametrize(
    ("url", "base", "file"),
    [
        ("a.jpg", "", "a.jpg"),
        (" \n a.jpg\t", "", "a.jpg"),
        ("./a.jpg?v=3#top", "", "a.jpg"),
        ("../a.jpg", "deep", "a.jpg"),
        ("/a.jpg", "deep/er", "a.jpg"),
        ("//a.jpg", "", None),
        ("a%20b.jpg", "deep", "deep/a b.jpg"),
        ("a b.jpg", "deep", "deep/a b.jpg"),
        ("deep\\er\\c.jpg", "", "deep/er/c.jpg"),
        ("deep%2Fer/c.jpg", "", "deep/er/c.jpg"),
        ("er/./../er//c.jpg", "deep", "deep/er/c.jpg"),
        ("caf\xe9.jpg", "deep", "deep/caf\xe9.jpg"),
        ("caf%C3%A9.jpg", "deep", "deep/caf\xe9.jpg"),
        ("caf%E9.jpg", "", os.fsdecode(b"caf\xe9.jpg")),
        ("100%.jpg", "", "100%.jpg"),
        ("100%25.jpg", "", "100%.jpg"),
        ("a%23b%3Fc.jpg", "", "a#b?c.jpg"),
        ("in/a%20b.jpg", "", "in/a b.jpg"),
        ("https://example.org/a.jpg", "", None),
        ("HTTP:a.jpg", "", None),
        ("data:image/png;base64,AAAA", "", None),
        ("file:///etc/passwd", "", None),
        ("http://[x/y.png", "", None),
        ("mailto:a@b", "", None),
        ("#top", "", None),
        ("?a=1", "", None),
        ("", "", None),
        ("a.jpg", None, None),
        ("/a.jpg", None, None),
    ],
)
def test_a_url_leads_to_its_file(site, url, base, file):
    assert site.file_of(url, base) == file


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("missing.jpg", "there is no such file"),
        ("../outside.jpg", "outside of the site's folder"),
        ("%2e%2e/outside.jpg", "outside of the site's folder"),
        ("deep/../../outside.jpg", "outside of the site's folder"),
        ("/../outside.jpg", "outside of the site's folder"),
        ("out/outside.jpg", "a link leads out"),
        ("out.jpg", "a link leads out"),
        ("x/a.jpg", "no such file|symbolic links"),
        ("a%00.jpg", "a NUL"),
        ("a\0.jpg", "a NUL"),
        ("a" * 300 + ".jpg", "too long"),
        ("a/" * 3000 + ".jpg", "too long"),
        ("a.jpg/b.jpg", "Not a directory"),
        ("a.jpg/", "its last slash names a folder, and a file is there"),
        ("a.jpg/?v=3", "its last slash"),
        ("a.jpg%2F", "its last slash"),
        ("a.jpg/.", "its last slash"),
        ("deep/er/c.jpg\\", "its last slash"),
        ("deep/", "is a folder"),
        ("/", "is a folder"),
        ("pipe.jpg", "is no file"),
    ],
)
def test_one_that_leads_to_none_says_why(site, url, reason):
    with pytest.raises(AddressError, match=reason):
        site.file_of(url, "")


@pytest.mark.parametrize(
    ("href", "base", "found"),
    [
        ("deep/", "", "deep"),
        ("deep/page.html", "", "deep"),
        ("deep", "", ""),
        ("/deep/", "er", "deep"),
        ("../", "deep/er", "deep"),
        ("https://example.org/", "deep", None),
        ("//example.org/", "deep", None),
        ("#top", "deep", "deep"),
        ("", "deep", "deep"),
    ],
)
def test_a_base_moves_what_follows(site, href, base, found):
    assert site.base_of(href, base) == found


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("a.jpg", "b%20c.avif"),
        ("/x/%20y/a.jpg?v=3#top", "/x/%20y/b%20c.avif?v=3#top"),
        ("../a.jpg?back=/x/y.jpg", "../b%20c.avif?back=/x/y.jpg"),
        ("x\\a.jpg", "x\\b%20c.avif"),
        ("x%2Fa.jpg", "x%2Fb%20c.avif"),
    ],
)
def test_only_the_name_of_a_url_changes(url, expected):
    assert renamed(url, "b c.avif") == expected


def test_a_name_that_is_no_text_is_written_as_its_bytes():
    assert renamed("a", os.fsdecode(b"caf\xe9,1x.avif")) == "caf%E9%2C1x.avif"


def test_what_is_outside_is_not_even_looked_at(site, monkeypatch):
    looked = []
    stat = Path.stat
    monkeypatch.setattr(Path, "stat", lambda path, **k: (looked.append(path), stat(path, **k))[1])
    for url in ("out.jpg", "../outside.jpg"):
        with pytest.raises(AddressError):
            site.file_of(url, "")
    assert looked == []
