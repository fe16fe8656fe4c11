"""A whole small experiment with real codecs, from pictures to the report."""

import json

import pytest
from PIL import Image

from sidelight.evaluate.codecs.published import PublishedCurve, read_curve
from sidelight.evaluate.codecs.registry import codec_points
from sidelight.evaluate.dataset import load_dataset
from sidelight.evaluate.outputs import REPORT_FILE, comparison_of, write_outputs
from sidelight.evaluate.results import Results
from sidelight.evaluate.run import Experiment, run

CURVE = PublishedCurve(
    name="theirs", description="", results={"bpp": [0.5, 1.0, 2.0], "psnr": [20.0, 30.0, 40.0]}
)


@pytest.fixture(scope="module")
def presented(tmp_path_factory, make_picture):
    folder = tmp_path_factory.mktemp("presented")
    for k in range(2):
        Image.fromarray(make_picture(64, 80, k)).save(folder / f"{k}.png")
    listing = {f"{k}.png": ["<b>one</b>", "two"] for k in range(2)}
    (folder / "captions.json").write_text(json.dumps(listing))
    experiment = Experiment(
        name="test",
        dataset=load_dataset(str(folder)),
        points=[*codec_points("jpeg", [10, 40, 80]), *codec_points("webp", [1, 40, 80])],
        captions=("right",),
        metrics=("psnr",),
        anchors=("jpeg", "theirs"),
        published=[CURVE],
    )
    summary = run(experiment, folder / "out")
    write_outputs(experiment, summary, folder / "out")
    return experiment, summary, folder / "out"


def test_all_that_people_read_is_there(presented):
    _, _, folder = presented
    assert {p.name for p in (folder / "plots").iterdir()} >= {"rate-psnr.png", "rate-psnr.svg"}
    page = (folder / REPORT_FILE).read_text("utf-8")
    assert "webp" in page
    assert "&lt;b&gt;one" in page
    assert (folder / "points.csv").read_text().count("\n") == 1 + 6 + 3


def test_curves_come_back_in_the_form_in_which_others_publish(presented):
    _, summary, folder = presented
    found = read_curve(folder / "curves" / "webp.json")
    points = [p for p in summary.points if p.codec == "webp"]
    assert found.results["bpp"] == [p.bpp.value for p in points]
    assert found.results["psnr"] == [p.metrics["psnr"].value for p in points]


def test_a_published_curve_is_a_series_among_the_measured(presented):
    _, summary, _ = presented
    assert [p.bpp.value for p in summary.points if p.codec == "theirs"] == [0.5, 1.0, 2.0]
    pairs = {(r.anchor, r.series) for r in summary.bd_rates}
    assert pairs == {
        ("jpeg", "webp"),
        ("jpeg", "theirs"),
        ("theirs", "jpeg"),
        ("theirs", "webp"),
    }


def test_versions_of_a_picture_are_near_in_rate_and_the_kept_bytes_decoded(presented):
    experiment, _, folder = presented
    results = Results(folder, experiment.conditions())
    comparison = comparison_of(experiment, results, 1)
    assert comparison.caption == "<b>one</b>"
    first, second = comparison.versions
    assert first.label == "jpeg, quality=40"
    rates = {r.setting: r.bpp for r in results.rows if (r.codec, r.image) == ("webp", "1.png")}
    assert second.bpp == min(rates.values(), key=lambda bpp: abs(bpp - first.bpp))
    point = next(p for p in experiment.points if (p.codec, p.setting) == ("jpeg", "quality=40"))
    assert (first.image == point.decode(results.read_file("jpeg", "quality=40", "1.png"), "")).all()
