"""A small world for the outbox: a store, a clock, a marketplace in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fake_marketplace import Clock, FakeConnection, FakeMarketplace, make_plan

from acorn_engine.marketplace import Account
from acorn_engine.outbox import Outbox, OutboxSettings
from acorn_engine.store import Store


@dataclass
class World:
    """Everything that an outbox needs; ``outbox()`` opens another one, as another process would."""

    url: str
    project: str = "northwind"
    patch_up_to: int = 0
    clock: Clock = field(default_factory=Clock)
    settings: OutboxSettings = field(default_factory=OutboxSettings)
    stopped: bool = False
    told: list[dict[str, Any]] = field(default_factory=list)
    store_class: type[Store] = Store

    def __post_init__(self) -> None:
        self.connections = {name: FakeConnection(self.clock) for name in ("eu", "second")}
        self.marketplace = FakeMarketplace(self.connections)
        self.store = self.open_store()
        self.box = self.outbox()

    @property
    def eu(self) -> FakeConnection:
        return self.connections["eu"]

    def open_store(self) -> Store:
        return self.store_class.open(self.url, self.project, now=self.clock.now, patience=5)

    def outbox(self, store: Store | None = None) -> Outbox:
        accounts = {
            name: Account(name, "fake", f"S-{name}", ("amazon.de", "amazon.fr"), patch_up_to=self.patch_up_to)
            for name in self.connections
        }
        return Outbox(
            store or self.store,
            {"fake": self.marketplace},
            accounts,
            self.marketplace.connect,
            self.clock.now,
            sleep=self.clock.advance,
            stop=lambda: self.stopped,
            settings=self.settings,
            on_settled=self.told.append,
        )

    def plan(
        self, plan_id: str, wishes: list[tuple[str, str, Any, Any]], *, offers: bool = True, **options: Any
    ) -> str:
        """Save a plan, and put up the offers that it starts from."""
        plan = make_plan(plan_id, wishes, self.clock, project=self.project, **options)
        if offers:
            for account, site, sku in plan.changes.select("account", "site", "seller_sku").unique().rows():
                mine = plan.changes.filter(account=account, seller_sku=sku)
                values = {
                    name: before for name, before in mine.select("field", "from").rows() if not name.startswith("attr")
                }
                sites = {place.name: place for place in self.marketplace.sites}
                self.connections[account].offer(sku, sites[site], **values)
        return self.store.save_plan(plan)

    def send(self, plan_id: str, wishes: list[tuple[str, str, Any, Any]], **options: Any) -> list[str]:
        """Save, approve and enqueue a plan."""
        self.plan(plan_id, wishes, **options)
        self.store.approve(plan_id, "tester")
        return self.box.enqueue(plan_id)

    def outcomes(self, plan_id: str) -> dict[tuple[str, str], str]:
        """Return outcomes by SKU and field."""
        return {key: row["outcome"] for key, row in self.rows(plan_id).items()}

    def rows(self, plan_id: str) -> dict[tuple[str, str], dict[str, Any]]:
        from acorn_engine.store.deliveries import deliveries_of

        with self.store.read() as connection:
            frame = deliveries_of(connection, self.project, plan=plan_id)
        return {(row["seller_sku"], row["field"]): row for row in frame.to_dicts()}

    def parts(self, plan_id: str) -> dict[str, Any]:
        from acorn_engine.store.parts import parts_of

        with self.store.read() as connection:
            return {part.id: part for part in parts_of(connection, self.project, plan_id)}

    def kinds(self) -> list[str]:
        return [event.kind for event in self.store.events(limit=10_000)]
