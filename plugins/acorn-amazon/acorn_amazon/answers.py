"""Answers read member by member: each of the type that Amazon's model says, or an error that names it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from acorn_amazon.errors import unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Self

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount as Amazon wrote it, in major units of ``currency`` (ISO 4217)."""

    amount: Decimal
    currency: str

    @property
    def text(self) -> str:
        """The amount as plain decimal text, without an exponent."""
        return format(self.amount, "f")


@dataclass(frozen=True, slots=True)
class Part:
    """One object of an answer. ``place`` says where it stands, for messages.

    Every reader raises ``MarketplaceError`` (code ``server``) where the member has another type
    than Amazon's model gives it; those without ``optional_`` in their name also where it is absent.
    """

    operation: str
    data: Any
    place: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no object."""
        if not isinstance(self.data, dict):
            raise self.unusable(self.place or "content")

    def unusable(self, where: str) -> Exception:
        """Return the error for a member that makes no sense, named by where it stands."""
        return unreadable(self.operation, f"its answer has no usable '{where}'", 200, {})

    def _where(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key

    def fault(self, key: str) -> Exception:
        """Return the error for a member of this object that makes no sense."""
        return self.unusable(self._where(key))

    def _need(self, key: str, read: Callable[[str], Result | None]) -> Result:
        value = read(key)
        if value is None:
            raise self.fault(key)
        return value

    def optional_text(self, key: str) -> str | None:
        """Return a text member."""
        value = self.data.get(key)
        if value is None or isinstance(value, str):
            return value
        raise self.fault(key)

    def text(self, key: str) -> str:
        """Return a required text member."""
        return self._need(key, self.optional_text)

    def optional_whole(self, key: str) -> int | None:
        """Return a whole number; ``3.0`` counts as 3."""
        value = self.data.get(key)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        if isinstance(value, Decimal) and value == value.to_integral_value():
            return int(value)
        raise self.fault(key)

    def whole(self, key: str) -> int:
        """Return a required whole number."""
        return self._need(key, self.optional_whole)

    def optional_number(self, key: str) -> Decimal | None:
        """Return a number, exactly; Amazon writes some of them as text."""
        value = self.data.get(key)
        if value is None:
            return None
        if isinstance(value, str):
            try:
                value = Decimal(value)
            except ArithmeticError:
                raise self.fault(key) from None
        if isinstance(value, int) and not isinstance(value, bool):
            value = Decimal(value)
        if not isinstance(value, Decimal) or not value.is_finite():
            raise self.fault(key)
        return value

    def number(self, key: str) -> Decimal:
        """Return a required number, exactly."""
        return self._need(key, self.optional_number)

    def optional_flag(self, key: str) -> bool | None:
        """Return true or false."""
        value = self.data.get(key)
        if value is None or isinstance(value, bool):
            return value
        raise self.fault(key)

    def optional_moment(self, key: str) -> datetime | None:
        """Return a time, aware; one without an offset is UTC."""
        value = self.optional_text(key)
        if value is None or value == "":
            return None
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise self.fault(key) from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def moment(self, key: str) -> datetime:
        """Return a required time, aware."""
        return self._need(key, self.optional_moment)

    def optional_part(self, key: str) -> Self | None:
        """Return an object within this one."""
        value = self.data.get(key)
        return None if value is None else type(self)(self.operation, value, self._where(key))

    def part(self, key: str) -> Self:
        """Return a required object within this one."""
        return self._need(key, self.optional_part)

    def optional_parts(self, key: str) -> Sequence[Self]:
        """Return a list of objects; none where it is absent."""
        value = self.data.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self.fault(key)
        return [type(self)(self.operation, item, f"{self._where(key)}[{index}]") for index, item in enumerate(value)]

    def parts(self, key: str) -> Sequence[Self]:
        """Return a required list of objects."""
        if self.data.get(key) is None:
            raise self.fault(key)
        return self.optional_parts(key)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; none where it is absent."""
        value = self.data.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.fault(key)
        return tuple(value)

    def optional_money(self, key: str) -> Money | None:
        """Return an amount with its currency, whichever of Amazon's two spellings it has.

        One without an amount or a currency says nothing and is ``None``.
        """
        part = self.optional_part(key)
        if part is None:
            return None
        capital = "Amount" in part.data or "CurrencyCode" in part.data
        amount = part.optional_number("Amount" if capital else "amount")
        currency = part.optional_text("CurrencyCode" if capital else "currencyCode")
        return Money(amount, currency) if amount is not None and currency else None

    def money(self, key: str) -> Money:
        """Return a required amount with its currency."""
        return self._need(key, self.optional_money)


def amount_of(money: Money | None) -> str | None:
    """Return an amount as plain decimal text, for a column."""
    return None if money is None else money.text


def currency_of(*found: Money | None) -> str | None:
    """Return the currency of the first amount that is there."""
    return next((money.currency for money in found if money is not None), None)
