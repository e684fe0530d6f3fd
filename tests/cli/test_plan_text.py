"""What ``acorn plan`` says of sending: how many feeds, in how many waves, how long the quotas take."""

from __future__ import annotations

import polars as pl
import pytest

from acorn_engine.cli.output import Output
from acorn_engine.cli.plan_text import Overview, print_overviews, print_sending

QUOTAS = {"quotas": [[5, 60.0], [15, 120.5]], "patch_seconds": 0.2}
REASONS = pl.DataFrame(
    schema={
        "verdict": pl.String(),
        "code": pl.String(),
        "guard": pl.String(),
        "changes": pl.Int64(),
        "seller_sku": pl.String(),
        "because": pl.String(),
    }
)


def one(**more):
    return {"feeds": 0, "patches": 0, "waves": 1} | QUOTAS | more


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"feeds": 1}, "Account eu sends 1 feed: its quotas let all go at once"),
        ({"feeds": 12, "waves": 3}, "sends 12 feeds, in 3 waves that wait for each other: its quotas take 7 minutes"),
        ({"feeds": 40}, "sends 40 feeds: its quotas take 51 minutes at least, if it sends nothing else."),
        ({"patches": 1}, "sends 1 message one by one: its quotas let all go at once"),
        ({"patches": 50}, "sends 50 messages one by one: its quotas take 10 seconds at least"),
    ],
)
def test_every_account_is_told(given, words, capsys):
    print_sending(Output(as_json=False), {"eu": one(**given)})
    printed = capsys.readouterr().out
    assert words in printed
    assert "processing" in printed


def test_nothing_to_send_is_not_told(capsys):
    print_sending(Output(as_json=False), {})
    assert capsys.readouterr().out == ""


def test_the_sites_of_one_account_are_told_together(capsys):
    def site(name, **sending):
        row = (name, name, "ready", 1, 1, 0, 0, 0, 4)
        return Overview(name, name, row, halted=False, halts=(), reasons=REASONS, sending=sending)

    sites = [site("amazon.de", eu=one(feeds=4)), site("amazon.fr", eu=one(feeds=4), other=one(patches=2))]
    print_overviews(Output(as_json=False), sites)
    printed = capsys.readouterr().out
    assert "Account eu sends 8 feeds: its quotas take 3 minutes at least" in printed
    assert "Account other sends 2 messages one by one" in printed
