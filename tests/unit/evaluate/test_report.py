import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from tests.unit.evaluate.synthetic import make_summary, make_trained_summary

from sidelight.errors import ConfigError
from sidelight.evaluate.report import CROP_PX, Comparison, Version, render_report, write_report
from sidelight.evaluate.summary import MetricInfo

VOID = {"meta", "img", "input", "br", "link", "hr"}
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


class Page(HTMLParser):
    """Fails where an element is closed that is not the one last opened."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.text = [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] not in (["style"], ["script"]):
            self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def comparison(make_picture):
    original = make_picture(150, 300)
    versions = [
        Version("sidelight, right", 0.2, {"lpips": 0.05}, original // 2),
        Version("webp", 0.23, {"lpips": 0.1}, original // 3),
        Version("jpeg", 0.3, {}, original // 4),
    ]
    return Comparison("waves.png", "Waves on a beach.", original, versions)


def pixels_of(uri):
    start = "data:image/webp;base64,"
    assert uri.startswith(start)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.removeprefix(start)))))


def test_the_page_is_well_formed_and_has_every_part(tmp_path, comparison):
    write_report(make_summary(), [comparison], tmp_path / "report.html")
    page = Page((tmp_path / "report.html").read_text("utf-8"))
    text = " ".join(" ".join(page.text).split())
    for part in (
        "rate and distortion",
        "waves, 24 pictures",
        "sidelight evaluate",
        "0123abcd",
        "the first caption of the next picture",
        "+100.0%",
        "the metric gets no better",
        "no weights: set SIDELIGHT_ASSETS",
        "Heusel et al. 2017",
        "cwebp -q 10",
        "all coding of the run, s",
        "Waves on a beach.",
        "0.200 bpp · LPIPS 0.05",
    ):
        assert part in text, part
    assert len(page.all("svg")) == 4
    assert len(page.all("table")) == 5
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    targets = [a["href"][1:] for a in page.all("a")]
    assert targets
    assert set(targets) <= set(ids)


def test_the_page_asks_nothing_of_the_network(comparison):
    page = Page(render_report(make_summary(), [comparison]))
    addresses = [
        value
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in ("src", "href", "xlink:href", "srcset", "data", "poster", "action")
    ]
    assert addresses
    assert all(a.startswith(("#", "data:image/webp;base64,")) for a in addresses)
    styles = " ".join(str(a.get("style")) for _, a in page.elements)
    assert set(re.findall(r"url\((.)", styles)) <= {"#"}
    assert not page.all("link")
    policy = next(a["content"] for a in page.all("meta") if "http-equiv" in a)
    assert policy.startswith("default-src 'none'")


def test_texts_from_outside_stay_texts(comparison):
    plain = Page(render_report(make_summary(), [comparison]))
    summary = make_summary()
    evil = replace(
        summary,
        experiment=EVIL,
        environment={"command": EVIL, EVIL: EVIL},
        dataset=summary.dataset | {"name": EVIL, "sha256": {EVIL: EVIL}},
        codecs={EVIL: {EVIL: {EVIL: [EVIL]}}},
        metrics={name: replace(info, label=EVIL) for name, info in summary.metrics.items()},
        unavailable={EVIL: EVIL},
        points=[replace(p, codec=EVIL, setting=EVIL) for p in summary.points],
        bd_rates=[replace(r, anchor=EVIL, reason=EVIL) for r in summary.bd_rates],
    )
    versions = [v._replace(label=EVIL, metrics={EVIL: 1.0}) for v in comparison.versions]
    shown = replace(comparison, image_name=EVIL, caption=EVIL, versions=versions)
    page = Page(render_report(evil, [shown]))
    assert len(page.all("script")) == len(plain.all("script")) == 1
    assert not any("onerror" in attributes for _, attributes in page.elements)
    assert "".join(page.text).count("<script>alert(1)") > 10


def test_pictures_are_stored_without_loss(comparison):
    page = Page(render_report(make_summary(), [comparison]))
    images = {a["alt"]: pixels_of(a["src"]) for a in page.all("img") if a.get("src")}
    assert np.array_equal(images["Original"], comparison.original)
    for version in comparison.versions:
        assert np.array_equal(images[version.label], version.image)


def test_details_are_of_versions_at_about_the_first_one_s_rate(comparison):
    assert [v.label for v in comparison.at_equal_rate()] == ["sidelight, right", "webp"]
    page = Page(render_report(make_summary(), [comparison]))
    details = [a["alt"] for a in page.all("img") if str(a["alt"]).startswith("Detail")]
    assert details == [
        *["Detail of the original"] * 2,
        *["Detail by sidelight, right"] * 2,
        *["Detail by webp"] * 2,
    ]


def test_crops_are_the_most_detailed_square_of_each_half():
    original = np.full((400, 600, 3), 128, np.uint8)
    noise = np.random.default_rng(0).integers(0, 255, (CROP_PX, CROP_PX, 3), np.uint8)
    original[256:384, 128:256] = noise
    original[128:256, 384:512] = noise
    assert Comparison("a", "", original, []).crops() == [(256, 128), (128, 384)]
    turned = np.ascontiguousarray(original.transpose(1, 0, 2))
    assert Comparison("a", "", turned, []).crops() == [(128, 256), (384, 128)]
    assert Comparison("a", "", original[:50, :60], []).crops() == [(0, 0)]


def test_a_version_of_another_size_is_refused(comparison):
    small = comparison.versions[0]._replace(image=comparison.original[:-1])
    with pytest.raises(ConfigError, match=r"waves.png: sidelight, right is \(149, 300, 3\)"):
        replace(comparison, versions=[small])


def test_a_summary_with_little_in_it_still_makes_a_page():
    summary = replace(
        make_summary(),
        points=[],
        times=[],
        bd_rates=[],
        unavailable={},
        codecs={},
        metrics={"psnr": MetricInfo("PSNR", higher_is_better=True, source="")},
    )
    page = Page(render_report(summary, []))
    assert not page.all("svg")
    assert "Key results" not in "".join(page.text)


def test_marks_say_which_metrics_the_weights_were_trained_on():
    note = "† the weights were trained on this metric"
    assert note not in "".join(Page(render_report(make_summary(), [])).text)
    text = " ".join("".join(Page(render_report(make_trained_summary(), [])).text).split())
    assert "0.3000†0.2700 to 0.3300" in text
    assert "+100.0%†+90.0 to +110.5" in text
    # below BD-rates twice, what captions change, points; and at the plot of LPIPS
    assert text.count(note) == 5


def test_a_command_line_is_shown_as_one():
    summary = replace(make_summary(), environment={"command": ["a", "b c"], "packages": {"x": 1}})
    assert "a 'b c'" in "".join(Page(render_report(summary, [])).text)
