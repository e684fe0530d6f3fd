"""The shape of a rule file: which keys stand where, and what kind of value each has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from acorn_engine.ruleset.drafts import ExampleDraft, FileDraft, GuardDraft, RuleDraft
from acorn_engine.ruleset.reading import Reader, describe
from acorn_engine.ruleset.scalars import shortened
from acorn_engine.ruleset.tree import ListNode, MapNode, Mark, Node, Scalar
from acorn_engine.ruleset.typography import typography_hint
from acorn_engine.ruleset.windows import Window, WindowError, parse_window

if TYPE_CHECKING:
    from acorn_engine.ruleset.tree import Entry, Report, Source

VERSION: Final = "1"
FILE_KEYS: Final = (
    "acorn",
    "description",
    "owner",
    "parameters",
    "define",
    "disable",
    "because",
    "rules",
    "guards",
    "examples",
)
RULE_KEYS: Final = ("id", "when", "set", "use", "with", "because", "final", "valid_from", "valid_to", "active")
GUARD_KEYS: Final = ("id", "reject", "hold", "halt", "because")
VERDICTS: Final = ("reject", "hold", "halt")
EXAMPLE_KEYS: Final = ("name", "site", "given", "expect")
ID: Final = re.compile(r"\w[\w.\-]{0,99}")
NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_WORDS: Final = frozenset({"and", "or", "not", "in", "if", "else", "true", "false"})


def read_file(source: Source, root: Node, report: Report) -> FileDraft:
    """Turn a tree into a draft; everything that does not fit goes to ``report``, all at once."""
    reader = Reader(source, report)
    draft = FileDraft(source)
    entries = reader.mapping(root, "a rule file")
    if not entries:
        return draft
    reader.keys(entries, FILE_KEYS, "a rule file")
    _version(reader, entries, root.start)
    for key in ("description", "owner"):
        if key in entries:
            setattr(draft, key, reader.text(entries[key].value, f"'{key}'") or "")
    _names(reader, entries, draft)
    _disable(reader, entries, draft)
    for key, read in (("rules", _rule), ("guards", _guard), ("examples", _example)):
        if key in entries:
            for item in reader.items(entries[key].value, f"'{key}'"):
                read(reader, item, draft)
    return draft


def _names(reader: Reader, entries: dict[str, Entry], draft: FileDraft) -> None:
    """Read the parameters and definitions."""
    if "parameters" in entries:
        for name, entry in reader.mapping(entries["parameters"].value, "'parameters'").items():
            if _name(reader, entry.key, "parameter"):
                draft.parameters[name] = (entry.key, entry.value)
    if "define" in entries:
        for name, entry in reader.mapping(entries["define"].value, "'define'").items():
            scalar = reader.scalar(entry.value, f"the definition of '{shortened(name)}'")
            if _name(reader, entry.key, "definition") and scalar is not None:
                draft.defines[name] = (entry.key, scalar)


def _version(reader: Reader, entries: dict[str, Entry], start: Mark) -> None:
    if "acorn" not in entries:
        reader.problem(start, "missing_key", "a rule file begins with the line 'acorn: 1'", "add it as the first line")
        return
    value = entries["acorn"].value
    if not isinstance(value, Scalar) or value.text != VERSION:
        reader.problem(
            value.start,
            "version",
            f"this Acorn reads rule files of version {VERSION}, not {describe(value)}",
            "write 'acorn: 1'",
        )


def _name(reader: Reader, key: Scalar, what: str) -> bool:
    if NAME.fullmatch(key.text) and key.text not in _WORDS:
        return True
    reader.problem(
        key.start,
        "bad_name",
        f"'{shortened(key.text)}' cannot be the name of a {what}",
        typography_hint(key.text)
        or "use letters, digits and _, beginning with a letter; not and, or, not, in, if, else, true, false",
    )
    return False


def _disable(reader: Reader, entries: dict[str, Entry], draft: FileDraft) -> None:
    if "because" in entries:
        draft.because = reader.text(entries["because"].value, "'because'") or ""
    if "disable" not in entries:
        if "because" in entries:
            reader.problem(
                entries["because"].key.start,
                "because_alone",
                "'because' beside 'acorn' says why rules are disabled, and no 'disable' is there",
                "indent it under its rule or guard, or delete it",
            )
        return
    reader.require(entries, ["because"], "'disable'", entries["disable"].key.start)
    for item in reader.items(entries["disable"].value, "'disable'"):
        text = reader.text(item, "a rule id")
        if text:
            draft.disable.append((text, item.start))


def _identified(reader: Reader, node: Node, draft: FileDraft, what: str) -> tuple[Reader, dict[str, Entry], str] | None:
    """Read a mapping that has an id; the reader returned puts the id before its messages."""
    if not isinstance(node, MapNode):
        reader.mapping(node, f"a {what}")
        return None
    entries = reader.mapping(node, f"a {what}")
    identifier = ""
    if "id" in entries:
        key = entries["id"].value
        identifier = reader.text(key, f"the id of a {what}") or ""
        if identifier and not ID.fullmatch(identifier):
            reader.problem(
                key.start,
                "bad_id",
                f"'{shortened(identifier)}' cannot be an id",
                typography_hint(identifier) or "use letters, digits, - _ and . without spaces, at most 100",
            )
            identifier = ""
        elif identifier:
            draft.ids.append((identifier, key.start, what))
    elif node.entries:
        reader.require(entries, ["id"], f"a {what}", node.start)
    return reader.named(identifier), entries, identifier


def _rule(plain: Reader, node: Node, draft: FileDraft) -> None:
    found = _identified(plain, node, draft, "rule")
    if found is None:
        return
    reader, entries, identifier = found
    reader.keys(entries, RULE_KEYS, "a rule")
    if ("set" in entries) == ("use" in entries):
        both = "set" in entries
        reader.problem(
            entries["use"].key.start if both else node.start,
            "set_or_use",
            "a rule has both 'set' and 'use'" if both else "a rule needs 'set' or 'use'",
            "make two rules of it" if both else "'set:' with fields below it, or 'use:' with the name of a rule kind",
        )
        if not both:
            return
    if "with" in entries and "use" not in entries:
        reader.problem(
            entries["with"].key.start,
            "with_alone",
            "'with' belongs to 'use', which is not there",
            "add 'use: KIND', or delete it",
        )
    sets = tuple(reader.mapping(entries["set"].value, "'set'").values()) if "set" in entries else ()
    if "set" in entries and isinstance(entries["set"].value, MapNode) and not entries["set"].value.entries:
        reader.problem(entries["set"].value.start, "empty", "'set' names no field")
    options = entries["with"].value if "with" in entries else None
    if options is not None and not (isinstance(options, Scalar) and options.value is None):
        reader.mapping(options, "'with'")
    valid_from = reader.day(entries["valid_from"].value, "'valid_from'") if "valid_from" in entries else None
    valid_to = reader.day(entries["valid_to"].value, "'valid_to'") if "valid_to" in entries else None
    if valid_from and valid_to and valid_to < valid_from:
        reader.problem(
            entries["valid_to"].value.start,
            "never_valid",
            f"the rule ends on {valid_to} before it begins on {valid_from}",
            "exchange the two, or correct the year",
        )
    draft.rules.append(
        RuleDraft(
            id=identifier,
            mark=node.start,
            when=reader.scalar(entries["when"].value, "'when'") if "when" in entries else None,
            sets=sets,
            use=reader.scalar(entries["use"].value, "'use'") if "use" in entries else None,
            options=options if isinstance(options, MapNode) else None,
            because=_because(reader, entries),
            final=reader.boolean(entries["final"].value, "'final'") if "final" in entries else False,
            valid_from=valid_from,
            valid_to=valid_to,
            active=_windows(reader, entries["active"].value) if "active" in entries else (),
        )
    )


def _because(reader: Reader, entries: dict[str, Entry]) -> Scalar | None:
    if "because" not in entries:
        return None
    value = entries["because"].value
    if isinstance(value, MapNode) and value.flow:
        reader.problem(
            value.start,
            "wrong_type",
            "'because' must be text, but begins with a brace",
            'put it in quotes: press " at both ends',
        )
        return None
    return reader.scalar(value, "'because'") if reader.text(value, "'because'") else None


def _windows(reader: Reader, node: Node) -> tuple[Window, ...]:
    windows: list[Window] = []
    for item in node.items if isinstance(node, ListNode) else (node,):
        text = reader.text(item, "'active'")
        if text is None:
            continue
        try:
            windows.append(parse_window(text))
        except WindowError as error:
            reader.problem(item.start, "bad_window", str(error), error.hint)
    return tuple(windows)


def _guard(plain: Reader, node: Node, draft: FileDraft) -> None:
    found = _identified(plain, node, draft, "guard")
    if found is None:
        return
    reader, entries, identifier = found
    reader.keys(entries, GUARD_KEYS, "a guard")
    verdicts = [verdict for verdict in VERDICTS if verdict in entries]
    reader.require(entries, ["because"], "a guard", node.start)
    if len(verdicts) != 1:
        words = " and ".join(f"'{verdict}'" for verdict in verdicts)
        reader.problem(
            entries[verdicts[1]].key.start if verdicts else node.start,
            "one_verdict",
            f"a guard has {words}" if verdicts else "a guard needs one of 'reject', 'hold' and 'halt'",
            "make a guard of each" if verdicts else "write the condition that must not hold after it",
        )
        if not verdicts:
            return
    conditions = [reader.scalar(entries[verdict].value, f"'{verdict}'") for verdict in verdicts]
    because = _because(reader, entries)
    if len(verdicts) == 1 and conditions[0] is not None and because is not None:
        verdict = verdicts[0]
        draft.guards.append(GuardDraft(identifier, node.start, verdict, conditions[0], because))


def _example(plain: Reader, node: Node, draft: FileDraft) -> None:
    draft.has_examples = True
    if not isinstance(node, MapNode):
        plain.mapping(node, "an example")
        return
    entries = plain.mapping(node, "an example")
    name = plain.text(entries["name"].value, "the name of an example") if "name" in entries else None
    reader = plain.named(f"example '{shortened(name)}'" if name else "")
    reader.keys(entries, EXAMPLE_KEYS, "an example")
    reader.require(entries, EXAMPLE_KEYS, "an example", node.start)
    site = reader.text(entries["site"].value, "'site'") if "site" in entries else None
    given = reader.mapping(entries["given"].value, "'given'") if "given" in entries else {}
    expect = reader.mapping(entries["expect"].value, "'expect'") if "expect" in entries else {}
    draft.examples.append(ExampleDraft(name or "", site or "", node.start, given, expect))
