"""The small world written as a folder of data sets."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar, get_args

from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.packing import packed
from isogloss.common.writing import hidden, writing
from isogloss.data import ChoiceLines, ConllU, Squad, Table, TokenTag
from isogloss.data.choice_lines import COPA
from isogloss.data.knowledge_files import write_knowledge
from isogloss.data.plain import Lines
from isogloss.examples import TaggedSentence
from isogloss.world.choices import draw_choices
from isogloss.world.examples import with_entities, with_parts_of_speech, with_topics, without_labels
from isogloss.world.exercises import Teller, choice_examples, inference_examples, paraphrase_examples, story_examples
from isogloss.world.facts import the_world
from isogloss.world.generate import check_number, generate, generate_parallel
from isogloss.world.inference import draw_inferences, draw_single_inferences
from isogloss.world.knowledge import WorldKnowledge
from isogloss.world.lexicon import grammar
from isogloss.world.meaning import Split
from isogloss.world.paraphrases import draw_paraphrases
from isogloss.world.stories import Story, draw_stories, with_questions

Thing = TypeVar("Thing")

SENTENCES: Mapping[str, int] = MappingProxyType({"train": 1000, "dev": 200, "test": 300})
"""Labelled sentences, pairs and questions per language, split and task."""

TEXT = 2000
"""Sentences of plain text per language, and of parallel text."""

INFERENCE = Table(columns={"id": "id", "text": "premise", "pair": "hypothesis", "label": "label"})
PARAPHRASES = Table(columns={"id": "id", "text": "sentence1", "pair": "sentence2", "label": "label"})
PARALLEL = Table(columns={"id": 0, "text": 1})


def write_world(folder: Path, *, seed: int = 0, sentences: Mapping[str, int] = SENTENCES, text: int = TEXT) -> None:
    """Write the small world, as a whole or not at all, the same bytes for the same arguments.

    The files are ``pos/LANGUAGE/SPLIT.conllu``, ``ner/LANGUAGE/SPLIT.tsv``, ``topics/LANGUAGE/SPLIT.tsv``,
    ``ner_parallel/LANGUAGE/SPLIT.tsv``, ``pos_parallel/LANGUAGE/SPLIT.conllu``, ``nli/LANGUAGE/SPLIT.tsv``,
    ``nli_single/LANGUAGE/SPLIT.tsv``, ``paraphrase/LANGUAGE/SPLIT.tsv``, ``qa/LANGUAGE/SPLIT.json``,
    ``choice/LANGUAGE/SPLIT.jsonl``, ``parallel/LANGUAGE.tsv.gz``, ``text/LANGUAGE.txt.gz`` and ``knowledge/``;
    `docs/world.md` says which language has which.

    Args:
        folder: A folder that does not exist yet, or an empty one.
        seed: Decides what is true and what is said.
        sentences: Number of labelled sentences, pairs or questions of each task per language by split; a split that
            is not named is not written.
        text: Number of sentences of plain text per language, and of parallel text; 0 for none.

    Raises:
        IsoglossError: The folder is not empty or cannot be written, a number is not valid, or the world has not that
            many different sentences.
    """
    folder = Path(folder)
    _check(folder, sentences, text)
    # Without the name of a folder as in ".", there is no sibling to build in.
    folder = folder.resolve()
    partial = hidden(folder)
    with writing(folder):
        try:
            _write_labels(partial, seed, sentences)
            _write_exercises(partial, seed, sentences)
            if text:
                _write_texts(partial, seed, text)
            partial.replace(folder)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise


def _write_labels(folder: Path, seed: int, sizes: Mapping[str, int]) -> None:
    for language, told in the_world().languages.items():
        between = " " if grammar(language).spaces else ""
        for split in get_args(Split):
            if split not in told.labels or split not in sizes:
                continue
            found = generate(seed, language, split, sizes[split])
            prefix = f"{language}-{split}"
            tagged = ConllU().dump(with_parts_of_speech(found, language, prefix))
            named = TokenTag().dump(with_entities(found, language))
            about = Table().dump(with_topics(found, language, prefix, between))
            _write(folder / "pos" / language / f"{split}.conllu", tagged)
            _write(folder / "ner" / language / f"{split}.tsv", named)
            _write(folder / "topics" / language / f"{split}.tsv", about)


def _write_exercises(folder: Path, seed: int, sizes: Mapping[str, int]) -> None:
    """What is the same in every language that has the split, with the same ids: tags, and all of several sentences."""
    for split in get_args(Split):
        if split not in sizes:
            continue
        number = sizes[split]
        pairs = _first(draw_inferences(seed, "inference", split), number, f"nli {split}")
        singles = _first(draw_single_inferences(seed, "single inference", split), number, f"nli_single {split}")
        paraphrases = _first(draw_paraphrases(seed, "paraphrases", split), number, f"paraphrase {split}")
        choices = _first(draw_choices(seed, "choices", split), number, f"choice {split}")
        stories = list(with_questions(draw_stories(seed, "stories", split), number))
        check_number(f"qa {split}", sum(len(story.questions) for story in stories), number)
        languages = [code for code, told in the_world().languages.items() if split in told.labels]
        for language, own in generate_parallel(seed, languages, number, split=split).items():
            _write(folder / "ner_parallel" / language / f"{split}.tsv", _with_ids(with_entities(own, language), split))
            tagged = ConllU().dump(with_parts_of_speech(own, language, split))
            _write(folder / "pos_parallel" / language / f"{split}.conllu", tagged)
        for language in languages:
            teller = Teller(language)
            inferred = INFERENCE.dump(inference_examples(pairs, teller, split))
            single = INFERENCE.dump(inference_examples(singles, teller, split))
            same = PARAPHRASES.dump(paraphrase_examples(paraphrases, teller, split))
            chosen = ChoiceLines().dump(choice_examples(choices, teller), COPA)
            _write(folder / "nli" / language / f"{split}.tsv", inferred)
            _write(folder / "nli_single" / language / f"{split}.tsv", single)
            _write(folder / "paraphrase" / language / f"{split}.tsv", same)
            _write(folder / "choice" / language / f"{split}.jsonl", chosen)
            _write(folder / "qa" / language / f"{split}.json", _articles(stories, teller, split))


def _with_ids(sentences: Sequence[TaggedSentence], split: str) -> bytes:
    return b"".join(
        f"# sent_id = {split}-{sentence.id}\n".encode() + TokenTag().dump([sentence]) for sentence in sentences
    )


def _articles(stories: Sequence[Story], teller: Teller, split: str) -> bytes:
    """SQuAD's JSON with an article for each story."""
    told = ((f"{split}-{number}", story) for number, story in enumerate(stories, start=1))
    asked = [(title, question) for title, story in told for question in story_examples(story, teller, title)]
    return Squad().dump([question for _, question in asked], [title for title, _ in asked])


def _first(things: Iterator[Thing], number: int, what: str) -> list[Thing]:
    found = list(islice(things, number))
    check_number(what, len(found), number)
    return found


def _write_texts(folder: Path, seed: int, number: int) -> None:
    languages = the_world().languages
    parallel = generate_parallel(seed, [code for code, told in languages.items() if told.parallel], number)
    for language, found in parallel.items():
        _write(folder / "parallel" / f"{language}.tsv.gz", PARALLEL.dump(without_labels(found, language, "p")))
    for language in languages:
        texts = without_labels(generate(seed, language, "text", number), language)
        _write(folder / "text" / f"{language}.txt.gz", Lines().dump(texts))
    write_knowledge(folder / "knowledge", WorldKnowledge(seed, number))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(packed(path, content))


def _check(folder: Path, sizes: Mapping[str, int], text: int) -> None:
    splits = [split for split in get_args(Split) if split != "text"]
    for split, number in sizes.items():
        if split not in splits:
            raise IsoglossError(f"sentences: unknown split {split!r}{nearest(split, splits)}")
        if number < 1:
            raise IsoglossError(f"sentences: at least 1 per split, found {number} for {split}")
    if not sizes and not text:
        raise IsoglossError("sentences: no split and no text, so there is nothing to write")
    if text < 0:
        raise IsoglossError(f"text: at least 0 sentences, found {text}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise IsoglossError(f"{folder}: exists and is not an empty folder; name another one, or remove it")
