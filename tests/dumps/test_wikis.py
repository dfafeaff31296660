"""Every row of a corpus from four small wikis, checked against what a reader of the pages would write down."""

from __future__ import annotations

from pathlib import Path

import pytest

from isogloss.common.writing import read_json
from isogloss.dumps import reasons
from isogloss.dumps.limits import Limits
from tests.support.dumps import built, rows_of, told
from tests.support.wikis import write_wikis

SENTENCES = {
    "en": [
        ("Kyiv", "Kyiv (Київ; born 482) is the capital of [Ukraine|Q212]."),
        ("Kyiv", "It lies on the [great river|Q40855]."),
        ("Kyiv", "The town of [the move|Q11] and [New town name|Q11] are one and the same."),
        ("Ukraine", "Ukraine is a country of which [Kiev|Q1899]'s people speak."),
        ("Ukraine", "Its [capital|Q1899] & all cities are old, says she."),
        ("Ukraine", "In [Côte d'Ivoire|Q1008] nobody asked about that at all."),
        ("Dnieper", "The Dnieper is a river that runs by [Kyiv|Q1899]."),
        ("Broken", "Broken markup is all that [Kyiv|Q1899] has for us."),
        ("Broken", "After it all [Kyiv|Q1899] is in a text again."),
        ("Old town name", "The town has a new name near [Kyiv|Q1899] by now."),
        ("Côte d'Ivoire", "Ivory Coast is a country that lies far from [Kyiv|Q1899] and itself."),
        ("No item", "No item is what this page on [Kyiv|Q1899] has."),
    ],
    "fr": [
        ("Kiev", "Kiev est la capitale de l'[Ukraine|Q212]."),
        ("Kiev", "Elle est loin de la [Côte d'Ivoire|Q1008], dit-on."),
        ("Ukraine", "L'Ukraine est un pays d'Europe dont [Kiev|Q1899] est la capitale."),
        ("Côte d'Ivoire", "La Côte d'Ivoire est un pays d'Afrique, loin de l'[Ukraine|Q212]."),
    ],
    "ar": [
        ("كييف", "كييف هي عاصمة [أوكرانيا|Q212] وأكبر مدنها."),
        ("أوكرانيا", "أوكرانيا دولة في أوروبا وعاصمتها [كييف|Q1899]."),
    ],
    "zh": [
        ("基辅", "基辅是[乌克兰|Q212]的首都和最大城市。"),
        ("基辅", "[乌克兰|Q212]人都说：“这里很大。”"),
        ("乌克兰", "乌克兰是一个欧洲国家，首都是[基辅|Q1899]。"),
    ],
}
DESCRIPTIONS = {
    "en": [
        ("Q1899", "Kyiv", "Kyiv (Київ; born 482) is the capital of Ukraine. It lies on the great river."),
        (
            "Q212",
            "Ukraine",
            "Ukraine is a country of which Kiev's people speak. Its capital & all cities are old, says she.",
        ),
        ("Q40855", "Dnieper", "The Dnieper is a river that runs by Kyiv. 10⁹ drops."),
        ("Q10", "Broken", "Broken markup is all that Kyiv has for us."),
        ("Q11", "Old town name", "The town has a new name near Kyiv by now."),
        ("Q1008", "Côte d'Ivoire", "Ivory Coast is a country that lies far from Kyiv and itself."),
    ],
    "fr": [
        ("Q1899", "Kiev", "Kiev est la capitale de l'Ukraine. Elle est loin de la Côte d'Ivoire, dit-on."),
        ("Q212", "Ukraine", "L'Ukraine est un pays d'Europe dont Kiev est la capitale."),
        ("Q1008", "Côte d'Ivoire", "La Côte d'Ivoire est un pays d'Afrique, loin de l'Ukraine."),
    ],
    "ar": [
        ("Q1899", "كييف", "كييف هي عاصمة أوكرانيا وأكبر مدنها. وهي تقع على نهر الدنيبر؟"),
        ("Q212", "أوكرانيا", "أوكرانيا دولة في أوروبا وعاصمتها كييف."),
    ],
    "zh": [
        ("Q1899", "基辅", "基辅是乌克兰的首都和最大城市。它位于著名的第聂伯河畔！乌克兰人都说：“这里很大。”"),
        ("Q212", "乌克兰", "乌克兰是一个欧洲国家，首都是基辅。"),
    ],
}
DROPS_EN = {
    reasons.REDIRECT: 6,
    reasons.OTHER_NAMESPACE: 1,
    reasons.NOT_WIKITEXT: 1,
    reasons.DISAMBIGUATION_PAGE: 1,
    reasons.LEFT_OUT: 1,
    reasons.NO_ITEM_OF_PAGE: 1,
    reasons.IN_LIST: 1,
    reasons.IN_TABLE: 3,  # one that closes, and two lines of one that does not
    reasons.TO_ITSELF: 2,
    reasons.OTHER_LINK: 2,
    reasons.NO_ARTICLE: 2,  # of Nowhere at all, and of the river
    reasons.TO_DISAMBIGUATION: 1,
    reasons.CIRCLE: 1,
    reasons.TO_TIME: 1,
    reasons.LOST_PART: 1,
    reasons.MARKUP_LEFT: 3,
    reasons.TOO_SHORT: 1,
    reasons.NO_MENTION: 1,
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("wikis")
    listed = root / "held_out.txt"
    listed.write_text("en\tHeld_out\n", encoding="utf-8")
    built(write_wikis(root / "dumps"), root / "corpus", leave_out=[listed])
    return root / "corpus"


@pytest.mark.parametrize("language", SENTENCES)
def test_sentences(corpus: Path, language: str):
    found = [row for row in rows_of(corpus, "sentences") if row["language"] == language]
    assert [(row["page"], told(row)) for row in found] == SENTENCES[language]


@pytest.mark.parametrize("language", DESCRIPTIONS)
def test_descriptions(corpus: Path, language: str):
    found = [row for row in rows_of(corpus, "descriptions") if row["language"] == language]
    assert [(row["entity"], row["title"], row["text"]) for row in found] == DESCRIPTIONS[language]


def test_what_is_dropped_is_counted(corpus: Path):
    assert read_json(corpus / "corpus.json")["drops"]["en"] == DROPS_EN


def test_the_counts_are_those_of_the_tables(corpus: Path):
    counts = read_json(corpus / "corpus.json")["counts"]
    for language in SENTENCES:
        sentences = [row for row in rows_of(corpus, "sentences") if row["language"] == language]
        assert counts[language]["sentences"] == len(sentences)
        assert counts[language]["mentions"] == sum(len(row["mentions"]) for row in sentences)
        assert counts[language]["descriptions"] == len(DESCRIPTIONS[language])
    assert counts["en"]["pages"] == 17 and counts["en"]["articles"] == 7


def test_nothing_but_the_tables_is_left(corpus: Path):
    assert sorted(path.name.split("-")[0] for path in corpus.iterdir()) == ["corpus.json"] + 4 * [
        "descriptions"
    ] + 4 * ["sentences"]


def test_a_cut_dump_gives_the_same_rows(corpus: Path, tmp_path: Path):
    """Every page is read once, wherever a multistream dump is cut, and also where the tables are not given."""
    paths = write_wikis(tmp_path / "dumps", per_stream=2)
    listed = tmp_path / "held_out.txt"
    listed.write_text("Held out\n", encoding="utf-8")
    plan = built(paths, tmp_path / "corpus", leave_out=[listed], shard=200)
    assert len(plan.texts) > 10
    for table in ("sentences", "descriptions"):
        assert rows_of(tmp_path / "corpus", table) == rows_of(corpus, table)
    drops = read_json(tmp_path / "corpus" / "corpus.json")["drops"]
    assert drops == read_json(corpus / "corpus.json")["drops"]


def test_without_tables_an_entity_is_its_title(tmp_path: Path):
    paths = [path for path in write_wikis(tmp_path / "dumps") if path.suffix == ".bz2"]
    same = tmp_path / "titles.fr-en.tsv"
    same.write_text("Kiev\tKyiv\nUkraine\tUkraine\n", encoding="utf-8")
    built(paths, tmp_path / "corpus", same=[same])
    found = {row["language"]: [] for row in rows_of(tmp_path / "corpus", "sentences")}
    for row in rows_of(tmp_path / "corpus", "sentences"):
        found[row["language"]].append(told(row))
    assert found["fr"][0] == "Kiev est la capitale de l'[Ukraine|en:Ukraine]."
    assert found["fr"][1] == "Elle est loin de la [Côte d'Ivoire|fr:Côte d'Ivoire], dit-on."
    assert found["en"][1] == "It lies on the [great river|en:Dnieper]."
    # The dump in XML knows of no move: the page has its old title, and the new one is of no article.
    assert found["en"][2] == "The town of [the move|en:Old town name] and New town name are one and the same."
    assert found["zh"][0] == "基辅是[乌克兰|zh:乌克兰]的首都和最大城市。"
    assert read_json(tmp_path / "corpus" / "corpus.json")["drops"]["en"][reasons.DISAMBIGUATION_PAGE] == 1


def test_filters(tmp_path: Path):
    paths = [path for path in write_wikis(tmp_path / "dumps") if path.name.startswith("frwiki")]
    built(paths, tmp_path / "capped", Limits(most_per_entity=1))
    assert [told(row) for row in rows_of(tmp_path / "capped", "sentences")] == [
        "Kiev est la capitale de l'[Ukraine|Q212].",
        "Elle est loin de la [Côte d'Ivoire|Q1008], dit-on.",
        "L'Ukraine est un pays d'Europe dont [Kiev|Q1899] est la capitale.",
    ]
    drops = read_json(tmp_path / "capped" / "corpus.json")["drops"]["fr"]
    assert drops == {reasons.OFTEN: 1, reasons.NO_MENTION: 1}
    built(paths, tmp_path / "packed", Limits(pack=200))
    assert told(rows_of(tmp_path / "packed", "sentences")[0]) == (
        "Kiev est la capitale de l'[Ukraine|Q212]. Elle est loin de la [Côte d'Ivoire|Q1008], dit-on."
    )
    built(paths, tmp_path / "long", Limits(min_words=10))
    assert [row["page"] for row in rows_of(tmp_path / "long", "sentences")] == ["Ukraine", "Côte d'Ivoire"]
    built(paths, tmp_path / "short", Limits(max_mention=6))
    assert not any("Ivoire|" in told(row) for row in rows_of(tmp_path / "short", "sentences"))
