"""Text to syntax tree: Python's parser, cut down by an allow list of its nodes."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from acorn_engine.language.faults import ExpressionError, Fault
from acorn_engine.language.source import LARGEST_NESTING, Source, scan

EXPRESSIONS: Final[frozenset[type[ast.expr]]] = frozenset(
    {ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Call, ast.Name, ast.Constant, ast.List}
)
"""The kinds of expression that exist; a list only to the right of ``in``."""

OPERATORS: Final[frozenset[type[ast.AST]]] = frozenset(
    {ast.Add, ast.Sub, ast.Mult, ast.Div, ast.USub, ast.Not, ast.And, ast.Or}
    | {ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn}
)

_REFUSED: Final[dict[str, tuple[str, str | None]]] = {
    "Attribute": ("a name has no parts here", "use the plain name of a fact"),
    "Subscript": ("nothing can be taken out of a value with [...]", None),
    "Lambda": ("'lambda' is not known here", "name a value under 'define:' instead"),
    "JoinedStr": ("a text has no prefix 'f'", "write plain 'text'"),
    "Tuple": ("a comma stands only between arguments and in lists", "write decimals with a point: 1234.50"),
    "ListComp": ("there are no loops", "a list holds literals: ['a', 'b']"),
    "GeneratorExp": ("there are no loops", None),
    "NamedExpr": ("':=' is not known here", "name a value under 'define:' instead"),
    "Await": ("'await' is not known here", None),
    "Yield": ("'yield' is not known here", None),
    "YieldFrom": ("'yield' is not known here", None),
    "Starred": ("'*' stands only between two values", None),
    "UAdd": ("a number has no plus sign here", "leave the '+' out"),
    "Is": ("'is' is not known here", "write '==', or is_missing(x)"),
    "IsNot": ("'is not' is not known here", "write '!=', or not is_missing(x)"),
}
_KNOWN: Final = EXPRESSIONS | OPERATORS
_MOST_KEPT: Final = 2_000
_LONGEST_KEPT: Final = 300
_WORDS: Final = {"AND": "and", "OR": "or", "NOT": "not", "IF": "if", "ELSE": "else", "IN": "in"}


@dataclass(frozen=True, slots=True)
class Syntax:
    """An expression that has been read.

    ``tree`` has only nodes of the allow list; a ``Constant``'s value is a ``Fraction``, ``Money``,
    text or boolean exactly as written, and ``col_offset``/``end_col_offset`` are offsets in
    characters into ``text``. ``names`` are the names that it reads, ``calls`` the functions that
    it calls.
    """

    text: str
    tree: ast.expr
    names: frozenset[str]
    calls: frozenset[str]


def parse(text: str) -> Syntax:
    """Read an expression; raise ``ExpressionError`` with everything that is wrong with it.

    Limits: 2,000 characters, 100 levels, numbers of 40 digits with exponents within ±30. Time is
    linear in the text, and a text that is too long is refused before it is looked at. Sites share
    most of their expressions, so what was read of short ones is kept; nothing changes a tree.
    """
    return _kept(text) if len(text) <= _LONGEST_KEPT else _parse(text)


@lru_cache(maxsize=_MOST_KEPT)
def _kept(text: str) -> Syntax:
    return _parse(text)


def _parse(text: str) -> Syntax:
    source = scan(text)
    if source.faults:
        raise ExpressionError(source.faults)
    tree = _tree(source)
    reader = _Reader(source)
    reader.read(tree)
    if source.faults:
        raise ExpressionError(source.faults)
    return Syntax(text, tree, frozenset(reader.names), frozenset(reader.calls))


def _tree(source: Source) -> ast.expr:
    """Let Python's parser read the image; its complaints become one fault."""
    try:
        # In brackets, so that leading blanks mean nothing: one character is added in front.
        return ast.parse(f"({source.image})", mode="eval").body
    except SyntaxError as error:
        offset = max(0, min((error.offset or 2) - 2, len(source.text)))
        raise ExpressionError([_complaint(source, offset, error.msg)]) from None
    except (RecursionError, MemoryError, ValueError):
        message = f"the expression nests more than {LARGEST_NESTING} levels deep"
        raise ExpressionError([Fault("too_deep", message, 0, len(source.text), "split it with 'define:'")]) from None


def _complaint(source: Source, offset: int, told: str) -> Fault:
    """Say where the parser stopped, with a hint for what people bring from other languages."""
    words = _words(source.image)
    for start, word in words:
        if word in _WORDS:
            return Fault("syntax", f"'{word}' is not known here", start, start + len(word), f"write '{_WORDS[word]}'")
    names = {word for _, word in words}
    if "if" in names and "else" not in names:
        return Fault("syntax", "'if' needs 'else'", offset, offset, "write a if test else b")
    if not source.text[offset:].strip():
        return Fault("syntax", "the expression is not complete", len(source.text.rstrip()), len(source.text))
    if "forgot a comma" in told:
        return Fault("syntax", "two values stand side by side", offset, offset, "write an operator or ',' between them")
    found = next((word for start, word in words if start == offset), source.text[offset])
    return Fault("syntax", f"the expression cannot be read at '{found}'", offset, offset + len(found))


def _words(image: str) -> list[tuple[int, str]]:
    """Return the words outside quotes, with their offsets."""
    words: list[tuple[int, str]] = []
    quote, start = "", -1
    for position, character in enumerate(f"{image} "):
        inside = not quote and (character.isalnum() or character == "_")
        if inside and start < 0:
            start = position
        elif not inside and start >= 0:
            words.append((start, image[start:position]))
            start = -1
        if character in {"'", '"'}:
            quote = "" if quote == character else quote or character
    return words


class _Reader:
    """Goes through a tree once: refuses what is not allowed, sets literals, mends offsets."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.names: set[str] = set()
        self.calls: set[str] = set()

    def read(self, tree: ast.expr) -> None:
        """Read the whole tree without recursion, so that no depth can break it."""
        stack: list[tuple[ast.expr, int]] = [(tree, 0)]
        deep = False
        while stack:
            node, depth = stack.pop()
            node.col_offset -= 1
            node.end_col_offset = (node.end_col_offset or 0) - 1
            if depth > LARGEST_NESTING:
                deep = True
            elif self._allowed(node):
                stack.extend((child, depth + 1) for child in self._children(node))
        if deep:
            message = f"the expression nests more than {LARGEST_NESTING} levels deep"
            self.source.fault("too_deep", message, 0, len(self.source.text), "split it with 'define:'")

    def _allowed(self, node: ast.expr) -> bool:
        """Say whether a node and its operators are on the list; otherwise note a fault."""
        used: list[ast.AST] = [node]
        for slot in ("op", "ops"):
            found = getattr(node, slot, [])
            used += found if isinstance(found, list) else [found]
        for part in used:
            if type(part) not in _KNOWN:
                self._refuse(part, node)
                return False
        if isinstance(node, ast.Constant):
            return self._literal(node)
        if isinstance(node, ast.Name):
            self.names.add(node.id)
        elif isinstance(node, ast.Call):
            return self._call(node)
        elif isinstance(node, ast.List):
            self._fault(node, "not_allowed", "a list stands only after 'in'", "write x in ['a', 'b']")
            return False
        return not isinstance(node, ast.Compare) or self._compare(node)

    def _children(self, node: ast.expr) -> list[ast.expr]:
        """Return the expressions below a node; the members of a list are already read."""
        children = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        if isinstance(node, ast.Call):
            return children[1:]
        return [child for child in children if not isinstance(child, ast.List)]

    def _refuse(self, part: ast.AST, node: ast.expr) -> None:
        """Note something that Python knows and this language does not."""
        kind = type(part).__name__
        message, hint = _REFUSED.get(kind, ("this is not known here", None))
        if isinstance(node, ast.Tuple) and node.elts:
            node.col_offset, node.end_col_offset = (node.elts[0].end_col_offset or 0) - 1, node.elts[0].end_col_offset
        self._fault(node, "not_allowed", message, hint)

    def _literal(self, node: ast.Constant) -> bool:
        """Put the value as written in place of what Python read."""
        if node.col_offset in self.source.literals:
            node.value = self.source.literals[node.col_offset]  # type: ignore[assignment]
            end = self.source.ends[node.col_offset]
            if isinstance(node.value, str) and node.end_col_offset != end:
                self._fault(node, "syntax", "two texts stand side by side", "join them in one pair of quotes")
            node.end_col_offset = end
            return True
        if isinstance(node.value, bool):
            return True
        self._fault(node, "not_allowed", f"'{node.value!s}' is not known here", "write is_missing(x) or default(x, y)")
        return False

    def _call(self, node: ast.Call) -> bool:
        """Check a call: a plain name, positional arguments."""
        node.func.col_offset -= 1
        node.func.end_col_offset = (node.func.end_col_offset or 0) - 1
        if not isinstance(node.func, ast.Name):
            kind = "Attribute" if isinstance(node.func, ast.Attribute) else ""
            message, hint = _REFUSED.get(kind, ("only a function's name can be called", None))
            self._fault(node.func, "not_allowed", message, hint)
            return False
        for named in node.keywords:
            start, end = named.col_offset - 1, (named.end_col_offset or 0) - 1
            self.source.fault("not_allowed", "arguments have no names", start, end, "write the values in their order")
        self.calls.add(node.func.id)
        return not node.keywords

    def _compare(self, node: ast.Compare) -> bool:
        """Check ``in``: not chained, with a list of literals or the name of a list."""
        if not any(isinstance(operator, ast.In | ast.NotIn) for operator in node.ops):
            return True
        if len(node.ops) > 1:
            self._fault(node, "not_allowed", "'in' cannot be chained", "join the comparisons with 'and'")
            return False
        members = node.comparators[0]
        if isinstance(members, ast.Name):
            return True
        if isinstance(members, ast.List):
            return self._members(members)
        self._shift(members)
        self._fault(members, "not_allowed", "after 'in' stands a list of literals", "write x in ['a', 'b']")
        return False

    def _members(self, node: ast.List) -> bool:
        """Read the literals of a list."""
        self._shift(node)
        if not node.elts:
            self._fault(node, "list", "the list is empty", "write x in ['a', 'b']")
        good = bool(node.elts)
        for member in node.elts:
            self._shift(member)
            literal: Any = member
            if isinstance(member, ast.UnaryOp) and isinstance(member.op, ast.USub):
                literal = member.operand
                self._shift(literal)
            if isinstance(literal, ast.Constant):
                good = self._literal(literal) and good
                if literal is not member and isinstance(literal.value, str | bool):
                    self._fault(member, "type", "only numbers and money have a minus sign", None)
                member.end_col_offset = literal.end_col_offset
            else:
                self._fault(member, "not_allowed", "a list holds literals only", "write x == a or x == b")
                good = False
        return good

    @staticmethod
    def _shift(node: ast.expr) -> None:
        """Take the bracket put in front of the text off a node's offsets."""
        node.col_offset -= 1
        node.end_col_offset = (node.end_col_offset or 0) - 1

    def _fault(self, node: ast.expr, code: str, message: str, hint: str | None) -> None:
        self.source.fault(code, message, node.col_offset, node.end_col_offset or 0, hint)
