"""The sandbox's own paths, beside Amazon's: the log, the truth, the faults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import parse_qs

from acorn_sandbox import exact
from acorn_sandbox.calls import Answer
from acorn_sandbox.errors import ApiError, invalid, not_found
from acorn_sandbox.faults import Faults
from acorn_sandbox.log import Log
from acorn_sandbox.marketplaces import MARKETPLACES
from acorn_sandbox.staging import Staging
from acorn_sandbox.standing import issues_of
from acorn_sandbox.state import Listing, State

PREFIX: Final = "/_sandbox/"


class Control:
    """Answers ``/_sandbox/…``; needs no token and has no quota."""

    def __init__(self, state: State, faults: Faults, log: Log, staging: Staging) -> None:
        self._state = state
        self._faults = faults
        self._log = log
        self._staging = staging

    def answer(self, method: str, path: str, query: str, content: bytes) -> Answer:
        """Answer one request. Raises ``ApiError``."""
        match method, path.removeprefix(PREFIX):
            case "GET", "log":
                return Answer(body=self._log.shown())
            case "GET", "listings":
                return Answer(body=list(self._truth(parse_qs(query))))
            case "GET", "faults":
                return Answer(body=self._faults.listed())
            case "POST", "faults":
                self._faults.add(_posted(content))
                return Answer(body=self._faults.listed())
            case "DELETE", "faults":
                self._faults.clear()
                return Answer(body=[])
            case _, "log" | "listings" | "faults":
                raise ApiError(405, "MethodNotAllowed", f"{method} is not possible here.")
        return self._staged(method, path.removeprefix(PREFIX), content)

    def _staged(self, method: str, name: str, content: bytes) -> Answer:
        readers, makers = self._staging.readers, self._staging.makers
        if name not in readers.keys() | makers.keys():
            known = sorted({"log", "listings", "faults", *readers, *makers})
            raise not_found(f"The sandbox has no {PREFIX}{name}; it has {', '.join(known)}.")
        if method == "GET" and name in readers:
            return Answer(body=readers[name]())
        if method != "POST" or name not in makers:
            raise ApiError(405, "MethodNotAllowed", f"{method} is not possible here.")
        records = _posted(content)
        records = records if isinstance(records, list) else [records]
        if not all(isinstance(record, dict) for record in records):
            raise invalid("The body is an object or a list of objects.")
        return Answer(body=[makers[name](record) for record in records])

    def _truth(self, query: dict[str, list[str]]) -> Iterator[dict[str, Any]]:
        unknown = sorted(set(query) - {"marketplace_id", "sku", "seller_id"})
        if unknown:
            raise invalid(f"Unknown parameter '{unknown[0]}'.")
        for site in query.get("marketplace_id", []):
            if site not in MARKETPLACES:
                raise invalid(f"Invalid marketplace '{site}'.")
        for listing in self._state.all_listings():
            if all(getattr(listing, key) in values for key, values in query.items()):
                yield self._shown(listing)

    def _shown(self, listing: Listing) -> dict[str, Any]:
        return {
            "seller_id": listing.seller_id,
            "marketplace_id": listing.marketplace_id,
            "sku": listing.sku,
            "product_type": listing.product_type,
            "attributes": self._state.attributes(listing),
            "issues": issues_of(listing),
        }


def _posted(content: bytes) -> Any:
    try:
        return exact.loads(content)
    except ValueError as error:
        raise invalid("The body is not JSON.", str(error)) from None
