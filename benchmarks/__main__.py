"""Measure everything in one run, print it, and write the results and the page: ``make bench``.

What competes is run in turns, round after round, so that a busy moment of the machine hits all of
it; medians count. ``--quick`` does the same with fewer rounds and without ten million offers. The
exit code is 0 once everything has been measured, whether or not a figure is reached.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from acorn_engine.evaluate import Programs, Proposals, evaluate
from benchmarks import catalogue, end_to_end, limit, oracle, peers, report, start_up, workload
from benchmarks.machine import describe

HERE: Final = Path(__file__).parent
RESULTS: Final = HERE / "results.json"
AGREEMENT_SKUS: Final = 500
ORACLE_SAMPLE: Final = 50_000
LARGEST: Final = 1_250_000
IN_A_ROW: Final = 3
SLOW: Final = 1.0
"""Seconds from which on an action is run once in a round, not several times."""
BUDGET: Final = 60.0
"""Seconds after which, in a quick run, no further round of a slow measurement is begun."""


def say(text: str) -> None:
    """Print a line at once: a run takes minutes."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def timed(action: Callable[[], Any]) -> float:
    """Return the seconds that an action takes, with the collector of cyclic garbage out of the way."""
    gc.collect()
    gc.disable()
    try:
        started = time.perf_counter()
        action()
        return time.perf_counter() - started
    finally:
        gc.enable()


def several(action: Callable[[], Any]) -> list[float]:
    """Return the seconds of some runs in a row, or of one where it is slow."""
    found = [timed(action)]
    while len(found) < IN_A_ROW and found[0] < SLOW:
        found.append(timed(action))
    return found


def measure_evaluate(*, quick: bool) -> dict[str, Any]:
    """Evaluate a million offers by Acorn and by hand, and some thousand by every peer."""
    say("evaluate: drawing a million offers, and asking the oracle")
    flat = workload.draw()
    workload.check(flat)
    truth, _ = oracle.run(flat)
    workload.check_results(flat, truth)
    parts = limit.split(flat)
    offers = {shop.key: workload.acorn_offers(flat, shop) for shop in workload.SHOPS}
    chains = {shop.key: workload.acorn_chain(shop) for shop in workload.SHOPS}
    rivals = peers.prepare(flat, 0.5 if quick else 1.0)
    sample = list(oracle.rows(flat.head(ORACLE_SAMPLE)))
    generated = oracle.generate()

    programs = Programs()
    whole = limit.whole_program(flat.lazy())
    by_site = limit.site_programs(parts)

    def one(shop: workload.Shop) -> Proposals:
        return evaluate(chains[shop.key], offers[shop.key], workload.clock(shop), programs=programs)

    def acorn() -> dict[str, Proposals]:
        return {shop.key: one(shop) for shop in workload.SHOPS}

    def acorn_in_threads() -> dict[str, Proposals]:
        keys = [shop.key for shop in workload.SHOPS]
        return dict(zip(keys, threads.map(one, workload.SHOPS), strict=True))

    threads = ThreadPoolExecutor(len(workload.SHOPS))

    proposals = acorn()
    scalar = sum(one.scalar_rows for one in proposals.values())
    results = workload.in_order(
        {shop.key: workload.acorn_results(proposals[shop.key].frame, shop) for shop in workload.SHOPS}
    )
    wrong = workload.wrong(results, truth)
    del proposals, results
    for name, by_hand in (("whole", limit.run(whole)), ("by site", workload.in_order(limit.run_all(by_site)))):
        if workload.wrong(by_hand, truth):
            raise RuntimeError(f"the limit program ({name}) is wrong: there is nothing to compare with")
    seconds: dict[str, list[float]] = {}
    rates: dict[str, list[float]] = {}
    wrongs: dict[str, tuple[int, int]] = {}
    for number in range(3 if quick else 7):
        say(f"evaluate: round {number + 1}")
        for name, action in (
            ("acorn", acorn),
            ("acorn in threads", acorn_in_threads),
            ("whole", lambda: limit.run(whole)),
            ("by site", lambda: limit.run_all(by_site)),
        ):
            seconds.setdefault(name, []).extend(several(action))
        taken = timed(lambda: oracle.evaluate(sample, generated))
        rates.setdefault("generated-python", []).append(ORACLE_SAMPLE / taken)
        if number < (2 if quick else 3):
            _ask(rivals, truth, rates, wrongs)
    threads.shutdown()
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return {
        "offers": flat.height,
        "acorn_s": min(medians["acorn"], medians["acorn in threads"]),
        "limit_s": min(medians["whole"], medians["by site"]),
        "wrong": wrong,
        "peers": {name: statistics.median(values) for name, values in rates.items()},
        "scalar": scalar,
        "peers_wrong": wrongs,
        "forms": medians,
    }


def _ask(rivals: list[Any], truth: Any, rates: dict[str, list[float]], wrongs: dict[str, tuple[int, int]]) -> None:
    """Run every peer once, in its fastest form; note its rate, and at first how many results are wrong."""
    best: dict[str, float] = {}
    for rival in rivals:
        rate, found = rival.run()
        best[rival.peer.name] = max(rate, best.get(rival.peer.name, 0.0))
        if rival.peer.name not in wrongs or rival.peer.name not in rates:
            wrongs[rival.peer.name] = (rival.wrong(found, truth), len(found))
    for name, rate in best.items():
        rates.setdefault(name, []).append(rate)


def measure_end_to_end(folder: Path, *, quick: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run the whole way for a million offers in turns; return the seconds, and Acorn's row of the growth."""
    say("end to end: does Acorn write the same as the hand-written program?")
    small = folder / "small"
    catalogue.write(small, AGREEMENT_SKUS)
    for which in ("acorn", "threads", "limit"):
        end_to_end.in_process(which, small, small / which, keep=True)
    differing = [
        one for which in ("acorn", "threads") for one in end_to_end.differences(small / which, small / "limit")
    ]
    say("end to end: writing the Parquet files of a million offers")
    files = folder / "million"
    catalogue.write(files, workload.SKUS)
    runs: dict[str, list[dict[str, Any]]] = {"acorn": [], "threads": [], "limit": []}
    started = time.perf_counter()
    for number in range(2 if quick else 3):
        if quick and number and time.perf_counter() - started > BUDGET:
            break
        say(f"end to end: round {number + 1}")
        for which, found in runs.items():
            found.append(end_to_end.in_process(which, files, folder / which))
    medians = {which: statistics.median(run["seconds"] for run in found) for which, found in runs.items()}
    acorn = runs["acorn"][0]
    row = {
        "offers": acorn["offers"],
        "s": medians["acorn"],
        "peak_mb": statistics.median(run["peak_mb"] for run in runs["acorn"]),
    }
    return {
        "acorn_s": min(medians["acorn"], medians["threads"]),
        "limit_s": medians["limit"],
        "forms": medians,
        "threads_peak_mb": statistics.median(run["peak_mb"] for run in runs["threads"]),
        "changed": acorn["changed"],
        "held": acorn["held"],
        "differing": differing,
        "limit_peak_mb": statistics.median(run["peak_mb"] for run in runs["limit"]),
    }, row


def measure_growth(folder: Path, million: dict[str, Any], *, quick: bool) -> list[dict[str, Any]]:
    """Run Acorn the whole way for other numbers of offers, each in a process of its own."""
    found = []
    for skus in (125, 12_500, workload.SKUS, LARGEST):
        if skus == workload.SKUS:
            found.append(million)
            continue
        if skus == LARGEST and quick:
            continue
        say(f"growth: {skus * len(workload.SHOPS):,} offers")
        files = folder / f"growth-{skus}"
        catalogue.write(files, skus)
        runs = [
            end_to_end.in_process("acorn", files, folder / "growth")
            for _ in range(1 if quick or skus == LARGEST else 3)
        ]
        found.append(
            {
                "offers": runs[0]["offers"],
                "s": statistics.median(run["seconds"] for run in runs),
                "peak_mb": statistics.median(run["peak_mb"] for run in runs),
            }
        )
    return found


def main(*, quick: bool) -> None:
    """Measure, print, write."""
    machine = describe()
    say("\n".join(machine))
    evaluated = measure_evaluate(quick=quick)
    with tempfile.TemporaryDirectory(prefix="acorn-bench-") as name:
        folder = Path(name)
        whole, million = measure_end_to_end(folder, quick=quick)
        growth = measure_growth(folder, million, quick=quick)
        say("the small waits")
        quote = start_up.quote_ms(folder / "small", 100 if quick else start_up.QUOTES)
        version = start_up.cpu_seconds(["--version"], 3 if quick else 7)
        book = start_up.rule_book(folder / "book")
        check = start_up.cpu_seconds(["check", "--project", str(book)], 2 if quick else 5)
    results = {
        "evaluate": {name: evaluated[name] for name in ("offers", "acorn_s", "limit_s", "wrong", "peers")},
        "end_to_end": {name: whole[name] for name in ("acorn_s", "limit_s")},
        "growth": growth,
        "quote_ms": quote,
        "version_cpu_s": version,
        "check_cpu_s": check,
    }
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    beside = report.Beside(machine, evaluated, whole, quick)
    for line in report.lines(results, beside):
        say(line)
    report.write_page(results, beside)


if __name__ == "__main__":
    main(quick="--quick" in sys.argv[1:])
