"""An explanation whose decisions are there at once, and whose lines are written when they are read."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC
from typing import TYPE_CHECKING, Any, TypeVar

from acorn_engine.explain.model import ChangeLine, Explanation, FactLine, GuardLine, RuleLine, UnchangedLine
from acorn_engine.explain.offer import OfferExplainer, change_line
from acorn_engine.explain.unchanged import unchanged_lines
from acorn_engine.sites import utc

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from acorn_engine.sites import SiteClock

Line = TypeVar("Line")


class LateExplanation(Explanation):
    """What was decided about one offer.

    It is, and equals, the ``Explanation`` with the same parts. ``changes`` are rows of a judged
    site; ``about`` makes the explainer of the offer, when a line is first asked for.
    """

    __slots__ = ("_about", "_explainer", "_lines", "_rows")
    _about: Callable[[], OfferExplainer]
    _explainer: OfferExplainer | None
    _lines: dict[str, tuple[Any, ...]]
    _rows: Sequence[Mapping[str, Any]]

    def __init__(
        self,
        clock: SiteClock,
        account: str,
        seller_sku: str,
        sku: str | None,
        changes: Sequence[Mapping[str, Any]],
        about: Callable[[], OfferExplainer],
    ) -> None:
        put = object.__setattr__
        put(self, "account", account)
        put(self, "site", clock.site.name)
        put(self, "seller_sku", seller_sku)
        put(self, "sku", sku)
        put(self, "at", utc(clock.now.astimezone(UTC)))
        put(self, "_rows", changes)
        put(self, "_about", about)
        put(self, "_explainer", None)
        put(self, "_lines", {})

    def _explained(self) -> OfferExplainer:
        if self._explainer is None:
            object.__setattr__(self, "_explainer", self._about())
        return self._explainer or self._about()

    def _written(self, name: str, write: Callable[[], Sequence[Line]]) -> tuple[Line, ...]:
        """Return lines, written once; two threads that ask at once write the same."""
        if name not in self._lines:
            self._lines[name] = tuple(write())
        return self._lines[name]

    @property
    def facts(self) -> tuple[FactLine, ...]:
        """Every fact of the offer."""
        return self._written("facts", lambda: self._explained().facts())

    @property
    def rules(self) -> tuple[RuleLine, ...]:
        """What every rule did."""
        return self._written("rules", lambda: self._explained().rules())

    @property
    def guards(self) -> tuple[GuardLine, ...]:
        """What every guard answers."""
        return self._written("guards", lambda: self._explained().guards())

    @property
    def changes(self) -> tuple[ChangeLine, ...]:
        """The changes, with their verdicts."""
        return self._written("changes", lambda: [change_line(row, {}) for row in self._rows])

    @property
    def unchanged(self) -> tuple[UnchangedLine, ...]:
        """The fields that do not change, and why."""
        changed = {row["field"] for row in self._rows}
        return self._written("unchanged", lambda: unchanged_lines(self._explained(), changed))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Explanation):
            return NotImplemented
        return self._parts() == tuple(getattr(other, part.name) for part in fields(Explanation))

    def __hash__(self) -> int:
        return hash((self.account, self.site, self.seller_sku, self.at))

    def __reduce__(self) -> tuple[type[Explanation], tuple[Any, ...]]:
        """Travel as a plain explanation, with all its lines."""
        return Explanation, self._parts()

    def _parts(self) -> tuple[Any, ...]:
        return tuple(getattr(self, part.name) for part in fields(Explanation))
