"""The runner with a codec made here, whose rate and distortion are known."""

import json
import math
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from sidelight.claim import claimed
from sidelight.errors import CodecError, ConfigError, ImageError
from sidelight.evaluate import points
from sidelight.evaluate import run as module
from sidelight.evaluate.dataset import load_dataset
from sidelight.evaluate.outputs import write_outputs
from sidelight.evaluate.results import Results
from sidelight.evaluate.run import Experiment, run
from sidelight.evaluate.statistics import Estimate
from sidelight.evaluate.summary import Summary
from sidelight.metrics.distribution import FrechetDistance, KernelDistance
from sidelight.metrics.fidelity import Psnr
from sidelight.metrics.protocol import SetValue

SIDE = 40


@dataclass
class FlatCodec:
    """Keeps every ``step``-th level; a caption shifts the picture by its length."""

    step: int
    codec: str = "flat"
    reads_text: bool = True
    broken_at: int | None = None
    num_encoded: int = 0

    @property
    def setting(self) -> str:
        return f"step={self.step}"

    def describe(self):
        return {"step": self.step}

    def encode(self, image):
        self.num_encoded += 1
        if self.num_encoded == self.broken_at:
            raise CodecError("out of ink")
        return bytes(1000 // self.step) + image[::1].tobytes()

    def decode(self, data, text):
        pixels = np.frombuffer(data[1000 // self.step :], np.uint8).reshape(SIDE, SIDE, 3)
        return (pixels // self.step * self.step + len(text)).astype(np.uint8)


@pytest.fixture
def dataset(tmp_path, make_picture):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for k in range(3):
        Image.fromarray(make_picture(SIDE, SIDE, k) // 2).save(folder / f"{k}.png")
    listing = {f"{k}.png": ["ab" * (k + 1), "c"] for k in range(3)}
    (folder / "captions.json").write_text(json.dumps(listing))
    return load_dataset(str(folder))


def experiment(dataset, points, **changes):
    values = {"captions": ("right", "none"), "metrics": ("psnr",)} | changes
    return Experiment(name="test", dataset=dataset, points=points, **values)


def test_every_point_and_caption_gets_a_mean_over_pictures(dataset, tmp_path):
    summary = run(experiment(dataset, [FlatCodec(4), FlatCodec(16)]), tmp_path / "out")
    assert [(p.setting, p.captions) for p in summary.points] == [
        ("step=16", "right"),
        ("step=4", "right"),
        ("step=16", "none"),
        ("step=4", "none"),
    ]
    point = summary.points[3]
    assert point.num_pictures == 3
    assert point.bpp.value == pytest.approx(8 * (250 + 3 * SIDE**2) / SIDE**2)
    # captions of 2, 4 and 6 bytes
    right = next(p for p in summary.points if (p.setting, p.captions) == ("step=4", "right"))
    assert right.bpp_with_captions - right.bpp.value == pytest.approx(8 * 4 / SIDE**2)
    originals = [dataset.image(k).astype(float) for k in range(3)]
    expected = [10 * np.log10(255**2 / np.mean((x - x // 4 * 4) ** 2)) for x in originals]
    assert point.metrics["psnr"].value == pytest.approx(np.mean(expected))
    assert summary == Summary.load(tmp_path / "out")


def test_what_a_codec_was_trained_on_stands_in_the_summary(dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(FlatCodec, "describe", lambda flat: {"trained_on": ("psnr",)})
    run(experiment(dataset, [FlatCodec(4)]), tmp_path / "out")
    summary = Summary.load(tmp_path / "out")
    assert summary.trained_on("flat", "step=4") == summary.trained_on("flat") == {"psnr"}
    assert summary.trained_on("flat", "step=8") == summary.trained_on("another") == set()


def test_a_cut_run_goes_on_and_codes_no_picture_twice(dataset, tmp_path):
    broken = FlatCodec(4, broken_at=3)
    with pytest.raises(CodecError, match=r"2.png, flat step=4: out of ink"):
        run(experiment(dataset, [broken]), tmp_path / "out")
    mended = FlatCodec(4)
    cut = run(experiment(dataset, [mended]), tmp_path / "out")
    assert mended.num_encoded == 1
    whole = run(experiment(dataset, [FlatCodec(4)]), tmp_path / "whole")
    assert [p.metrics for p in cut.points] == [p.metrics for p in whole.points]


def test_another_codec_joins_and_the_first_is_not_coded_again(dataset, tmp_path):
    run(experiment(dataset, [FlatCodec(4)]), tmp_path / "out")
    first, second = FlatCodec(4), FlatCodec(8, codec="other")
    summary = run(experiment(dataset, [first, second]), tmp_path / "out")
    assert (first.num_encoded, second.num_encoded) == (0, 3)
    alone = run(experiment(dataset, [second]), tmp_path / "out")
    assert alone.points == summary.points
    assert alone.codecs.keys() == {"flat", "other"}


def test_a_picture_of_which_a_cut_left_one_caption_gets_the_other_one_only(dataset, tmp_path):
    run(experiment(dataset, [FlatCodec(4)]), tmp_path / "out")
    path = tmp_path / "out" / "pictures.jsonl"
    *kept, last = path.read_text().splitlines(keepends=True)
    assert [json.loads(line)["captions"] for line in (kept[-1], last)] == ["right", "none"]
    path.write_text("".join(kept) + last[:30])
    again = FlatCodec(4)
    run(experiment(dataset, [again]), tmp_path / "out")
    assert again.num_encoded == 1
    *lines, added = path.read_text().splitlines(keepends=True)
    assert lines == kept
    assert json.loads(added)["metrics"] == json.loads(last)["metrics"]


def test_a_codec_s_time_is_that_of_each_file_and_each_decoding(dataset, tmp_path):
    summary = run(experiment(dataset, [FlatCodec(4)]), tmp_path / "out")
    rows = Results(tmp_path / "out").rows
    encoding = {row.image: row.encode_s for row in rows}
    assert (len(rows), len(encoding)) == (6, 3)
    decoding = [row.decode_s for row in rows]
    (time,) = summary.times
    assert (time.codec, time.setting) == ("flat", "step=4")
    assert time.encode_s == pytest.approx(sum(encoding.values()) / 3)
    assert time.decode_s == pytest.approx(sum(decoding) / 6)
    assert time.total_s == pytest.approx(3 * time.encode_s + 6 * time.decode_s)


def test_a_codec_that_reads_no_text_decodes_once(dataset, tmp_path):
    summary = run(experiment(dataset, [FlatCodec(4, reads_text=False)]), tmp_path)
    assert [p.captions for p in summary.points] == ["-"]


@pytest.mark.parametrize("captions", ["nope", "caption-3"])
def test_captions_that_are_not_there_leave_no_folder_behind(dataset, tmp_path, captions):
    with pytest.raises(ConfigError):
        run(experiment(dataset, [FlatCodec(4)], captions=("right", captions)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_series_are_compared_with_the_anchor(dataset, tmp_path):
    points = [FlatCodec(step, codec=name) for name in ("flat", "same") for step in (4, 8, 16)]
    made = experiment(dataset, points, captions=("none",), anchors=("flat, none",))
    (result,) = run(made, tmp_path / "one").bd_rates
    assert (result.metric, result.series) == ("psnr", "same, none")
    assert result.rate is not None
    assert result.rate.percent == pytest.approx(0, abs=1e-9)
    with pytest.raises(ConfigError, match="no series 'vvc' to compare with"):
        experiment(dataset, points, anchors=("vvc",))


class Pixels:
    """One row per pixel: its three levels."""

    name = "pixels"

    def __call__(self, image):
        return image.reshape(-1, 3).astype(np.float32)[:: SIDE * 8]


class Shift:
    name, label, higher_is_better, source = "shift", "Shift", False, "made here"
    features = Pixels()

    def __call__(self, originals, decoded):
        return SetValue(float(np.abs(originals - decoded).mean()), len(decoded))


def test_a_metric_of_sets_reads_features_and_one_that_cannot_run_says_why(
    dataset, tmp_path, monkeypatch
):
    monkeypatch.setattr(module, "load_metrics", lambda names: ([Shift()], {"gone": "no weights"}))
    made = experiment(dataset, [FlatCodec(1)], captions=("none", "right"), metrics=("shift",))
    summary = run(made, tmp_path / "out")
    values = {p.captions: p.metrics["shift"].value for p in summary.points}
    assert values == {"none": pytest.approx(0), "right": pytest.approx(4)}
    assert summary.points[0].metrics["shift"].count == 15
    assert summary.unavailable == {"gone": "no weights"}
    (effect,) = summary.caption_effects
    assert (effect.metric, effect.captions) == ("shift", "right")
    assert effect.change.value == pytest.approx(4)
    assert np.isnan([effect.change.low, effect.change.high]).all()


def test_a_caption_s_effect_on_a_frechet_distance_is_drawn_over_pictures(
    dataset, tmp_path, monkeypatch
):
    metric = FrechetDistance(Pixels())
    monkeypatch.setattr(module, "load_metrics", lambda names: ([metric], {}))
    made = experiment(dataset, [FlatCodec(1)], captions=("none", "right"), metrics=("fd_pixels",))
    (effect,) = run(made, tmp_path / "out").caption_effects
    # captions of 2, 4 and 6 bytes shift their pictures by as many levels
    kept = [Pixels()(dataset.image(k)) for k in range(3)]
    places = np.random.default_rng(2311).integers(0, 3, (200, 3))
    drawn = []
    for pictures in [range(3), *places]:
        originals = np.concatenate([kept[k] for k in pictures])
        shifted = np.concatenate([kept[k] + 2 * (k + 1) for k in pictures])
        drawn.append(metric(originals, shifted).value)
    low, high = np.quantile(drawn[1:], (0.025, 0.975))
    assert effect.change == pytest.approx((drawn[0], low, high), abs=1e-6)
    assert low < drawn[0] < high

    monkeypatch.setattr(points, "_MOST_ROWS_DRAWN", 14)
    (effect,) = run(made, tmp_path / "out").caption_effects
    assert effect.change.value == pytest.approx(drawn[0])
    assert np.isnan(effect.change.low)


def test_two_processes_measure_what_one_does(dataset, tmp_path):
    from sidelight.evaluate.codecs.registry import codec_points

    points = codec_points("jpeg")[:2]
    reported = []
    made = experiment(dataset, points)
    two = run(made, tmp_path / "two", workers=2, report=lambda *a: reported.append(a))
    one = run(made, tmp_path / "one")
    assert [(p.bpp, p.metrics) for p in two.points] == [(p.bpp, p.metrics) for p in one.points]
    assert [done for done, _, _ in reported] == [1, 2, 3, 4, 5, 6]
    assert isinstance(two.points[0].metrics["psnr"], Estimate)


class Picky:
    """Refuses pictures with a side of less than 50 px."""

    name, label, higher_is_better, source = "picky", "Picky", True, "made here"

    def __call__(self, sample):
        if min(sample.original.shape[:2]) < 50:
            raise ImageError("needs sides of 50 px or more")
        return 1.0


def test_metrics_that_cannot_be_had_are_said_before_anything_is_coded(
    dataset, tmp_path, monkeypatch
):
    metrics = [Psnr(), Picky(), KernelDistance(OneRow())]
    monkeypatch.setattr(module, "load_metrics", lambda names: ([*metrics], {}))
    codec, told = FlatCodec(4), []
    remedy = "give more or larger pictures"
    made = experiment(dataset, [codec], metrics=tuple(metric.name for metric in metrics))
    summary = run(made, tmp_path / "out", tell=lambda line: told.append((line, codec.num_encoded)))
    assert [(line.partition(" is left out: ")[::2], count) for line, count in told] == [
        (("picky", "0.png: needs sides of 50 px or more"), 0),
        (("kd_pixels", f"kd_pixels needs 4 patches or more, got 3: {remedy}"), 0),
    ]
    assert list(summary.unavailable) == ["picky", "kd_pixels"]
    assert all(p.metrics.keys() == {"psnr"} for p in summary.points)
    write_outputs(made, summary, tmp_path / "out")


def test_without_any_metric_that_can_be_had_nothing_is_coded(dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "load_metrics", lambda names: ([Picky()], {}))
    codec = FlatCodec(4)
    with pytest.raises(ConfigError, match=r"no metric is left .* of picky"):
        run(experiment(dataset, [codec], metrics=("picky",)), tmp_path / "out")
    assert codec.num_encoded == 0


def test_a_broken_picture_is_refused_before_any_is_coded(dataset, tmp_path):
    path, codec = dataset.pictures[-1].path, FlatCodec(4)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(ImageError, match=path.name):
        run(experiment(dataset, [codec]), tmp_path / "out")
    assert codec.num_encoded == 0
    assert not (tmp_path / "out").exists()


class OneRow(Pixels):
    def __call__(self, image):
        return super().__call__(image)[:1]


def test_equal_pictures_leave_json_that_every_reader_takes(dataset, tmp_path):
    points = [FlatCodec(step, reads_text=False) for step in (1, 4, 8)]
    points += [FlatCodec(step, codec="other", reads_text=False) for step in (2, 4, 8)]
    made = experiment(dataset, points, anchors=("flat",))
    out = tmp_path / "out"
    summary = run(made, out)
    first = next(p for p in summary.points if (p.codec, p.setting) == ("flat", "step=1"))
    assert first.metrics["psnr"].value == math.inf
    (result,) = summary.bd_rates
    assert (result.rate, "not finite" in result.reason) == (None, True)
    assert write_outputs(made, summary, out).is_file()
    for path in out.rglob("*.json*"):
        for line in (
            path.read_text().splitlines() if path.suffix == ".jsonl" else [path.read_text()]
        ):
            json.loads(line, parse_constant=pytest.fail)
    again = Summary.load(out)
    assert repr(again) == repr(summary)  # nan is not equal to itself
    assert Results(out).rows[0].metrics["psnr"] == math.inf


def test_a_metric_that_joins_later_is_left_out_where_it_was_not_measured(
    dataset, tmp_path, monkeypatch
):
    made = experiment(dataset, [FlatCodec(4), FlatCodec(8)], metrics=("psnr", "shift"))
    monkeypatch.setattr(module, "load_metrics", lambda names: ([Psnr()], {"shift": "no weights"}))
    run(experiment(dataset, [FlatCodec(4)], metrics=("psnr", "shift")), tmp_path / "out")
    module._tools.cache_clear()
    monkeypatch.setattr(module, "load_metrics", lambda names: ([Psnr(), Shift()], {}))
    summary = run(made, tmp_path / "out")
    module._tools.cache_clear()
    measured = {(p.setting, name) for p in summary.points for name in p.metrics}
    assert measured == {("step=4", "psnr"), ("step=8", "psnr"), ("step=8", "shift")}


def test_a_folder_at_work_is_left_alone(dataset, tmp_path):
    with claimed(tmp_path / "out"), pytest.raises(ConfigError, match="another process is at work"):
        run(experiment(dataset, [FlatCodec(4)]), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert run(experiment(dataset, [FlatCodec(4)]), tmp_path / "out").points
