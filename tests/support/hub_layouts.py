"""Files as they lie on the hub, written by hand from the cards of the data sets, and the copy that each must become.

Nothing here is taken from the catalogue: a wrong repository, split, column or order of labels in it is found by these.
The cards are those of huggingface/datasets (`datasets/NAME/README.md`); rows are from the cards or from the sets.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from isogloss.catalogue import Repository
from tests.support.hub import Hub, parquet

CONVERTED = "refs/convert/parquet"
"""The branch to which the hub converts data sets that are no Parquet."""

UPOS = [
    "ADJ",
    "ADP",
    "ADV",
    "AUX",
    "CCONJ",
    "DET",
    "INTJ",
    "NOUN",
    "NUM",
    "PART",
    "PRON",
    "PROPN",
    "PUNCT",
    "SCONJ",
    "SYM",
    "VERB",
    "X",
]
ENTITIES = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]


@dataclass(frozen=True, slots=True)
class Layout:
    """One file of a data set on the hub.

    Attributes:
        repository: Owner and name.
        file: Path of the file.
        columns: Its columns.
        language: The code that we give to the language.
        split: What we call the split.
        copy: What a local copy holds, to the byte.
        labels: Names of class labels, in the order of their integers, by column.
        revision: Branch.
    """

    repository: str
    file: str
    columns: Mapping[str, list[Any]]
    language: str
    split: str
    copy: str
    labels: Mapping[str, list[str]] = field(default_factory=dict)
    revision: str = "main"

    @property
    def content(self) -> bytes:
        """The file."""
        return parquet(self.columns, self.labels)

    def put(self, hub: Hub) -> None:
        """Add the file to a hub."""
        hub.put(Repository(self.repository, "", revision=self.revision), {self.file: self.content})


def _json(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _tagged(tokens: str, tags: str) -> str:
    return "".join(f"{token}\t{tag}\n" for token, tag in zip(tokens.split(), tags.split(), strict=True))


_ARABIC = ("وقال، ماما، لقد عدت للمنزل.", "اتصل بأمه حالما أوصلته حافلة المدرسية.", "لم ينطق ببنت شفة.")
_FRENCH = (
    "À Paris, en octobre 1560, il rencontra secrètement l'ambassadeur d'Angleterre, Nicolas Throckmorton.",
    "En octobre 1560, il rencontra secrètement l'ambassadeur d'Angleterre, Nicolas Throckmorton, à Paris.",
)
_STAR = ("Nyota ya jua ni nini?", "Jua ni nyota iliyo karibu zaidi na Dunia.", "nyota iliyo karibu zaidi na Dunia")

LAYOUTS: dict[str, Layout] = {
    "xnli": Layout(
        "facebook/xnli",
        "ar/validation-00000-of-00001.parquet",
        {"premise": [_ARABIC[0]] * 2, "hypothesis": [*_ARABIC[1:]], "label": [1, 2]},
        "ar",
        "dev",
        _json(
            {"id": "0", "premise": _ARABIC[0], "hypothesis": _ARABIC[1], "label": "neutral"},
            {"id": "1", "premise": _ARABIC[0], "hypothesis": _ARABIC[2], "label": "contradiction"},
        ),
        {"label": ["entailment", "neutral", "contradiction"]},
    ),
    "pawsx": Layout(
        "google-research-datasets/paws-x",
        "fr/test-00000-of-00001.parquet",
        {"id": [1, 2], "sentence1": [*_FRENCH], "sentence2": [*_FRENCH[::-1]], "label": [0, 1]},
        "fr",
        "test",
        _json(
            {"id": "1", "sentence1": _FRENCH[0], "sentence2": _FRENCH[1], "label": "0"},
            {"id": "2", "sentence1": _FRENCH[1], "sentence2": _FRENCH[0], "label": "1"},
        ),
        {"label": ["0", "1"]},
    ),
    "wikiann": Layout(
        "unimelb-nlp/wikiann",
        "en/train-00000-of-00001.parquet",
        {
            "tokens": [["R.H.", "Saunders", "(", "St.", "Lawrence", "River", ")"], ["Johan"]],
            "ner_tags": [[3, 4, 0, 5, 6, 6, 0], [1]],
            "langs": [["en"] * 7, ["en"]],
            "spans": [["ORG: R.H. Saunders", "LOC: St. Lawrence River"], ["PER: Johan"]],
        },
        "en",
        "train",
        _tagged("R.H. Saunders ( St. Lawrence River )", "B-ORG I-ORG O B-LOC I-LOC I-LOC O") + "\nJohan\tB-PER\n",
        {"ner_tags": ENTITIES},
    ),
    # The layout of files that the hub's branch had at first.
    "masakhaner": Layout(
        "masakhane/masakhaner2",
        "yor/masakhaner2-test.parquet",
        {"id": ["0"], "tokens": [["Ìlú", "Èkó", "ní", "ọdún", "1960"]], "ner_tags": [[0, 5, 0, 7, 8]]},
        "yor",
        "test",
        _tagged("Ìlú Èkó ní ọdún 1960", "O B-LOC O B-DATE I-DATE"),
        {"ner_tags": [*ENTITIES, "B-DATE", "I-DATE"]},
        CONVERTED,
    ),
    "udpos": Layout(
        "google/xtreme",
        "udpos.Finnish/validation-00000-of-00001.parquet",
        {
            "tokens": [["Jäällä", "kävely", "avaa", "aina", "hauskoja", "näkökulmia", "."]],
            "pos_tags": [[7, 7, 15, 2, 0, 7, 12]],
        },
        "fi",
        "dev",
        _tagged("Jäällä kävely avaa aina hauskoja näkökulmia .", "NOUN NOUN VERB ADV ADJ NOUN PUNCT"),
        {"pos_tags": UPOS},
    ),
    "tydiqa": Layout(
        "google-research-datasets/tydiqa",
        "secondary_task/validation-00000-of-00001.parquet",
        {
            "id": ["arabic-2387335860751143628-1", "swahili-42-0", "swahili-43-0"],
            "title": ["قائمة نهائيات كأس العالم", "Jua", "Jua"],
            "context": ["بطولتين", _STAR[1], _STAR[1]],
            "question": ["كم عدد مرات فوز الأوروغواي؟", _STAR[0], "Jua ni kitu gani?"],
            "answers": [
                {"text": ["بطولتين"], "answer_start": [0]},
                {"text": [_STAR[2]], "answer_start": [7]},
                {"text": ["nyota", _STAR[2]], "answer_start": [7, 7]},
            ],
        },
        "sw",
        "dev",
        _json({
            "version": "1.1",
            "data": [{"title": "Jua", "paragraphs": [{"context": _STAR[1], "qas": [
                {"id": "swahili-42-0", "question": _STAR[0], "answers": [{"text": _STAR[2], "answer_start": 7}]},
                {"id": "swahili-43-0", "question": "Jua ni kitu gani?", "answers": [
                    {"text": "nyota", "answer_start": 7}, {"text": _STAR[2], "answer_start": 7},
                ]},
            ]}]}],
        }),
    ),
    "copa": Layout(
        "aps/super_glue",
        "copa/train/0000.parquet",
        {
            "premise": ["My body cast a shadow over the grass."],
            "choice1": ["The sun was rising."],
            "choice2": ["The grass was cut."],
            "question": ["cause"],
            "idx": [0],
            "label": [0],
        },
        "en",
        "train",
        _json({
            "id": "0", "context": "My body cast a shadow over the grass.", "question": "cause",
            "alternatives": ["The sun was rising.", "The grass was cut."], "label": 0,
        }),
        {"label": ["choice1", "choice2"]},
        CONVERTED,
    ),
    "xcopa": Layout(
        "cambridgeltl/xcopa",
        "et/validation-00000-of-00001.parquet",
        {
            "premise": ["Tüdruk leidis oma helveste seest putuka."],
            "choice1": ["Ta kallas piima kaussi."],
            "choice2": ["Ta kaotas oma isu."],
            "question": ["effect"],
            "label": [1],
            "idx": [1],
            "changed": [False],
        },
        "et",
        "dev",
        _json({
            "id": "1", "context": "Tüdruk leidis oma helveste seest putuka.", "question": "effect",
            "alternatives": ["Ta kallas piima kaussi.", "Ta kaotas oma isu."], "label": 1,
        }),
    ),
    "siqa": Layout(
        "allenai/social_i_qa",
        "default/validation/0000.parquet",
        {
            "context": ["Sydney walked past a homeless woman asking for change. Sydney felt bad afterwards."],
            "question": ["How would you describe Sydney?"],
            "answerA": ["sympathetic"],
            "answerB": ["like a person who was unable to help"],
            "answerC": ["incredulous"],
            "label": ["1"],  # the first: the set's own files say A
        },
        "en",
        "dev",
        _json({
            "id": "0", "context": "Sydney walked past a homeless woman asking for change. Sydney felt bad afterwards.",
            "question": "How would you describe Sydney?",
            "alternatives": ["sympathetic", "like a person who was unable to help", "incredulous"], "label": 0,
        }),
        revision=CONVERTED,
    ),
    "sib200": Layout(
        "Davlan/sib200",
        "swh_Latn/test/0000.parquet",
        {"index_id": [548, 824], "category": ["sports", "travel"], "text": ["Mbio za nusu maili.", "Tazama safari."]},
        "swh_Latn",
        "test",
        _json(
            {"id": "548", "text": "Mbio za nusu maili.", "category": "sports"},
            {"id": "824", "text": "Tazama safari.", "category": "travel"},
        ),
        revision=CONVERTED,
    ),
    "tatoeba": Layout(
        "google/xtreme",
        "tatoeba.deu/validation-00000-of-00001.parquet",
        {
            "source_sentence": ["Maria sagte, sie wisse nicht, wo Tom sei.", "Wie lange sollen\tTom und ich bleiben?"],
            "target_sentence": ["Mary said she didn't know where Tom was.", "How long are Tom and I to stay?"],
            "source_lang": ["deu", "deu"],
            "target_lang": ["eng", "eng"],
        },
        "de",
        "test",
        "Maria sagte, sie wisse nicht, wo Tom sei.\tMary said she didn't know where Tom was.\n"
        "Wie lange sollen Tom und ich bleiben?\tHow long are Tom and I to stay?\n",
    ),
}  # fmt: skip
"""By our name of the set: one of every kind of task, and of both layouts of files."""
