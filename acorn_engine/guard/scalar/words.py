"""The words of one offer's changes: exact text of values, sentences, parameters."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

from acorn_engine.evaluate.slots import NUMBER_DIGITS
from acorn_engine.fields import attribute_name
from acorn_engine.guard.scalar.state import MISSING_CELL
from acorn_engine.guard.text import MISSING_WORD
from acorn_engine.ruleset.becauses import because_parts
from acorn_engine.types import Kind, Type

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from acorn_engine.facts import Cell
    from acorn_engine.fields import Field
    from acorn_engine.guard.scalar.state import OfferState
    from acorn_engine.ruleset.becauses import Part
    from acorn_engine.sites import Site


def placed(units: int, digits: int) -> str:
    """Return whole units as plain decimal text: 2999 with 2 digits is ``29.99``."""
    if not digits:
        return str(units)
    text = str(abs(units)).zfill(digits + 1)
    return f"{'-' if units < 0 else ''}{text[:-digits]}.{text[-digits:]}"


def plain_text(value: Any, scale: int = 0) -> str | None:
    """Return a value that is no money: decimals without needless zeros."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return placed(value, scale).rstrip("0").rstrip(".") if scale else str(value)


class OfferWords:
    """Tells values by name: proposed fields, the site's own names, and ``facts`` (types by name).

    ``whole`` are the facts whose columns are integers.
    """

    def __init__(
        self, site: Site, fields: Mapping[str, Field], facts: Mapping[str, Type], whole: Collection[str]
    ) -> None:
        self._site = site
        self._fields = {name: each for name, each in fields.items() if attribute_name(name) is None}
        self._facts, self._whole = facts, whole
        self._parts: dict[str, tuple[Part, ...]] = {}
        self._standard = {"site": site.name, "currency": site.currency, "tick": site.tick_text}

    def sentence(self, because: str, own: Mapping[str, str | None], state: OfferState, today: date) -> str:
        """Return a text with its names filled in."""
        parts: list[str] = []
        for part in self._split(because):
            if not part.name:
                parts.append(part.text)
            elif part.text in own:
                value = own[part.text]
                parts.append(MISSING_WORD if value is None else value)
            else:
                parts.append(self._said(part.text, state, today))
        return "".join(parts)

    def names(self, because: str) -> tuple[str, ...]:
        """Return the names in a text's braces, each once, in order."""
        return tuple(dict.fromkeys(part.text for part in self._split(because) if part.name))

    def _split(self, because: str) -> tuple[Part, ...]:
        """Return the parts of a text; a chain has so many texts that each is split once."""
        parts = self._parts.get(because)
        if parts is None:
            parts = self._parts[because] = because_parts(because)
        return parts

    def _said(self, name: str, state: OfferState, today: date) -> str:
        found = self.text(name, state, today)
        if found is None:
            return MISSING_WORD
        unit = self._unit(name, state)
        return found if unit == "" else MISSING_WORD if unit is None else f"{found} {unit}"

    def parameters(self, names: Sequence[str], own: Mapping[str, Any], state: OfferState, today: date) -> str:
        """Return the named values as JSON text: numbers and money as text, whole numbers as integers."""
        known = (name for name in names if name in self._fields or name in self._facts or self._is_standard(name))
        chosen = {name: self._parameter(name, state, today) for name in known} | dict(own)
        return json.dumps({name: chosen[name] for name in sorted(chosen)})

    def _is_standard(self, name: str) -> bool:
        return name in self._standard or name == "today"

    def _parameter(self, name: str, state: OfferState, today: date) -> Any:
        field = self._fields.get(name)
        if field is not None:
            value = state.to[name]
            whole = field.type.kind is Kind.NUMBER and field.type.integer
            return value if whole else self.text(name, state, today)
        if name in self._facts and name in self._whole and self._facts[name].kind is not Kind.MONEY:
            return state.facts.get(name, MISSING_CELL).value
        return self.text(name, state, today)

    def text(self, name: str, state: OfferState, today: date) -> str | None:
        """Return the plain text of a name; ``None`` where it is missing or unknown."""
        field = self._fields.get(name)
        if field is not None:
            return self.field_text(field, state.to[name])
        of = self._facts.get(name)
        if of is not None:
            cell = state.facts.get(name, MISSING_CELL)
            return self.amount(cell, of) if of.kind is Kind.MONEY else plain_text(*cell)
        return today.isoformat() if name == "today" else self._standard.get(name)

    def field_text(self, field: Field, value: Any) -> str | None:
        """Return a proposed value, or one that the site shows, as changes tell it."""
        if value is None or attribute_name(field.name) is not None:
            return value  # type: ignore[no-any-return]
        if field.type.kind is Kind.MONEY:
            return placed(value, self._site.digits)
        return plain_text(value, NUMBER_DIGITS if field.type.kind is Kind.NUMBER and not field.type.integer else 0)

    def amount(self, cell: Cell, of: Type) -> str | None:
        """Return an amount as it stands; in the site's currency with all its decimals."""
        if cell.value is None:
            return None
        digits = self._site.digits
        if of.at_site(self._site.currency).tag == self._site.currency and cell.scale < digits:
            return placed(cell.value * 10 ** (digits - cell.scale), digits)
        return placed(cell.value, cell.scale)

    def _unit(self, name: str, state: OfferState) -> str | None:
        """Return what follows a value in a sentence; nothing but for money."""
        of = self._fields[name].type if name in self._fields else self._facts.get(name)
        if of is None or of.kind is not Kind.MONEY:
            return ""
        if name in self._fields or of.tag_column is None:
            return self._site.currency if name in self._fields else of.at_site(self._site.currency).tag
        found: str | None = state.facts.get(of.tag_column, MISSING_CELL).value
        return found
