from __future__ import annotations

import polars as pl
import pytest

from acorn_engine.catalog.gtin import gtin_findings


@pytest.mark.parametrize("value", ["4006381333931", "036000291452", "96385074", "10614141000415", None])
def test_good_ones(value):
    assert gtin_findings(pl.Series([value], dtype=pl.String), "ean") == []


@pytest.mark.parametrize(
    ("value", "code", "effect"),
    [
        ("4.00638E+12", "gtin_rounded", "holds"),
        ("36000291452", "gtin_length", "holds"),
        ("n/a", "gtin_length", "holds"),
        ("4006381333932", "gtin_check_digit", "warns"),
    ],
)
def test_spoilt_ones(value, code, effect):
    (finding,) = gtin_findings(pl.Series([value]), "ean")
    assert (finding.code, finding.effect) == (code, effect)


def test_eaten_zeros_are_suspected():
    (finding,) = gtin_findings(pl.Series(["36000291452"]), "ean")
    assert callable(finding.hint)
    assert "did a spreadsheet eat its leading zeros? '036000291452' would be one" in (finding.hint("36000291452") or "")
