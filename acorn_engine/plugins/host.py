"""Loading plugins and asking them, one by one, so that a broken one takes nothing else down."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import inspect
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pluggy

from acorn_engine.plugins import hookspecs
from acorn_engine.plugins.faults import record_fault
from acorn_engine.plugins.hookspecs import FAILURE_POLICIES, PROJECT_NAME, FailurePolicy
from acorn_engine.plugins.isolation import HOOK_SECONDS, call_in_time, describe, drain, handed
from acorn_engine.problems import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ENTRY_POINT_GROUP: Final = "acorn"
HANDED_IN: Final = "handed in"
"""The origin of a plugin that an embedding program gives as an object."""


@dataclass(frozen=True, slots=True)
class HookFailure:
    """One hook of one plugin that failed, with what that means."""

    plugin: str
    hook: str
    cause: str
    policy: FailurePolicy


class Collected(NamedTuple):
    """What the plugins gave to one call, and which of them failed in it."""

    records: list[tuple[str, Any]]
    failures: list[HookFailure]


@dataclass(slots=True)
class PluginInfo:
    """One plugin as ``acorn plugins`` shows it."""

    name: str
    origin: str
    version: str | None = None
    hooks: tuple[str, ...] = ()
    on: bool = True
    failures: list[HookFailure] = field(default_factory=list)
    cause: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the plugin as JSON-ready data."""
        return {
            "name": self.name,
            "origin": self.origin,
            "version": self.version,
            "hooks": list(self.hooks),
            "on": self.on,
            "cause": self.cause,
            "failures": [
                {"hook": failure.hook, "cause": failure.cause, "consequence": failure.policy.value}
                for failure in self.failures
            ],
        }


class PluginHost:
    """All plugins of one engine. It owns its pluggy manager; nothing is global.

    ``objects`` are plugins handed in (modules, instances, or classes that need no arguments), ``directory`` a folder of
    single-file plugins, ``disabled`` names that are left out.
    """

    def __init__(
        self,
        *,
        entry_points: bool = True,
        objects: Sequence[object] = (),
        directory: Path | None = None,
        disabled: Sequence[str] = (),
        hook_seconds: float = HOOK_SECONDS,
    ) -> None:
        self._manager = pluggy.PluginManager(PROJECT_NAME)
        self._manager.add_hookspecs(hookspecs)
        self._hook_seconds = hook_seconds
        self.plugins: dict[str, PluginInfo] = {}
        if entry_points:
            self._load_entry_points(set(disabled))
        for candidate in objects:
            self._load_object(candidate)
        if directory is not None:
            self._load_directory(directory, set(disabled))

    @property
    def failures(self) -> list[HookFailure]:
        """Every hook that failed so far, in order."""
        return [failure for info in self.plugins.values() for failure in info.failures]

    def collect(self, hook: str, records: tuple[type, ...], /, **arguments: Any) -> Collected:
        """Ask every plugin for the records of one hook; return (plugin, record) pairs and this call's failures.

        A plugin that raises, hangs, yields something else or breaks off half-way gives none of
        its records; the failure is kept with the plugin.
        """
        found: list[tuple[str, Any]] = []
        failures: list[HookFailure] = []
        for name, implementation in self._implementations(hook):
            try:
                answers = self._ask(implementation, arguments)
                self._check_records(hook, answers, records)
            except Exception as error:  # noqa: BLE001  # whatever a plugin raises stays with it
                failures.append(self.note_failure(name, hook, describe(error)))
            else:
                found.extend((name, answer) for answer in answers)
        return Collected(found, failures)

    def tell(self, hook: str, /, **arguments: Any) -> Collected:
        """Tell every plugin, or ask it for an answer; return (plugin, answer) pairs and the failures, which stop nothing."""
        answers: list[tuple[str, Any]] = []
        failures: list[HookFailure] = []
        for name, implementation in self._implementations(hook):
            try:
                answers.append((name, call_in_time(partial(self._call, implementation, arguments), self._hook_seconds)))
            except Exception as error:  # noqa: BLE001
                failures.append(self.note_failure(name, hook, describe(error)))
        return Collected(answers, failures)

    def note_failure(self, plugin: str, hook: str, cause: str) -> HookFailure:
        """Record that a hook of a plugin failed, and return the record."""
        failure = HookFailure(plugin, hook, cause, FAILURE_POLICIES[hook])
        info = self.plugins[plugin]
        if failure not in info.failures:
            info.failures.append(failure)
        if failure.policy is FailurePolicy.PLUGIN_OFF:
            self.switch_off(plugin, f"{hook} failed: {cause}")
        return failure

    def switch_off(self, plugin: str, cause: str) -> None:
        """Take a plugin out of the run, with the reason."""
        info = self.plugins[plugin]
        info.on, info.cause = False, cause
        registered = self._manager.get_plugin(plugin)
        if registered is None:
            return
        guarding = any(name == plugin for name, _ in self._implementations("acorn_guards"))
        self._manager.unregister(name=plugin)
        if guarding:
            self.note_failure(plugin, "acorn_guards", f"the plugin is off: {cause}")

    def failed(self, hook: str) -> list[HookFailure]:
        """Return the failures of one hook."""
        return [failure for failure in self.failures if failure.hook == hook]

    def broken(self) -> list[PluginInfo]:
        """Return the plugins that are off for a reason of their own."""
        return [info for info in self.plugins.values() if not info.on]

    def _implementations(self, hook: str) -> list[tuple[str, pluggy.HookImpl]]:
        caller: pluggy.HookCaller = getattr(self._manager.hook, hook)
        return [(implementation.plugin_name, implementation) for implementation in caller.get_hookimpls()]

    @staticmethod
    def _call(implementation: pluggy.HookImpl, arguments: dict[str, Any]) -> Any:
        return implementation.function(*(handed(arguments[name]) for name in implementation.argnames))

    def _ask(self, implementation: pluggy.HookImpl, arguments: dict[str, Any]) -> list[Any]:
        return call_in_time(lambda: drain(self._call(implementation, arguments)), self._hook_seconds)

    @staticmethod
    def _check_records(hook: str, answers: Iterable[Any], records: tuple[type, ...]) -> None:
        for answer in answers:
            if records and not isinstance(answer, records):
                expected = " or ".join(record.__name__ for record in records)
                raise TypeError(f"{hook} yielded {type(answer).__name__}, expected {expected}")
            fault = record_fault(answer)
            if fault is not None:
                raise TypeError(f"{hook} yielded a record that cannot be used: {fault}")

    def _load_entry_points(self, disabled: set[str]) -> None:
        points = sorted(importlib.metadata.entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name)
        points.sort(key=lambda point: point.name != "builtin")
        for point in points:
            distribution = point.dist
            info = PluginInfo(
                point.name,
                origin=distribution.name if distribution else point.value,
                version=distribution.version if distribution else None,
            )
            if point.name in self.plugins:
                other = self.plugins[point.name].origin
                info.on, info.cause = False, f"'{point.name}' is provided by both {other} and {info.origin}"
                self.plugins[f"{point.name} ({info.origin})"] = info
                continue
            self.plugins[point.name] = info
            if point.name in disabled:
                info.on, info.cause = False, "switched off in the project file"
                continue
            try:
                module = call_in_time(point.load, self._hook_seconds)
            except Exception as error:  # noqa: BLE001
                info.on, info.cause = False, f"could not be loaded: {describe(error)}"
                continue
            self._register(info, module)

    def _load_object(self, candidate: object) -> None:
        name = getattr(candidate, "__name__", type(candidate).__name__)
        info = PluginInfo(name, origin=HANDED_IN)
        if name in self.plugins:
            name = info.name = f"{name} ({len(self.plugins)})"
        self.plugins[name] = info
        try:
            instance = call_in_time(candidate, self._hook_seconds) if inspect.isclass(candidate) else candidate
        except Exception as error:  # noqa: BLE001
            info.on, info.cause = False, f"could not be made: {describe(error)}"
            return
        self._register(info, instance)

    def _load_directory(self, directory: Path, disabled: set[str]) -> None:
        for path in sorted(directory.glob("*.py")):
            info = PluginInfo(path.stem, origin=str(path.name))
            if path.stem in self.plugins:
                info.on, info.cause = (
                    False,
                    f"'{path.stem}' is provided by both {self.plugins[path.stem].origin} and {path.name}",
                )
                self.plugins[f"{path.stem} ({path.name})"] = info
                continue
            self.plugins[path.stem] = info
            if path.stem in disabled:
                info.on, info.cause = False, "switched off in the project file"
                continue
            try:
                module = call_in_time(partial(_load_file, path), self._hook_seconds)
            except Exception as error:  # noqa: BLE001
                info.on, info.cause = False, f"could not be loaded: {describe(error)}"
                continue
            self._register(info, module)

    def _register(self, info: PluginInfo, plugin: object) -> None:
        try:
            call_in_time(partial(self._manager.register, plugin, name=info.name), self._hook_seconds)
        except Exception as error:  # noqa: BLE001
            cause = f"could not be registered: {describe(error)}"
            info.on, info.cause = False, cause
            if self._manager.get_plugin(info.name) is not None:  # some of its hooks may be in place
                self._manager.unregister(name=info.name)
            # Guards that were meant and cannot be asked count as guards that failed.
            if "acorn_guards" in dir(plugin):
                self.note_failure(info.name, "acorn_guards", cause)
            return
        callers = self._manager.get_hookcallers(plugin) or []
        unknown = [caller.name for caller in callers if not caller.has_spec()]
        if unknown:
            hints = [did_you_mean(name, FAILURE_POLICIES) for name in unknown]
            words = ", ".join(
                f"'{name}'" + (f" ({hint})" if hint else "") for name, hint in zip(unknown, hints, strict=True)
            )
            self.switch_off(info.name, f"has hooks that do not exist: {words}")
            # A misspelt guard must not open the gate: it counts as a guard that failed.
            if any(hint and "acorn_guards" in hint for hint in hints):
                info.failures.append(
                    HookFailure(info.name, "acorn_guards", f"misspelt hook {words}", FAILURE_POLICIES["acorn_guards"])
                )
            return
        info.hooks = tuple(sorted(caller.name for caller in callers))


def _load_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"acorn_file_plugin_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
