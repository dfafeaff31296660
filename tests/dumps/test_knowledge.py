"""Wikidata in both of its forms, Enterprise HTML, own files and linking by names, from files to rows."""

# ruff: noqa: E501 - pages and items stand as they are

from __future__ import annotations

import bz2
import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.common.writing import read_json
from isogloss.dumps import reasons
from isogloss.dumps.limits import Limits
from isogloss.dumps.linker import Linker
from isogloss.dumps.readers.compressed import Chunk, cut
from isogloss.dumps.readers.wikidata import read_items, read_triples
from tests.support.dumps import Made, built, rows_of, told, write_dump, write_props
from tests.support.wikis import FR, FR_ITEMS

ENTITY, DIRECT = "<http://www.wikidata.org/entity/{}>", "<http://www.wikidata.org/prop/direct/{}>"
LABEL, TOLD = "<http://www.w3.org/2000/01/rdf-schema#label>", "<http://schema.org/description>"


def triples(*rows: tuple[str, str, str]) -> str:
    """Lines of N-Triples; an object with @ is a text."""
    lines = []
    for subject, relation, other in rows:
        object_ = ENTITY.format(other) if "@" not in other else '"{}"@{}'.format(*other.rsplit("@", 1))
        predicate = {"label": LABEL, "description": TOLD}.get(relation) or DIRECT.format(relation)
        lines.append(f"{ENTITY.format(subject)} {predicate} {object_} .\n")
    return "".join(lines)


TRIPLES = triples(
    ("Q212", "label", "Ukraine@fr"),
    ("Q212", "P36", "Q1899"),
    ("Q212", "P30", "Q46"),
    ("Q1008", "description", "pays d\\u0027Afrique@fr"),
    ("Q1008", "P47", "Q212"),
    ("Q41", "label", 'le \\"Dniepr\\"@fr'),
    ("Q41", "description", "fleuve d'Europe@fr"),
    ("Q41", "P17", "Q212"),
    ("Q577", "P31", "Q212"),
    ("Q99", "P31", "Q4167410"),
    ("Q99", "P36", "Q212"),
    ("P36", "label", "capitale@fr"),
    ("P36", "label", "capital@en"),
    ("P36", "label", "Hauptstadt@de"),
    ("P17", "label", "country@en"),
)
OTHER = '<https://www.wikidata.org/wiki/Special:EntityData/Q212> <http://schema.org/version> "1" .\n'


def entity(id: str, claims: dict[str, list[tuple[str, str]]], **texts: dict[str, str]) -> str:
    """A line of Wikidata's JSON; claims are pairs of item and rank."""
    statements = {
        relation: [
            {
                "rank": rank,
                "mainsnak": {
                    "snaktype": "value" if item else "novalue",
                    **({"datavalue": {"value": {"entity-type": "item", "id": item}}} if item else {}),
                },
            }
            for item, rank in values
        ]
        for relation, values in claims.items()
    }
    told_ = {
        key: {code: {"language": code, "value": text} for code, text in value.items()} for key, value in texts.items()
    }
    return json.dumps({"id": id, "claims": statements or [], **told_}, ensure_ascii=False)


ITEMS = [
    entity("Q212", {"P36": [("Q1899", "preferred"), ("Q1008", "normal")], "P30": [("Q46", "normal")]}, labels={"fr": "Ukraine"}),
    entity("Q1008", {"P47": [("Q212", "normal"), ("Q1899", "deprecated"), ("", "normal")]}, descriptions={"fr": "pays d'Afrique"}),
    entity("Q41", {"P17": [("Q212", "normal")]}, labels={"fr": 'le "Dniepr"'}, descriptions={"fr": "fleuve d'Europe"}),
    entity("Q577", {"P31": [("Q212", "normal")]}),
    entity("Q99", {"P31": [("Q4167410", "normal")], "P36": [("Q212", "normal")]}),
    entity("P36", {}, labels={"fr": "capitale", "en": "capital", "de": "Hauptstadt"}),
    entity("P17", {}, labels={"en": "country"}),
]  # fmt: skip
JSON = "[\n" + ",\n".join(ITEMS) + "\n]\n"
LYON = Made(4, "Lyon", "'''Lyon''' n'est pas sur le [[Dniepr]] ni dans le [[Gris]].")
DNIEPR, GRIS = Made(5, "Dniepr", "Trop court."), Made(6, "Gris", "'''Gris''' est un nom que beaucoup portent.")


def write_world(tmp_path: Path, knowledge: dict[str, str]) -> list[Path]:
    """A small French wiki, some of whose pages have no opening, and a dump of Wikidata."""
    pages = [*FR, LYON, DNIEPR, GRIS]
    paths = [
        write_dump(tmp_path, "frwiki", pages),
        write_props(tmp_path, "frwiki", {**FR_ITEMS, 4: "Q456", 5: "Q41", 6: "Q99"}),
    ]
    for name, text in knowledge.items():
        path = tmp_path / name
        path.write_bytes(bz2.compress(text.encode()))
        paths.append(path)
    return paths


@pytest.mark.parametrize(
    "knowledge", [{"latest-truthy.nt.bz2": TRIPLES + OTHER}, {"latest-all.json.bz2": JSON}], ids=["triples", "json"]
)
def test_wikidata(tmp_path: Path, knowledge: dict[str, str]):
    built(write_world(tmp_path, knowledge), tmp_path / "c")
    facts = [tuple(row.values()) for row in rows_of(tmp_path / "c", "facts")]
    assert facts == [("Q212", "P36", "Q1899"), ("Q1008", "P47", "Q212"), ("Q41", "P17", "Q212")]
    labels = {tuple(row.values()) for row in rows_of(tmp_path / "c", "relations")}
    assert labels == {("P36", "fr", "capitale"), ("P36", "en", "capital"), ("P17", "en", "country")}
    # The page of Q41 opens with nothing that describes it; Q1008 has an opening, which counts.
    found = {row["entity"]: (row["text"], row["title"]) for row in rows_of(tmp_path / "c", "descriptions")}
    assert found["Q41"] == ("fleuve d'Europe", 'le "Dniepr"')
    assert found["Q1008"][0].startswith("La Côte d'Ivoire est un pays")
    assert "Q99" not in found
    assert told(rows_of(tmp_path / "c", "sentences")[-1]) == "Lyon n'est pas sur le [Dniepr|Q41] ni dans le Gris."
    drops = read_json(tmp_path / "c" / "corpus.json")["drops"]
    assert drops["fr"][reasons.UNWANTED] == 1
    # Q99 is a disambiguation, so nothing is said of it; Q46 and Q577 are in no text.
    assert drops["knowledge"] == {reasons.FACT_OUTSIDE: 2, reasons.UNWANTED_DESCRIPTION: 1}


@pytest.mark.parametrize(("text", "read"), [(TRIPLES, read_triples), (JSON, read_items)], ids=["triples", "json"])
@pytest.mark.parametrize("size", [60, 100, 150, 333, 1000])
def test_every_item_is_read_once_wherever_a_dump_is_cut(tmp_path: Path, text: str, read: object, size: int):
    path = tmp_path / "x"
    path.write_text(text, encoding="utf-8")
    chunks = cut(path, size)
    assert len(chunks) > 1
    found = [item for chunk in chunks for item in read(chunk)]
    assert found == list(read(Chunk(path)))
    assert [item.id for item in found] == ["Q212", "Q1008", "Q41", "Q577", "Q99", "P36", "P17"]


def test_wikidata_that_is_cut_off(tmp_path: Path):
    path = tmp_path / "latest-truthy.nt"
    path.write_text(TRIPLES[:-5], encoding="utf-8")
    with pytest.raises(IsoglossError, match="no line of N-Triples, or one that is cut off"):
        list(read_triples(Chunk(path)))
    for text in (JSON[:-30], JSON.removesuffix("]\n")):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(IsoglossError, match="cut off"):
            list(read_items(Chunk(path)))


def test_facts_of_a_relation_are_capped(tmp_path: Path):
    facts = tmp_path / "facts.tsv"
    facts.write_text("Q1\tP1\tQ212\nQ212\tP1\tQ1899\nQ1899\tP1\tQ212\nQ1899\tP2\tQ212\n", encoding="utf-8")
    labels = tmp_path / "relations.fr.tsv"
    labels.write_text("P1\tun\tplus long\nP2\tdeux\nP1\tencore\n", encoding="utf-8")
    built([*write_world(tmp_path, {}), facts, labels], tmp_path / "c", Limits(most_per_relation=1))
    assert [tuple(row.values()) for row in rows_of(tmp_path / "c", "facts")] == [
        ("Q212", "P1", "Q1899"),
        ("Q1899", "P2", "Q212"),
    ]
    assert [tuple(row.values()) for row in rows_of(tmp_path / "c", "relations")] == [
        ("P1", "fr", "un"),
        ("P2", "fr", "deux"),
    ]
    drops = read_json(tmp_path / "c" / "corpus.json")["drops"]["knowledge"]
    assert drops == {reasons.NO_SUBJECT: 1, reasons.OFTEN_RELATION: 1}


def article(
    id: int, name: str, html: str, item: str | None = None, redirects: tuple[str, ...] = (), code: str = "en"
) -> str:
    """A line of an Enterprise dump."""
    body = f'<html><head><base href="//{code}.wikipedia.org/wiki/"/></head><body>{html}</body></html>'
    found = {
        "identifier": id, "name": name, "in_language": {"identifier": code}, "article_body": {"html": body},
        "redirects": [{"name": other} for other in redirects],
    }  # fmt: skip
    if item is not None:
        found["main_entity"] = {"identifier": item}
    return json.dumps(found)


KYIV = (
    '<section data-mw-section-id="0"><table class="infobox"><tr><td><p>In a box there is text.</p></td></tr></table>\n'
    '<p id="x"><b>Kyiv</b> is the capital of <a rel="mw:WikiLink" href="./Ukraine" title="Ukraine">the <i>country</i></a>.'
    '<sup class="mw-ref reference" typeof="mw:Extension/ref"><a href="#c">[1]</a></sup> It lies on the '
    '<a rel="mw:WikiLink" href="./Dnieper#Course" title="Dnieper">river</a> and on '
    '<a rel="mw:WikiLink" href="./File:A.jpg">this</a>.</p>\n</section>'
    '<section data-mw-section-id="1"><h2>History</h2>\n<p>In <a rel="mw:WikiLink" href="./Old_Ukraine">old times</a> it was '
    "founded by three brothers.</p>\n<ul><li>An item of a list on "
    '<a rel="mw:WikiLink" href="./Ukraine">Ukraine</a> here.</li></ul>\n</section>'
)
UKRAINE = '<section data-mw-section-id="0"><p><b>Ukraine</b> is a country in Europe by the sea.</p>\n</section>'


def write_html(tmp_path: Path, lines: list[str], name: str = "enwiki-NS0-20240101-ENTERPRISE-HTML.json.tar.gz") -> Path:
    """An Enterprise dump of two members."""
    path = tmp_path / name
    with tarfile.open(path, "w:gz") as archive:
        for number, own in enumerate((lines[:1], lines[1:])):
            content = "".join(f"{line}\n" for line in own).encode()
            member = tarfile.TarInfo(f"enwiki_namespace_0_{number}.ndjson")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def test_enterprise_html(tmp_path: Path):
    path = write_html(
        tmp_path,
        [
            article(1, "Kyiv", KYIV, "Q1899"),
            article(2, "Ukraine", UKRAINE, "Q212", ("Old Ukraine",)),
            article(3, "Dnieper", UKRAINE),
        ],
    )
    built([path], tmp_path / "c")
    assert [told(row) for row in rows_of(tmp_path / "c", "sentences")] == [
        "Kyiv is the capital of [the country|Q212].",
        "In [old times|Q212] it was founded by three brothers.",
    ]
    assert [(row["entity"], row["text"]) for row in rows_of(tmp_path / "c", "descriptions")] == [
        ("Q1899", "Kyiv is the capital of the country. It lies on the river and on this."),
        ("Q212", "Ukraine is a country in Europe by the sea."),
    ]
    drops = read_json(tmp_path / "c" / "corpus.json")["drops"]["en"]
    assert drops[reasons.NO_ITEM] == 1 and drops[reasons.NO_ITEM_OF_PAGE] == 1 and drops[reasons.OTHER_LINK] == 1
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(IsoglossError, match="Is the file whole"):
        built([path], tmp_path / "c2")
    write_html(tmp_path, [article(1, "Kiew", KYIV, "Q1899", code="de"), article(2, "U", UKRAINE)])
    with pytest.raises(IsoglossError, match="the name says 'en', but 'Kiew' is of 'de'"):
        built([path], tmp_path / "c3")


def test_own_files(tmp_path: Path):
    lines = [
        {
            "text": "In Kyiv there are many old churches.",
            "language": "en",
            "mentions": [{"start": 3, "end": 7, "entity": "K"}],
        },
        {"text": "Old Kyiv and New Kyiv are in one town.", "language": "en", "page": "Kyiv"},
        {"text": "Nothing here has a name at all.", "language": "en"},
        {"entity": "K", "language": "en", "text": "Kyiv is a town.", "title": "Kyiv"},
        {"entity": "N", "language": "uk", "text": "Новий Київ.", "title": "Новий Київ"},
    ]
    own = tmp_path / "own.jsonl.gz"
    own.write_bytes(gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode()))
    text = tmp_path / "plain.en.txt"
    text.write_text(
        "Kyiv is mentioned here twice. New Kyiv is here too, says Kyivan.\n\nToo short.\n", encoding="utf-8"
    )
    names = tmp_path / "names.en.tsv"
    names.write_text("K\tKyiv|Kiev\nN\tNew Kyiv\nO\tOld|Kiev\n", encoding="utf-8")
    built([own, text], tmp_path / "c", Limits(undescribed=True), names=[names])
    assert [told(row) for row in rows_of(tmp_path / "c", "sentences")] == [
        "[Kyiv|K] is mentioned here twice.",
        "[New Kyiv|N] is here too, says Kyivan.",
        "In [Kyiv|K] there are many old churches.",
        "[Old|O] [Kyiv|K] and [New Kyiv|N] are in one town.",
    ]
    assert {row["entity"] for row in rows_of(tmp_path / "c", "descriptions")} == {"K", "N"}
    drops = read_json(tmp_path / "c" / "corpus.json")["drops"]
    assert drops == {"own": {reasons.NO_MENTION: 1}, "en": {reasons.TOO_SHORT: 1}}


def test_linking_in_a_script_without_spaces_and_with_vowel_signs():
    zh = Linker([("北京", "Q956"), ("北京大学", "Q16952"), ("大学", "Q3918")], "zh")
    assert [(one.start, one.end, one.entity) for one in zh("在北京大学和北京。")] == [(1, 5, "Q16952"), (6, 8, "Q956")]
    bn = Linker([("বাংলা", "Q1"), ("লা", "Q2")], "bn")
    assert [one.entity for one in bn("বাংলা বাংলাদেশ")] == ["Q1"]


def test_counts_of_a_dump_and_of_own_lines_in_its_language_are_added(tmp_path: Path):
    dump, props = write_dump(tmp_path, "frwiki", FR), write_props(tmp_path, "frwiki", FR_ITEMS)
    alone, both = tmp_path / "alone", tmp_path / "both"
    built([dump, props], alone)
    own = tmp_path / "own.jsonl"
    mention = {"start": 0, "end": 4, "entity": "Q1899"}
    row = {"text": "Kiev est une ville de beaucoup de gens.", "language": "fr", "mentions": [mention]}
    own.write_text(json.dumps(row) + "\n", encoding="utf-8")
    built([dump, props, own], both)
    counts = read_json(both / "corpus.json")["counts"]
    before = read_json(alone / "corpus.json")["counts"]
    assert counts["fr"]["sentences"] == before["fr"]["sentences"] + 1 == len(rows_of(both, "sentences"))
    assert counts["fr"]["mentions"] == before["fr"]["mentions"] + 1
    assert "own" not in counts
