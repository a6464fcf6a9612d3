from pathlib import Path

import pytest

from bench.redaction import NoReportError, held_mask, report_of


def test_held_blocks_become_pixels_and_are_cut_to_the_picture() -> None:
    report = {"blocks": {"block_px": 4, "map": ["..s", "nsu"]}}
    mask = held_mask(report, height_px=7, width_px=10)
    assert mask.shape == (7, 10)
    assert mask[0:4, 8:10].all()
    assert mask[4:7, 4:8].all()
    assert mask.sum() == 4 * 2 + 3 * 4


@pytest.mark.parametrize("report", [{}, {"blocks": {"block_px": 4}}, {"blocks": {"block_px": 4, "map": ["..", ".."]}}])
def test_a_report_without_a_map_that_fits_is_named(report: dict[str, object]) -> None:
    with pytest.raises(NoReportError, match="map"):
        held_mask(report, 7, 10)


@pytest.mark.parametrize("text", [None, "{", "[]"])
def test_a_missing_or_damaged_report_is_named(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "out.json").write_text(text)
    with pytest.raises(NoReportError, match=r"out\.json"):
        report_of(tmp_path / "out.mp4")
