"""A summary with made-up numbers of which every test knows how they came about."""

from dataclasses import replace

from sidelight.evaluate.statistics import BDRate, Estimate
from sidelight.evaluate.summary import (
    BDResult,
    CaptionEffect,
    CodingTime,
    MetricInfo,
    Point,
    SetEstimate,
    Summary,
)

CURVES = (("webp", "-", 2.0), ("sidelight", "right", 1.0), ("sidelight", "wrong", 1.1))
SETTINGS = (0.4, 0.1, 0.2)


def make_point(codec: str, captions: str, bpp: float, factor: float) -> Point:
    """LPIPS is ``factor`` * 0.03 / bpp; FID is there for Sidelight only."""
    lpips = 0.03 * factor / bpp
    metrics = {
        "lpips": Estimate(lpips, 0.9 * lpips, 1.1 * lpips),
        "psnr": Estimate(30 + 10 * bpp, 30 + 10 * bpp, 30 + 10 * bpp),
    }
    if codec == "sidelight":
        metrics["fid"] = SetEstimate(20 * lpips, 192, 0.25)
    return Point(
        codec=codec,
        setting=f"rate={bpp}",
        captions=captions,
        num_pictures=24,
        bpp=Estimate(bpp, 0.9 * bpp, 1.1 * bpp),
        bpp_with_captions=bpp + 0.002,
        metrics=metrics,
    )


def make_trained_summary() -> Summary:
    """The same, where Sidelight's two lower rates are a model that was trained on LPIPS."""
    described = {f"rate={bpp}": {"trained_on": ["lpips"]} for bpp in (0.1, 0.2)}
    described["rate=0.4"] = {"trained_on": []}
    summary = make_summary()
    return replace(summary, codecs=summary.codecs | {"sidelight": described})


def make_summary() -> Summary:
    points = [make_point(codec, caps, bpp, f) for codec, caps, f in CURVES for bpp in SETTINGS]
    return Summary(
        experiment="rate and distortion",
        environment={"command": "sidelight evaluate", "commit": "0123abcd", "packages": {"a": "1"}},
        dataset={"name": "waves", "num_pictures": 24, "side_px": None, "sha256": {"a.png": "00"}},
        codecs={
            "webp": {"rate=0.1": {"version": "1.5", "command": ["cwebp", "-q", "10"]}},
            "sidelight": {},
        },
        metrics={
            "lpips": MetricInfo("LPIPS", higher_is_better=False, source="Zhang et al. 2018"),
            "psnr": MetricInfo("PSNR dB", higher_is_better=True, source="by definition"),
            "fid": MetricInfo("FID/256", higher_is_better=False, source="Heusel et al. 2017"),
        },
        unavailable={"nima": "no weights: set SIDELIGHT_ASSETS"},
        points=points,
        times=[CodingTime("webp", "rate=0.1", 0.5, 1.25, 42.0)],
        caption_effects=[
            CaptionEffect("sidelight", "rate=0.1", "wrong", "lpips", Estimate(0.03, 0.02, 0.04))
        ],
        bd_rates=[
            BDResult("lpips", "sidelight, right", "webp", BDRate(100, 90, 110.5, 101, 99, 0.75)),
            BDResult("psnr", "sidelight, right", "webp", None, "the metric gets no better"),
        ],
    )
