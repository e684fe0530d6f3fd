"""The results as text, as tables on the documentation's page, and as a plot."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final, NamedTuple

PAGE: Final = Path(__file__).parents[1] / "docs" / "explanation" / "performance.md"
PLOT: Final = PAGE.with_suffix(".svg")
BEGIN: Final = "<!-- measured: begin -->"
END: Final = "<!-- measured: end -->"
MILLION: Final = 1_000_000
LABELS: Final = {"generated-python": "generated Python, Decimal", "cel": "CEL (Rust)"}


class Beside(NamedTuple):
    """What the page tells beside the results."""

    machine: list[str]
    evaluate: dict[str, Any]
    end_to_end: dict[str, Any]
    quick: bool


class Figure(NamedTuple):
    """A figure to reach: ``reached`` is ``None`` where it was not measured."""

    what: str
    wanted: str
    measured: str
    reached: bool | None

    @property
    def verdict(self) -> str:
        """The verdict in a word or two."""
        if not self.wanted:
            return "compared"
        return "not measured" if self.reached is None else "reached" if self.reached else "missed"


def figures(results: dict[str, Any], beside: Beside) -> list[Figure]:
    """Return every figure with its verdict."""
    evaluate, whole = results["evaluate"], results["end_to_end"]
    share = evaluate["limit_s"] / evaluate["acorn_s"]
    wrong = evaluate["wrong"]
    found = [
        Figure("evaluate 1 M offers × 20 rules, against the limit", "≥ 0.6 ×", f"{share:.2f} ×", share >= 0.6),
        Figure("wrong of 1 M offers, against the oracle", "0", f"{wrong:,}", wrong == 0),
    ]
    share = beside.evaluate["forms"]["whole"] / evaluate["acorn_s"]
    found.append(Figure("against the limit as one program over all sites", "", f"{share:.2f} ×", reached=True))
    rate = evaluate["offers"] / evaluate["acorn_s"]
    for name in ("zen-engine", "cel", "datalogic-py", "rule-engine", "simpleeval"):
        times = rate / evaluate["peers"][name]
        wanted, least = ("", 0) if name == "simpleeval" else ("≥ 100 ×", 100)
        found.append(Figure(f"against {LABELS.get(name, name)}", wanted, f"{times:,.0f} ×", times >= least))
    times = rate / evaluate["peers"]["generated-python"]
    found.append(Figure("against generated Python with Decimal", "≥ 15 ×", f"{times:.0f} ×", times >= 15))
    times = whole["acorn_s"] / whole["limit_s"]
    found.append(
        Figure("Parquet → plan → documents, against the hand-written program", "≤ 2 ×", f"{times:.2f} ×", times <= 2)
    )
    found += _growth_figures(results["growth"])
    found += [
        Figure("a quote, warm, 20 rules", "≤ 1 ms", f"{results['quote_ms']:.2f} ms", results["quote_ms"] <= 1),
        Figure(
            "`acorn --version`",
            "≤ 0.15 s of CPU",
            f"{results['version_cpu_s']:.3f} s",
            results["version_cpu_s"] <= 0.15,
        ),
        Figure(
            "`acorn check`, 23 sites with 20 rules each",
            "≤ 1 s of CPU",
            f"{results['check_cpu_s']:.2f} s",
            results["check_cpu_s"] <= 1,
        ),
    ]
    if beside.end_to_end["differing"]:
        told = ", ".join(beside.end_to_end["differing"][:3])
        found.append(
            Figure("same changes and documents as the hand-written program", "yes", f"no: {told}", reached=False)
        )
    else:
        found.append(Figure("same changes and documents as the hand-written program", "yes", "yes", reached=True))
    return found


def _growth_figures(growth: list[dict[str, Any]]) -> list[Figure]:
    by_offers = {round(math.log10(row["offers"])): row for row in growth}
    million, largest = by_offers.get(6), by_offers.get(7)
    time = "10 M offers, time per offer against that of 1 M"
    memory = "10 M offers, peak memory"
    if million is None or largest is None:
        return [Figure(time, "≤ 1.2 ×", "", None), Figure(memory, "≤ 2 GB", "", None)]
    times = (largest["s"] / largest["offers"]) / (million["s"] / million["offers"])
    return [
        Figure(time, "≤ 1.2 ×", f"{times:.2f} ×", times <= 1.2),
        Figure(memory, "≤ 2 GB", f"{largest['peak_mb'] / 1000:.2f} GB", largest["peak_mb"] <= 2000),
    ]


def speeds(results: dict[str, Any]) -> list[tuple[str, float]]:
    """Return offers per second of everything that evaluates, the fastest first."""
    evaluate = results["evaluate"]
    found = {
        "limit, written by hand": evaluate["offers"] / evaluate["limit_s"],
        "Acorn": evaluate["offers"] / evaluate["acorn_s"],
    }
    found |= {LABELS.get(name, name): rate for name, rate in evaluate["peers"].items()}
    return sorted(found.items(), key=lambda one: -one[1])


def lines(results: dict[str, Any], beside: Beside) -> list[str]:
    """Return the results for a terminal."""
    evaluate, whole = results["evaluate"], results["end_to_end"]
    told = ["", f"evaluate {evaluate['offers']:,} offers × 20 rules, medians"]
    told.append(
        f"  Acorn {evaluate['acorn_s']:.3f} s ({beside.evaluate['scalar']:,} rows one by one), limit {evaluate['limit_s']:.3f} s"
    )
    told += [f"    {name:26} {seconds:.3f} s" for name, seconds in beside.evaluate["forms"].items()]
    told += [f"  {name:28} {rate:14,.0f} offers/s" for name, rate in speeds(results)]
    told.append(f"end to end, {beside.end_to_end['changed']:,} offers change, {beside.end_to_end['held']:,} held")
    told.append(
        f"  Acorn {whole['acorn_s']:.2f} s, written by hand {whole['limit_s']:.2f} s ({beside.end_to_end['limit_peak_mb']:,.0f} MB)"
    )
    told += [f"  {row['offers']:>12,} offers {row['s']:9.2f} s {row['peak_mb']:9,.0f} MB" for row in results["growth"]]
    told += ["", "figures"]
    told += [
        f"  {one.verdict:12} {one.what}: {one.measured or '–'} ({one.wanted or 'for comparison'})"
        for one in figures(results, beside)
    ]
    return told


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *(f"| {' | '.join(row)} |" for row in rows), ""]


def page_part(results: dict[str, Any], beside: Beside) -> str:
    """Return the part of the page that a run writes."""
    evaluate, whole = results["evaluate"], results["end_to_end"]
    command = "make bench QUICK=1" if beside.quick else "make bench"
    told = [f"Made by `{command}` on {beside.machine[0]}.", f"With {beside.machine[1]}.", ""]
    told += _table(
        ["figure", "to reach", "measured", ""],
        [[one.what, one.wanted or "–", one.measured or "–", one.verdict] for one in figures(results, beside)],
    )
    told += ["![Offers per second, twenty rules, logarithmic](performance.svg)", ""]
    acorn = evaluate["offers"] / evaluate["acorn_s"]
    wrong = {
        "Acorn": f"{evaluate['wrong']:,} of {evaluate['offers']:,}",
        "limit, written by hand": f"0 of {evaluate['offers']:,}",
    }
    wrong |= {
        LABELS.get(name, name): f"{bad:,} of {of:,}" for name, (bad, of) in beside.evaluate["peers_wrong"].items()
    }
    wrong[LABELS["generated-python"]] = "0 (the oracle)"
    told += _table(
        ["evaluate, 20 rules", "offers/s", "Acorn is faster by", "wrong"],
        [
            [
                name,
                f"{rate:,.0f}",
                f"{acorn / rate:,.2f} ×" if rate > acorn / 10 else f"{acorn / rate:,.0f} ×",
                wrong.get(name, "–"),
            ]
            for name, rate in speeds(results)
        ],
    )
    names = {
        "acorn": "Acorn, one site after the other",
        "acorn in threads": "Acorn, a thread a site",
        "whole": "limit, one program over all sites",
        "by site": "limit, a program a site, all cores",
    }
    told += _table(
        ["evaluate, a million offers", "seconds"],
        [[names[form], f"{seconds:.3f}"] for form, seconds in beside.evaluate["forms"].items()],
    )
    by_hand, threads = beside.end_to_end["limit_peak_mb"], beside.end_to_end["forms"]["threads"]
    told += _table(
        ["Parquet → plan → documents", "offers", "seconds", "offers/s", "peak memory"],
        [
            *(
                [
                    "Acorn",
                    f"{row['offers']:,}",
                    f"{row['s']:.2f}",
                    f"{row['offers'] / row['s']:,.0f}",
                    f"{row['peak_mb']:,.0f} MB",
                ]
                for row in results["growth"]
            ),
            [
                "Acorn, a thread a core",
                f"{MILLION:,}",
                f"{threads:.2f}",
                f"{MILLION / threads:,.0f}",
                f"{beside.end_to_end['threads_peak_mb']:,.0f} MB",
            ],
            [
                "written by hand",
                f"{MILLION:,}",
                f"{whole['limit_s']:.2f}",
                f"{MILLION / whole['limit_s']:,.0f}",
                f"{by_hand:,.0f} MB",
            ],
        ],
    )
    return "\n".join(told)


def write_page(results: dict[str, Any], beside: Beside) -> None:
    """Write the measured part of the page between its marks, and the plot."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{page_part(results, beside)}\n{END}{after}", encoding="utf-8")
    PLOT.write_text(plot(speeds(results)), encoding="utf-8")


def plot(bars: list[tuple[str, float]]) -> str:
    """Return horizontal bars on a logarithmic scale, as SVG."""
    left, right, top, height, width = 210, 110, 44, 28, 760
    span = width - left - right
    low = 3.0
    high = max(8.0, math.ceil(math.log10(max(rate for _, rate in bars))))

    def at(rate: float) -> float:
        return left + span * (math.log10(max(rate, 10**low)) - low) / (high - low)

    bottom = top + height * len(bars)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {bottom + 34}" font-family="sans-serif" font-size="13">',
        "<title>Offers per second, twenty rules</title>",
        f'<rect width="{width}" height="{bottom + 34}" fill="#ffffff"/>',
        f'<text x="{left}" y="24" font-size="15" fill="#1f2328">Offers per second, twenty rules (logarithmic)</text>',
    ]
    for power in range(int(low), int(high) + 1):
        x = at(10**power)
        label = {3: "1 k", 4: "10 k", 5: "100 k", 6: "1 M", 7: "10 M", 8: "100 M"}.get(power, f"10^{power}")
        parts.append(f'<line x1="{x:.1f}" y1="{top - 6}" x2="{x:.1f}" y2="{bottom}" stroke="#d1d9e0"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle" fill="#59636e">{label}</text>')
    for number, (name, rate) in enumerate(bars):
        y = top + number * height
        colour = "#1a7f37" if name == "Acorn" else "#8c959f"
        parts.append(f'<text x="{left - 10}" y="{y + 17}" text-anchor="end" fill="#1f2328">{name}</text>')
        parts.append(
            f'<rect x="{left}" y="{y + 4}" width="{at(rate) - left:.1f}" height="{height - 9}" rx="2" fill="{colour}"/>'
        )
        parts.append(f'<text x="{at(rate) + 8:.1f}" y="{y + 17}" fill="#1f2328">{_short(rate)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _short(rate: float) -> str:
    if rate >= MILLION:
        return f"{rate / MILLION:.1f} M"
    return f"{rate / 1000:.0f} k" if rate >= 10_000 else f"{rate / 1000:.1f} k"
