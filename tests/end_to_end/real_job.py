"""The main job over a project folder, in a process of its own: plan, save and export every site.

Prints one JSON object: seconds by stage (by the clock, by the processor), what the plans say, and the process's peak of memory.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from acorn_engine import Engine


def guarded(changes: pl.DataFrame) -> list[str]:
    """Return the offers that only a guard holds: those a person may let go."""
    held = changes.filter(pl.col("verdict") != "send")
    other = held.filter(~pl.col("code").is_in(["guard", "price_held"]) | (pl.col("verdict") == "reject"))
    return held.join(other, on="seller_sku", how="anti")["seller_sku"].unique().sort().to_list()


def main(folder: Path, now: datetime) -> None:
    seconds: dict[str, list[float]] = {}
    plans = {}

    def timed(name, work):
        wall, processor = time.perf_counter(), time.process_time()
        result = work()
        spent = (time.perf_counter() - wall, time.process_time() - processor)
        seconds[name] = [one + more for one, more in zip(seconds.get(name, (0.0, 0.0)), spent, strict=True)]
        return result

    with timed("open", lambda: Engine.open(folder / "acorn.toml", now=lambda: now)) as engine:
        plans_made = iter(engine.plans())
        while (plan := timed("plan", lambda: next(plans_made, None))) is not None:
            timed("export", lambda plan=plan: engine.export(plan, folder / "export"))
            kept = timed("load", lambda plan=plan: engine.load(plan.id))
            assert kept.changes.equals(plan.changes)
            assert kept.messages.equals(plan.messages)
            plan.changes.write_parquet(folder / f"changes-{plan.site}.parquet")
            plans[plan.site] = {
                "id": plan.id,
                "status": plan.status.value,
                "digest": plan.digest,
                "summary": dict(plan.summary),
                "problems": [problem.to_dict() for problem in plan.problems],
            }
        skus = guarded(kept.changes)
        approved = timed("release", lambda: engine.approve(kept, by="a person", because="looked at", release=skus))
        released = {
            "asked": len(skus),
            "offers": approved.changes.filter(pl.col("code") == "released")["sku"].n_unique(),
        }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps({"seconds": seconds, "peak_bytes": peak, "plans": plans, "released": released}, default=str))


if __name__ == "__main__":
    main(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]).astimezone(UTC))
