"""The forms of quotes that an engine keeps."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from acorn_engine.project.rule_stamp import RuleStamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from acorn_engine.engine.context import Context
    from acorn_engine.engine.evaluating import Evaluated
    from acorn_engine.engine.quotes.form import QuoteForm
    from acorn_engine.explain import Explanation
    from acorn_engine.sites import SiteClock

MOST_FORMS: Final = 64
"""So many forms are kept, the newest."""
Kind: TypeAlias = tuple[str, str, tuple[str, ...]]
"""A site, an account, and the names of an offer's columns."""


class Quotes:
    """Answers quotes of kinds that were worked out in columns before, within the same minute.

    What plugins say may change with time, and so may the rules in force: each minute the first
    quote of a kind is worked out in columns again, and so is every one after rule files changed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forms: dict[Kind, tuple[datetime, QuoteForm | None]] = {}
        self._files: dict[str, tuple[RuleStamp, list[tuple[str, str]]]] = {}

    def answer(self, context: Context, clock: SiteClock, account: str, offer: Mapping[str, Any]) -> Explanation | None:
        """Explain an offer, or return ``None`` where only the columns can."""
        form = self._form((clock.site.name, account, tuple(offer)), clock)
        if form is None or form.files != self._rule_files(context, clock.site.name):
            return None
        from acorn_engine.catalog.cells import UnusualError

        try:
            return form.answer(offer, clock)
        except UnusualError:
            return None

    def learn(
        self, context: Context, account: str, offer: Mapping[str, Any], evaluated: Evaluated, found: Explanation
    ) -> None:
        """Learn from an offer that was worked out in columns, and from what was ``found`` of it.

        ``context`` is one without sources. A form that would not have said the same is not kept.
        """
        from acorn_engine.catalog.cells import UnusualError
        from acorn_engine.engine.quotes.learning import learn, remember
        from acorn_engine.guard.scalar import UnjudgeableError

        kind, clock = (evaluated.site.name, account, tuple(offer)), evaluated.clock
        known = self._forms.get(kind)
        if known is not None and known[0] == _minute(clock.now) and known[1] is None:
            return
        files = list(evaluated.chain.text.items())
        form = self._form(kind, clock)
        try:
            if form is None or form.files != files:
                form = learn(context, account, offer, evaluated, files)
            remember(form, offer, evaluated)
            if form.answer(offer, clock).changes != found.changes:
                form = None
        except UnjudgeableError:
            form = None
        except UnusualError:
            if form is None:
                return
        self._keep(kind, clock.now, form)

    def _form(self, kind: Kind, clock: SiteClock) -> QuoteForm | None:
        known = self._forms.get(kind)
        return known[1] if known is not None and known[0] == _minute(clock.now) else None

    def _keep(self, kind: Kind, now: datetime, form: QuoteForm | None) -> None:
        with self._lock:
            self._forms.pop(kind, None)
            self._forms[kind] = (_minute(now), form)
            while len(self._forms) > MOST_FORMS:
                del self._forms[next(iter(self._forms))]

    def _rule_files(self, context: Context, site: str) -> list[tuple[str, str]]:
        """Return a site's rule files; those on disk are read again only where they may have changed."""
        if context.rules is not None:
            return context.files(site)
        kept = self._files.get(site)
        if kept is not None and kept[0].holds():
            return kept[1]
        files = context.files(site)
        stamp = RuleStamp.take(context.project.root, (name for name, _ in files))
        if context.files(site) == files:
            self._files[site] = (stamp, files)
        return files


def _minute(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0)
