"""Reasons: why a change is not simply sent, in order of precedence, with texts and parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.guard.text import as_column, json_object
from acorn_engine.ruleset.becauses import because_parts
from acorn_engine.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_RANK: Final = {
    Verdict.NOT_OWNED: 0,
    Verdict.PENDING: 1,
    Verdict.REJECT: 2,
    Verdict.HOLD: 3,
    Verdict.SEND: 5,
}

NO_REASON: Final = 32_767
"""Stands for "nothing speaks against it" where the least number of a reason wins."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that may stop changes of an offer.

    ``fires`` is a Boolean expression per offer (null counts as false). ``fields`` are the changes
    that it acts on; ``None`` is all. ``because`` may hold ``{name}``; ``shown`` are
    further names for the parameters, ``own`` values that only this reason knows. ``valueless``
    limits it to changes whose new value is missing; ``spares_withdrawal`` lets a quantity
    of 0 pass, which takes the offer off sale. Among the reasons of one verdict the least ``urgent``
    comes first.
    """

    verdict: Verdict
    code: str
    because: str
    fires: pl.Expr
    fields: frozenset[str] | None = None
    guard: str | None = None
    shown: tuple[str, ...] = ()
    own: Mapping[str, pl.Expr] = field(default_factory=dict)
    valueless: bool = False
    urgent: int = 1
    spares_withdrawal: bool = False

    def acts_on(self, name: str) -> bool:
        """Say whether the reason concerns changes of a field."""
        return self.fields is None or name in self.fields


def in_order(reasons: Sequence[Reason]) -> list[Reason]:
    """Return reasons by precedence: the first that fires is the one that is told."""
    return sorted(reasons, key=lambda reason: (_RANK[reason.verdict], reason.urgent))


class Names:
    """The values that texts may name: plain text per offer, for sentences and for parameters.

    ``texts`` maps a name to its plain text; ``units`` to what follows it in a sentence (a
    currency); ``whole`` are the names whose parameters are integers.
    """

    def __init__(
        self, texts: Mapping[str, pl.Expr], units: Mapping[str, pl.Expr], whole: Mapping[str, pl.Expr]
    ) -> None:
        self._texts, self._units, self._whole = dict(texts), dict(units), dict(whole)

    def sentence(self, because: str, own: Mapping[str, pl.Expr]) -> pl.Expr:
        """Return a text with its names filled in, row by row."""
        parts: list[pl.Expr] = []
        for part in because_parts(because):
            if not part.name:
                parts.append(pl.lit(part.text))
                continue
            text = own.get(part.text, self._texts.get(part.text, pl.lit(None, pl.String)))
            unit = None if part.text in own else self._units.get(part.text)
            parts.append(as_column(text if unit is None else pl.concat_str(text, pl.lit(" "), unit)))
        return pl.concat_str(parts) if parts else pl.lit("")

    def parameters(self, names: Sequence[str], own: Mapping[str, pl.Expr]) -> pl.Expr:
        """Return JSON text of the named values: numbers and money as text, whole numbers as integers."""
        chosen = {
            name: self._whole.get(name, self._texts[name])
            for name in names
            if name in self._texts or name in self._whole
        }
        return json_object({**chosen, **own})
