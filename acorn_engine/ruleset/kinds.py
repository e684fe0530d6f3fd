"""``use`` and ``with``: a rule kind's model checks the options, its ``expand`` makes the rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from acorn_engine.ruleset.absent import absent_hint
from acorn_engine.ruleset.options import plugin_failed, read_options
from acorn_engine.ruleset.scalars import shortened
from acorn_engine.ruleset.typography import typography_hint

if TYPE_CHECKING:
    from pydantic import BaseModel

    from acorn_engine.plugins.records import RuleKind, RuleSpec
    from acorn_engine.ruleset.drafts import RuleDraft
    from acorn_engine.ruleset.model import Vocabulary
    from acorn_engine.ruleset.reading import Reader
    from acorn_engine.ruleset.tree import Scalar

MOST_RULES: Final = 1_000
_SUFFIX: Final = re.compile(r"[\w.\-]{0,60}")


@dataclass(frozen=True, slots=True)
class Expanded:
    """A rule that a kind has made: its id, and its words."""

    id: str
    kind: str
    spec: RuleSpec


def expand(reader: Reader, draft: RuleDraft, use: Scalar, vocabulary: Vocabulary) -> list[Expanded]:
    """Return the rules that a kind makes of ``with``; what is wrong is reported, and yields none."""
    name = use.text
    kind = vocabulary.kinds.get(name)
    if kind is None:
        _unknown(reader, use, vocabulary)
        return []
    options = read_options(reader, kind, draft, use)
    specs = _specs(reader, kind, use, options) if options is not None else []
    return [Expanded(_id(draft.id, spec.suffix), name, spec) for spec in specs]


def _specs(reader: Reader, kind: RuleKind, use: Scalar, options: BaseModel) -> list[RuleSpec]:
    """Return what a kind makes of its options; whatever goes wrong in it is reported, and yields nothing."""
    try:
        specs: list[Any] = list(islice(kind.expand(options), MOST_RULES + 1))
    except ValueError as error:
        reader.problem(use.start, "kind", f"{kind.name}: {shortened(str(error), 300)}")
        return []
    except Exception as error:  # noqa: BLE001  # a plugin's own fault is named and contained
        plugin_failed(reader, use, f"{type(error).__name__}: {shortened(str(error), 300)}")
        return []
    told = _wrong(specs)
    if told:
        plugin_failed(reader, use, told)
        return []
    return specs


def _unknown(reader: Reader, use: Scalar, vocabulary: Vocabulary) -> None:
    name = use.text
    if name in vocabulary.missing_providers:
        message = f"the rule kind '{name}' cannot be used: {vocabulary.missing_providers[name]}"
        reader.problem(use.start, "unknown_kind", message, "see 'acorn plugins'")
        return
    known = ", ".join(sorted(vocabulary.kinds)) or "none: no plugin that provides one is installed"
    hint = reader.guess(name, vocabulary.kinds) or typography_hint(name)
    hint = absent_hint(vocabulary.missing_providers, hint) or f"known kinds: {known}"
    reader.problem(use.start, "unknown_kind", f"unknown rule kind '{shortened(name)}'", hint, kind=name)


def _wrong(specs: list[Any]) -> str | None:
    """Say what is wrong with the records that a kind has given, or ``None``."""
    if not specs:
        return "it made no rule"
    if len(specs) > MOST_RULES:
        return f"it made more than {MOST_RULES} rules"
    told = next((found for spec in specs if (found := _wrong_record(spec))), None)
    if told is None and len({spec.suffix for spec in specs}) < len(specs):
        return "it made two rules with one id"
    return told


def _wrong_record(spec: Any) -> str | None:
    # By its parts and not by its class: the core does not import the plugins' machinery.
    if not all(hasattr(spec, name) for name in ("set", "when", "because", "final", "suffix")):
        return f"it gave {type(spec).__name__} instead of RuleSpec"
    if not isinstance(spec.set, Mapping) or not spec.set:
        return "it made a rule that sets nothing"
    if not isinstance(spec.suffix, str) or not _SUFFIX.fullmatch(spec.suffix):
        return f"it gave the suffix {shortened(repr(spec.suffix))}, which cannot be part of an id"
    if not isinstance(spec.when, str | None) or not isinstance(spec.because, str):
        return "it gave something else than text for 'when' or 'because'"
    return None


def _id(base: str, suffix: str) -> str:
    if not suffix:
        return base
    return f"{base}{suffix}" if suffix[0] in "-._" else f"{base}-{suffix}"


def expression_text(value: Any) -> str | None:
    """Return a value that a kind sets as an expression, or ``None`` where it is none (a float, say)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | Decimal):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    if isinstance(value, Fraction):
        return f"({value.numerator} / {value.denominator})"
    return f"date('{value.isoformat()}')" if isinstance(value, date) else None


def has_float(value: Any) -> bool:
    """Say whether literal data holds a binary floating-point number, or something that is no JSON data."""
    if isinstance(value, Mapping):
        return any(has_float(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(has_float(item) for item in value)
    return not isinstance(value, str | int | Decimal | None)
