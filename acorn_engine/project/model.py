"""The sections of the project file that the engine itself reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from acorn_engine.project.durations import Duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.marketplace import Account


class Section(BaseModel):
    """A section that knows all its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ProjectSection(Section):
    """``[project]``."""

    name: str = Field("project", min_length=1, description="the tenant: every row that Acorn stores carries it")
    database: str = Field(
        "sqlite:///acorn.db", description="where plans and the outbox are kept: SQLite, or postgresql+psycopg://…"
    )


class CatalogSection(Section):
    """``[catalog]``: the sources as written; each source's own model checks its keys."""

    products: dict[str, Any] | None = Field(None, description="one row a product")
    listings: dict[str, Any] | None = Field(None, description="one row a listing")
    columns: dict[str, Any] = Field(default_factory=dict, description="types of the ERP's own columns")


class AccountSection(Section):
    """``[accounts.NAME]``."""

    marketplace: str = Field("amazon", description="the provider of its sites")
    seller_id: str = Field(min_length=1, description="the seller's id with the marketplace")
    sites: tuple[str, ...] = Field(min_length=1, description="the sites that this account sells on")
    endpoint: str | None = Field(
        None, min_length=1, description="where the marketplace's API answers; default: its own, by region"
    )
    auth_endpoint: str | None = Field(
        None, min_length=1, description="where access tokens come from; default: the marketplace's own"
    )
    quantity_site: str | None = Field(
        None,
        description="the site through which quantities are written; default: the first of sites that lists the SKU",
    )
    patch_up_to: int = Field(50, ge=0, description="so few changes of a plan go one by one; more go by feed")
    neighbours: Literal["read", "none"] = Field(
        "read",
        description="read: fetch what else stands in an offer before replacing it; none: the seller says nothing does",
    )


class RunSection(Section):
    """``[run]``."""

    engine: Literal["local", "dask"] = Field(
        "local", description="what evaluates: local (this process), or dask (the workers of a Dask cluster)"
    )
    cluster: str = Field(
        "local", description="with dask: the scheduler's address (tcp://host:8786), or local for two workers here"
    )
    partition_offers: int = Field(
        1_000_000, ge=1, description="a catalogue of more offers is evaluated in parts of about so many"
    )
    scratch: str | None = Field(
        None,
        description="where parts are written while a plan is made; with dask, a folder that every machine has "
        "under this path; default: a temporary folder of this machine",
    )
    plan_ttl: Duration = Field(timedelta(hours=4), description="how long a plan may be submitted")
    verify_within: Duration = Field(
        timedelta(minutes=30), description="how long a value may take to read back before it counts as different"
    )
    poll: Duration = Field(timedelta(seconds=5), description="how soon to look again at first; waits grow from there")
    lookup_after: Duration = Field(
        timedelta(seconds=60),
        gt=timedelta(0),
        description="how long after an unanswered submission the marketplace is first asked what it has; "
        "the waits between the looks double",
    )
    lookups: int = Field(
        6, ge=1, description="how often it must answer that it has nothing new before anything is submitted again"
    )
    processing_within: Duration = Field(
        timedelta(hours=12),
        gt=timedelta(0),
        description="how long a submission may queue and run before it counts as stuck",
    )
    lease: Duration = Field(
        timedelta(minutes=3),
        gt=timedelta(0),
        description="how long a worker keeps an account's site to itself after its last sign of life; "
        "longer than any one call takes",
    )


class PluginsSection(Section):
    """``[plugins]``."""

    directory: str | None = Field(None, description="a folder of single-file plugins")
    disabled: tuple[str, ...] = Field((), description="plugins to leave out")
    required: tuple[str, ...] = Field((), description="plugins without which nothing is planned")


@dataclass(frozen=True)
class Project:
    """A checked project. ``root`` is where relative paths start; ``source`` is the file, if any.

    ``sections`` holds every plugin's validated section by name, ``guards`` the raw ``[guards]``.
    """

    project: ProjectSection
    sites: Mapping[str, tuple[str, ...]]
    catalog: CatalogSection
    accounts: Mapping[str, Account]
    run: RunSection
    plugins: PluginsSection
    root: Path
    source: Path | None = None
    sections: Mapping[str, BaseModel] = field(default_factory=dict)
    guards: Mapping[str, Any] = field(default_factory=dict)

    @property
    def database(self) -> str:
        """The database URL, with a relative SQLite path made absolute."""
        url = self.project.database
        prefix = "sqlite:///"
        if url.startswith(prefix) and url != prefix and not url.startswith("sqlite:////") and ":memory:" not in url:
            return prefix + str(self.root / url.removeprefix(prefix))
        return url

    def accounts_of(self, site: str) -> list[Account]:
        """Return the accounts that sell on a site, in the order of the file."""
        return [account for account in self.accounts.values() if site in account.sites]
