"""A tiny multilingual world of seeded, learnable data sets, written as files of every format."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from transformers import AutoModel, AutoModelForMaskedLM

from isogloss.data import ChoiceLines, ConllU, JsonLines, Squad, Table
from isogloss.data.plain import Lines
from isogloss.examples import Choice, LabelledText, Question, TaggedSentence
from isogloss.models.extensions.adapters import PFEIFFER_INV, Adapters, write_adapter
from isogloss.models.open import new_model
from isogloss.models.stored import write_model
from isogloss.models.tokenizer import train_tokenizer

XLM_R = {
    "model_type": "xlm-roberta",
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
}
"""A tiny encoder with dropout and absolute positions."""

Tagged = list[tuple[str, str]]

SIZES = {"train": {"en": 24, "fr": 15, "ru": 10}, "dev": {"en": 6, "fr": 5, "de": 4, "ru": 5}}
SIZES["test"] = SIZES["dev"]
LANGUAGES = tuple(SIZES["dev"])

_SYLLABLES = {
    "en": ("ta", "lo", "wi", "ker", "sh"),
    "fr": ("eau", "lé", "pi", "qu", "ron"),
    "de": ("ü", "sch", "bar", "ke", "ton"),
    "ru": ("ба", "жо", "ми", "ню", "кр"),
}
_POS = ("NOUN", "VERB", "DET", "PUNCT")


def tagged(language: str, number: int, seed: object, tags: Sequence[str] = _POS) -> list[Tagged]:
    """Sentences in which a word's tag shows in its last syllables."""
    draw = random.Random(f"{language} {seed}")
    syllables = _SYLLABLES[language]

    def word(tag: str) -> str:
        if tag == "PUNCT":
            return "."
        ending = syllables[tags.index(tag) % len(syllables)]
        return "".join(draw.choices(syllables, k=draw.randint(1, 3))) + 2 * ending

    return [[(word(tag), tag) for tag in draw.choices(tags, k=draw.randint(2, 7))] for _ in range(number)]


def entities(language: str, number: int, seed: object) -> list[Tagged]:
    """Sentences with PER and LOC in IOB1, where B- marks only an entity right after one of its type."""
    sentences = tagged(language, number, seed, ("O", "PER", "LOC"))
    draw = random.Random(f"{language} {seed} B")
    found = []
    for sentence in sentences:
        rows, before = [], "O"
        for word, kind in sentence:
            begins = kind != "O" and kind == before and draw.random() < 0.5
            rows.append((word, "O" if kind == "O" else f"{'B' if begins else 'I'}-{kind}"))
            before = kind
        found.append(rows)
    return found


def texts(language: str, number: int, seed: object, labels: Sequence[str]) -> list[tuple[str, str, str]]:
    """Pairs of texts with a label, which shows in the last word of the second text."""
    rows = []
    for sentence in tagged(language, number, seed, _POS[:3]):
        words = [word for word, _ in sentence]
        label = labels[_POS.index(sentence[-1][1]) % len(labels)]
        rows.append((" ".join(words), " ".join(reversed(words)) + " " + words[-1], label))
    return rows


def write_pos(folder: Path) -> Path:
    """``folder/pos/LANGUAGE/SPLIT.conllu`` with UPOS only; German has no training data."""

    def conllu(language: str, number: int, seed: str) -> bytes:
        pairs = (zip(*sentence, strict=True) for sentence in tagged(language, number, seed))
        return ConllU().dump([TaggedSentence(str(n), language, *columns) for n, columns in enumerate(pairs, start=1)])

    return _write(folder / "pos", ".conllu", conllu)


def write_ner(folder: Path) -> Path:
    """``folder/ner/LANGUAGE/SPLIT.conll`` as we read and do not write it: in IOB1, with spaces between the columns."""

    def conll(language: str, number: int, seed: str) -> bytes:
        sentences = entities(language, number, seed)
        return "".join("".join(f"{word} {tag}\n" for word, tag in sentence) + "\n" for sentence in sentences).encode()

    return _write(folder / "ner", ".conll", conll)


def write_nli(folder: Path) -> Path:
    """``folder/nli/LANGUAGE/SPLIT.tsv`` with a header."""
    return _write_pairs(folder / "nli", ("premise", "hypothesis"), ("entailment", "neutral", "contradiction"))


def write_paraphrase(folder: Path) -> Path:
    """``folder/paraphrase/LANGUAGE/SPLIT.tsv`` with a header."""
    return _write_pairs(folder / "paraphrase", ("sentence1", "sentence2"), ("0", "1"))


def _write_pairs(folder: Path, columns: tuple[str, str], labels: Sequence[str]) -> Path:
    form = Table(columns={"text": columns[0], "pair": columns[1], "label": "label"})

    def table(language: str, number: int, seed: str) -> bytes:
        rows = texts(language, number, seed, labels)
        return form.dump([LabelledText(str(n), language, *row) for n, row in enumerate(rows, start=1)])

    return _write(folder, ".tsv", table)


def write_pairs(folder: Path) -> Path:
    """``folder/pairs/LANGUAGE/SPLIT.tsv``: the same ids and labels in every language; ``folder/back/LANGUAGE.tsv``."""
    labels = ("entailment", "neutral", "contradiction")
    form = Table(columns={"id": "id", "text": "premise", "pair": "hypothesis", "label": "label"})

    def table(language: str, number: int, split: str, seed: str) -> bytes:
        golds = random.Random(f"pairs {split}").choices(labels, k=number)
        rows = []
        for n, (gold, sentence) in enumerate(zip(golds, tagged(language, number, f"{seed} {split}"), strict=True)):
            words = [word for word, _ in sentence]
            ending = 2 * _SYLLABLES[language][labels.index(gold)]
            pair = " ".join((*reversed(words), ending))
            rows.append(LabelledText(f"{split}-{n}", language, " ".join(words), pair, gold))
        return form.dump(rows)

    (folder / "back").mkdir(parents=True, exist_ok=True)
    for language in SIZES["train"].keys() - {"en"}:
        content = table("en", SIZES["train"]["en"], "train", f"back from {language}")
        (folder / "back" / f"{language}.tsv").write_bytes(content)
    return _write(folder / "pairs", ".tsv", lambda language, number, split: table(language, number, split, "pairs"))


def write_topic(folder: Path) -> Path:
    """``folder/topic/LANGUAGE/SPLIT.jsonl``."""

    def lines(language: str, number: int, seed: str) -> bytes:
        rows = texts(language, number, seed, ("sport", "law"))
        return JsonLines().dump(
            [LabelledText(f"t{n}", language, text, None, label) for n, (_, text, label) in enumerate(rows)]
        )

    return _write(folder / "topic", ".jsonl", lines)


def write_choice(folder: Path) -> Path:
    """``folder/choice/LANGUAGE/SPLIT.jsonl``: the right one of two or three alternatives ends as the context does."""

    def lines(language: str, number: int, seed: str) -> bytes:
        draw = random.Random(f"{language} {seed} choice")
        choices = []
        for n, sentence in enumerate(tagged(language, number, seed, _POS[:3])):
            right = sentence[-1][0]
            wrong = [right[::-1] + word for word in _SYLLABLES[language][: draw.randint(1, 2)]]
            place = draw.randint(0, len(wrong))
            context = " ".join(word for word, _ in sentence)
            alternatives = (*wrong[:place], right, *wrong[place:])
            choices.append(Choice(f"c{n}", language, context, "", alternatives, str(place)))
        return ChoiceLines().dump(choices)

    return _write(folder / "choice", ".jsonl", lines)


def write_qa(folder: Path) -> Path:
    """``folder/qa/LANGUAGE/SPLIT.json``: which words follow a word of the context?"""

    def squad(language: str, number: int, seed: str) -> bytes:
        draw, questions = random.Random(f"{language} {seed} qa"), []
        for n, sentence in enumerate(tagged(language, number, seed, _POS[:3])):
            words = [word for word, _ in sentence]
            begin = draw.randrange(len(words))
            answer = (" ".join(words[begin : begin + 2]), len(" ".join([*words[:begin], ""])))
            questions.append(Question(f"q{n}", language, language, words[begin], " ".join(words), (answer,)))
        return Squad().dump(questions)

    return _write(folder / "qa", ".json", squad)


def entry(task: str, folder: Path) -> dict[str, Any]:
    """The data entry of what ``write_<task>`` wrote into ``folder``."""
    if task == "pairs":
        back = {"path": f"{folder.parent}/back/{{language}}.tsv"}
        return {**entry("nli", folder), "translations": {"back": back}}
    form = {
        "pos": "conllu",
        "ner": "conll",
        "nli": "tsv",
        "paraphrase": "tsv",
        "topic": "jsonl",
        "choice": "choice_jsonl",
        "qa": "squad",
    }[task]
    ending = {"squad": "json", "choice_jsonl": "jsonl"}.get(form, form)
    return {"task": task, "format": form, "path": f"{folder}/{{language}}/{{split}}.{ending}"}


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``over`` on top of ``base``, mapping by mapping; the tests' own, so that they do not lean on what they test."""
    both = [key for key in base if isinstance(base[key], Mapping) and isinstance(over.get(key), Mapping)]
    return {**base, **over, **{key: merged(base[key], over[key]) for key in both}}


def write_encoder(folder: Path) -> Path:
    """``folder/encoder``: a model to start from, without a head."""
    text = [" ".join(word for word, _ in sentence) for code in LANGUAGES for sentence in tagged(code, 9, "encoder")]
    tokenizer = train_tokenizer(text, 90)
    loaded = new_model(XLM_R, tokenizer, AutoModel, None, seed=3)
    write_model(folder / "encoder", loaded.model, loaded.tokenizer)
    return folder / "encoder"


def write_masked_encoder(folder: Path) -> Path:
    """``folder/masked``: a model to start from, with a masked-LM head."""
    tokenizer = train_tokenizer([line for code in LANGUAGES for line in parallel_lines(code)], 90)
    tokenizer.add_special_tokens({"mask_token": "<mask>"})
    loaded = new_model(XLM_R, tokenizer, AutoModelForMaskedLM, None, seed=3)
    write_model(folder / "masked", loaded.model, loaded.tokenizer)
    return folder / "masked"


def parallel_lines(language: str) -> list[str]:
    """Sentences of which each says the same in all languages, in as far as any of them says something."""
    return [" ".join(word for word, _ in sentence) for sentence in tagged(language, 12, "parallel")]


def write_parallel(folder: Path) -> Path:
    """``folder/parallel/LANGUAGE.txt``: a sentence a line, the same one in every language."""
    for language in LANGUAGES:
        path = folder / "parallel" / f"{language}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        texts = enumerate(parallel_lines(language), start=1)
        path.write_bytes(Lines().dump([LabelledText(str(n), language, text, None, None) for n, text in texts]))
    return folder / "parallel"


WRITERS: dict[str, Callable[[Path], Path]] = {
    "pos": write_pos,
    "ner": write_ner,
    "nli": write_nli,
    "paraphrase": write_paraphrase,
    "topic": write_topic,
    "choice": write_choice,
    "qa": write_qa,
}
"""What writes the data of each task."""


def write_adapters(folder: Path) -> Path:
    """``folder/adapters/LANGUAGE``: invertible language adapters for ``folder/encoder``, for all but German."""
    model = AutoModel.from_pretrained(folder / "encoder", dtype="float32")
    adapters = Adapters(model)
    configuration = replace(PFEIFFER_INV, reduction_factor=2)
    for code in LANGUAGES:
        if code != "de":
            for parameter in adapters.add(code, configuration, seed=5).parameters():
                parameter.data.mul_(20)  # as fresh ones, they would hardly change a prediction
            write_adapter(folder / "adapters" / code, adapters, code, model_name="tiny")
    return folder / "adapters"


def write_world(folder: Path) -> Path:
    """All of it: a folder per task under its name, ``pairs``, and models, text and adapters to start from."""
    for write in (*WRITERS.values(), write_pairs, write_encoder, write_masked_encoder, write_parallel, write_adapters):
        write(folder)
    return folder


def outcome(run: Path) -> dict[str, Any]:
    """All that a finished run says: history, final weights, results, predictions and what TensorBoard shows."""
    results = [json.loads(line) for line in (run / "results.jsonl").read_text(encoding="utf-8").splitlines()]
    scalars = EventAccumulator(str(run / "events")).Reload()
    return {
        "state": json.loads((run / "trainer_state.json").read_text(encoding="utf-8")),
        "weights": b"".join(path.read_bytes() for path in sorted((run / "model").glob("*.safetensors"))),
        "results": [{**row, "run": None} for row in results],
        "predictions": {
            str(path.relative_to(run)): path.read_text(encoding="utf-8")
            for path in sorted((run / "predictions").glob("*/*.jsonl"))
        },
        "scalars": {
            tag: [(event.step, event.value) for event in scalars.Scalars(tag)] for tag in scalars.Tags()["scalars"]
        },
        "files": sorted(path.name for path in run.iterdir()),
        "checkpoints": {path.name: sorted(file.name for file in path.iterdir()) for path in run.glob("checkpoint-*")},
    }


def runs_in(folder: Path) -> list[Path]:
    """The run folders at or below ``folder``."""
    return sorted(path.parent for path in folder.rglob("fingerprint.json"))


def names_of_checkpoints(run: Path) -> list[int]:
    """The steps of all complete checkpoints."""
    found = (re.fullmatch(r"checkpoint-(\d+)", path.name) for path in run.iterdir())
    return sorted(int(match[1]) for match in found if match)


def _write(folder: Path, ending: str, content: Callable[[str, int, str], bytes]) -> Path:
    for split, sizes in SIZES.items():
        for language, number in sizes.items():
            path = folder / language / f"{split}{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content(language, number, split))
    return folder
