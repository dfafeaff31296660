"""Markup to sentences: kinds of dirt that real dumps left in the text, each by a case of its own."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from isogloss.dumps.articles import Article, rows
from isogloss.dumps.index import Index, PageRow, write_index
from isogloss.dumps.limits import Limits
from isogloss.dumps.rows import Description
from isogloss.dumps.text.linked import Link, Linked
from isogloss.dumps.text.markup import paragraphs
from isogloss.dumps.text.sentences import ends, split
from isogloss.dumps.text.tidy import tidy
from isogloss.dumps.text.walk import HOLE
from isogloss.dumps.titles import Site, normal, target

EN = Site("en", {"file": 6, "category": 14, "talk": 1})
UK = Site("uk", {"файл": 6, "категорія": 14})


def text_of(wikitext: str, site: Site = EN) -> str:
    """The text of the only paragraph, with its links in brackets; holes as `_`."""
    (paragraph,) = paragraphs(wikitext, site, Counter())
    content = tidy(paragraph.content)
    text = content.text
    for link in reversed(content.links):
        text = f"{text[: link.start]}[{text[link.start : link.end]}|{link.target}]{text[link.end :]}"
    return text.replace(HOLE, "_")


@pytest.mark.parametrize(
    ("wikitext", "text"),
    [
        ("A [[cat]]s, a [[dog|Dog]]gy and [[the_hen]].", "A [cats|Cat], a [Doggy|Dog] and [the hen|The hen]."),
        ("'''A''' ''b'' '''''c''''' and l''''d'''.", "A b c and l'd."),
        ("10<sup>−9</sup> m<sup>2</sup> of H<sub>2</sub>O, the 5<sup>th</sup>.", "10⁻⁹ m² of H₂O, the 5th."),
        ("A<ref name=x>[[b]]</ref> c<ref name=x /> d.", "A c d."),
        ("A {{nowrap|b [[c]]}} d {{lang|fr|e}} f {{lang-de|g}} {{convert|5|km|mi}}.", "A b [c|C] d e f g 5 km."),
        ("A is {{unknown|b}} of c.", "A is _ of c."),
        ("A{{unknown|b}} is of c.{{sfn|d}}", "A is of c."),
        ("Lies at {{coord|1|2}} there.", "Lies at _ there."),
        ("A (''b''; {{unknown}}; born {{age}} days ago) is.", "A (b) is."),
        ("A ({{lang-fr|b}}, spoken {{IPA|c}}) is. B {{IPA|d}} is.", "A (b) is. B is."),
        ("A ({{unknown}}, {{unknown}}) is, ( ; ) or ({{x}}-{{y}}) so .", "A is, or so."),
        ("A&nbsp;b&mdash;c &lt; d&#33;", "A b—c < d!"),
        ("A <math>x^2</math> b.", "A _ b."),
        ("[[File:A.jpg|thumb|[[b]] c]]\nA is b.\n[[Category:C]]", "A is b."),
        ("A [[:Category:B|b]], [[wikt:c|c]], [[:fr:D|d]] and [[fr:E]].", "A b, c, d and."),
        ("A [http://b.c d] and http://e.f g.", "A d and g."),
        ("A [[b|c [[d]] e]] f.", "A [c d e|B] f."),
        ("__NOTOC__A is<br/>b<!-- c -->.", "A is b."),
        ("A\u200b b\u00adc \u200f(d)\u200e.", "A bc (d)."),
        ("{{formatnum:1000}} A {{!}} b.", "1000 A | b."),
        ("А{{'}}я {{нп|Б|б|en|B}} {{lang-en|c}}.", "А'я б c."),
    ],
)
def test_markup(wikitext: str, text: str):
    assert text_of(wikitext) == text


def test_what_ends_a_paragraph():
    text = "{{Infobox|a=[[b]]}}\nA\nb.\n\n* item\n:''note''\nC.\n== D ==\nE.\n{|\n|-\n| f\n|}\nG.\n| h = i\nJ."
    drops: Counter[str] = Counter()
    found = [(one.content.text, one.is_opening, one.is_item) for one in paragraphs(text, EN, drops)]
    assert [(text.replace("\n", " "), *rest) for text, *rest in found] == [
        ("A b.", True, False),
        ("item", False, True),
        ("note", False, True),
        ("C.", True, False),
        ("E.", False, False),
        ("G.", False, False),
        ("J.", False, False),
    ]
    assert sum(drops.values()) == 2  # the table, and a line of one


@pytest.mark.parametrize(
    ("language", "text", "sentences"),
    [
        ("en", "It is anti-U.S. Stance. He left.", ["It is anti-U.S. Stance.", "He left."]),
        (
            "uk",
            "Жив у м. Київ. Твір З. Панова. «Так!» — сказав.",
            ["Жив у м. Київ.", "Твір З. Панова.", "«Так!» — сказав."],
        ),
        ("bn", "ক লি. খ। গ ঘ৷ ঙ।", ["ক লি. খ।", "গ ঘ৷", "ঙ।"]),
        ("hy", "Ա բ. Գ դ։ Ե զ:", ["Ա բ. Գ դ։", "Ե զ:"]),
        ("zh", "你好。「真的？」是的！", ["你好。", "「真的？」", "是的！"]),
        ("km", "នេះជាប្រយោគ។ នេះជាប្រយោគមួយទៀត។", ["នេះជាប្រយោគ។", "នេះជាប្រយោគមួយទៀត។"]),
        ("bo", "འདི་ཚིག་གྲུབ་ཡིན། གཞན་ཞིག་ཡིན།", ["འདི་ཚིག་གྲུབ་ཡིན།", "གཞན་ཞིག་ཡིན།"]),
        ("ar", "هذه جملة. وهذه أخرى؟ نعم!", ["هذه جملة.", "وهذه أخرى؟", "نعم!"]),
        ("th", "ก" * 150 + " " + "ข" * 100 + " ค", ["ก" * 150, "ข" * 100 + " ค"]),
    ],
)
def test_sentences(language: str, text: str, sentences: list[str]):
    assert [part.text for part in split(Linked(text), language)] == sentences


def test_a_mention_is_not_cut():
    found = split(Linked("See Mr. X. Or. Y here. End.", (Link(8, 15, "X. Or. Y"),)), "en")
    assert any(link.target == "X. Or. Y" for part in found for link in part.links)


def test_ends():
    assert [ends("FreeBSD and Linux:", "vi"), ends("Ա բ:", "hy"), ends("ไทย", "th"), ends("A map", "en")] == [
        False, True, True, False
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("link", "title", "namespace", "shown"),
    [
        (" côte_d'Ivoire ", "Côte d'Ivoire", 0, True),
        ("A%C3%A9#b", "Aé", 0, True),
        ("#b", "", 0, True),
        ("100% c", "100% c", 0, True),
        ("File:a.jpg", "A.jpg", 6, False),
        (":File:a.jpg", "A.jpg", 6, True),
        ("Зображення:а.jpg", "А.jpg", 6, False),
        ("Talk:a", "A", 1, True),
        ("fr:A", "A", None, False),
        (":fr:A", "A", None, True),
        ("s:A", "A", None, True),
        ("Re: Zero", "Re: Zero", 0, True),
        ("Alien: Covenant", "Alien: Covenant", 0, True),
        ("&quot;A&quot;", '"A"', 0, True),
    ],
)
def test_targets(link: str, title: str, namespace: int | None, shown: bool):
    found = target(link, EN)
    assert (found.title, found.namespace, found.shown) == (title, namespace, shown)


def test_first_letters():
    assert (
        normal("ßa", EN) == "ßa" and normal("აბ", Site("ka", {})) == "აბ" and normal("a", Site("x", {}, False)) == "a"
    )


@pytest.mark.parametrize(
    ("wikitext", "description"),
    [
        ("A b. It is a very long river in the south.", "A b. It is a very long river in the south."),
        ("A is {{unknown}} of b. It is a very long river in the south.", None),
        ("B c • d\n\nA is a river in the far south. It is {{unknown}} long.", "A is a river in the far south."),
        ("* A is a river in the list here.\n\nA is a river in the south.", "A is a river in the south."),
        ("== B ==\nA is a river in the far south.", None),
    ],
)
def test_descriptions(tmp_path: Path, wikitext: str, description: str | None):
    """Of the first paragraph that says something, from its first sentence on; none if that cannot be told."""
    write_index(tmp_path / "x.sqlite", [PageRow("A", 1, None)], None)
    index = Index(tmp_path / "x.sqlite", "en")
    article = Article("A", index.find("A"), paragraphs(wikitext, EN, Counter()))
    found = [row.text for row in rows(article, "en", index, Limits(), Counter()) if isinstance(row, Description)]
    assert found == ([] if description is None else [description])
