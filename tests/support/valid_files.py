"""Random valid files of every format, written here and not by the package, with what must be read from them."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as some

from isogloss.data import ChoiceLines, ConllU, Format, JsonLines, Squad, Table, TokenTag
from isogloss.data.delimiters import COMMA, TAB, Quoted, Unquoted
from isogloss.data.parquet import Parquet
from isogloss.data.plain import Lines
from tests.support.odd_text import LABELS, PARTS_OF_SPEECH, chunk_tags, texts, words


@dataclass(frozen=True)
class Valid:
    """A file without a fault.

    Attributes:
        reader: The format.
        name: Its name.
        content: Its bytes.
        examples: What an example must come out as, without its language and path.
        predictions: A prediction per example.
        labelled: The bytes with the predictions in place of the labels; None where they may be laid out otherwise.
        warnings: What must be warned of, as the messages begin.
        again: The format of the labelled file, where its columns have one more; None: the same. `Lines` and `Squad`
            write what they do not read.
    """

    reader: Format
    name: str
    content: bytes
    examples: list[tuple[Any, ...]]
    predictions: list[Any]
    labelled: bytes | None
    warnings: list[str] = field(default_factory=list)
    again: Format | None = None


@dataclass(frozen=True)
class Layout:
    """How lines become a file."""

    end: str
    final: bool
    mark: bool
    packed: bool

    def name(self, name: str) -> str:
        return f"{name}.gz" if self.packed else name

    def stored(self, lines: Sequence[str]) -> bytes:
        """The lines as bytes; a line may hold line breaks, which are then as the others."""
        text = self.end.join("\n".join(lines).split("\n")) + (self.end if self.final else "")
        # A file that begins with a byte order mark is taken to have one.
        mark = "\ufeff" if self.mark or text.startswith("\ufeff") else ""
        return self.pack((mark + text).encode())

    def pack(self, content: bytes) -> bytes:
        return gzip.compress(content, mtime=0) if self.packed else content


LAYOUTS = some.builds(Layout, some.sampled_from(["\n", "\r\n"]), *[some.booleans()] * 3)
IN_LINES = "\0\n\r"
"""What no line holds."""


def unlabelled(labels: Sequence[Any]) -> list[str]:
    """The warning where some of a file have no label."""
    return ["no gold label: "] if 0 < sum(label is None for label in labels) < len(labels) else []


@some.composite
def conllu(draw: some.DrawFn) -> Valid:
    columns = texts(IN_LINES + "\t", 2)
    lines, labelled, examples, predictions = [], [], [], []
    for number in range(1, draw(some.integers(1, 3)) + 1):
        forms = draw(some.lists(words(IN_LINES + "\t"), min_size=1, max_size=4))
        tags = draw(some.one_of(some.none(), some.lists(PARTS_OF_SPEECH, min_size=len(forms), max_size=len(forms))))
        predicted = draw(some.lists(PARTS_OF_SPEECH, min_size=len(forms), max_size=len(forms)))
        named = draw(some.booleans())
        head = [f"# sent_id = ид-{number}\u200d"] if named else []
        if draw(some.booleans()):
            head.append("# " + draw(columns).replace("=", ""))
        spaces = [False, *draw(some.lists(some.booleans(), min_size=len(forms) - 1, max_size=len(forms) - 1))]
        written = not any(character.isspace() for form in forms for character in form) and draw(some.booleans())
        if written:
            spelt = "".join(" " * space + form for space, form in zip(spaces, forms, strict=True))
            head.append(f"# text = {spelt}")
        rows = list[tuple[str, str | None]]()
        if draw(some.booleans()) and len(forms) > 1 and not written:
            rows.append((f"1-2\t{draw(columns)}\t{{}}{TAIL}".replace("\t{}", "\t_", 1), None))
        for place, form in enumerate(forms, start=1):
            rest = f"{place}\t{form}\t{draw(columns)}"
            rows.append((rest, predicted[place - 1]))
        if draw(some.booleans()):
            rows.append((f"{len(forms)}.1\t{draw(columns)}\t_{TAIL}", None))
        first = len(lines) + len(head) + 1 + (rows[0][1] is None)
        own = iter(tags or ["_"] * len(forms))
        lines += [*head, *(start if tag is None else f"{start}\t{next(own)}{TAIL[2:]}" for start, tag in rows), ""]
        labelled += [*head, *(start if tag is None else f"{start}\t{tag}{TAIL[2:]}" for start, tag in rows), ""]
        name = f"ид-{number}\u200d" if named else str(number)
        known = (tuple(spaces),) if written else ()
        examples.append((name, tuple(forms), tags and tuple(tags), first, *known))
        predictions.append(tuple(predicted))
    layout = draw(LAYOUTS)
    return Valid(
        ConllU(),
        layout.name("a.conllu"),
        layout.stored(lines),
        examples,
        predictions,
        layout.stored(labelled),
        unlabelled([example[2] for example in examples]),
    )


TAIL = "\t_" * 7
"""UPOS and the columns after it."""


@some.composite
def conll(draw: some.DrawFn) -> Valid:
    separator = draw(some.sampled_from(["\t", " "]))
    width = draw(some.integers(1, 4))
    place = draw(some.integers(0, width - 1))
    others = [at for at in range(width) if at != place]
    tag_place = draw(some.sampled_from([None, *others]))
    header = [f"col{at}\u00a0x" for at in range(width)]
    kind = draw(some.sampled_from(["default", "positions", "names"]))
    if kind == "default":
        place, tag_place, columns = 0, None if width == 1 else width - 1, None
    else:
        found = {"tokens": place} | ({} if tag_place is None else {"tags": tag_place})
        columns = found if kind == "positions" else {ours: header[at] for ours, at in found.items()}
    forbidden = IN_LINES + "\t:#" + ("" if separator == "\t" and width > 1 else " ")
    token = words(forbidden)
    if separator == "\t" and width > 1:
        token = some.one_of(token, some.sampled_from(["#", "#MeToo", "##"]))
    lines, labelled, examples, predictions = [], [], [], []
    if kind == "names":
        lines.append(separator.join(header))
        added = [] if tag_place is not None else ["tags"]
        labelled.append((separator if width > 1 else "\t").join([lines[0], *added]))
        if draw(some.booleans()):
            lines.append("")
            labelled.append("")
    chunks = draw(some.booleans())

    def tags_of(number: int) -> list[str]:
        return draw(chunk_tags(number) if chunks else some.lists(PARTS_OF_SPEECH, min_size=number, max_size=number))

    for number in range(1, draw(some.integers(1, 3)) + 1):
        tokens = draw(some.lists(token, min_size=1, max_size=4))
        tags, predicted = tags_of(len(tokens)), tags_of(len(tokens))
        if draw(some.booleans()) and (kind != "names" or lines[-1] == ""):
            lines.append("# sent_id = \u2028x")
            labelled.append(lines[-1])
        first = len(lines) + 1
        for form, tag, new in zip(tokens, tags, predicted, strict=True):
            row = ["ne\u0301"] * width
            row[place] = form
            if tag_place is not None:
                row[tag_place] = tag
            lines.append(separator.join(row))
            if tag_place is None:
                labelled.append((separator if width > 1 else "\t").join([lines[-1], new]))
            else:
                row[tag_place] = new
                labelled.append(separator.join(row))
        lines.append("")
        labelled.append("")
        examples.append((str(number), tuple(tokens), None if tag_place is None else tuple(tags), first))
        predictions.append(tuple(predicted))
    layout = draw(LAYOUTS)
    name, content = layout.name("a.conll"), layout.stored(lines)
    new = None if columns is None else {"tags": width if kind == "positions" else "tags", **columns}
    stored = layout.stored(labelled)
    return Valid(TokenTag(columns), name, content, examples, predictions, stored, again=TokenTag(new))


OURS = ("text", "pair", "label", "id")
USUAL: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "sentence1"),
    "pair": ("hypothesis", "sentence2"),
    "label": ("label", "gold_label"),
    "id": ("id", "idx"),
}


@dataclass(frozen=True)
class Records:
    """Labelled texts.

    Attributes:
        columns: The file's name of each of ours that it has, in the order of the file, and of others.
        rows: Values by our names and those of others; a label may be None.
        predicted: New labels.
        usual: Whether all names are usual ones.
    """

    columns: dict[str, str]
    rows: list[dict[str, str | None]]
    predicted: list[str]
    usual: bool

    def examples(self, lines: Sequence[int]) -> list[tuple[Any, ...]]:
        return [
            (row.get("id") or str(number), row["text"], row.get("pair"), row.get("label"), line)
            for number, (row, line) in enumerate(zip(self.rows, lines, strict=True), start=1)
        ]

    def named(self) -> dict[str, str] | None:
        """What a user says of the columns; None: nothing."""
        return None if self.usual else {ours: name for ours, name in self.columns.items() if ours in OURS}

    def numbered(self) -> dict[str, int]:
        """The same where there is no header."""
        return {ours: at for at, ours in enumerate(self.columns) if ours in OURS}

    def named_again(self) -> dict[str, str] | None:
        """What a user says of the columns when labels have been added."""
        named = self.named()
        return None if named is None else {"label": "label", **named}


@some.composite
def records(draw: some.DrawFn, without: str) -> Records:
    usual = draw(some.booleans())
    held = ["text", *draw(some.lists(some.sampled_from(["pair", "label", "id", "other"]), unique=True))]
    columns = {
        ours: draw(some.sampled_from(USUAL[ours])) if usual and ours in OURS else f"{ours}\u0301 ü"
        for ours in draw(some.permutations(held))
    }
    rows = list[dict[str, str | None]]()
    for number in range(1, draw(some.integers(1, 4)) + 1):
        values: dict[str, str | None] = {ours: draw(texts(without)) for ours in columns}
        if "label" in values:
            values["label"] = draw(some.one_of(some.none(), LABELS, LABELS))
        if "id" in values:
            values["id"] = f"{number}{draw(texts(without, 2))}"
        rows.append(values)
    return Records(columns, rows, [draw(LABELS) for _ in rows], usual)


@some.composite
def tsv(draw: some.DrawFn) -> Valid:
    separator = draw(some.sampled_from(["\t", "\t", ";"]))
    found = draw(records(IN_LINES + separator))
    layout, positions = draw(LAYOUTS), draw(some.booleans())

    def line(row: Mapping[str, str | None]) -> str:
        return separator.join(row[ours] or "" for ours in found.columns)

    def with_label(row: dict[str, str | None], label: str) -> str:
        return line({**row, "label": label}) if "label" in row else separator.join([line(row), label])

    head = [] if positions else [separator.join(found.columns.values())]
    new = [with_label(row, label) for row, label in zip(found.rows, found.predicted, strict=True)]
    new_head = [line_ if "label" in found.columns else f"{line_}{separator}label" for line_ in head]
    delimiter = TAB if separator == "\t" else Unquoted(separator)
    again = {"label": len(found.columns), **found.numbered()} if positions else found.named_again()
    examples = found.examples([number + len(head) for number in range(1, len(found.rows) + 1)])
    return Valid(
        Table(delimiter, found.numbered() if positions else found.named()),
        layout.name("a.tsv"),
        layout.stored([*head, *map(line, found.rows)]),
        examples,
        found.predicted,
        layout.stored([*new_head, *new]),
        unlabelled([example[3] for example in examples]) if "label" in found.columns else [],
        Table(delimiter, again),
    )


@some.composite
def csv(draw: some.DrawFn) -> Valid:
    separator = draw(some.sampled_from([",", ";", "|"]))
    found = draw(records("\0\r"))
    layout, positions = draw(LAYOUTS), draw(some.booleans())

    def quoted(value: str, always: bool) -> str:
        needed = always or any(mark in value for mark in f'{separator}"\n')
        return '"' + value.replace('"', '""') + '"' if needed else value

    always = [[draw(some.booleans()) for _ in found.columns] for _ in found.rows]

    def line(row: Mapping[str, str | None], always: Sequence[bool]) -> str:
        return separator.join(quoted(row[ours] or "", yes) for ours, yes in zip(found.columns, always, strict=True))

    old = [line(row, yes) for row, yes in zip(found.rows, always, strict=True)]
    new = [
        line({**row, "label": label}, yes) if "label" in row else f"{line(row, yes)}{separator}{label}"
        for row, yes, label in zip(found.rows, always, found.predicted, strict=True)
    ]
    head = [] if positions else [separator.join(quoted(name, False) for name in found.columns.values())]
    new_head = [line_ if "label" in found.columns else f"{line_}{separator}label" for line_ in head]
    delimiter = COMMA if separator == "," else Quoted(separator)
    again = {"label": len(found.columns), **found.numbered()} if positions else found.named_again()
    starts = [1 + "\n".join([*head, *old[:at], ""]).count("\n") for at in range(len(old))]
    examples = found.examples(starts)
    return Valid(
        Table(delimiter, found.numbered() if positions else found.named()),
        layout.name("a.csv"),
        layout.stored([*head, *old]),
        examples,
        found.predicted,
        layout.stored([*new_head, *new]),
        unlabelled([example[3] for example in examples]) if "label" in found.columns else [],
        Table(delimiter, again),
    )


JSON_LAYOUTS = [
    {"ensure_ascii": escaped, "separators": marks} for escaped in (False, True) for marks in ((", ", ": "), (",", ":"))
]


@some.composite
def jsonl(draw: some.DrawFn) -> Valid:
    found = draw(records(""))
    layout, style = draw(LAYOUTS), draw(some.sampled_from(JSON_LAYOUTS))
    rows = [{name: row[ours] for ours, name in found.columns.items()} for row in found.rows]
    key = found.columns.get("label", "label")
    # Whether an object of ASCII alone would escape other letters, nobody can tell.
    predicted = [draw(LABELS.filter(str.isascii)) for _ in rows]
    new = [{**row, key: label} for row, label in zip(rows, predicted, strict=True)]
    examples = found.examples(range(1, len(rows) + 1))
    return Valid(
        JsonLines(found.named()),
        layout.name("a.jsonl"),
        layout.stored([json.dumps(row, **style) for row in rows]),
        examples,
        predicted,
        layout.stored([json.dumps(row, **style) for row in new]),
        unlabelled([example[3] for example in examples]) if "label" in found.columns else [],
        JsonLines(found.named_again()),
    )


ALTERNATIVES: Mapping[str, tuple[str, str, Sequence[int | str], tuple[str, ...]]] = {
    "copa": ("premise", "label", (0, 1), ("choice1", "choice2")),
    "social iqa": ("context", "correct", "ABC", ("answerA", "answerB", "answerC")),
    "social iqa of the hub": ("context", "label", ("1", "2", "3"), ("answerA", "answerB", "answerC")),
    "ours": ("context", "label", (0, 1, 2, 3), ()),
}


@some.composite
def choice_jsonl(draw: some.DrawFn) -> Valid:
    context, key, spellings, keys = ALTERNATIVES[draw(some.sampled_from(sorted(ALTERNATIVES)))]
    layout, style = draw(LAYOUTS), draw(some.sampled_from(JSON_LAYOUTS))
    named = draw(some.sampled_from([None, "id", "idx"]))
    old, new, examples, predictions = [], [], [], []
    for number in range(1, draw(some.integers(1, 3)) + 1):
        size = len(keys) or draw(some.integers(2, 4))
        offered = draw(some.lists(texts("", 3), min_size=size, max_size=size, unique_by=str.strip))
        label = draw(some.one_of(some.none(), some.integers(0, size - 1)))
        predicted = draw(some.integers(0, size - 1))
        told, asked = draw(texts("")), draw(some.one_of(some.just(""), texts("?", 2)))
        shown = dict(zip(keys, offered, strict=True)) if keys else {"alternatives": offered}
        record: dict[str, Any] = {context: told, "question": asked, **shown}
        if named is not None:
            record[named] = number + 100
        record[key] = None if label is None else spellings[label]
        # A hub's copy has texts for numbers; predictions are numbers where the layout counts from one.
        written = int(spellings[predicted]) if str(spellings[predicted]).isdigit() else spellings[predicted]
        old.append(json.dumps(record, **style))
        new.append(json.dumps({**record, key: written}, **style))
        name = str(number if named is None else number + 100)
        examples.append((name, told, asked, tuple(offered), None if label is None else str(label), number))
        predictions.append(str(predicted))
    return Valid(
        ChoiceLines(),
        layout.name("a.jsonl"),
        layout.stored(old),
        examples,
        predictions,
        layout.stored(new),
        unlabelled([example[4] for example in examples]),
    )


@some.composite
def squad(draw: some.DrawFn) -> Valid:
    articles, examples, predictions = [], [], []
    number = 0
    for _ in range(draw(some.integers(1, 2))):
        paragraphs = []
        for _ in range(draw(some.integers(1, 2))):
            context, questions = draw(texts("", 8)), []
            for _ in range(draw(some.integers(1, 2))):
                number += 1
                name, asked = f"{number}{draw(texts('', 2))}", draw(texts(""))
                start = draw(some.integers(0, len(context) - 1))
                answer = context[start : draw(some.integers(start + 1, len(context)))]
                answers = [(answer, start)] if answer.strip() and draw(some.booleans()) else []
                given = [{"text": text, "answer_start": at} for text, at in answers]
                questions.append({"id": name, "question": asked, "answers": given})
                examples.append((name, asked, context, tuple(answers) or None))
                predictions.append(draw(texts("")))
            paragraphs.append({"context": context, "qas": questions})
        articles.append({"title": "é", "paragraphs": paragraphs})
    layout = draw(LAYOUTS)
    style = {"ensure_ascii": draw(some.booleans()), "indent": draw(some.sampled_from([None, 2]))}
    whole = {"version": "1.1", "data": articles}
    names = [example[0] for example in examples]
    answered = json.dumps(dict(zip(names, predictions, strict=True)), ensure_ascii=False) + "\n"
    content = layout.stored(json.dumps(whole, **style).split("\n"))
    return Valid(
        Squad(), layout.name("a.json"), content, examples, predictions, layout.pack(answered.encode()),
        unlabelled([example[3] for example in examples]),
    )  # fmt: skip


@some.composite
def parquet(draw: some.DrawFn) -> Valid:
    packed = Layout("\n", True, False, draw(some.booleans()))
    if draw(some.booleans()):
        found = draw(records(""))
        coded, names = "label" in found.columns and draw(some.booleans()), ["ja", "nein", "中"]
        rows = found.rows
        if coded:
            rows = [{**row, "label": draw(some.sampled_from([None, *names]))} for row in rows]
            found = Records(found.columns, rows, [draw(some.sampled_from(names)) for _ in rows], found.usual)
        values: dict[str, list[Any]] = {
            name: [
                (-1 if row[ours] is None else names.index(str(row[ours]))) if coded and ours == "label" else row[ours]
                for row in rows
            ]
            for ours, name in found.columns.items()
        }
        numbers = found.columns["label"] if coded else None
        kinds = {name: pa.int64() if name == numbers else pa.string() for name in values}
        table = pa.table({name: pa.array(column, kinds[name]) for name, column in values.items()})
        if coded:
            features = {found.columns["label"]: {"names": names, "_type": "ClassLabel"}}
            table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
        examples = found.examples(range(1, len(rows) + 1))
        warned = unlabelled([example[3] for example in examples]) if "label" in found.columns else []
        reader, predictions = Parquet(found.named()), list[Any](found.predicted)
        again = Parquet(found.named_again())
    else:
        tokens = draw(some.lists(some.lists(words(""), min_size=1, max_size=4), min_size=1, max_size=3))
        tags = [draw(chunk_tags(len(sentence))) for sentence in tokens]
        names = ["O", "B-PER", "I-PER", "B-ישוב", "I-ישוב"]
        coded = draw(some.booleans())
        written = [[names.index(tag) for tag in sentence] for sentence in tags] if coded else tags
        table = pa.table({"tokens": tokens, "ner_tags": written})
        if coded:
            features = {"ner_tags": {"feature": {"names": names, "_type": "ClassLabel"}, "_type": "List"}}
            table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
        pairs = enumerate(zip(tokens, tags, strict=True), start=1)
        examples = [(str(row), tuple(sentence), tuple(own), row) for row, (sentence, own) in pairs]
        reader = again = Parquet()
        predictions, warned = [tuple(draw(chunk_tags(len(sentence)))) for sentence in tokens], []
    content = io.BytesIO()
    pq.write_table(table, content)
    stored = packed.pack(content.getvalue())
    return Valid(reader, packed.name("a.parquet"), stored, examples, predictions, None, warned, again)


@some.composite
def lines(draw: some.DrawFn) -> Valid:
    found = draw(some.lists(some.one_of(some.just(""), some.just(" \u3000"), texts(IN_LINES)), max_size=4))
    found.append(draw(texts(IN_LINES)))
    held = [number for number, line in enumerate(found, start=1) if line.strip()]
    labels = [draw(LABELS) for _ in held]
    new = dict(zip(held, labels, strict=True))
    layout = draw(LAYOUTS)
    return Valid(
        Lines(),
        layout.name("a.txt"),
        layout.stored(found),
        [(str(number), found[number - 1].strip(), None, None, number) for number in held],
        labels,
        layout.stored([new.get(number, line) for number, line in enumerate(found, start=1)]),
    )


KINDS: dict[str, Callable[[], some.SearchStrategy[Valid]]] = {
    "conllu": conllu,
    "conll": conll,
    "tsv": tsv,
    "csv": csv,
    "jsonl": jsonl,
    "choice_jsonl": choice_jsonl,
    "squad": squad,
    "parquet": parquet,
    "lines": lines,
}
