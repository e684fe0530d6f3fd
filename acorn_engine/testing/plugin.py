"""What every plugin must keep to, whatever it provides."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

import polars as pl
import yaml
from pydantic import BaseModel, ValidationError

from acorn_engine.facts import Offers
from acorn_engine.marketplace import Account
from acorn_engine.plugins.enrichment import enrich
from acorn_engine.plugins.host import PluginHost
from acorn_engine.plugins.records import RuleSpec
from acorn_engine.plugins.registry import Registry, build_registry
from acorn_engine.testing.offers import SAMPLE_SITES, sample_offers

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class PluginContract:
    """Inherit and set ``plugin`` to the module or object with the hooks.

    ``settings`` are the plugin's sections as a project file would have them, where it cannot work
    with its defaults; ``extra_columns`` are catalogue columns that its facts need.
    """

    plugin: ClassVar[object]
    settings: ClassVar[dict[str, dict[str, Any]]] = {}
    extra_columns: ClassVar[dict[str, list[Any]]] = {}

    def registry(self) -> Registry:
        """Return what the plugin provides, loaded alone."""
        return build_registry(PluginHost(entry_points=False, objects=[self.plugin]))

    def sections(self, registry: Registry) -> dict[str, BaseModel]:
        """Return the plugin's settings, validated."""
        return {name: model.model_validate(self.settings.get(name, {})) for name, model in registry.sections.items()}

    def offers(self) -> pl.DataFrame:
        """Return sample offers with the extra columns, repeated as often as needed."""
        frame = sample_offers()
        made = {
            name: [values[index % len(values)] for index in range(frame.height)]
            for name, values in self.extra_columns.items()
        }
        return frame.with_columns(pl.Series(name, values) for name, values in made.items())

    def test_it_loads_without_a_failure(self) -> None:
        """The plugin registers, every hook exists, and every hook yields its own records."""
        registry = self.registry()
        _expect(not registry.host.broken(), [f"{info.name}: {info.cause}" for info in registry.host.broken()])
        _expect(not registry.host.failures, [f"{failure.hook}: {failure.cause}" for failure in registry.host.failures])
        _expect(not registry.problems, [problem.message for problem in registry.problems])

    def test_its_settings_refuse_unknown_keys_and_describe_every_key(self) -> None:
        """A misspelt key must be an error, and every key says what it is for."""
        for name, model in self.registry().sections.items():
            try:
                model.model_validate({**self.settings.get(name, {}), "no_such_key": 1})
            except ValidationError as error:
                kinds = {item["type"] for item in error.errors()}
                _expect("extra_forbidden" in kinds, [f"[{name}] refuses an unknown key only by chance: {kinds}"])
            else:
                _expect(False, [f"[{name}] takes unknown keys: set extra='forbid'"])
            bare = [key for key, field in model.model_fields.items() if not field.description]
            _expect(not bare, [f"[{name}] {key} has no description" for key in bare])

    def test_its_kinds_expand_from_their_examples(self) -> None:
        """Every kind has an example that its model takes and that gives rules that set something."""
        for name, kind in self.registry().kinds.items():
            example = yaml.safe_load(kind.example) or {}
            _expect(example.get("use") == name, [f"the example of kind '{name}' does not use it"])
            rules = list(kind.expand(kind.model.model_validate(example.get("with", {}))))
            _expect(bool(rules), [f"kind '{name}' gives no rule"])
            _expect(
                all(isinstance(rule, RuleSpec) and rule.set for rule in rules), [f"kind '{name}' gives empty rules"]
            )

    def test_its_functions_have_an_example_and_a_description(self) -> None:
        """Every function shows itself at work."""
        for name, function in self.registry().functions.items():
            _expect(f"{name}(" in function.example, [f"the example of '{name}' does not call it"])
            _expect(bool(function.description), [f"function '{name}' has no description"])

    def test_its_facts_fit_the_offers(self) -> None:
        """Facts have one exact value an offer, also where there are none, and are the same twice."""
        registry = self.registry()
        account = Account("sample", "shop", "S1", tuple(site.name for site in SAMPLE_SITES))
        for frame in (self.offers(), self.offers().clear()):
            first, second = (
                enrich(Offers(frame, {}), account, NOW, self.sections(registry), registry.host) for _ in range(2)
            )
            _expect(first.frame.height == frame.height, ["facts changed the number of offers"])
            _expect(first.frame.select(frame.columns).equals(frame), ["facts changed a column that was there"])
            _expect(first.frame.equals(second.frame), ["facts differ when asked twice"])
            floats = [name for name, dtype in first.frame.schema.items() if dtype.is_float()]
            _expect(not floats, [f"fact '{name}' is a binary float" for name in floats])

    def test_its_facts_follow_from_what_they_say(self) -> None:
        """Offers that stand alone have one value where the columns are alike from which it is said to follow."""
        registry = self.registry()
        account = Account("sample", "shop", "S1", tuple(site.name for site in SAMPLE_SITES))
        known: dict[tuple[object, ...], object] = {}
        for row in self.offers().iter_slices(1):
            offers = enrich(Offers(row, {}), account, NOW, self.sections(registry), registry.host)
            values = offers.frame.row(0, named=True)
            for name, info in offers.facts.items():
                if info.follows_from is not None:
                    seen = (name, *(values.get(column) for column in info.follows_from))
                    first = known.setdefault(seen, values[name])
                    told = f"fact '{name}' is {first} and {values[name]} for equal {', '.join(info.follows_from)}"
                    _expect(first == values[name], [told])

    def test_its_guards_are_records(self) -> None:
        """Guards come with an id, a condition and a reason."""
        registry = self.registry()
        collected = registry.guards(self.sections(registry))
        _expect(not collected.failures, [failure.cause for failure in collected.failures])
        for _, guard in collected.records:
            _expect(bool(guard.id and guard.condition and guard.because), [f"guard '{guard.id}' is not complete"])


def _expect(holds: bool, reasons: list[str]) -> None:
    if not holds:
        raise AssertionError("; ".join(reasons))
