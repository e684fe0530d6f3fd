"""When each reason fires for one offer, by its code, and the values that only it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from acorn_engine.guard.scalar.state import OfferState

    Fires = Callable[[OfferState], bool]


def _less(a: Any, b: Any) -> bool:
    """Say whether ``a < b`` of two values that are there."""
    return a is not None and b is not None and a < b


def _stands(name: str) -> Callable[[OfferState], Any]:
    return lambda state: state.stands[name]


def _to(name: str) -> Callable[[OfferState], Any]:
    return lambda state: state.to[name]


def _floor(state: OfferState) -> int | None:
    return state.floor


def _below(one: Callable[[OfferState], Any], other: Callable[[OfferState], Any]) -> Fires:
    return lambda state: _less(one(state), other(state))


def _below_minimum(state: OfferState) -> bool:
    least = state.stands["minimum_price"]
    # A minimum that only repeats the floor leaves the answer to the floor's own setting.
    return _less(state.stands["price"], least) and _less(state.floor, least)


def _sale_not_below(state: OfferState) -> bool:
    sale, price = state.stands["sale_price"], state.stands["price"]
    return sale is not None and price is not None and sale >= price


def _sale_dates(state: OfferState) -> bool:
    stands = state.stands
    return stands["sale_price"] is not None and _less(stands["sale_to"], stands["sale_from"])


def _dates_missing(state: OfferState) -> bool:
    stands = state.stands
    return stands["sale_price"] is not None and (stands["sale_from"] is None or stands["sale_to"] is None)


def _sale_missing(state: OfferState) -> bool:
    return state.stands["sale_price"] is None and bool(state.changed & {"sale_from", "sale_to"})


def _eligible_unknown(state: OfferState) -> bool:
    return state.to["eligible"] is None or state.holds.get("eligible") is not None


def never(_state: OfferState) -> bool:
    """Say no: what cannot be of an offer that nobody has read and that has nothing on its way."""
    return False


FIRES: Final[dict[str, Fires]] = {
    "fulfilled_by_marketplace": lambda state: state.fulfilment == "amazon",
    "other_site_owns": never,
    "pending": never,
    "below_floor": _below(_stands("price"), _floor),
    "sale_below_floor": _below(_stands("sale_price"), _floor),
    "other_price_below_floor": never,
    "minimum_below_floor": _below(_stands("minimum_price"), _floor),
    "below_minimum": _below_minimum,
    "above_maximum": _below(_stands("maximum_price"), _stands("price")),
    "above_ceiling": _below(_to("ceiling_price"), _stands("price")),
    "maximum_above_ceiling": _below(_to("ceiling_price"), _stands("maximum_price")),
    "sale_not_below_price": _sale_not_below,
    "sale_dates": _sale_dates,
    "raised_to_floor": lambda state: state.raised,
    "negative_quantity": lambda state: _less(state.to["quantity"], 0),
    "negative_handling_days": lambda state: _less(state.to["handling_days"], 0),
    "fulfilment_missing": lambda state: state.fulfilment is None,
    "no_floor": lambda state: state.floor is None,
    "price_unknown": lambda state: state.stands["price"] is None,
    "sale_dates_missing": _dates_missing,
    "sale_price_missing": _sale_missing,
    "fact_problem": never,
    "eligible_unknown": _eligible_unknown,
    "currency_mismatch": lambda _state: True,
    "held_by_rule": never,
}
"""The reasons that are always the same. Of ``neighbours_unknown`` and of rules and guards there are several."""

AMOUNTS: Final[dict[str, Callable[[OfferState], Any]]] = {
    "price": _stands("price"),
    "sale_price": _stands("sale_price"),
    "minimum_price": _stands("minimum_price"),
    "maximum_price": _stands("maximum_price"),
    "ceiling_price": _to("ceiling_price"),
    "floor_price": _floor,
    "other_price": lambda _state: None,
}
"""The amounts in minor units that the price limits tell."""
