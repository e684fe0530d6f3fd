"""Random typed expressions as people write them, for comparing what runs them."""

from __future__ import annotations

from acorn_engine.types import Kind

NUMBERS = ["0", "1", "2", "0.5", "0.01", "100", "1.19", "19%", "0.333", "12%", "1e12", "1e-9", "1e29", "7"]
AMOUNTS = ["0.50 EUR", "20 EUR", "tick", "0.01 EUR"]
TEXTS = ["''", "'a'", "'Ab'", "'Straße'", "'漢字'", "'😀b'", "'ΑΣ'", "'USD'", "site", "currency"]
DATES = ["today", "date('2026-02-28')", "date('1969-12-31')"]
COMPARISONS = ["==", "!=", "<", "<=", ">", ">="]


class Expressions:
    """Draws expressions over ``names``: the names of facts and fields by kind."""

    def __init__(self, random, names):
        self.random = random
        self.names = names
        self.made = {}

    def text(self, kind, depth):
        """Return the text of an expression of ``kind``."""
        random = self.random
        made = self.made.setdefault(kind, [])
        if made and random.random() < 0.12:
            return random.choice(made)
        if depth <= 0 or random.random() < 0.12:
            return self.leaf(kind)
        drawn = getattr(self, f"_{kind.value}")(depth - 1)
        if len(drawn) < 250:
            made.append(drawn)
        return drawn

    def leaf(self, kind):
        literals = {Kind.NUMBER: NUMBERS, Kind.MONEY: AMOUNTS, Kind.TEXT: TEXTS, Kind.BOOLEAN: ["true", "false"]}
        pool = literals.get(kind, DATES) if self.random.random() < 0.35 else self.names[kind]
        return self.random.choice(pool)

    def _any(self, kind, depth):
        a, b = self.text(kind, depth), self.text(kind, depth)
        if self.random.random() < 0.5:
            return f"default({a}, {b})"
        return f"({a} if {self.text(Kind.BOOLEAN, depth)} else {b})"

    def _number(self, depth):
        random = self.random
        n, m = lambda: self.text(Kind.NUMBER, depth), lambda: self.text(Kind.MONEY, depth)
        draw = random.random()
        if draw < 0.45:
            return f"({n()} {random.choice('+-*//')} {n()})"
        if draw < 0.55:
            return f"({m()} / {m()})"
        if draw < 0.62:
            return random.choice(["(-{})", "abs({})"]).format(n())
        if draw < 0.7:
            return f"{random.choice(['min', 'max'])}({', '.join(n() for _ in range(random.choice([2, 2, 3])))})"
        if draw < 0.78:
            step = random.choice(["0.01", "1", "0.05", "3"]) if random.random() < 0.8 else n()
            return f"{random.choice(['round', 'round_up', 'round_down'])}({n()}, {step})"
        if draw < 0.82:
            return f"length({self.text(Kind.TEXT, depth)})"
        if draw < 0.86:
            return f"days_between({self.text(Kind.DATE, depth)}, {self.text(Kind.DATE, depth)})"
        return self._any(Kind.NUMBER, depth)

    def _money(self, depth):
        random = self.random
        n, m = lambda: self.text(Kind.NUMBER, depth), lambda: self.text(Kind.MONEY, depth)
        draw = random.random()
        if draw < 0.25:
            return f"({m()} {random.choice('+-')} {m()})"
        if draw < 0.55:
            return f"({m()} {random.choice('*//')} {n()})"
        if draw < 0.65:
            return f"{random.choice(['min', 'max'])}({m()}, {m()})"
        if draw < 0.75:
            return (
                f"{random.choice(['round', 'round_up', 'round_down'])}({m()}, {random.choice(['0.05', '1', 'tick'])})"
            )
        if draw < 0.85:
            return f"fx({random.choice(self.names['bought'])})"
        return random.choice(["(-{})", "abs({})"]).format(m()) if draw < 0.9 else self._any(Kind.MONEY, depth)

    def _boolean(self, depth):
        random = self.random
        draw = random.random()
        if draw < 0.4:
            kind = random.choice([Kind.NUMBER, Kind.MONEY, Kind.MONEY, Kind.DATE])
            links = random.choice([1, 1, 2])
            parts = [self.text(kind, depth)]
            for _ in range(links):
                parts += [random.choice(COMPARISONS), self.text(kind, depth)]
            return f"({' '.join(parts)})"
        if draw < 0.6:
            word = random.choice([" and ", " or "])
            return f"({word.join(self.text(Kind.BOOLEAN, depth) for _ in range(random.choice([2, 2, 3])))})"
        if draw < 0.66:
            return f"(not {self.text(Kind.BOOLEAN, depth)})"
        if draw < 0.74:
            kind, pool = random.choice([(Kind.NUMBER, NUMBERS), (Kind.TEXT, TEXTS[:8])])
            members = ", ".join(random.choice(pool) for _ in range(random.randrange(1, 4)))
            return f"({self.text(kind, depth)} {random.choice(['in', 'not in'])} [{members}])"
        if draw < 0.8:
            return f"is_missing({self.text(random.choice(list(self.names['kinds'])), depth)})"
        if draw < 0.86:
            name = random.choice(["starts_with", "ends_with", "contains"])
            return f"{name}({self.text(Kind.TEXT, depth)}, {self.text(Kind.TEXT, depth)})"
        if draw < 0.92:
            kind = random.choice([Kind.TEXT, Kind.BOOLEAN])
            return f"({self.text(kind, depth)} {random.choice(COMPARISONS[:2])} {self.text(kind, depth)})"
        return self._any(Kind.BOOLEAN, depth)

    def _text(self, depth):
        draw = self.random.random()
        if draw < 0.4:
            return f"{self.random.choice(['lower', 'upper'])}({self.text(Kind.TEXT, depth)})"
        if draw < 0.6:
            return f"weekday({self.text(Kind.DATE, depth)})"
        return self._any(Kind.TEXT, depth)

    def _date(self, depth):
        if self.random.random() < 0.4:
            return f"{self.random.choice(['min', 'max'])}({self.text(Kind.DATE, depth)}, {self.text(Kind.DATE, depth)})"
        return self._any(Kind.DATE, depth)
