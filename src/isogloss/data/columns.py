"""Which column of a table, or key of a JSON object, is the text, the second text, the label and the id."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from isogloss.common.errors import MOST_LISTED, IsoglossError, near, nearest
from isogloss.data.labels import SAME_NAMES, gold_label
from isogloss.data.problems import Problems
from isogloss.examples import LabelledText

ALIASES: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "sentence", "premise", "sentence1"),
    "pair": ("hypothesis", "sentence2"),
    "label": ("label", "category", "gold_label"),
    "id": ("id", "index_id", "idx", "pairID"),
}
"""Names that the public benchmarks give to our columns, the first that a file has being taken."""

TAGGED: Mapping[str, tuple[str, ...]] = {
    "tokens": ("tokens", "words"),
    "tags": ("tags", "ner_tags", "pos_tags", "upos"),
    "id": ("id", "idx"),
}
"""The same for the columns of tagged sentences."""


def ours_of(name: str) -> str | None:
    """Our name of a column that is called by one of its usual names in files; None where it has none, or is ours.

    Example:
        >>> ours_of("premise"), ours_of("ner_tags"), ours_of("text")
        ('text', 'tags', None)
    """
    known = {**TAGGED, **ALIASES}
    return None if name in known else next((ours for ours, names in known.items() if name in names), None)


def check_columns(columns: Iterable[str], also: Sequence[str] = ()) -> None:
    """Stop unless ``columns`` are some of ours or of ``also``, the text among them.

    Raises:
        IsoglossError: A name is not one of ours, or ``text`` is missing.
    """
    given = list(columns)
    for name in given:
        if name not in (*ALIASES, *also):
            ours = ours_of(name)
            hint = f": {name} is `{ours}`, so write {ours}: {name}" if ours in (*ALIASES, *also) else ""
            raise IsoglossError(f"columns: unknown column {name!r}{hint}{nearest(name, (*ALIASES, *also))}")
    if "text" not in given:
        raise IsoglossError("columns: 'text' is missing; say which column holds the text")


def usual_columns(examples: Iterable[LabelledText]) -> dict[str, str]:
    """By our name of each column that the examples fill the first of its `ALIASES`: id and text, and what some have.

    Example:
        >>> usual_columns([LabelledText("1", "en", "Yes.", None, "a")])
        {'id': 'id', 'text': 'text', 'label': 'label'}
    """
    held = {"id", "text"}
    for example in examples:
        held |= {ours for ours in ("pair", "label") if getattr(example, ours) is not None}
    return {ours: ALIASES[ours][0] for ours in ("id", "text", "pair", "label") if ours in held}


def in_columns(values: Mapping[str, str], columns: Mapping[str, str | int]) -> list[str]:
    """The row of a file that has our values in its ``columns``: in their order, or at their positions, others empty.

    Example:
        >>> in_columns({"text": "Yes.", "label": "a", "id": "1"}, {"text": 2, "label": 0})
        ['a', '', 'Yes.']
    """
    places = {ours: at if isinstance(at, int) else place for place, (ours, at) in enumerate(columns.items())}
    at_place = {place: values[ours] for ours, place in places.items()}
    return [at_place.get(place, "") for place in range(max(at_place) + 1)]


def check_positions(columns: Mapping[str, str | int]) -> None:
    """Stop unless ``columns`` are all names, for a file with a header, or all positions from 0, for one without.

    Raises:
        IsoglossError: They are mixed, or a position is negative.
    """
    positions = [column for column in columns.values() if isinstance(column, int)]
    if len(positions) not in (0, len(columns)) or any(position < 0 for position in positions):
        raise IsoglossError(f"columns: all names, or all positions from 0; found {dict(columns)}")


def absent(columns: Mapping[str, str | int], names: Sequence[str], place: str = "") -> str | None:
    """What is wrong with columns that the user named, where a file does not have them all.

    Args:
        columns: The file's columns by our names.
        names: All columns that the file has.
        place: Where they were looked for.

    Example:
        >>> print(absent({"text": "Tex", "pair": "Hypo"}, ("Text", "Hyp")))
        columns: no column 'Tex' (the text), 'Hypo' (the pair); did you mean text: Text, pair: Hyp? (valid: Hyp, Text)
    """
    wrong = {ours: str(name) for ours, name in columns.items() if name not in names}
    if not wrong:
        return None
    meant = [f"{ours}: {close[0]}" for ours, name in wrong.items() if (close := near(name, names))]
    hint = f"; did you mean {', '.join(meant)}?" if meant else ""
    there = sorted(dict.fromkeys(names))
    listed = ", ".join(there[:MOST_LISTED]) + (", ..." if len(there) > MOST_LISTED else "")
    return f"columns: no column {_named(wrong)}{place}{hint} (valid: {listed})"


def beyond(columns: Mapping[str, str | int], width: int, line: str) -> str | None:
    """What is wrong with columns by position, where the lines of a file have not that many.

    Example:
        >>> beyond({"text": 0, "pair": 2, "label": 3}, 2, "row")
        'columns: no column 2 (the pair), 3 (the label) in a row of 2; positions count from 0'
    """
    wrong = {ours: column for ours, column in columns.items() if isinstance(column, int) and column >= width}
    return f"columns: no column {_named(wrong)} in a {line} of {width}; positions count from 0" if wrong else None


def _named(columns: Mapping[str, str | int]) -> str:
    return ", ".join(f"{name!r} (the {ours})" for ours, name in columns.items())


def locate(
    columns: Mapping[str, str] | None, names: Sequence[str], path: Path, line: int, problems: Problems
) -> dict[str, str]:
    """The file's name of each of our columns that the file has.

    Args:
        columns: The file's name by ours, as the user said; None: taken from `ALIASES`.
        names: All names that the file has.
        path: The file.
        line: Line of the header, or of the first object.
        problems: Takes an error if the file lacks columns that the user named, or else the text, and one for each
            column that it has several times.
    """
    if columns is None:
        found = {ours: next((name for name in known if name in names), "") for ours, known in ALIASES.items()}
        located = {ours: name for ours, name in found.items() if name}
        if "text" not in located:
            looked = ", ".join(ALIASES["text"])
            advice = "; columns: {text: NAME} says which it is, and pair and label beside it which they are"
            found_none = f"no column for the text (looked for {looked}){nearest('text', names)}{advice}"
            problems.error(path, line, found_none, key="columns")
    else:
        located = dict(columns)
    if (complaint := absent(located, names)) is not None:
        problems.error(path, line, complaint, key="columns")
    for ours, name in located.items():
        if names.count(name) > 1:
            problems.error(path, line, f"column {name!r} (the {ours}) occurs {names.count(name)} times")
    return located


def labelled_text(
    fields: Mapping[str, str | None],
    number: int,
    language: str,
    path: Path,
    line: int,
    problems: Problems,
    label_map: Mapping[str, str] = SAME_NAMES,
) -> LabelledText | None:
    """The example that has these fields, or None, and an error, where one of them cannot be used.

    Args:
        fields: Values by our names.
        number: Running number of the example, its id where it has none of its own.
        language: Language code.
        path: The file.
        line: Line of the example.
        problems: Takes the errors.
        label_map: Labels to rename.
    """
    good = True
    for ours in ("text", "pair", "part"):
        if ours in fields and not (fields[ours] or "").strip():
            problems.error(path, line, f"the {ours} is empty")
            good = False
    for ours, value in fields.items():
        if value is not None and has_lone_surrogate(value):
            problems.error(path, line, f"the {ours} holds a lone surrogate, which is not a character")
            good = False
    label = None
    try:
        label = gold_label(fields.get("label") or "", label_map)
    except IsoglossError as error:
        problems.error(path, line, str(error))
        good = False
    if label is not None and "\n" in label:
        problems.error(path, line, f"the label holds a line break: {label!r}")
        good = False
    if not good:
        return None
    name = fields.get("id") or str(number)
    part = (fields.get("part") or "").strip() or None
    return LabelledText(name, language, fields["text"] or "", fields.get("pair"), label, str(path), line, part)


def added_name(ours: str, taken: Collection[str]) -> str:
    """The name of a column of predictions that is added to a file: ours, or where that is ``taken`` another.

    Example:
        >>> added_name("label", ("text", "label"))
        'predicted_label'
    """
    while ours in taken:
        ours = f"predicted_{ours}"
    return ours


def has_lone_surrogate(text: str) -> bool:
    """Whether there is half of a surrogate pair, which JSON can spell, but no tokeniser takes and no file can hold."""
    return any("\ud800" <= character <= "\udfff" for character in text)
