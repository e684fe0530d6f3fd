"""What a doctor looks at for each account: its secrets, when they run out, and, online, whether they work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from acorn_engine.engine.doctor.model import Finding
from acorn_engine.marketplace import MarketplaceError
from acorn_engine.problems import AcornError
from acorn_engine.project.calendars import deadline, midnight
from acorn_engine.project.model import AccountSection
from acorn_engine.project.secret_keys import open_to_others

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from acorn_engine.engine.context import Context
    from acorn_engine.engine.doctor.model import Level
    from acorn_engine.marketplace import Account
    from acorn_engine.project.calendars import Deadline
    from acorn_engine.project.secret_store import SecretStore

_ORIGINS: Final = {"program": "the program", "environment": "the environment", "store": "the encrypted store"}
_DATED: Final = {"refresh_token": "authorised", "client_secret": "secret_issued"}
"""Which key of an account says when a secret was issued."""
_RENEW: Final = {
    "refresh_token": (
        "the seller's authorisation of the application",
        "have the seller authorise the application again, and set the new refresh token",
    ),
    "client_secret": ("the client secret", "rotate the client secret with the marketplace, and set the new one"),
}


def credentials(context: Context, account: Account, *, stored: bool) -> Iterator[Finding]:
    """Look whether an account has its secrets, and from where. Raises ``AcornError`` where it has not."""
    found = context.credentials(account, stored=stored, thorough=True)
    yield Finding("credentials", "ok", f"all of them, from {_ORIGINS[found.origin]}", account=account.name)
    if found.unused:
        message = f"the environment's secrets are used; {', '.join(found.unused)} in the encrypted store are not."
        hint = f"unset the environment's, or remove the stored ones: acorn secrets remove {account.name}"
        yield Finding("credentials", "warning", message, hint, account.name, "two-sources")


def store(secrets: SecretStore, known: Mapping[str, Account]) -> Iterator[Finding]:
    """Look at the encrypted store as a whole: keys, rows that wait for a rotation, accounts that are gone."""
    infos = secrets.list()
    if not infos:
        return
    file = open_to_others()
    if file is not None:
        message = f"other users of this computer can read the file of keys {file}."
        yield Finding("secrets", "warning", message, f"chmod 600 {file}")
    for account in sorted({info.account for info in infos} - set(known)):
        message = f"secrets of '{account}' are stored, but the project has no such account."
        yield Finding("secrets", "note", message, f"acorn secrets remove {account}", account)
    states = secrets.states()
    for (account, name), state in states.items():
        if state in {"unreadable", "misplaced"}:
            message = f"the stored {name} of account '{account}' cannot be opened with these keys."
            hint = "put its key back behind the others, or store it again with 'acorn secrets set'"
            yield Finding("secrets", "must_act", message, hint, account, f"secret-{state}")
    older = sum(state == "older" for state in states.values())
    if older:
        yield Finding("secrets", "note", f"{older} stored secrets still have an older key.", "acorn secrets rotate")
    yield Finding("secrets", "ok", f"{len(infos)} secrets stored, encrypted")


def deadlines(context: Context, account: Account, *, stored: bool) -> tuple[list[Deadline], list[Finding]]:
    """Return when an account's secrets run out, and what there is to say of it.

    The dates are the encrypted store's where the account's secrets are used from there, else the project file's.
    """
    given = context.secret_days(account)
    dates = _dates(context, account, stored=stored)
    made = [
        deadline(account.name, name, dates[name], days, context.now()) for name, days in given.items() if name in dates
    ]
    found = [finding for each in made for finding in _said(each, context.now())]
    for name in given:
        if name in _DATED and name not in dates:
            message = f"when {_RENEW[name][0]} runs out is unknown: no date of issue is known."
            hint = f"write {_DATED[name]} = YYYY-MM-DD into [accounts.{account.name}]"
            found.append(Finding("calendar", "note", message, hint, account.name, "no-date"))
    return made, found


def _dates(context: Context, account: Account, *, stored: bool) -> dict[str, datetime]:
    try:
        from_store = context.credentials(account, stored=stored).origin == "store"
    except AcornError:
        from_store = True
    infos = context.secrets.list(account.name) if stored and from_store else []
    if infos:
        return {info.name: info.issued_at for info in infos}
    section = AccountSection.model_validate(context.document.data["accounts"][account.name])
    days = {name: getattr(section, key) for name, key in _DATED.items()}
    return {name: midnight(day) for name, day in days.items() if day is not None}


def _said(each: Deadline, now: datetime) -> Iterator[Finding]:
    what, hint = _RENEW.get(each.name, (f"the {each.name}", f"renew it and set it: acorn secrets set {each.account}"))
    day, params = f"{each.expires_at:%Y-%m-%d}", each.to_dict()
    if each.issued_at > now:
        message = f"the date of issue known for {each.name}, {each.issued_at:%Y-%m-%d}, is in the future."
        yield Finding("calendar", "warning", message, "correct the date", each.account, "date-ahead", params=params)
    elif each.notice is None:
        yield Finding("calendar", "ok", f"{what} is good until {day}", account=each.account, params=params)
    elif each.notice == 0:
        message = f"{what} ran out on {day}: calls are refused."
        yield Finding("calendar", "must_act", message, hint, each.account, "expired", params=params)
    else:
        left = "less than a day is left" if each.days_left < 1 else f"days left: {each.days_left}"
        message = f"{what} runs out on {day} ({left})."
        level: Level = "must_act" if each.urgent else "warning"
        yield Finding("calendar", level, message, hint, each.account, "expiring", params=params)


def online(context: Context, account: Account) -> Iterator[Finding]:
    """Ask the marketplace where an account may sell, which needs an access token too, if its provider can."""
    connection = context.connect(account)
    ask: Any = getattr(getattr(connection, "provider", connection), "participations", None)
    if not callable(ask):
        message = f"the marketplace '{account.marketplace}' offers no way to try an account."
        yield Finding("online", "note", message, account=account.name)
        return
    try:
        answered = {str(each) for each in ask()}
    except MarketplaceError as error:
        params = {"status": error.status, "request_id": error.request_id, "retryable": error.retryable}
        # The provider's text says what to do, and holds no secret. An answer that says "later" is nobody's to mend.
        level: Level = "warning" if error.retryable and error.status is not None else "must_act"
        yield Finding("online", level, str(error), None, account.name, error.code, params=params)
        return
    sites = {name: context.registry.sites[name].marketplace_id for name in account.sites}
    absent = [name for name, marketplace_id in sites.items() if marketplace_id not in answered]
    if absent:
        message = f"the account may not sell on {', '.join(absent)}."
        hint = "register for them with the marketplace, or take them out of the account's sites"
        yield Finding("online", "must_act", message, hint, account.name, "no-participation")
    else:
        yield Finding("online", "ok", f"answers, and may sell on {', '.join(sites)}", account=account.name)
