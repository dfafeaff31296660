"""Files of translations, each text beside its original, in formats that the readers take."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from isogloss.data.choice_lines import OWN
from isogloss.data.conllu import ConllU
from isogloss.data.delimiters import COMMA
from isogloss.data.json_lines import json_line
from isogloss.data.labels import NO_TAG
from isogloss.data.lines import to_bytes
from isogloss.data.squad import Squad
from isogloss.examples import Choice, Example, LabelledText, Question, TaggedSentence
from isogloss.translation.examples import running_text


@dataclass(frozen=True)
class Layout:
    """How translations of one kind of example are written.

    Attributes:
        format: Name of the format.
        ending: Ending of a file's name.
        keys: What a recipe has to say of the file beside its path and format.
    """

    format: str
    ending: str
    keys: dict[str, Any]


def layout_of(example: Example, *, chunks: bool) -> Layout:
    """The layout for a kind of example.

    Args:
        example: One of them.
        chunks: Of tagged sentences, whether their tags are those of chunks, which CoNLL-U has no column for.
    """
    if isinstance(example, LabelledText):
        pair = {} if example.pair is None else {"pair": "translation_pair"}
        before = {} if example.pair is None else {"pair": "original_pair"}
        label = {} if example.label is None else {"label": "label"}
        columns = {
            "columns": {"text": "translation", **pair, **label},
            "source_columns": {"text": "original", **before},
        }
        return Layout("csv", "csv", columns)
    if isinstance(example, Choice):
        return Layout("choice_jsonl", "jsonl", {})
    if isinstance(example, Question):
        return Layout("squad", "json", {})
    return Layout("conll", "tsv", {}) if chunks else Layout("conllu", "conllu", {})


def written(originals: Sequence[Example], translations: Sequence[Example], *, chunks: bool) -> bytes:
    """The content of a file of translations.

    - Texts are a CSV table: ``id``, ``original``, ``translation``, the same of the second text where there is one, and
      ``label``.
    - Questions are in SQuAD's JSON, with ``original_context``, ``original_question`` and ``original_answers``.
    - Alternatives are JSON Lines in our own layout, with a list ``original``.
    - Tagged sentences are CoNLL-U, or token and tag a line, after the comments ``# sent_id`` and ``# original``.

    A text without translation is an empty field of the table; in the other formats, which have no place for that, its
    example is left out.

    Args:
        originals: The examples, all of one kind.
        translations: The translation of each.
        chunks: See `layout_of`.
    """
    pairs = list(zip(originals, translations, strict=True))
    if isinstance(originals[0], LabelledText):
        return to_bytes(line for row in _table(pairs) for line in row.split("\n"))
    whole = [(one, other) for one, other in pairs if _is_whole(other)]
    if isinstance(originals[0], Question):
        return _questions(whole)
    if isinstance(originals[0], Choice):
        return to_bytes(json_line({**OWN.record(other), "original": list(one.content)}) for one, other in whole)  # type: ignore[arg-type]
    return to_bytes(line for one, other in whole for line in _sentence(one, other, chunks=chunks))  # type: ignore[arg-type]


def _is_whole(example: Example) -> bool:
    if isinstance(example, Choice):
        return bool(example.context.strip()) and all(text.strip() for text in example.alternatives)
    return bool(example.content) and all(text.strip() for text in example.content)


def _table(pairs: Sequence[tuple[Example, Example]]) -> Iterator[str]:
    first = pairs[0][0]
    assert isinstance(first, LabelledText)
    names = ["id", "original", "translation"]
    names += [] if first.pair is None else ["original_pair", "translation_pair"]
    yield COMMA.join([*names, "label"])
    for one, other in pairs:
        assert isinstance(one, LabelledText)
        assert isinstance(other, LabelledText)
        both = [] if one.pair is None else [one.pair, other.pair or ""]
        yield COMMA.join([one.id, one.text, other.text, *both, one.label or ""])


def _questions(pairs: Sequence[tuple[Example, Example]]) -> bytes:
    originals = {other.id: one for one, other in pairs}
    whole = json.loads(Squad().dump([other for _, other in pairs]))  # type: ignore[misc]
    for article in whole["data"]:
        for paragraph in article["paragraphs"]:
            for record in paragraph["qas"]:
                original = originals[record["id"]]
                assert isinstance(original, Question)
                paragraph["original_context"] = original.context
                record["original_question"] = original.question
                record["original_answers"] = [text for text, _ in original.answers or ()]
    return (json.dumps(whole, ensure_ascii=False) + "\n").encode()


def _sentence(original: TaggedSentence, translation: TaggedSentence, *, chunks: bool) -> Iterator[str]:
    before = f"# original = {running_text(original)}"
    if not chunks:
        first, *lines = ConllU().dump([translation]).decode().split("\n")[:-1]
        yield from (first, before, *lines)
        return
    tags = translation.tags or (NO_TAG,) * len(translation.tokens)
    yield from (f"# sent_id = {translation.id}", before)
    yield from (f"{token}\t{tag}" for token, tag in zip(translation.tokens, tags, strict=True))
    yield ""
