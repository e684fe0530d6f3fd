"""What a plugin imports: the hook marker and the records that hooks yield."""

from acorn_engine.marketplace import (
    Account,
    Connection,
    Credentials,
    Issue,
    Limits,
    Marketplace,
    MarketplaceError,
    RemoteSubmission,
    Report,
    UnansweredError,
)
from acorn_engine.plugins.hookspecs import hookimpl
from acorn_engine.plugins.paths import ProjectPath
from acorn_engine.plugins.records import (
    Approval,
    CatalogRequest,
    CatalogSource,
    Command,
    Fact,
    FactTable,
    Field,
    Function,
    GuardSpec,
    Parameter,
    RuleKind,
    RuleSpec,
    Settings,
)
from acorn_engine.sites import Site

__all__ = [
    "Account",
    "Approval",
    "CatalogRequest",
    "CatalogSource",
    "Command",
    "Connection",
    "Credentials",
    "Fact",
    "FactTable",
    "Field",
    "Function",
    "GuardSpec",
    "Issue",
    "Limits",
    "Marketplace",
    "MarketplaceError",
    "Parameter",
    "ProjectPath",
    "RemoteSubmission",
    "Report",
    "RuleKind",
    "RuleSpec",
    "Settings",
    "Site",
    "UnansweredError",
    "hookimpl",
]
