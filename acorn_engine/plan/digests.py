"""Digests: equal inputs and equal plans give equal texts, whatever the process or the order."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.facts import KEYS
from acorn_engine.json_text import concatenated, objects, written
from acorn_engine.plan.column_hash import column_hash
from acorn_engine.plan.drafting import DRAFT_SCHEMA
from acorn_engine.plan.ordering import is_ordered, ordered, runs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.facts import FactTable, Offers

_CANONICAL: Final = sorted(DRAFT_SCHEMA)


def plan_digest(changes: pl.DataFrame, messages: pl.DataFrame) -> str:
    """Return the SHA-256 (hex) of the canonical JSON of changes and of their messages' hashes.

    The text is ``{"changes":[…],"messages":[…]}`` without spaces and with sorted keys: every change
    without its id, sorted by account, site, SKU and field; for each account and wave the SHA-256 of
    its lines ``SKU, tab, message, line feed`` sorted by SKU. How messages are cut into parts does
    not count.
    """
    rows, row = objects(ordered(changes.select(*_CANONICAL), *KEYS, "field"))
    digest = hashlib.sha256(b'{"changes":[')
    # Every row but the first has a comma before it: the first piece of bytes begins with one too many.
    for number, piece in enumerate(written(rows, concatenated([",", row]))):
        digest.update(piece if number else piece[1:])
    digest.update(b'],"messages":' + canonical(_message_hashes(messages)).encode() + b"}")
    return digest.hexdigest()


def _message_hashes(messages: pl.DataFrame) -> list[dict[str, object]]:
    lines = ordered(messages.select("account", "wave", "seller_sku", "message"), "account", "wave", "seller_sku")
    line = concatenated([pl.col("seller_sku"), "\t", pl.col("message"), "\n"])
    hashes: list[dict[str, object]] = []
    for first, length in runs(lines, "account", "wave"):
        digest = hashlib.sha256()
        for piece in written(lines.slice(first, length), line):
            digest.update(piece)
        account, wave = lines.select("account", "wave").row(first)
        hashes.append({"account": account, "sha256": digest.hexdigest(), "wave": wave})
    return hashes


def inputs_digest(offers: Offers, ruleset: str, settings: Mapping[str, object] | None = None) -> str:
    """Return the SHA-256 (hex) of everything that a plan is made of.

    The offers' content sorted by key, column by column in the order of names, with every fact's
    type; all tables; the rule set's digest; ``settings`` (the guards', say) as JSON-ready data.
    """
    frame = offers.frame
    if not is_ordered(frame, *KEYS):
        frame = frame[frame.select(*KEYS).with_row_index("_row").sort(*KEYS)["_row"]]
    columns = {name: column_hash(frame[name]) for name in frame.columns}
    facts = {
        name: [
            str(info.type),
            info.source,
            str(info.largest_age.total_seconds()) if info.largest_age else None,
            info.as_of if isinstance(info.as_of, str | None) else info.as_of.isoformat(),
        ]
        for name, info in offers.facts.items()
    }
    tables = {name: _table_hash(table) for name, table in offers.tables.items()}
    content = {
        "columns": columns,
        "facts": facts,
        "rows": frame.height,
        "ruleset": ruleset,
        "settings": dict(settings or {}),
        "tables": tables,
    }
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def _table_hash(table: FactTable) -> str:
    content = {
        currency: {
            key: [str(entry.value), entry.source, entry.as_of.isoformat() if entry.as_of else None, entry.stale]
            for key, entry in entries.items()
        }
        for currency, entries in table.entries.items()
    }
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def canonical(data: object) -> str:
    """Return JSON text with sorted keys and no spaces; values of other kinds are written as text."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
