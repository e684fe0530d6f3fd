"""Text of a rule file in, a tree of located nodes out, or problems that say which key to press.

Nodes are built from the parser's events: nothing is resolved, constructed or expanded on the
way, so that no document can run code, share nodes or grow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from acorn_engine.ruleset.scalars import shortened
from acorn_engine.ruleset.tree import FORBIDDEN, START, Entry, ListNode, MapNode, Mark, Node, Report, Scalar, Source
from acorn_engine.ruleset.yaml_faults import report_fault

LARGEST_TEXT: Final = 2_000_000
LARGEST_TREE: Final = 100_000
DEEPEST: Final = 50
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MOST_CHARACTERS: Final = 20


def read_tree(source: Source, report: Report) -> Node | None:
    """Return the tree of a rule file; ``None``, with problems in ``report``, where there is none."""
    start = START
    if len(source.text) > LARGEST_TEXT:
        report.add(
            source,
            start,
            "file_too_large",
            f"the file has {len(source.text):,} characters; a rule file may have {LARGEST_TEXT:,}",
            hint="split it into several files and name them in acorn.toml",
        )
        return None
    if _forbidden_characters(source, report):
        return None
    builder = _Builder(source, report)
    try:
        for event in yaml.parse(source.text, Loader=_LOADER):
            if not builder.take(event):
                return None
    except yaml.MarkedYAMLError as error:
        report_fault(source, report, error)
        return None
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        report.add(source, start, "yaml", f"the file cannot be read as YAML: {shortened(str(error), 200)}")
        return None
    if builder.root is None:
        report.add(
            source, start, "empty_file", "the file is empty", hint="begin it with the line 'acorn: 1', or delete it"
        )
    return builder.root


def _forbidden_characters(source: Source, report: Report) -> bool:
    found = False
    for count, match in enumerate(FORBIDDEN.finditer(source.text)):
        if count == _MOST_CHARACTERS:
            break
        found = True
        code = ord(match[0])
        report.add(
            source,
            source.mark_at(match.start()),
            "control_character",
            f"the invisible character U+{code:04X} stands here",
            hint="delete it with the Delete key; if there are many, save the file again as UTF-8 text",
            character=f"U+{code:04X}",
        )
    return found


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet."""

    start: Mark
    flow: bool
    mapping: bool
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    key: Node | None = None


@dataclass(slots=True)
class _Builder:
    source: Source
    report: Report
    root: Node | None = None
    documents: int = 0
    nodes: int = 0
    stack: list[_Open] = field(default_factory=list)

    def take(self, event: yaml.Event) -> bool:
        """Take one event; return false where reading must stop."""
        if isinstance(event, yaml.DocumentStartEvent):
            return self._document(event)
        if not isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
            return True
        if isinstance(event, yaml.CollectionEndEvent):
            self._close(_mark(event.end_mark))
            return True
        start = _mark(event.start_mark)
        self.nodes += 1
        if self.nodes > LARGEST_TREE:
            self._stop(start, "too_many_values", f"the file has more than {LARGEST_TREE:,} values", "split it")
            return False
        self._decorations(event, start)
        if isinstance(event, yaml.CollectionStartEvent):
            if len(self.stack) == DEEPEST:
                self._stop(start, "too_deep", f"lists and mappings stand more than {DEEPEST} deep", None)
                return False
            self.stack.append(_Open(start, bool(event.flow_style), isinstance(event, yaml.MappingStartEvent)))
        elif isinstance(event, yaml.ScalarEvent):
            self._place(Scalar(event.value, event.style or "", start, _mark(event.end_mark)))
        else:
            self._place(Scalar("", "", start, start))
        return True

    def _stop(self, mark: Mark, code: str, message: str, hint: str | None) -> None:
        self.report.add(self.source, mark, code, message, hint=hint)

    def _document(self, event: yaml.DocumentStartEvent) -> bool:
        self.documents += 1
        if self.documents == 1:
            return True
        self._stop(
            _mark(event.start_mark),
            "several_documents",
            "a second YAML document begins here; a rule file holds one",
            "delete the line '---', or move what follows into a file of its own",
        )
        return False

    def _decorations(self, event: yaml.NodeEvent, start: Mark) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._stop(
                start,
                "alias",
                f"the alias '*{shortened(str(event.anchor))}' is not used in rule files",
                "put the value in quotes if it is an expression; otherwise write it out, or give it a name in 'define'",
            )
            return
        if event.anchor is not None:
            self._stop(
                start,
                "anchor",
                f"the anchor '&{shortened(event.anchor)}' is not used in rule files",
                "put the value in quotes if it is text; otherwise delete the anchor",
            )
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._stop(
                start,
                "tag",
                f"the tag '{shortened(tag)}' is not used in rule files",
                "for 'not', write the word not; text that begins with '!' needs quotes",
            )

    def _close(self, end: Mark) -> None:
        done = self.stack.pop()
        if done.mapping:
            self._place(MapNode(done.entries, done.flow, done.start, end))
        else:
            self._place(ListNode(tuple(done.items), done.flow, done.start, end))

    def _place(self, node: Node) -> None:
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        if not parent.mapping:
            parent.items.append(node)
        elif parent.key is None:
            parent.key = node
        else:
            key, parent.key = parent.key, None
            self._entry(parent, key, node)

    def _entry(self, parent: _Open, key: Node, value: Node) -> None:
        if not isinstance(key, Scalar):
            self._stop(
                key.start,
                "key_not_text",
                "a key must be a word, not a list or mapping",
                "text in braces or brackets needs quotes",
            )
        elif key.text == "<<" and key.plain:
            self._stop(key.start, "merge_key", "the merge key '<<' is not used in rule files", "write the keys out")
        elif key.text in parent.entries:
            first = parent.entries[key.text].key.start
            self.report.add(
                self.source,
                key.start,
                "duplicate_key",
                f"the key '{shortened(key.text)}' stands here a second time; first in line {first.line + 1}",
                hint="delete one of the two",
                key=key.text,
                first_line=first.line + 1,
            )
        else:
            parent.entries[key.text] = Entry(key, value)


def _mark(mark: Any) -> Mark:
    return Mark(mark.index, mark.line, mark.column)
