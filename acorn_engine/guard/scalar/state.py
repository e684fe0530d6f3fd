"""One offer while it is judged: what is proposed, what the site shows, what would stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from acorn_engine.facts import Cell
from acorn_engine.fields import PRICE_GROUP, attribute_name
from acorn_engine.guard.candidates import LIMIT_FIELDS, sent_fields
from acorn_engine.types import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from acorn_engine.evaluate.model import Hold
    from acorn_engine.fields import Field


MISSING_CELL: Final = Cell(None)


@dataclass(slots=True)
class OfferState:
    """An offer that nobody has read and that has nothing on its way.

    ``facts`` are its facts, ``to`` the final values of all fields (money and numbers scaled as
    fields keep them), ``rules`` who set them, ``holds`` the held groups. The rest is worked out:
    ``shown`` is what the site shows, comparable with ``to``; ``changed`` and ``valueless`` are
    names of fields; ``stands`` is the price group as it would stand. ``guards`` are the guards'
    answers in their order, ``missed`` and ``stale`` the names that are missing or too old, by guard.
    """

    facts: Mapping[str, Cell]
    to: dict[str, Any]
    rules: Mapping[str, str | None]
    holds: Mapping[str, Hold | None]
    shown: dict[str, Any] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    valueless: set[str] = field(default_factory=set)
    stands: dict[str, Any] = field(default_factory=dict)
    raised: bool = False
    guards: tuple[Any, ...] = ()
    missed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    stale: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def floor(self) -> int | None:
        """The working floor in minor units: blank, zero and negative are missing."""
        floor: int | None = self.to["floor_price"]
        return floor if floor is not None and floor > 0 else None

    @property
    def fulfilment(self) -> str | None:
        """Who fulfils the offer."""
        found: str | None = self.facts.get("fulfilment", MISSING_CELL).value
        return found


def raise_to_floor(state: OfferState) -> None:
    """Lift proposed prices below the floor to it."""
    floor = state.floor
    for name in ("price", "sale_price"):
        price = state.to[name]
        if floor is not None and price is not None and price < floor:
            state.to[name], state.raised = floor, True


class Candidates:
    """Finds the changes of offers. ``setters`` maps a field to the rules that set it."""

    def __init__(
        self,
        fields: Mapping[str, Field],
        setters: Mapping[str, frozenset[str]],
        digits: int,
        same_attribute: Callable[[str], bool],
    ) -> None:
        self.sent = sent_fields(fields)
        self._plain = [each for each in self.sent if attribute_name(each.name) is None]
        self._attributes = [each.name for each in self.sent if attribute_name(each.name) is not None]
        self._settable = [
            (each.name, each.group, setters[each.name])
            for each in self.sent
            if each.name in setters and each.name not in LIMIT_FIELDS
        ]
        self._companions = {
            each.name for each in self.sent if each.group == PRICE_GROUP and each.name not in LIMIT_FIELDS
        }
        self._digits, self._same = digits, same_attribute

    def find(self, state: OfferState, today: date) -> None:
        """Fill in ``shown``, ``changed``, ``valueless`` and ``stands``."""
        to, shown, changed = state.to, state.shown, state.changed
        for each in self._plain:
            name = each.name
            cell = state.facts.get(f"current_{name}", MISSING_CELL)
            now = shown[name] = self._minor(cell) if each.type.kind is Kind.MONEY else cell.value
            new = to[name]
            if new is not None and new != now:
                changed.add(name)
        for name in self._attributes:
            shown[name] = None
            if to[name] is not None and not self._same(to[name]):
                changed.add(name)
        for name, group, setters in self._settable:
            hold = state.holds.get(group)
            if hold is not None and name not in changed and hold.rule in setters and hold.code in _BROKEN:
                state.valueless.add(name)
        changed |= state.valueless
        if not (changed - state.valueless) & self._companions:
            changed.difference_update(LIMIT_FIELDS)
        self._stand(state, today)

    def _minor(self, cell: Cell) -> int | None:
        """Return an amount in whole minor units; one that is none is ``None``: nothing equals it."""
        value: int | None = cell.value
        if value is None or cell.scale == self._digits:
            return value
        if cell.scale < self._digits:
            return int(value * 10 ** (self._digits - cell.scale))
        whole, rest = divmod(value, 10 ** (cell.scale - self._digits))
        return None if rest else whole

    @staticmethod
    def _stand(state: OfferState, today: date) -> None:
        stands = {name: state.shown[name] if state.to[name] is None else state.to[name] for name in _STANDING}
        ends = stands["sale_to"]
        if ends is not None and ends < today and state.to["sale_price"] is None:
            stands["sale_price"] = stands["sale_from"] = stands["sale_to"] = None
        state.stands = stands


_BROKEN = frozenset({"missing", "failed", "overflow"})
_STANDING = ("price", "minimum_price", "maximum_price", "sale_price", "sale_from", "sale_to")
