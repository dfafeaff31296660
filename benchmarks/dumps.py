"""How fast does `isogloss corpus` read a dump, and does its memory grow with it? A synthetic dump, each size by itself.

``python -m benchmarks.dumps --megabytes 100 500 1000`` writes ``results/dumps.json``. The dump is made by a generator:
articles with an infobox, references, a table and links to one another, and a redirect for every tenth, packed as the
multistream dumps are, 100 pages a stream. Each build runs in a process of its own, with one task at a time. MB/s are
those of one core, by processor time, which other work on the machine does not change much; the peak is that of all that
runs; megabytes are of XML, 10^6 bytes.
"""

from __future__ import annotations

import argparse
import bz2
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from benchmarks.memory import forget_peak, megabytes
from benchmarks.results import machine, save

PER_STREAM = 100
HEAD = """<mediawiki version="0.10" xml:lang="en">
  <siteinfo>
    <dbname>enwiki</dbname>
    <case>first-letter</case>
    <namespaces>
      <namespace key="0" />
      <namespace key="6">File</namespace>
    </namespaces>
  </siteinfo>
"""
_BEGINNINGS, _ENDINGS = "ba de fi go lu ma ne pi ro su ta ve", "ban dor fel gam lin"
WORDS = [f"{one}{other}" for one in _BEGINNINGS.split() for other in _ENDINGS.split()]


def write_dump(path: Path, size: float, seed: int = 0) -> float:
    """Write a dump of about ``size`` MB of XML; its true size."""
    written, pages = len(HEAD), list[str]()
    with path.open("wb") as file:
        file.write(bz2.compress(HEAD.encode()))
        for page in generate(random.Random(seed), number=max(1, round(size * 200))):
            pages.append(page)
            written += len(page.encode())
            if len(pages) == PER_STREAM:
                file.write(bz2.compress("".join(pages).encode()))
                pages.clear()
            if written >= size * 1e6:
                break
        file.write(bz2.compress(("".join(pages) + "</mediawiki>\n").encode()))
    return written / 1e6


def generate(draw: random.Random, number: int) -> Iterator[str]:
    """Pages without end; their links lead to the first ``number`` titles."""
    count = 0
    while True:
        count += 1
        yield _page(count, f"Page {count}", None, _text(draw, count, number))
        if count % 10 == 0:
            yield _page(10**8 + count, f"Alias {count}", f"Page {count}", f"#REDIRECT [[Page {count}]]")


def _page(number: int, title: str, redirect: str | None, text: str) -> str:
    to = "" if redirect is None else f'    <redirect title="{redirect}" />\n'
    return (
        f"  <page>\n    <title>{title}</title>\n    <ns>0</ns>\n    <id>{number}</id>\n{to}    <revision>\n"
        f"      <id>{number}</id>\n      <model>wikitext</model>\n"
        f'      <text xml:space="preserve">{escape(text)}</text>\n'
        "    </revision>\n  </page>\n"
    )


def _text(draw: random.Random, count: int, number: int) -> str:
    def sentence() -> str:
        words = draw.choices(WORDS, k=draw.randint(8, 20))
        to = draw.randint(1, number)
        link = f"[[Page {to}|{draw.choice(WORDS)}]]" if to % 7 else f"[[Alias {to // 10 * 10}]]"
        words[draw.randrange(len(words))] = link
        return " ".join(words).capitalize() + ".<ref>{{cite web|url=http://a.b|title=c}}</ref>"

    opening = f"{{{{Infobox|name=Page {count}|a=[[Page 1]]}}}}\n'''Page {count}''' is {sentence()}"
    table = (
        '{| class="wikitable"\n'
        + "".join(f"|-\n| {draw.choice(WORDS)} || {draw.random():.3f}\n" for _ in range(8))
        + "|}"
    )
    body = "\n\n".join(" ".join(sentence() for _ in range(6)) for _ in range(draw.randint(2, 8)))
    return f"{opening} {sentence()}\n\n== {draw.choice(WORDS)} ==\n{body}\n{table}\n* [[Page 2]]\n[[Category:A]]"


def measure(size: float) -> dict[str, float]:
    """Build a corpus from a dump of this size in this process: seconds, MB/s and the peak of memory."""
    import isogloss

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "enwiki-20240101-pages-articles-multistream.xml.bz2"
        true_size = write_dump(path, size)
        forget_peak()
        before, begin, used = megabytes("VmRSS"), time.perf_counter(), processor_seconds()
        found = isogloss.corpus([path], output=Path(folder) / "corpus", shard_size=8)
        seconds, used = time.perf_counter() - begin, processor_seconds() - used
        assert found is not None
        return {
            "xml_mb": true_size,
            "packed_mb": path.stat().st_size / 1e6,
            "seconds": seconds,
            "processor_seconds": used,
            "mb_per_processor_second": true_size / used,
            "peak_mb": megabytes("VmHWM"),
            "peak_mb_above_start": megabytes("VmHWM") - before,
            "sentences": found["counts"]["en"]["sentences"],
            "mentions": found["counts"]["en"]["mentions"],
        }


def processor_seconds() -> float:
    """Of this process and of those that it has started and that have ended."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def arithmetic(speed: float, cores: int, gigabytes: float) -> dict[str, float]:
    """Hours for so many GB of XML at so many MB/s a core, on one machine of so many cores, and on ten."""
    hours = 1000 * gigabytes / speed / cores / 3600
    return {"gigabytes": gigabytes, "cores": cores, "hours_on_one": hours, "hours_on_ten": hours / 10}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each size in a process of its own and keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dumps", description=__doc__)
    parser.add_argument("--megabytes", type=float, nargs="+", default=[100, 500, 1000])
    parser.add_argument("--cores", type=int, default=32, help="of the machine that the arithmetic is for")
    parser.add_argument(
        "--gigabytes",
        type=float,
        default=400,
        help="of XML that the arithmetic is for; default: our estimate for the 100 largest Wikipedias, of which "
        "English alone has about 100",
    )
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    parser.add_argument("--one", type=float, help="measure this size here, and print the figures")
    chosen = parser.parse_args(arguments)
    if chosen.one is not None:
        print(json.dumps(measure(chosen.one)))
        return 0
    started, sizes = machine(), list[dict[str, float]]()
    for size in chosen.megabytes:
        command = [sys.executable, "-m", "benchmarks.dumps", "--one", str(size)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=Path(__file__).parents[1])
        sizes.append(json.loads(done.stdout.splitlines()[-1]))
        print(sizes[-1], flush=True)
    found: dict[str, Any] = {"benchmark": "dumps", "machine": started, "sizes": sizes}
    found["arithmetic"] = arithmetic(sizes[-1]["mb_per_processor_second"], chosen.cores, chosen.gigabytes)
    print(found["arithmetic"])
    print(save(chosen.results, "dumps", found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
