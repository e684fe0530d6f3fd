"""What one opened engine holds: project, plugins, store, connections, time."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from acorn_engine.clock import system_now
from acorn_engine.guard.settings import GuardSettings
from acorn_engine.plugins.host import PluginHost
from acorn_engine.plugins.registry import Registry, build_registry
from acorn_engine.problems import AcornError, Problem, ProjectError, did_you_mean
from acorn_engine.project.credentials import CredentialsSource, resolve
from acorn_engine.project.loading import Document, load_project, plugins_section, read_document, validation_problems
from acorn_engine.project.model import Project
from acorn_engine.project.rule_files import chain_files, rule_names
from acorn_engine.sites import Site, SiteClock

if TYPE_CHECKING:
    from acorn_engine.engine.chains import Shared
    from acorn_engine.engine.quotes import Quotes
    from acorn_engine.evaluate.programs import Programs
    from acorn_engine.marketplace import Account, Connection, Marketplace
    from acorn_engine.store import Store
    from acorn_engine.store.buckets import SharedBuckets

logger = logging.getLogger(__name__)
STOP_FILE: Final = "STOP"
"""A file of this name in the project folder halts all sending."""


def _aware(now: Callable[[], datetime]) -> Callable[[], datetime]:
    """Return a program's clock; it raises for a time that does not say where."""

    def checked() -> datetime:
        instant = now()
        if instant.tzinfo is None:
            raise AcornError("the time handed in has no time zone; give an aware datetime", code="naive-time")
        return instant

    return checked


def _close_quietly(connection: Connection) -> None:
    try:
        connection.close()
    except Exception:
        logger.warning("a connection to a marketplace could not be closed", exc_info=True)


def _plain_section(section: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if section is None:
        return None
    return {name: value for name, value in section.items() if name not in {"rename", "values"}}


class Context:
    """The parts of one engine. Thread-safe; belongs to the process that made it."""

    def __init__(
        self,
        document: Document,
        *,
        rules: Mapping[str, str] | None = None,
        credentials: CredentialsSource | None = None,
        plugins: Sequence[object] = (),
        entry_points: bool = True,
        now: Callable[[], datetime] | None = None,
        chains: Mapping[str, Sequence[tuple[str, str]]] | None = None,
    ) -> None:
        section = plugins_section(document)
        directory = document.root / section.directory if section.directory else None
        if directory is not None and not directory.is_dir():
            raise ProjectError(
                document.problem(("plugins", "directory"), f"the folder of plugins '{section.directory}' is not there.")
            )
        self.host = PluginHost(
            entry_points=entry_points, objects=plugins, directory=directory, disabled=section.disabled
        )
        self.registry: Registry = build_registry(self.host)
        broken = {info.name: info.cause or "is off" for info in self.host.broken()}
        self.document = document
        self.project: Project = load_project(document, self.registry.sections, self.registry.sites, broken)
        self._require(document, section.required)
        self.guards = self._guard_settings(document)
        self.rules = rules
        self._chains = chains
        self.now: Callable[[], datetime] = system_now if now is None else _aware(now)
        self._clock = self.now
        self.shared: Shared | None = None
        self._credentials = credentials
        self._process = os.getpid()
        self._lock = threading.RLock()
        self._connections: dict[str, Connection] = {}
        self._closed = False
        # What is made once and used by copies of this context, too.
        self._kept: dict[str, Any] = {}

    @classmethod
    def open(cls, settings: str | Path | Mapping[str, Any], root: Path | None = None, **options: Any) -> Context:
        """Open a project file, its folder, or settings handed in by a program."""
        if isinstance(settings, (str, Path)):
            return cls(read_document(Path(settings)), **options)
        return cls(Document(settings, (root or Path.cwd()).resolve()), **options)

    def _require(self, document: Document, required: Sequence[str]) -> None:
        problems = []
        for name in required:
            info = self.host.plugins.get(name)
            if info is None or not info.on:
                cause = info.cause if info else "it is not installed"
                problems.append(
                    document.problem(
                        ("plugins", "required"),
                        f"the plugin '{name}' is required, but off: {cause}. Nothing was planned.",
                        code="plugin-required",
                        hint=did_you_mean(name, self.host.plugins) if info is None else None,
                    )
                )
        if problems:
            raise ProjectError(problems)

    def _guard_settings(self, document: Document) -> GuardSettings:
        from pydantic import ValidationError

        try:
            return GuardSettings.model_validate(dict(self.project.guards))
        except ValidationError as error:
            raise ProjectError(validation_problems(document, ("guards",), GuardSettings, error)) from None

    def versions(self) -> dict[str, str]:
        """Return the versions of everything whose answers a plan depends on: engine, columns, plugins."""
        plugins = {info.name: info.version or info.origin for info in self.host.plugins.values() if info.on}
        return {"acorn-engine": version("acorn-engine"), "polars": version("polars"), **plugins}

    def alive(self) -> None:
        """Raise when the engine is closed, or this process is a fork of the one that opened it."""
        if os.getpid() != self._process:
            raise AcornError(
                Problem(
                    code="forked",
                    message="this engine was opened before the process was forked; nothing was done.",
                    hint="open the engine in each process, after the fork",
                )
            )
        if self._closed:
            raise AcornError("this engine is closed; nothing was done. Open another one.", code="closed")

    @property
    def store(self) -> Store:
        """The database, opened and set up at first use."""
        self.alive()
        with self._lock:
            if "store" not in self._kept:
                from acorn_engine.store import Store

                self._kept["store"] = Store.open(self.project.database, self.project.project.name, now=self._clock)
            store: Store = self._kept["store"]
            return store

    @property
    def programs(self) -> Programs:
        """The compiled rules of this engine: made once, used for every evaluation that they fit."""
        from acorn_engine.evaluate.programs import Programs

        found: Programs = self._kept.setdefault("programs", Programs())
        return found

    @property
    def quotes(self) -> Quotes:
        """What earlier quotes of this engine found out."""
        from acorn_engine.engine.quotes import Quotes

        found: Quotes = self._kept.setdefault("quotes", Quotes())
        return found

    def site(self, name: str) -> Site:
        """Return a site by name. Raises ``ProjectError`` for one that is unknown or has no chain."""
        if name in self.project.sites and name in self.registry.sites:
            return self.registry.sites[name]
        known = list(self.project.sites)
        raise ProjectError(
            Problem(
                code="unknown-site",
                message=f"the project has no site '{name}'. Nothing was done.",
                hint=did_you_mean(name, known) or (f"its sites: {', '.join(known)}" if known else "add it to [sites]"),
                params={"site": name},
            )
        )

    def clock(self, site: Site) -> SiteClock:
        """Return a site at this instant."""
        return SiteClock(site, self.now().astimezone(UTC))

    def marketplace(self, name: str) -> Marketplace:
        """Return a marketplace by name."""
        return self.registry.marketplaces[name]

    def accounts(self, site: str, account: str | None = None) -> list[Account]:
        """Return the accounts that sell on a site, or the one asked for."""
        found = self.project.accounts_of(site)
        if account is not None:
            self.account(account)
            found = [candidate for candidate in found if candidate.name == account]
        if not found:
            words = f"account '{account}' does not sell on {site}" if account else f"no account sells on {site}"
            raise ProjectError(
                Problem(code="no-account", message=f"{words}. Nothing was done.", hint="see [accounts] in acorn.toml")
            )
        return found

    def account(self, name: str) -> Account:
        """Return an account by name."""
        if name in self.project.accounts:
            return self.project.accounts[name]
        raise ProjectError(
            Problem(
                code="no-account",
                message=f"there is no account '{name}'. Nothing was done.",
                hint=did_you_mean(name, self.project.accounts) or f"accounts: {', '.join(self.project.accounts)}",
            )
        )

    def file_names(self) -> list[str]:
        """Return the names of all rule files, sorted."""
        return rule_names(self.project.root, self.rules)

    def files(self, site: str, names: Sequence[str] | None = None) -> list[tuple[str, str]]:
        """Return the rule files of a site's chain: (name, text), in the order they run; ``names`` where known."""
        if self._chains is not None:
            return list(self._chains[site])
        return chain_files(self.project.sites[site], self.project.root, site, self.rules, names)

    def without_sources(self) -> Context:
        """Return this context for rows handed in under the names that rules use: no renaming, no values."""
        bare = copy(self)
        sections = {role: _plain_section(getattr(self.project.catalog, role)) for role in ("products", "listings")}
        bare.project = replace(self.project, catalog=self.project.catalog.model_copy(update=sections))
        return bare

    def at(self, instant: datetime) -> Context:
        """Return this context with its time standing still, and rule files that are read once: all of a plan is of one instant."""
        from acorn_engine.engine.chains import Shared

        still = copy(self)
        still.now = lambda: instant
        still.shared = Shared()
        return still

    def connect(self, account: Account) -> Connection:
        """Return the account's connection, opened once. Raises ``ProjectError`` without credentials."""
        self.alive()
        with self._lock:
            connection = self._connections.get(account.name)
            if connection is None:
                secrets = resolve(account, self._credentials)
                connection = self.marketplace(account.marketplace).connect(account, secrets, self._options(account))
                self._connections[account.name] = connection
            return connection

    def _options(self, account: Account) -> dict[str, object]:
        section = self.project.sections.get(account.marketplace)
        return (section.model_dump() if section is not None else {}) | {"buckets": self._buckets}

    @property
    def _buckets(self) -> SharedBuckets:
        """The quotas that all processes of the database share; it is opened when a call is made."""
        if "buckets" not in self._kept:
            from acorn_engine.store.buckets import SharedBuckets

            self._kept["buckets"] = SharedBuckets(lambda: self.store)
        found: SharedBuckets = self._kept["buckets"]
        return found

    def stopped(self) -> bool:
        """Say whether a STOP file halts all sending."""
        return (self.project.root / STOP_FILE).exists()

    def close(self) -> None:
        """Close store and connections. The engine cannot be used afterwards."""
        with self._lock:
            connections, store = list(self._connections.values()), self._kept.pop("store", None)
            buckets = self._kept.pop("buckets", None)
            self._connections.clear()
            self._closed = True
        if os.getpid() != self._process:
            return
        try:
            for connection in connections:
                _close_quietly(connection)
        finally:
            if buckets is not None:
                buckets.close()
            if store is not None:
                store.close()
