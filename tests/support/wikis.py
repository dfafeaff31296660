"""Four small wikis that have all that makes dumps hard, and what a corpus of them must be, row by row."""

# ruff: noqa: E501 - pages and items stand as they are

from __future__ import annotations

from pathlib import Path

from tests.support.dumps import Made, write_dump, write_props, write_sql

EN = [
    Made(
        1,
        "Kyiv",
        "{{Infobox city\n| name = Kyiv\n| country = [[Ukraine]]\n}}\n"
        "'''Kyiv''' ({{lang-uk|Київ}}; {{pron|x}}, born [[482]]) is the capital of [[Ukraine]].<ref>Of [[Ukraine]].</ref> "
        "It lies on the [[Dnipro river|great river]].{{sfn|A|1999}}\n\n"
        "== History ==\n"
        '{| class="wikitable"\n|-\n| [[Ukraine]] || In a table there is a sentence.\n|}\n'
        "* In the list there is [[Ukraine]] in a sentence.\n"
        "[[File:Kyiv.jpg|thumb|A picture of [[Ukraine]] seen from very far.]]\n"
        "The town of [[Old town name|the move]] and [[New_town_name]] are one and the same. "
        "The area is {{area|Kyiv}} in [[Ukraine]] these days. "
        "Nobody knows [[Mercury]] or [[Nowhere at all]] or [[Loop A]] here.\n"
        "[[Category:Cities]]\n[[uk:Київ]]",
    ),
    Made(
        2,
        "Ukraine",
        "'''Ukraine''' is a country of which [[Kiev]]'s people speak. __NOTOC__ Its [[kyiv|capit]]al &amp; [[:Category:Cities|all "
        "cities]] are old, says [[wikt:say|she]].\n\nIn [[Côte d'Ivoire]] nobody asked about [[#History|that]] at all.\n"
        "{{See also|Kyiv}}\n",
    ),
    Made(
        3,
        "Dnieper",
        "The '''Dnieper''' is a [[river]] that runs by [[Kyiv]].<!-- [[Ukraine]] --> 10<sup>9</sup> drops.",
    ),
    Made(4, "Dnipro river", redirect="Dniepr"),
    Made(5, "Dniepr", redirect="Dnieper#Course"),
    Made(6, "Kiev", redirect="Kyiv"),
    Made(7, "Mercury", "'''Mercury''' may be a planet or [[Ukraine]] here.\n{{Disambig}}"),
    Made(8, "Loop A", redirect="Loop B"),
    Made(9, "Loop B", redirect="Loop A"),
    Made(
        10,
        "Broken",
        "'''Broken''' markup is all that [[Kyiv]] has for us. The [[Ukraine|land with no end is broken here. "
        "And {{so on it goes with [[Ukraine]] for a while.\n\n{| class=\n| [[Kyiv]] is in a table that never closes.\n\n"
        "After it all [[Kyiv]] is in a text again. <ref>This note on [[Kyiv]] never does close.",
    ),
    Made(11, "Old town name", "'''The town''' has a new name near [[Kyiv]] by now."),
    Made(13, "Cote d'Ivoire", redirect="Côte d'Ivoire"),
    Made(
        14, "Côte d'Ivoire", "'''Ivory Coast''' is a country that lies far from [[Kyiv]] and [[Cote d'Ivoire|itself]]."
    ),
    Made(15, "Template:Disambig", "A template with [[Kyiv]] in some sentence.", namespace=10),
    Made(16, "Gadget", "return { [[Kyiv]] }", model="Scribunto"),
    Made(17, "Held out", "'''Held out''' is a page on [[Kyiv]] that is in a test."),
    Made(18, "No item", "'''No item''' is what this page on [[Kyiv]] has."),
]
EN_ITEMS = {1: "Q1899", 2: "Q212", 3: "Q40855", 10: "Q10", 11: "Q11", 14: "Q1008", 15: "Q15", 16: "Q16", 17: "Q17"}
FR = [
    Made(
        1,
        "Kiev",
        "'''Kiev''' est la capitale de l'[[Ukraine]]. Elle est loin de la [[Côte_d'Ivoire]], {{nobr|dit-on}}.",
    ),
    Made(2, "Ukraine", "L{{'}}'''Ukraine''' est un pays d'Europe dont [[Kiev]] est la capitale."),
    Made(3, "Côte d'Ivoire", "La '''Côte d'Ivoire''' est un pays d'Afrique, loin de l'[[ukraine|Ukraine]]."),
]
FR_ITEMS = {1: "Q1899", 2: "Q212", 3: "Q1008"}
AR = [
    Made(1, "كييف", "'''كييف''' هي عاصمة [[أوكرانيا]] وأكبر مدنها. \u200fوهي تقع على نهر [[دنيبر|الدنيبر]]؟"),
    Made(2, "أوكرانيا", "'''أوكرانيا''' دولة في أوروبا وعاصمتها [[كييف]]."),
]
AR_ITEMS = {1: "Q1899", 2: "Q212"}
ZH = [
    Made(
        1, "基辅", "'''基辅'''是[[乌克兰]]的首都和最大城市。它位于著名的[[第聂伯河]]畔！[[乌克兰]]人都说：“这里很大。”"
    ),
    Made(2, "乌克兰", "'''乌克兰'''是一个欧洲国家，首都是[[基辅]]。"),
]
ZH_ITEMS = {1: "Q1899", 2: "Q212"}
WIKIS = {"enwiki": (EN, EN_ITEMS), "frwiki": (FR, FR_ITEMS), "arwiki": (AR, AR_ITEMS), "zhwiki": (ZH, ZH_ITEMS)}


def write_wikis(folder: Path, per_stream: int | None = None) -> list[Path]:
    """Write the dumps with their tables; those of English say that a page has moved since the dump in XML."""
    folder.mkdir(exist_ok=True)
    paths = []
    for wiki, (pages, items) in WIKIS.items():
        paths.append(write_dump(folder, wiki, pages, per_stream))
        paths.append(write_props(folder, wiki, items, (7,) if wiki == "enwiki" else ()))
    titles = {**{page.id: page.title for page in EN}, 11: "New town name", 19: "Old town name"}
    redirects = {page.id: page.redirect for page in EN if page.redirect is not None} | {19: "New town name"}
    spaces = {15: 10}
    paths.append(
        write_sql(
            folder, "page", "enwiki", ("page_id", "page_namespace", "page_title", "page_is_redirect", "page_random"),
            [(n, spaces.get(n, 0), t.split(":")[-1].replace(" ", "_"), int(n in redirects), 0.25) for n, t in titles.items()],
        )
    )  # fmt: skip
    paths.append(
        write_sql(
            folder, "redirect", "enwiki", ("rd_from", "rd_namespace", "rd_title", "rd_interwiki", "rd_fragment"),
            [(n, 0, t.split("#")[0].replace(" ", "_"), "", "") for n, t in redirects.items()],
        )
    )  # fmt: skip
    return paths
