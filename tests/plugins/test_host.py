"""A broken plugin is named with its cause and takes nothing else down."""

from __future__ import annotations

import importlib.metadata
import inspect
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from acorn_engine.plugins import Field, Function, Parameter, RuleKind, Settings, hookimpl, hookspecs
from acorn_engine.plugins.hookspecs import FAILURE_POLICIES
from acorn_engine.plugins.host import PluginHost
from acorn_engine.plugins.registry import build_registry
from acorn_engine.types import NUMBER


class Good:
    @hookimpl
    def acorn_functions(self):
        yield Function("twice", (Parameter("x", NUMBER),), NUMBER, "x * 2", "twice(2)")


def host_with(*objects, **options):
    return PluginHost(entry_points=False, objects=[Good(), *objects], **options)


def working(host):
    return sorted(build_registry(host).functions)


def test_every_hook_has_a_written_failure_policy():
    specs = {name for name, _ in inspect.getmembers(hookspecs, inspect.isfunction) if name.startswith("acorn_")}
    assert specs == set(FAILURE_POLICIES)


def test_a_plugin_that_breaks_half_way_through_a_generator_gives_nothing():
    class Half:
        @hookimpl
        def acorn_functions(self):
            yield Function("first", (), NUMBER, "1", "first()")
            raise ValueError("half-way")

    host = host_with(Half())
    assert working(host) == ["twice"]
    [failure] = host.failures
    assert (failure.plugin, failure.hook, failure.cause) == ("Half", "acorn_functions", "ValueError: half-way")
    assert failure.policy.value == "rules that use it do not load"


def test_a_plugin_that_yields_the_wrong_record_type():
    class Wrong:
        @hookimpl
        def acorn_functions(self):
            yield {"name": "not a record"}

    host = host_with(Wrong())
    assert working(host) == ["twice"]
    assert host.failures[0].cause == "TypeError: acorn_functions yielded dict, expected Function"


def test_a_plugin_that_returns_text():
    class Text:
        @hookimpl
        def acorn_functions(self):
            return "twice"

    host = host_with(Text())
    working(host)
    assert "the hook returned text ('twice'), not records" in host.failures[0].cause


def test_a_misspelt_hook_switches_the_plugin_off_with_a_hint():
    class Misspelt:
        @hookimpl
        def acorn_functoins(self):
            yield Function("never", (), NUMBER, "1", "never()")

    host = host_with(Misspelt())
    assert working(host) == ["twice"]
    assert (
        host.plugins["Misspelt"].cause
        == "has hooks that do not exist: 'acorn_functoins' (did you mean 'acorn_functions'?)"
    )
    assert not host.plugins["Misspelt"].on


def test_a_misspelt_guard_counts_as_a_guard_that_failed():
    class Misspelt:
        @hookimpl
        def acorn_gaurds(self):
            return []

    assert [failure.hook for failure in host_with(Misspelt()).failed("acorn_guards")] == ["acorn_guards"]


def test_a_wrong_signature_is_refused_at_registration():
    class Signature:
        @hookimpl
        def acorn_facts(self, offers, weather):
            return []

    host = host_with(Signature())
    assert working(host) == ["twice"]
    cause = host.plugins["Signature"].cause
    assert cause.startswith("could not be registered: PluginValidationError")
    assert "weather" in cause


def test_a_class_that_cannot_be_made():
    class Explodes:
        def __init__(self):
            raise RuntimeError("no")

    host = PluginHost(entry_points=False, objects=[Good, Explodes])
    assert working(host) == ["twice"]
    assert host.plugins["Explodes"].cause == "could not be made: RuntimeError: no"


def test_a_hook_that_hangs_is_given_up():
    class Hangs:
        @hookimpl
        def acorn_functions(self):
            time.sleep(5)
            return []

    started = time.monotonic()
    host = host_with(Hangs(), hook_seconds=0.2)
    assert working(host) == ["twice"]
    assert time.monotonic() - started < 4
    assert host.failures[0].cause == "HookHangsError: no answer within 0.2 seconds"


def test_a_plugin_that_exits_does_not_end_the_program():
    class Exits:
        @hookimpl
        def acorn_functions(self):
            raise SystemExit(3)

    host = host_with(Exits())
    assert working(host) == ["twice"]
    assert host.failures[0].cause == "RuntimeError: SystemExit: 3"


def test_two_providers_of_one_name_are_a_conflict_that_names_both():
    class Other:
        @hookimpl
        def acorn_functions(self):
            yield Function("twice", (Parameter("x", NUMBER),), NUMBER, "x + x", "twice(2)")

    [problem] = build_registry(host_with(Other())).problems
    assert problem.message == "function 'twice' is provided by both Good and Other. Nothing was planned."


def test_a_field_of_the_engine_cannot_be_declared_again():
    class Greedy:
        @hookimpl
        def acorn_fields(self):
            yield Field("price", NUMBER, "half_up", "price")

    [problem] = build_registry(host_with(Greedy())).problems
    assert problem.message == "field 'price' is provided by both the engine and Greedy. Nothing was planned."


def test_a_failing_settings_hook_switches_the_plugin_off():
    class Sections:
        @hookimpl
        def acorn_settings(self):
            raise OSError("disk")

        @hookimpl
        def acorn_rule_kinds(self):
            yield RuleKind("k", Settings, lambda options: [])  # type: ignore[arg-type]

    host = host_with(Sections())
    registry = build_registry(host)
    assert registry.kinds == {}
    assert host.plugins["Sections"].cause == "acorn_settings failed: OSError: disk"


def test_a_marketplace_without_its_parts_is_off():
    class Shop:
        @hookimpl
        def acorn_marketplaces(self):
            yield SimpleNamespace(name="shop", sites=())

    host = host_with(Shop())
    assert build_registry(host).marketplaces == {}
    assert "the marketplace has no limits, encode, document" in host.failures[0].cause


def test_single_files_are_plugins_on_request_and_a_broken_one_is_named(tmp_path: Path):
    (tmp_path / "tripling.py").write_text(
        "from acorn_engine.plugins import Function, Parameter, hookimpl\nfrom acorn_engine.types import NUMBER\n"
        "@hookimpl\ndef acorn_functions():\n    yield Function('triple', (Parameter('x', NUMBER),), NUMBER, 'x * 3', 'triple(2)')\n",
        encoding="utf-8",
    )
    (tmp_path / "broken.py").write_text("import does_not_exist_anywhere\n", encoding="utf-8")
    host = PluginHost(entry_points=False, objects=[Good()], directory=tmp_path)
    assert working(host) == ["triple", "twice"]
    assert host.plugins["broken"].cause == (
        "could not be loaded: ModuleNotFoundError: No module named 'does_not_exist_anywhere'"
    )


def test_entry_points_are_loaded_one_by_one(monkeypatch):
    class Point:
        def __init__(self, name, load):
            self.name, self.value, self.load = name, name, load
            self.dist = SimpleNamespace(name=f"acorn-{name}", version="1.2.0")

    def broken():
        raise ImportError("No module named 'x'")

    points = [Point("bad", broken), Point("good", lambda: Good()), Point("good", lambda: Good())]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: points)
    host = PluginHost()
    assert working(host) == ["twice"]
    assert host.plugins["bad"].to_dict() == {
        "name": "bad",
        "origin": "acorn-bad",
        "version": "1.2.0",
        "hooks": [],
        "on": False,
        "cause": "could not be loaded: ImportError: No module named 'x'",
        "failures": [],
    }
    assert host.plugins["good (acorn-good)"].cause == "'good' is provided by both acorn-good and acorn-good"


def test_a_plugin_can_be_left_out(monkeypatch):
    point = SimpleNamespace(name="good", value="good", dist=None, load=lambda: Good())
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [point])
    host = PluginHost(disabled=["good"])
    assert working(host) == []
    assert host.plugins["good"].cause == "switched off in the project file"


def test_being_told_something_fails_for_the_one_that_fails_only():
    told = []

    class Listener:
        @hookimpl
        def acorn_submission_settled(self, submission):
            told.append(submission["id"])

    class Deaf:
        @hookimpl
        def acorn_submission_settled(self, submission):
            raise KeyError("nothing")

    collected = host_with(Deaf(), Listener()).tell("acorn_submission_settled", submission={"id": 7})
    assert told == [7]
    assert [failure.plugin for failure in collected.failures] == ["Deaf"]


@pytest.mark.parametrize("hook", sorted(FAILURE_POLICIES))
def test_every_hook_says_what_it_is_for(hook):
    assert (getattr(hookspecs, hook).__doc__ or "").strip()
