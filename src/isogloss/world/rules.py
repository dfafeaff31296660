"""The little language of the grammar files: ``{agent:nom} ?neg[does/AUX not/PART] {verb:@agent} ./PUNCT``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from isogloss.common.errors import IsoglossError

_PIECE = re.compile(
    r"\?(?P<condition>[^\s\[\]{}]+)\[|(?P<end>\])|\{(?P<slot>[^{}]*)\}|(?P<word>[^\s\[\]{}]+)|(?P<rest>\S)"
)


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a role, a rule or a function word.

    Attributes:
        name: Which.
        added: Features asked of it.
        removed: Features of the rule that are not asked of it.
        agree: Roles whose features it takes over.
    """

    name: str
    added: frozenset[str]
    removed: frozenset[str]
    agree: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Test:
    """Whether a feature is there.

    Attributes:
        feature: Which.
        role: Whose; empty for those of the rule.
        wanted: False where the feature must be missing.
    """

    feature: str
    role: str
    wanted: bool


@dataclass(frozen=True, slots=True)
class Node:
    """A word with its tag, a slot, or a group with a condition: one of the three.

    Attributes:
        literal: Word and tag.
        slot: The slot.
        condition: Alternatives of tests that must all hold.
        inner: What stands in the group.
    """

    literal: tuple[str, str] | None = None
    slot: Slot | None = None
    condition: tuple[tuple[Test, ...], ...] = ()
    inner: tuple[Node, ...] = ()


Rule = tuple[Node, ...]


def compile_rule(where: str, text: str) -> Rule:
    """The nodes of a rule.

    Args:
        where: File and name of the rule, for messages.
        text: Words with tags, ``word/TAG``; slots ``{name:feature,-feature,@role}``; groups ``?feature,!feature[ ]``,
            with ``|`` between alternatives.

    Raises:
        IsoglossError: A bracket is missing or a word has no tag.
    """
    stack: list[list[Node]] = [[]]
    conditions: list[tuple[tuple[Test, ...], ...]] = []
    for match in _PIECE.finditer(str(text)):
        if match["condition"]:
            conditions.append(tuple(tuple(map(_test, part.split(","))) for part in match["condition"].split("|")))
            stack.append([])
        elif match["end"] and conditions:
            inner = tuple(stack.pop())
            stack[-1].append(Node(condition=conditions.pop(), inner=inner))
        elif match["slot"]:
            stack[-1].append(Node(slot=_slot(match["slot"])))
        elif match["word"] and "/" in match["word"]:
            form, _, tag = match["word"].rpartition("/")
            stack[-1].append(Node(literal=(form, tag)))
        else:
            raise IsoglossError(f"{where}: {match[0]!r} is not word/TAG, {{slot}}, ?condition[ or ]")
    if conditions:
        raise IsoglossError(f"{where}: {len(conditions)} groups are not closed; a ']' is missing")
    return tuple(stack[0])


def slots_of(nodes: Rule) -> Iterator[Slot]:
    """All slots of a rule."""
    for node in nodes:
        if node.slot is not None:
            yield node.slot
        yield from slots_of(node.inner)


def _test(text: str) -> Test:
    role, _, feature = text.removeprefix("!").rpartition(".")
    return Test(feature, role, not text.startswith("!"))


def _slot(text: str) -> Slot:
    name, _, rest = text.partition(":")
    parts = [part for part in rest.split(",") if part]
    return Slot(
        name,
        frozenset(part for part in parts if part[0] not in "-@"),
        frozenset(part[1:] for part in parts if part[0] == "-"),
        tuple(part[1:] for part in parts if part[0] == "@"),
    )
