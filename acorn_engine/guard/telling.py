"""What is said of every change: verdict, code, reason and parameters, in words made once for all that share them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.guard.model import JUDGED_SCHEMA, ROW
from acorn_engine.guard.reasons import NO_REASON
from acorn_engine.ruleset.becauses import because_names
from acorn_engine.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acorn_engine.guard.reasons import Names, Reason
    from acorn_engine.ruleset import Chain

FOLLOWS_LIMITS: Final = "follows the working limits of the offer"
_WORDS: Final = ("guard", "verdict", "because", "code", "params")


def tell(
    rows: pl.DataFrame, frame: pl.DataFrame, reasons: Sequence[Reason], names: Names, chain: Chain
) -> pl.DataFrame:
    """Return the changes (``JUDGED_SCHEMA``) with their words, in the order of ``rows``.

    ``rows`` has ``_row`` and ``_reason``, the number of the reason; ``frame`` the offers. A change
    that nothing stops has the words of its rule.
    """
    texts = {rule.id: rule.because for rule in chain.rules}
    own = pl.when(pl.col("_reason") == NO_REASON).then("rule").alias("_own")
    groups = (
        rows.select("_reason", own).with_row_index("_at").group_by("_reason", "_own", maintain_order=True).agg("_at")
    )
    # Every row is given the number of its words: texts of few kinds are copied once, by number.
    numbers = pl.Series([0], dtype=pl.UInt32).new_from_index(0, rows.height)
    told = [pl.DataFrame(schema=dict.fromkeys(_WORDS, pl.String))]
    count = 0
    for number, rule, at in zip(groups["_reason"], groups["_own"], groups["_at"], strict=True):
        words = _of_rule(rule, texts, names) if number == NO_REASON else _of_reason(reasons[number], names)
        made = _made(words, frame, rows[ROW], at)
        told.append(made)
        numbers = numbers.scatter(
            at, pl.int_range(count, count + len(at), dtype=pl.UInt32, eager=True) if len(made) > 1 else count
        )
        count += len(made)
    said = pl.concat(told)[numbers] if count else told[0]
    return rows.drop(*_WORDS, strict=False).hstack(said).select(*JUDGED_SCHEMA).cast(JUDGED_SCHEMA)  # type: ignore[arg-type]


def _of_rule(rule: str | None, texts: Mapping[str, str], names: Names) -> dict[str, pl.Expr]:
    """Return the words of a change that nothing stops; without a rule it follows limits."""
    because = FOLLOWS_LIMITS if rule is None else texts.get(rule, "")
    own = {} if rule is None else {"rule": pl.lit(rule)}
    return {
        "guard": pl.lit(None, pl.String),
        "verdict": pl.lit(Verdict.SEND.value),
        "because": names.sentence(because, {}),
        "code": pl.lit("limit" if rule is None else "rule"),
        "params": names.parameters(because_names(because), own),
    }


def _of_reason(reason: Reason, names: Names) -> dict[str, pl.Expr]:
    shown = tuple(dict.fromkeys((*because_names(reason.because), *reason.shown)))
    return {
        "guard": pl.lit(reason.guard, pl.String),
        "verdict": pl.lit(reason.verdict.value),
        "because": names.sentence(reason.because, reason.own),
        "code": pl.lit(reason.code),
        "params": names.parameters(shown, reason.own),
    }


def _made(words: Mapping[str, pl.Expr], frame: pl.DataFrame, rows: pl.Series, at: pl.Series) -> pl.DataFrame:
    """Return the words for some changes: one row where all of them have the same, else one for each."""
    needed = {name for expr in words.values() for name in expr.meta.root_names()}
    columns = [expr.cast(pl.String).alias(name) for name, expr in words.items()]
    if not needed:
        return pl.select(columns)
    some = frame.select(sorted(needed))[rows.gather(at)]
    return some.with_columns(columns).select(_WORDS)
