"""What a doctor says: findings, and all of them together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from acorn_engine.problems import AcornError
from acorn_engine.sites import utc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from acorn_engine.problems import Effect, Problem
    from acorn_engine.project.calendars import Deadline

Level = Literal["ok", "note", "warning", "must_act"]
"""``must_act``: something does not work, or soon will not, until somebody does something."""
FORMAT: Final = "acorn.doctor/1"
_LEVELS: Final[dict[Effect, Level]] = {"stops": "must_act", "holds": "warning", "warns": "warning"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``check`` names what, ``account`` whose; ``hint`` is what to do."""

    check: str
    level: Level
    message: str
    hint: str | None = None
    account: str | None = None
    code: str | None = None
    place: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON-ready data."""
        return {
            "check": self.check,
            "level": self.level,
            "account": self.account,
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "place": self.place,
            "params": dict(self.params),
        }


@dataclass(frozen=True)
class Diagnosis:
    """Everything that was found, at one instant."""

    at: datetime
    versions: Mapping[str, str | None]
    findings: tuple[Finding, ...]
    deadlines: tuple[Deadline, ...] = ()

    @property
    def must_act(self) -> bool:
        """Whether somebody must do something."""
        return any(finding.level == "must_act" for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Return the diagnosis as JSON-ready data; it holds no secret."""
        return {
            "format": FORMAT,
            "at": utc(self.at),
            "must_act": self.must_act,
            "versions": dict(self.versions),
            "findings": [finding.to_dict() for finding in self.findings],
            "calendars": [each.to_dict() for each in self.deadlines],
        }


def of_problem(check: str, problem: Problem, account: str | None = None) -> Finding:
    """Return a problem as a finding."""
    place = str(problem.place) if problem.place and str(problem.place) else None
    level = _LEVELS[problem.effect]
    return Finding(check, level, problem.message, problem.hint, account, problem.code, place, dict(problem.params))


def looked(check: str, look: Callable[[], Iterable[Finding]], account: str | None = None) -> list[Finding]:
    """Return what a check finds. One that fails is a finding itself, and the next ones go on."""
    found: list[Finding] = []
    try:
        found.extend(look())
    except AcornError as error:
        found += [of_problem(check, problem, account) for problem in error.problems]
    except Exception as error:  # noqa: BLE001
        # Its text may hold anything, so it stays here.
        message = f"this could not be checked: {type(error).__name__}."
        hint = "please report it with what ACORN_TRACEBACK=1 acorn … shows"
        found.append(Finding(check, "must_act", message, hint, account, "check-failed"))
    return found
