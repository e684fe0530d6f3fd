"""``Engine``: everything that Acorn does, as a library."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import polars as pl

from acorn_engine.engine.context import Context
from acorn_engine.plan import Plan, PlanStatus, Verdict
from acorn_engine.plugins.records import Approval
from acorn_engine.problems import PlanError, Problem

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor
    from datetime import datetime

    from acorn_engine.engine import questions
    from acorn_engine.engine.checking import CheckReport
    from acorn_engine.engine.sending import Sender
    from acorn_engine.evaluate import ExampleResult
    from acorn_engine.explain import Explanation
    from acorn_engine.outbox import Progress
    from acorn_engine.project.credentials import CredentialsSource
    from acorn_engine.store import Event

WORK_SECONDS = 600.0
WAIT_SECONDS = 24 * 3600.0


class Engine:
    """One project, opened. Thread-safe; starts no thread of its own; belongs to the process that opened it.

    Use as a context manager, or call ``close``. Money and numbers go in and out as exact values:
    ``Decimal``, integers or text, never floats.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._sending: Sender | None = None

    @classmethod
    def open(
        cls,
        settings: str | Path | Mapping[str, Any],
        *,
        rules: Mapping[str, str] | None = None,
        credentials: CredentialsSource | None = None,
        plugins: Sequence[object] = (),
        now: Callable[[], datetime] | None = None,
        root: Path | None = None,
        entry_points: bool = True,
    ) -> Self:
        """Open a project: the path of ``acorn.toml`` or of its folder, or settings of the same shape.

        ``rules`` are rule files in memory (name to text) in place of the folder ``rules/``;
        ``credentials`` is called with an account and returns its secrets (``client_id,
        client_secret, refresh_token``), in place of the environment; ``plugins`` are modules or
        objects with hooks, besides the installed ones (left out with ``entry_points=False``);
        ``now`` returns the present instant, aware; ``root`` is where relative paths of settings
        start. Raises ``ProjectError`` with everything that is wrong. Makes no request and does not
        touch the database.
        """
        context = Context.open(
            settings,
            root,
            rules=rules,
            credentials=credentials,
            plugins=plugins,
            entry_points=entry_points,
            now=now,
        )
        return cls(context)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close database and connections."""
        self._context.close()

    @property
    def sites(self) -> tuple[str, ...]:
        """The project's sites, in the order of the file."""
        return tuple(self._context.project.sites)

    @property
    def _sender(self) -> Sender:
        """What sends, made at first use: it needs the database's library, and looking does not."""
        from acorn_engine.engine.sending import Sender

        with self._lock:
            if self._sending is None:
                self._sending = Sender(self._context)
            return self._sending

    # Looking

    def check(self, site: str | None = None) -> CheckReport:
        """Return everything that is wrong with project, catalogue, plugins and rules, all at once."""
        from acorn_engine.engine import checking

        self._context.alive()
        return checking.check(self._context, site)

    def test(self, site: str | None = None, *, chain: bool = False) -> list[ExampleResult]:
        """Run the examples in the rule files, each file alone or through its site's whole chain."""
        from acorn_engine.engine import checking

        self._context.alive()
        return checking.run_project_examples(self._context, site, chain=chain)

    def facts(self, site: str, *, sku: str | None = None) -> list[dict[str, Any]]:
        """Return every name that a rule may use: name, kind, type, source, as_of, sample, description."""
        from acorn_engine.engine import checking

        self._context.alive()
        return checking.list_facts(self._context, site, sku)

    # Planning

    def plan(
        self,
        site: str,
        *,
        products: Any = None,
        listings: Any = None,
        only: Sequence[str] | None = None,
        key: str | None = None,
        account: str | None = None,
    ) -> Plan:
        """Work out what would change on a site and why, and save it. Nothing is sent.

        ``products`` and ``listings`` are frames (Polars, pandas, Arrow) or lists of dicts in place
        of the project's sources. ``only`` are the SKUs to consider; shares still count all known
        offers. With ``key`` a second call returns the first plan. Raises ``AcornError``
        subclasses with every problem when nothing can be planned.
        """
        from acorn_engine.engine.partitioned import Asked, plan_sites

        self._context.alive()
        earlier = self._context.store.plan_by_key(key) if key is not None else None
        if earlier is not None:
            return earlier
        asked = Asked((self._context.site(site).name,), account, tuple(only) if only is not None else None)
        ((made, rules),) = plan_sites(self._context, asked, products, listings)
        return self._save(made, rules, key)

    def plans(
        self,
        sites: Sequence[str] | None = None,
        *,
        products: Any = None,
        listings: Any = None,
        only: Sequence[str] | None = None,
        account: str | None = None,
        threads: ThreadPoolExecutor | None = None,
    ) -> Iterator[Plan]:
        """Plan several sites, one after the other, from one reading of the catalogue; default: all.

        The options are those of ``plan``. With ``threads`` the next sites are planned in them while the
        caller has a plan; the plans and their order are the same. The call itself must not run in them.
        """
        from acorn_engine.engine.partitioned import Asked, plan_sites

        self._context.alive()
        names = tuple(self._context.site(name).name for name in sites or self.sites)
        asked = Asked(names, account, tuple(only) if only is not None else None)
        for made, rules in plan_sites(self._context, asked, products, listings, threads):
            saved = [self._save(made, rules)]
            del made
            # A plan belongs to the caller alone: it need not be in memory while the next one is made.
            yield saved.pop()

    def _save(self, plan: Plan, rules: Mapping[str, str], key: str | None = None) -> Plan:
        store = self._context.store
        store.save_ruleset(plan.ruleset, rules)
        saved = store.save_plan(plan, key)
        if saved != plan.id:
            return store.load_plan(saved)
        self._context.host.tell("acorn_plan_ready", plan=plan)
        if plan.status is PlanStatus.READY:
            for plugin, answer in self._context.host.tell("acorn_approve", plan=plan).records:
                if isinstance(answer, Approval):
                    self.approve(plan.id, by=f"{answer.by} ({plugin})", because=answer.because)
                    break
        return plan

    def newest(self, site: str) -> Plan | None:
        """Return the newest plan of a site, or ``None``."""
        self._context.alive()
        found = self._context.store.plans(site=self._context.site(site).name, limit=1)
        return self._context.store.load_plan(found[0].id) if found else None

    def load(self, plan: str) -> Plan:
        """Return a saved plan by id."""
        self._context.alive()
        return self._context.store.load_plan(plan)

    def new_holds(self, plan: Plan) -> int:
        """Return how many changes are held that the site's plan before this one did not hold."""
        earlier = [info for info in self._context.store.plans(site=plan.site, limit=20) if info.id != plan.id]
        earlier = [info for info in earlier if info.created_at <= plan.created_at]
        is_held = pl.col("verdict") == Verdict.HOLD.value
        held = plan.changes.filter(is_held)
        if not earlier or held.is_empty():
            return held.height
        key = ["account", "seller_sku", "field", "code"]
        before = self._context.store.plan_changes(earlier[0].id, key, is_held)
        return held.join(before, on=key, how="anti", nulls_equal=True).height

    def explain(self, site: str, sku: str, **options: Any) -> Explanation:
        """Say why the values of one offer would change, or why not. Nothing is saved.

        ``sku`` is the seller's SKU, or the ERP's where one listing has it.
        """
        return self.explain_all(site, sku, **options)[0]

    def explain_all(
        self, site: str, sku: str, *, account: str | None = None, products: Any = None, listings: Any = None
    ) -> list[Explanation]:
        """Explain every offer of a SKU on a site. Raises ``AcornError`` for a SKU that is not there."""
        from acorn_engine.engine import questions
        from acorn_engine.engine.inputs import read_catalogue

        self._context.alive()
        catalogue = read_catalogue(self._context, products, listings)
        return questions.explain(self._context, catalogue, site, sku, account)

    def quote(self, site: str, offer: Mapping[str, Any], *, account: str | None = None) -> Explanation:
        """Answer for one offer given by its columns, in memory: nothing is read or saved."""
        from acorn_engine.engine import questions

        self._context.alive()
        return questions.quote(self._context, site, offer, account)

    def diff(
        self, plan: str | Plan, other: str | Plan | None = None, *, products: Any = None, listings: Any = None
    ) -> questions.Difference:
        """Return what differs between two plans, or between a plan and what would be planned now.

        ``products`` and ``listings`` are what is planned now from, as for ``plan``.
        """
        from acorn_engine.engine import questions

        self._context.alive()
        old, new = self._as_approved(plan), None if other is None else self._as_approved(other)
        return questions.diff(self._context, old, new, products, listings)

    def export(self, plan: str | Plan, to: str | Path, *, workbook: bool = True) -> list[Path]:
        """Write a plan's feed documents and, unless told not to, a spreadsheet into a folder. Needs no network."""
        from acorn_engine.engine import questions

        self._context.alive()
        return questions.export(self._context, self._loaded(plan), Path(to), workbook=workbook)

    def rollback(
        self, plan: str | Plan, *, because: str | None = None, products: Any = None, listings: Any = None
    ) -> Plan:
        """Plan the values from before a submitted plan, and save that plan. Its changes tell ``because``.

        Today's floors bind it: they come from the project's sources, or from ``products`` and ``listings``.
        """
        from acorn_engine.engine import undoing

        self._context.alive()
        made, rules = undoing.rollback(self._context, self._as_approved(plan), because, products, listings)
        return self._save(made, rules)

    def _loaded(self, plan: str | Plan) -> Plan:
        return plan if isinstance(plan, Plan) else self._context.store.load_plan(plan)

    def _as_approved(self, plan: str | Plan) -> Plan:
        """Return a plan as it was sent: changes whose holds were released since it was made are sent ones too."""
        return self._context.store.load_plan(plan if isinstance(plan, str) else plan.id, as_approved=True)

    def _known(self, account: str | None) -> None:
        """Raise for an account that the project does not have: a misspelt one must not mean all."""
        if account is not None:
            self._context.account(account)

    # Approving and sending

    def approve(
        self,
        plan: str | Plan,
        *,
        by: str,
        because: str | None = None,
        release: Sequence[str] = (),
        override: str | None = None,
    ) -> Plan:
        """Approve a plan; release the holds of SKUs, or override a halt, with a reason. Returns the plan as approved.

        Raises ``PlanError`` for a plan that is halted, expired, closed or sent already.
        """
        from acorn_engine.engine import undoing

        self._context.alive()
        if not by.strip():
            raise PlanError(
                Problem(code="no_name", message="a plan is approved in somebody's name; nothing was approved.")
            )
        name = plan if isinstance(plan, str) else plan.id
        return undoing.approve(self._context, name, by, because, list(release), override)

    def submit(
        self,
        plan: str | Plan | None = None,
        *,
        wait: bool = False,
        key: str | None = None,
        account: str | None = None,
        max_seconds: float = WAIT_SECONDS,
        on_progress: Callable[[str], None] | None = None,
        threads: ThreadPoolExecutor | None = None,
    ) -> dict[str, Any]:
        """Send an approved plan, or everything approved; without ``wait`` only as far as it goes at once.

        With ``key`` a second call does not submit again, with ``account`` nothing of other accounts
        is sent. Returns what became of the plans so far.
        """
        self._context.alive()
        self._known(account)
        name = plan.id if isinstance(plan, Plan) else plan
        before = self._sender.in_flight(account)
        plans = list(dict.fromkeys([*self._sender.submit(name, key, account), *([] if name else before)]))
        say = on_progress or (lambda _words: None)
        if wait:
            progress = self._sender.wait(max_seconds, say, account, threads)
        else:
            progress = self._sender.work(min(max_seconds, WORK_SECONDS), account, threads)
        return self._sender.report(plans, progress)

    def work(self, max_seconds: float = 20.0, *, threads: ThreadPoolExecutor | None = None) -> Progress:
        """Send and follow what is on its way, for at most so long; returns when nothing is due."""
        self._context.alive()
        return self._sender.work(max_seconds, threads=threads)

    def resume(self, name: str | Plan, *, by: str) -> list[str]:
        """Take up again what could not be delivered of a plan, or one part of it, and return those parts.

        Each is looked up at the marketplace before anything of it is sent again, by the next ``submit``
        or ``work``. What is no dead letter is left alone. Raises ``PlanError`` for a name that is no part
        and no submitted plan.
        """
        self._context.alive()
        if not by.strip():
            raise PlanError(
                Problem(code="no_name", message="a part is resumed in somebody's name; nothing was resumed.")
            )
        return self._sender.resume(name if isinstance(name, str) else name.id, by)

    def verify(
        self,
        plan: str | Plan | None = None,
        *,
        wait: bool = False,
        account: str | None = None,
        max_seconds: float = WAIT_SECONDS,
        on_progress: Callable[[str], None] | None = None,
        threads: ThreadPoolExecutor | None = None,
    ) -> dict[str, Any]:
        """Read listings back and settle what reads as planned. Returns what became of the plans."""
        self._context.alive()
        self._known(account)
        name = plan.id if isinstance(plan, Plan) else plan
        plans = [name] if name else self._sender.in_flight(account)
        say = on_progress or (lambda _words: None)
        if wait:
            progress = self._sender.wait(max_seconds, say, account, threads)
        else:
            progress = self._sender.verify(min(max_seconds, WORK_SECONDS), account, threads)
        return self._sender.report(plans, progress)

    def status(self, *, account: str | None = None) -> dict[str, Any]:
        """Return ``{in_flight, held, expiring, must_act}``, lists of JSON-ready records."""
        self._context.alive()
        self._known(account)
        found = self._sender.outbox.status()
        if account is None:
            return found
        mine = {plan.id for plan in self._context.store.plans() if account in plan.accounts}
        return {
            name: [row for row in rows if row.get("account", account) == account and row.get("plan") in {None, *mine}]
            for name, rows in found.items()
        }

    def drift(self, site: str | None = None, *, account: str | None = None) -> pl.DataFrame:
        """Read listings and return those that no longer show what was verified, while nothing is on its way."""
        from acorn_engine.engine import questions

        self._context.alive()
        return questions.drift(self._context, self._sender, [site] if site else list(self.sites), account)

    # Keeping

    def events(self, after: int = 0, limit: int = 1_000) -> list[Event]:
        """Return what happened after a cursor, in order; durable, at least once."""
        self._context.alive()
        return self._context.store.events(after, limit)

    def migrate(self) -> str:
        """Set the database up, or bring an older one to this version, which is returned."""
        self._context.alive()
        return self._context.store.migrate()
