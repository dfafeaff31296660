"""Facts, labels and descriptions from a dump of Wikidata: truthy N-Triples, or JSON with an entity a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from isogloss.common.errors import IsoglossError
from isogloss.dumps.readers.compressed import Chunk, lines


@dataclass(slots=True)
class Item:
    """What is read of an item or property.

    Attributes:
        id: Its id.
        facts: Pairs of relation and object, of the best rank.
        labels: Names by language.
        descriptions: Short descriptions by language.
    """

    id: str
    facts: list[tuple[str, str]] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)


_ENTITY = rb"<https?://www\.wikidata\.org/entity/([QP]\d+)>"
_SUBJECT = re.compile(rb"\s*" + _ENTITY + rb"\s")
_FACT = re.compile(
    rb"\s*" + _ENTITY + rb"\s*<https?://www\.wikidata\.org/prop/direct/(P\d+)>\s*" + _ENTITY + rb"\s*\.\s*$"
)
_TEXT = re.compile(
    rb"\s*" + _ENTITY + rb"\s*<http://(?:www\.w3\.org/2000/01/rdf-schema#(label)|schema\.org/(description))>"
    rb"\s*\"((?:[^\"\\]|\\.)*)\"@([\w-]+)\s*\.\s*$"
)
_ESCAPED = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def read_triples(chunk: Chunk) -> Iterator[Item]:
    """The items of N-Triples, whose lines stand together for each; those whose first line lies in the chunk.

    A chunk leaves the item aside that its first line is of, since it may have begun before, and reads on to the end of
    the item that its end falls into.

    Raises:
        IsoglossError: The file is cut off, or a line is no triple.
    """
    first = chunk.start > 0
    skipped: bytes | None = None
    last: bytes | None = None
    item: Item | None = None
    for line, inside in lines(chunk):
        found = _SUBJECT.match(line)
        if not _is_triple(line):
            shown = line[:80].decode("utf-8", "replace").strip()
            raise IsoglossError(f"{chunk.path}: no line of N-Triples, or one that is cut off: {shown!r}")
        if found is None:
            continue
        subject = found[1]
        if first:
            first, skipped = False, subject
        if subject == skipped:
            if not inside:
                last = subject
            continue
        skipped = None
        if not inside:
            if last is not None and subject != last:
                break
            last = subject
        if item is None or item.id.encode() != subject:
            if item is not None:
                yield item
            item = Item(subject.decode())
        _add(item, line)
    if item is not None:
        yield item


def _is_triple(line: bytes) -> bool:
    text = line.strip()
    return text.startswith((b"<", b"_:")) and text.endswith(b".") if text[:1] not in (b"", b"#") else True


def _add(item: Item, line: bytes) -> None:
    if found := _FACT.match(line):
        item.facts.append((found[2].decode(), found[3].decode()))
    elif found := _TEXT.match(line):
        texts = item.labels if found[2] else item.descriptions
        texts.setdefault(found[5].decode().lower(), _unescaped(found[4].decode("utf-8", "replace")))


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text

    def one(found: re.Match[str]) -> str:
        code = found[1]
        return chr(int(code[1:], 16)) if code[0] in "uU" and len(code) > 1 else _ESCAPES.get(code, code)

    return _ESCAPED.sub(one, text)


def read_items(chunk: Chunk) -> Iterator[Item]:
    """The entities of a JSON dump whose lines belong to the chunk.

    Raises:
        IsoglossError: The file is cut off, or a line is no entity.
    """
    closed = inside = True
    for line, inside in lines(chunk):
        if not inside:
            break
        text = line.strip().removesuffix(b",")
        closed = text == b"]"
        if text in (b"", b"[", b"]"):
            continue
        try:
            yield _item(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            shown = text[:60].decode("utf-8", "replace")
            raise IsoglossError(f"{chunk.path}: no entity of Wikidata, or one that is cut off: {shown!r}") from error
    if inside and not closed:
        raise IsoglossError(f"{chunk.path}: the file ends before its closing bracket; it is cut off")


def _item(found: dict[str, Any]) -> Item:
    item = Item(str(found["id"]))
    for texts, key in ((item.labels, "labels"), (item.descriptions, "descriptions")):
        # An empty mapping is written as an empty list.
        texts.update({code.lower(): value["value"] for code, value in dict(found.get(key) or {}).items()})
    for relation, statements in dict(found.get("claims") or {}).items():
        ranks = {statement.get("rank") for statement in statements}
        best = "preferred" if "preferred" in ranks else "normal"
        for statement in statements:
            snak = statement["mainsnak"]
            value = (snak.get("datavalue") or {}).get("value")
            if statement.get("rank", "normal") != best or snak.get("snaktype") != "value":
                continue
            if isinstance(value, dict) and value.get("entity-type") == "item":
                item.facts.append((relation, value.get("id") or f"Q{value['numeric-id']}"))
    return item
