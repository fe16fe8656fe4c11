"""The table of the other learned codecs in docs/model.md, counted."""

import dataclasses
import re
from pathlib import Path

import pytest
import torch
from tests.multiply_adds import multiply_adds

from sidelight.models.presets import PRESETS
from sidelight.models.registry import build_model

DOCUMENT = Path(__file__).parents[3] / "docs" / "model.md"
NUMBER = r"([\d.,]+)"
ROW = re.compile(
    rf"^\| `(\S+)`(| with `ssa`) \| {NUMBER}, {NUMBER} \| {NUMBER} "
    rf"\| {NUMBER} GMAC \| {NUMBER} GMAC \|$",
    re.MULTILINE,
)
OTHERS = [n for n, c in PRESETS.items() if c.architecture not in ("hific", "tgic", "carrier")]
ROWS = [row for row in ROW.findall(DOCUMENT.read_text("utf-8")) if row[0] in OTHERS]
TILES = 16
"""Tiles of 64x64 pixels in 256x256."""


def test_the_table_has_every_preset_once():
    assert [row[0] for row in ROWS if not row[1]] == OTHERS


@pytest.mark.parametrize(
    "row", ROWS, ids=lambda row: row[0] + row[1].replace(" with `ssa`", "+ssa")
)
@torch.no_grad()
def test_a_rows_figures_are_those_of_the_model(row):
    name, ssa, n, m, weights, encode, decode = row
    config = dataclasses.replace(PRESETS[name], ssa=bool(ssa))
    assert (config.hyper_channels, config.latent_channels) == (int(n), int(m))
    with torch.device("meta"):
        model = build_model(config)
    assert sum(p.numel() for p in model.parameters()) == int(weights.replace(",", ""))

    model.to_empty(device="cpu")
    x, text = torch.zeros(1, 3, 64, 64), torch.zeros(1, config.text_width)
    y, z = torch.zeros(1, int(m), 4, 4), torch.zeros(1, int(n), 1, 1)

    def predict() -> None:
        model.means_and_scales(model.hyper_synthesis(z, text), y)

    def analyse() -> None:
        model.analyse(x, text)
        model.h_a(y)

    predicting = multiply_adds(model, predict)
    encoding = predicting + multiply_adds(model, analyse)
    decoding = predicting + multiply_adds(model, lambda: model.synthesise(y, text))
    assert TILES * encoding == pytest.approx(float(encode), abs=0.006)
    assert TILES * decoding == pytest.approx(float(decode), abs=0.006)
