"""What else stands in what a change replaces, kept so that it is sent along unchanged.

``replace`` drops every member of an instance that is not sent. So each full read keeps, as ready
JSON text, the members of our own instance that Acorn does not own, and every other instance of
the attribute. The text is canonical: equal neighbours give equal text.

Keys, all optional: ``extras`` (members, beginning with a comma) and ``others`` (instances,
beginning with a comma) of the offer; ``sales`` (further sale periods, beginning with a comma);
``sale_from``/``sale_start`` and ``sale_to``/``sale_end`` (a day, and the exact instant that
Amazon shows for it); ``availability_extras`` and ``availability_others``.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from acorn_amazon import exact_json
from acorn_amazon.attributes import of_site

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acorn_engine.sites import Site

KEYS: Final = (
    "extras",
    "others",
    "sales",
    "sale_from",
    "sale_start",
    "sale_to",
    "sale_end",
    "availability_extras",
    "availability_others",
)
OUR_AUDIENCE: Final = "ALL"
OUR_CHANNEL: Final = "DEFAULT"
_OFFER_MEMBERS: Final = frozenset(
    {
        "marketplace_id",
        "currency",
        "audience",
        "our_price",
        "minimum_seller_allowed_price",
        "maximum_seller_allowed_price",
        "discounted_price",
    }
)
# A quantity excludes is_inventory_available; marketplace_id is shown there but is no part of it.
_AVAILABILITY_MEMBERS: Final = frozenset(
    {
        "marketplace_id",
        "fulfillment_channel_code",
        "quantity",
        "lead_time_to_ship_max_days",
        "is_inventory_available",
    }
)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_WHOLE_DAY: Final = frozenset({time(0, 0), time(23, 59), time(23, 59, 59)})


def without_nulls(value: Any) -> Any:
    """Return ``value`` without null members, and without what is empty for that reason.

    Amazon shows ``"end_at": {"value": null}`` and refuses it when it is sent back.
    """
    if isinstance(value, dict):
        kept = {key: without_nulls(member) for key, member in value.items() if member is not None}
        return {key: member for key, member in kept.items() if member != {} or value[key] == {}}
    if isinstance(value, list):
        return [without_nulls(member) for member in value if member is not None]
    return value


def offer_instances(attributes: Mapping[str, Any], site: Site) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return our instance of ``purchasable_offer`` (empty if none) and the site's other ones."""
    ours: dict[str, Any] = {}
    others = []
    for instance in of_site(attributes.get("purchasable_offer"), site):
        audience = instance.get("audience") or OUR_AUDIENCE
        if not ours and audience == OUR_AUDIENCE and instance.get("currency") in (None, site.currency):
            ours = instance
        else:
            others.append(instance)
    return ours, others


def availability_instances(attributes: Mapping[str, Any], site: Site) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the merchant's own channel of ``fulfillment_availability`` and the other channels."""
    ours: dict[str, Any] = {}
    others = []
    for instance in of_site(attributes.get("fulfillment_availability"), site):
        if not ours and instance.get("fulfillment_channel_code") == OUR_CHANNEL:
            ours = instance
        else:
            others.append(instance)
    return ours, others


def schedules(instance: Mapping[str, Any], member: str) -> list[dict[str, Any]]:
    """Return every period of a price, in Amazon's order; ill-formed parts are left out."""
    entries = instance.get(member)
    found: list[dict[str, Any]] = []
    for entry in entries if isinstance(entries, list) else []:
        periods = entry.get("schedule") if isinstance(entry, dict) else None
        found.extend(period for period in (periods if isinstance(periods, list) else []) if isinstance(period, dict))
    return found


def day_of(shown: Any, site: Site) -> str | None:
    """Return the site-local day of a sale's start or end, as ISO text.

    Amazon shows a day, or an instant; an instant at the edge of a UTC day stands for that day.
    """
    if not isinstance(shown, str) or not shown:
        return None
    if _DAY.fullmatch(shown):
        return shown
    try:
        moment = datetime.fromisoformat(shown)
    except ValueError:
        return None
    if moment.tzinfo is None or moment.astimezone(UTC).time().replace(microsecond=0) in _WHOLE_DAY:
        return (moment if moment.tzinfo is None else moment.astimezone(UTC)).date().isoformat()
    return moment.astimezone(ZoneInfo(site.time_zone)).date().isoformat()


def _following(parts: Sequence[str]) -> str:
    return "".join(f",{part}" for part in parts)


def _members(instance: Mapping[str, Any], owned: frozenset[str]) -> str:
    rest = without_nulls({key: value for key, value in instance.items() if key not in owned})
    return _following(
        [f"{json.dumps(key)}:{exact_json.dumps(value, canonical=True)}" for key, value in sorted(rest.items())]
    )


def _instances(instances: Sequence[Mapping[str, Any]], dropped: frozenset[str] = frozenset()) -> str:
    return _following(
        sorted(
            exact_json.dumps(
                without_nulls({key: value for key, value in instance.items() if key not in dropped}), canonical=True
            )
            for instance in instances
        )
    )


def neighbours_of(attributes: Mapping[str, Any], site: Site) -> str:
    """Return the neighbours of one offer as canonical JSON text.

    ``attributes`` is the listing's attributes object, read with exact numbers. An offer with
    nothing beside what Acorn owns gives ``{}``.
    """
    ours, others = offer_instances(attributes, site)
    channel, channels = availability_instances(attributes, site)
    periods = schedules(ours, "discounted_price")
    found = {
        "extras": _members(ours, _OFFER_MEMBERS),
        "others": _instances(others),
        "sales": _following([exact_json.dumps(without_nulls(period), canonical=True) for period in periods[1:]]),
        "availability_extras": _members(channel, _AVAILABILITY_MEMBERS),
        "availability_others": _instances(channels, frozenset({"marketplace_id"})),
    }
    for edge, day_key, instant_key in (("start_at", "sale_from", "sale_start"), ("end_at", "sale_to", "sale_end")):
        shown = periods[0].get(edge) if periods else None
        day = day_of(shown, site)
        if day is not None and day != shown:
            found[day_key], found[instant_key] = day, str(shown)
    return exact_json.dumps({key: text for key, text in found.items() if text}, canonical=True)
