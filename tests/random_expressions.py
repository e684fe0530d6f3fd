"""Random typed expressions as people write them, for comparing what runs them."""

from __future__ import annotations

import re

from acorn_engine.types import Kind

NUMBERS = [
    *["0", "1", "2", "0.5", "0.01", "100", "1.19", "19%", "0.333", "12%", "1e12", "1e-9", "1e29", "7"],
    *["0.005", "1.005", "2.5", "50%", "0.920000000001", "1e-12", "999999999999", "-3", "-0.005"],
]
TEXTS = [
    *["''", "'a'", "'Ab'", "'Straße'", "'漢字'", "'😀b'", "'ΑΣ'", "'USD'"],
    *["'ab'", "'AB'", "'STRASSE'", "'İ'", "'ﬁ'", "'it\\'s'"],
]
DATES = ["today", "date('2026-02-28')", "date('1969-12-31')", "date('0001-01-01')", "date('9999-12-31')"]
DAYS = ["'mon'", "'sat'", "'sun'"]
COMPARISONS = ["==", "!=", "<", "<=", ">", ">="]
ROUNDINGS = ["round", "round_up", "round_down"]


class Expressions:
    """Draws expressions over ``names``: the names of facts and fields by kind.

    ``names["bought"]`` is money that only ``fx`` brings into the site's currency. What else may be
    there: ``names["tags"]``, lists of money each in one currency that is not the site's;
    ``names["lists"]``, the list parameters by kind; ``names["calls"]``, calls of functions by kind
    with ``{kind}`` where an argument stands. ``amounts`` are literals in the site's currency.
    """

    def __init__(self, random, names, currency="EUR"):
        self.random = random
        self.names = names
        self.amounts = [*(f"{written} {currency}" for written in ("0.50", "20", "0.01", "0.005", "1e12", "0")), "tick"]
        self.made = {}

    def text(self, kind, depth):
        """Return the text of an expression of ``kind``."""
        random = self.random
        made = self.made.setdefault(kind, [])
        if made and random.random() < 0.12:
            return random.choice(made)
        if depth <= 0 or random.random() < 0.12:
            return self.leaf(kind)
        calls = self.names.get("calls", {}).get(kind)
        if calls and random.random() < 0.06:
            drawn = self._filled(random.choice(calls), depth - 1)
        else:
            drawn = getattr(self, f"_{kind.value}")(depth - 1)
        if len(drawn) < 250:
            made.append(drawn)
        return drawn

    def leaf(self, kind):
        literals = {
            Kind.NUMBER: NUMBERS,
            Kind.MONEY: self.amounts,
            Kind.TEXT: [*TEXTS, "site", "currency"],
            Kind.BOOLEAN: ["true", "false"],
        }
        pool = literals.get(kind, DATES) if self.random.random() < 0.35 else self.names[kind]
        return self.random.choice(pool)

    def tagged(self, depth):
        """Return the text of money in a currency that is not the site's."""
        pool = self.random.choice(self.names["tags"]) if "tags" in self.names else self.names["bought"]
        return self._tagged(pool, depth) if "tags" in self.names else self.random.choice(pool)

    def _tagged(self, pool, depth):
        random = self.random
        if depth <= 0 or random.random() < 0.25:
            return random.choice(pool)
        a = lambda: self._tagged(pool, depth - 1)  # noqa: E731
        b = lambda: random.choice(NUMBERS) if random.random() < 0.3 else a()  # noqa: E731
        draw = random.random()
        if draw < 0.3:
            return f"({a()} {random.choice('+-')} {b()})"
        if draw < 0.55:
            return f"({a()} {random.choice('*/')} {self.text(Kind.NUMBER, depth - 1)})"
        if draw < 0.65:
            return f"{random.choice(['min', 'max'])}({a()}, {b()})"
        if draw < 0.72:
            return random.choice(["(-{})", "abs({})"]).format(a())
        if draw < 0.8:
            return f"{random.choice(ROUNDINGS)}({a()}, {random.choice(['0.05', '1', '0.01'])})"
        return self._either(a(), b(), depth)

    def _filled(self, template, depth):
        made = {kind.value: kind for kind in Kind}
        draw = lambda found: (  # noqa: E731
            self.tagged(depth) if found[1] == "bought" else self.text(made[found[1]], depth)
        )
        return re.sub(r"\{(\w+)\}", draw, template)

    def _either(self, a, b, depth):
        if self.random.random() < 0.5:
            return f"default({a}, {b})"
        return f"({a} if {self.text(Kind.BOOLEAN, depth)} else {b})"

    def _any(self, kind, depth):
        return self._either(self.text(kind, depth), self.text(kind, depth), depth)

    def _number(self, depth):
        random = self.random
        n, m = lambda: self.text(Kind.NUMBER, depth), lambda: self.text(Kind.MONEY, depth)
        draw = random.random()
        if draw < 0.45:
            return f"({n()} {random.choice('+-*//')} {n()})"
        if draw < 0.55:
            return f"({m()} / {m()})" if random.random() < 0.7 else self._ratio(depth)
        if draw < 0.62:
            return random.choice(["(-{})", "abs({})"]).format(n())
        if draw < 0.7:
            return f"{random.choice(['min', 'max'])}({', '.join(n() for _ in range(random.choice([2, 2, 3])))})"
        if draw < 0.78:
            step = random.choice(["0.01", "1", "0.05", "3"]) if random.random() < 0.7 else n()
            return f"{random.choice(ROUNDINGS)}({n()}, {step})"
        if draw < 0.82:
            return f"length({self.text(Kind.TEXT, depth)})"
        if draw < 0.86:
            return f"days_between({self.text(Kind.DATE, depth)}, {self.text(Kind.DATE, depth)})"
        return self._any(Kind.NUMBER, depth)

    def _ratio(self, depth):
        """Return money divided by money of the same currency, not the site's."""
        if "tags" not in self.names:
            return "(1 / 3)"
        pool = self.random.choice(self.names["tags"])
        return f"({self._tagged(pool, depth)} / {self._tagged(pool, depth)})"

    def _money(self, depth):
        random = self.random
        n, m = lambda: self.text(Kind.NUMBER, depth), lambda: self.text(Kind.MONEY, depth)
        draw = random.random()
        if draw < 0.25:
            other = random.choice(NUMBERS) if random.random() < 0.2 else m()
            return f"({m()} {random.choice('+-')} {other})"
        if draw < 0.55:
            return f"({m()} {random.choice('*//')} {n()})"
        if draw < 0.65:
            return f"{random.choice(['min', 'max'])}({', '.join(m() for _ in range(random.choice([2, 2, 3])))})"
        if draw < 0.75:
            step = random.choice(["0.05", "1", "tick"]) if random.random() < 0.7 else m()
            return f"{random.choice(ROUNDINGS)}({m()}, {step})"
        if draw < 0.85:
            return f"fx({self.tagged(depth)})"
        return random.choice(["(-{})", "abs({})"]).format(m()) if draw < 0.9 else self._any(Kind.MONEY, depth)

    def _boolean(self, depth):
        random = self.random
        draw = random.random()
        if draw < 0.32:
            return self._comparison(depth)
        if draw < 0.5:
            word = random.choice([" and ", " or "])
            return f"({word.join(self.text(Kind.BOOLEAN, depth) for _ in range(random.choice([2, 2, 3])))})"
        if draw < 0.57:
            return f"(not {self.text(Kind.BOOLEAN, depth)})"
        if draw < 0.67:
            return self._member(depth)
        if draw < 0.74:
            return f"is_missing({self._anything(depth)})"
        if draw < 0.86:
            name = random.choice(["starts_with", "ends_with", "contains"])
            return f"{name}({self.text(Kind.TEXT, depth)}, {self.text(Kind.TEXT, depth)})"
        if draw < 0.92:
            kind = random.choice([Kind.TEXT, Kind.BOOLEAN])
            return f"({self.text(kind, depth)} {random.choice(COMPARISONS[:2])} {self.text(kind, depth)})"
        return self._any(Kind.BOOLEAN, depth)

    def _anything(self, depth):
        if self.random.random() < 0.2:
            return self.tagged(depth)
        return self.text(self.random.choice(list(self.names["kinds"])), depth)

    def _comparison(self, depth):
        random = self.random
        kind = random.choice([Kind.NUMBER, Kind.MONEY, Kind.MONEY, Kind.DATE])
        one = lambda: self.text(kind, depth)  # noqa: E731
        if kind is Kind.NUMBER and "tags" in self.names and random.random() < 0.3:
            pool = random.choice(self.names["tags"])
            one = lambda: self._tagged(pool, depth)  # noqa: E731
        parts = [one()]
        for _ in range(random.choice([1, 1, 1, 2, 2, 3])):
            parts += [random.choice(COMPARISONS), one()]
        return f"({' '.join(parts)})"

    def _member(self, depth):
        random = self.random
        pools = {Kind.NUMBER: NUMBERS, Kind.TEXT: TEXTS, Kind.MONEY: self.amounts[:-1]}
        kind = random.choice(list(pools))
        word = random.choice(["in", "not in"])
        if random.random() < 0.2:
            return f"(weekday({self.text(Kind.DATE, depth)}) {word} [{', '.join(random.sample(DAYS, 2))}])"
        lists = self.names.get("lists", {}).get(kind)
        if lists and random.random() < 0.4:
            return f"({self.text(kind, depth)} {word} {random.choice(lists)})"
        members = ", ".join(random.choice(pools[kind]) for _ in range(random.randrange(1, 5)))
        return f"({self.text(kind, depth)} {word} [{members}])"

    def _text(self, depth):
        draw = self.random.random()
        if draw < 0.4:
            return f"{self.random.choice(['lower', 'upper'])}({self.text(Kind.TEXT, depth)})"
        if draw < 0.6:
            return f"weekday({self.text(Kind.DATE, depth)})"
        return self._any(Kind.TEXT, depth)

    def _date(self, depth):
        random = self.random
        if random.random() < 0.4:
            days = ", ".join(self.text(Kind.DATE, depth) for _ in range(random.choice([2, 2, 3])))
            return f"{random.choice(['min', 'max'])}({days})"
        return self._any(Kind.DATE, depth)
