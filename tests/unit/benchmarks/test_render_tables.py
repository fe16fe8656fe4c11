import json

import pytest
from scripts.render_tables import render

PAGE = "before\n<!-- table:memory -->\n<!-- /table -->\nafter\n"
RECORD = {
    "environment": {"command": "python -m x", "commit": "abc", "dirty": True, "cpu": "a CPU"},
    "conditions": {"limit_bytes": 2**30},
    "picture": {"width": 4, "height": 3, "bytes": 77},
    "rows": [
        {"command": "encode", "peak_bytes": 2**29, "wall_s": 1.6, "within_limit": True},
        {"command": "decode", "peak_bytes": 2**31, "wall_s": 2.0, "within_limit": False},
    ],
}


@pytest.fixture
def results(tmp_path):
    (tmp_path / "memory_large_picture.json").write_text(json.dumps(RECORD))
    return tmp_path


def test_figures_come_from_the_record_with_command_and_commit(results):
    page = render(PAGE, results)
    assert "| encode | 0.50 | 2 | yes |" in page
    assert "| decode | 2.00 | 2 | no |" in page
    assert "Made by `python -m x` at commit `abc`, with local changes" in page
    assert page.startswith("before\n")
    assert page.endswith("after\n")


def test_rendering_again_changes_nothing(results):
    page = render(PAGE, results)
    assert render(page, results) == page


def test_a_typed_figure_is_replaced(results):
    page = render(PAGE, results)
    assert render(page.replace("0.50", "0.49"), results) == page


def test_without_a_record_the_table_is_empty(results, tmp_path_factory):
    assert render(render(PAGE, results), tmp_path_factory.mktemp("none")) == PAGE


def test_unknown_table_is_an_error(results):
    with pytest.raises(SystemExit, match="no table 'speeed'"):
        render(PAGE.replace("memory", "speeed"), results)
