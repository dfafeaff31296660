"""What is written is read again: every format gives back the examples that it was given."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from isogloss.common.errors import IsoglossError
from isogloss.data import COMMA, ChoiceLines, ConllU, JsonLines, Problems, Quoted, Squad, Table, TokenTag
from isogloss.data.choice_lines import COPA, LAYOUTS, OWN, Layout
from isogloss.data.parquet import Parquet
from isogloss.data.plain import Lines
from isogloss.examples import Choice, Example, LabelledText, Question, TaggedSentence
from tests.support.odd_text import LABELS, PARTS_OF_SPEECH, chunk_tags, texts, words

IN_LINES = "\0\n\r"
"""What no line holds."""

Dump = Callable[..., bytes]


@some.composite
def sentences(draw: some.DrawFn, without: str, *, chunks: bool, spaces: bool, ids: bool) -> list[TaggedSentence]:
    found = []
    for number in range(1, draw(some.integers(1, 3)) + 1):
        tokens = draw(some.lists(words(without), min_size=1, max_size=4))
        size = len(tokens)
        tags = draw(chunk_tags(size) if chunks else some.lists(PARTS_OF_SPEECH, min_size=size, max_size=size))
        before = (False, *draw(some.lists(some.booleans(), min_size=size - 1, max_size=size - 1))) if spaces else None
        gold = tuple(tags) if number == 1 or draw(some.booleans()) else None
        found.append(TaggedSentence(str(number), "en", tuple(tokens), gold, spaces=before, numbered=not ids))
    return found


@some.composite
def labelled(draw: some.DrawFn, without: str, *, ours: Sequence[str] = ("id", "text", "pair", "label")) -> Any:
    pair, label = (name in ours and draw(some.booleans()) for name in ("pair", "label"))
    return [
        LabelledText(
            f"{number}{draw(texts(without, 2))}" if "id" in ours else str(number),
            "en",
            draw(texts(without)),
            draw(texts(without)) if pair else None,
            draw(LABELS) if label and (number == 1 or draw(some.booleans())) else None,
        )
        for number in range(1, draw(some.integers(1, 4)) + 1)
    ]


@some.composite
def choices(draw: some.DrawFn, layout: Layout) -> list[Choice]:
    keys = len(layout.alternatives)
    named = {"id", "idx"} & set(layout.keys)
    found = []
    for number in range(1, draw(some.integers(1, 3)) + 1):
        size = keys if keys > 1 else draw(some.integers(2, 4))
        offered = draw(some.lists(texts("", 3), min_size=size, max_size=size, unique_by=str.strip))
        label = draw(some.sampled_from([None, *map(str, range(size))]))
        name = draw(some.sampled_from([str(number), f"0{number}", f"x{number}"])) if named else str(number)
        asked = draw(some.one_of(some.just(""), texts("?", 2)))
        found.append(Choice(name, "en", draw(texts("")), asked, tuple(offered), label))
    return found


@some.composite
def questions(draw: some.DrawFn) -> list[Question]:
    found = []
    for context in draw(some.lists(texts("", 8), min_size=1, max_size=3, unique=True)):
        for _ in range(draw(some.integers(1, 2))):
            start = draw(some.integers(0, len(context) - 1))
            answer = context[start : draw(some.integers(start + 1, len(context)))]
            answers = ((answer, start),) if answer.strip() and draw(some.booleans()) else None
            name = f"{len(found)}{draw(texts('', 2))}"
            found.append(Question(name, "en", "de", draw(texts("")), context, answers))
    if draw(some.booleans()):
        lost = Question("lost", "en", "de", "?", found[-1].context, (("neither here nor there", None),))
        found.append(lost)
    return found


@some.composite
def lines(draw: some.DrawFn) -> list[LabelledText]:
    numbers = draw(some.lists(some.integers(1, 9), min_size=1, unique=True).map(sorted))
    return [LabelledText(str(number), "en", draw(texts(IN_LINES)).strip(), None, None) for number in numbers]


def no_prefix_and_no_comment(found: list[TaggedSentence]) -> bool:
    """What these files have besides tokens: comments, and the prefixes of WikiANN."""
    return not any(re.match(r"#|[a-z]+:", token) for one in found for token in one.tokens)


def without_outer_space(found: list[TaggedSentence]) -> bool:
    """Of a space at the end of a token the text of the sentence does not say whose it is."""
    return all(token == token.strip() for one in found for token in one.tokens)


CODED = {"id": "i", "text": "t", "pair": "p", "label": "l"}
ONE = ("text", "label")
IN_TABS = IN_LINES + "\t"
KINDS: dict[str, tuple[Any, some.SearchStrategy[Any]]] = {
    "conllu": (ConllU(), sentences(IN_TABS, chunks=False, spaces=True, ids=True).filter(without_outer_space)),
    "conll": (TokenTag(), sentences(IN_TABS, chunks=True, spaces=False, ids=False).filter(no_prefix_and_no_comment)),
    "conll with a header": (
        TokenTag({"tags": "the tag", "tokens": "the token"}),
        sentences(IN_TABS, chunks=True, spaces=False, ids=False).filter(no_prefix_and_no_comment),
    ),
    "conll by positions": (
        TokenTag({"tags": 3, "tokens": 1}),
        sentences(IN_TABS, chunks=True, spaces=False, ids=False).filter(no_prefix_and_no_comment),
    ),
    "tsv": (Table(), labelled(IN_TABS)),
    "tsv of our names": (Table(columns={"label": "l", "text": "t"}), labelled(IN_TABS, ours=ONE)),
    "tsv by positions": (Table(columns={"label": 3, "text": 1}), labelled(IN_TABS, ours=ONE)),
    "csv": (Table(COMMA), labelled("\0\r")),
    "csv by positions": (Table(Quoted(";"), {"text": 0, "label": 2}), labelled("\0\r", ours=ONE)),
    "jsonl": (JsonLines(), labelled("")),
    "jsonl of our names": (JsonLines({"label": "l", "text": "t"}), labelled("", ours=ONE)),
    "choice_jsonl": (ChoiceLines(), choices(OWN)),
    "squad": (Squad("de"), questions()),
    "parquet of sentences": (
        Parquet(),
        sentences("", chunks=True, spaces=False, ids=True).filter(no_prefix_and_no_comment),
    ),
    "parquet of texts": (Parquet(), labelled("")),
    "lines": (Lines(), lines()),
}


def read_again(reader: Any, content: bytes, path: Path) -> list[Example]:
    """What a file with this content gives, as examples that come from no file."""
    path.write_bytes(content)
    problems = Problems()
    found = reader.read(path, "en", problems)
    assert problems.errors == []
    assert [example.path for example in found] == [str(path)] * len(found)
    return [dataclasses.replace(example, path="", line=0) for example in found]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_read_again(kind: str, tmp_path: Path):
    reader, examples = KINDS[kind]

    @settings(max_examples=25, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(examples)
    def check(found: list[Example]) -> None:
        assert read_again(reader, reader.dump(found), tmp_path / "file") == found

    check()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_choices_are_read_again_from_every_layout(layout: Layout, tmp_path: Path):
    @settings(max_examples=15, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(choices(layout))
    def check(found: list[Choice]) -> None:
        if "correct" in layout.keys and all(one.label is None for one in found):
            return
        assert read_again(ChoiceLines(), ChoiceLines().dump(found, layout), tmp_path / "file") == found

    check()


def test_questions_come_back_by_article_and_context():
    def asked(name: str, context: str) -> Question:
        return Question(name, "en", "en", "Who?", context, None)

    found = [asked("1", "a"), asked("2", "b"), asked("3", "a"), asked("4", "a")]
    content = Squad().dump(found, ["x", "x", "x", "y"]).decode()
    assert [match[1] for match in re.finditer(r'"(?:title|context|id)": "(\w)"', content)] == list("xa13b2ya4")


def test_a_sentence_whose_spaces_are_not_known_has_no_text_and_gets_those_of_its_script(tmp_path: Path):
    content = ConllU().dump([TaggedSentence("a", "zh", ("他", "去", "。"), None)])
    assert b"# text" not in content
    assert b"SpaceAfter" not in content
    (sentence,) = read_again(ConllU(), content, tmp_path / "file")
    assert isinstance(sentence, TaggedSentence)
    assert sentence.spaces == (False, False, False)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (lambda: Table().dump([text("a\tb")]), r"'a\\tb' holds a line break or the separator '\\t'"),
        (lambda: Table().dump([text("a\nb")]), r"'a\\nb' holds a line break or"),
        (lambda: Table(COMMA).dump([text("a\r\nb")]), r"a\\r' holds a line end or a NUL"),
        (lambda: Table().dump([text("a\0b")]), r"a\\x00b.*' holds a line end or a NUL"),
        (lambda: TokenTag().dump([sentence("a\tb")]), r"'a\\tb' holds a line break or the separator"),
        (lambda: TokenTag({"tokens": 0}).dump([sentence("a b")]), r"'a b' holds a line break or the separator ' '"),
        (lambda: ConllU().dump([sentence("a\nb")]), r"'a\\nb' holds a line break or the separator"),
        (lambda: Lines().dump([text("a\nb")]), r"'a\\nb' holds a line end"),
        (lambda: Lines().dump([text("a", "2"), text("b", "1")]), r"id '1' is no number of a line after line 2"),
        (lambda: Lines().dump([text("a", "x")]), r"id 'x' is no number of a line after line 0"),
        (lambda: ChoiceLines().dump([Choice("7", "en", "", "", ("a", "b", "c"), "0")], COPA), r"'7' has 3 .*, not 2"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(written: Callable[[], bytes], message: str):
    with pytest.raises(IsoglossError, match=message):
        written()


def text(content: str, name: str = "1") -> LabelledText:
    return LabelledText(name, "en", content, None, None)


def sentence(token: str) -> TaggedSentence:
    return TaggedSentence("1", "en", (token,), None)
