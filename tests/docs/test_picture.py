"""A figure of a page becomes a picture of its own, whatever methods are called."""

from __future__ import annotations

import runpy
from pathlib import Path
from xml.etree import ElementTree

import pytest

SCRIPT = Path(__file__).parents[2] / "docs" / "results" / "picture.py"
PAGE = """<section id="costs" class="figure"></section><section id="gaps" class="figure"><ul class="keys">
<li><i style="background: rgb(1, 2, 3);"></i><bdi>a &lt;b&gt; &amp; c</bdi></li></ul>
<svg class="plot" width="300" height="200" viewBox="0 0 300 200"><g><text>Latn</text></g></svg></section>"""


def test_a_drawing_with_its_keys():
    picture = runpy.run_path(str(SCRIPT))["picture"]
    drawn = ElementTree.fromstring(picture(PAGE, "gaps"))
    assert [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")] == ["a <b> & c", "Latn"]
    assert (drawn.get("width"), int(drawn.get("height", 0)) > 200) == ("300", True)
    for section in ("costs", "nowhere"):
        with pytest.raises(SystemExit, match=f"no drawing '{section}'"):
            picture(PAGE, section)


def test_the_picture_of_the_results_is_whole():
    ElementTree.parse(SCRIPT.with_name("gaps.svg"))
