"""`python -m tests.fuzz.against_x`: the lengths and links of many texts, beside X's own code.

X's code is twitter-text from npm, which is installed into var/. Each difference must be of a class
named here; anything else is printed, and the exit code is 1. Without node and npm, or where npm
cannot install it, nothing is compared, and the reason is told.
"""

import argparse
import json
import re
import secrets
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from emoji import EMOJI_DATA

from publisher.drafts.links import _capitals, _top_domains, links, utf16_units
from publisher.drafts.text_length import _emojis, length
from tests.fuzz.texts_for_x import texts

RECORDED = Path(__file__).parents[1] / "drafts/counted_by_x.jsonl"
"""Texts with what X's code says of them, for `make test`, which has no node."""

_SOURCE = Path(__file__).with_name("twitter_text")
_INSTALLED = Path(__file__).parents[2] / "var/twitter-text"


class Counted(NamedTuple):
    """What is counted of a text; places in UTF-16."""

    weight: int
    links: list[tuple[str, int, int]]


class Missing(Exception):
    """What is needed is not there; the message says what."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.against_x", description=__doc__)
    parser.add_argument("--texts", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    parser.add_argument("--record", action="store_true", help=f"write {RECORDED.name} anew")
    chosen = parser.parse_args()
    try:
        install()
    except Missing as missing:
        _say(f"Not compared with X's own code: {missing}.")
        return 0
    if chosen.record:
        record()
        return 0
    _say(f"{chosen.texts:,} texts by --seed {chosen.seed}")
    different = list(_different(list(texts(chosen.seed, chosen.texts))))
    names = deliberate([text for text, _, _ in different])
    for (text, ours, theirs), name in zip(different, names, strict=True):
        if name is None:
            _say(f"{text!a}\n  ours  {ours!a}\n  X's   {theirs!a}")
    for name, number in Counter(names).most_common():
        _say(f"{number:6,} differ: {name or 'UNKNOWN'}")
    wrong = _wrong_top_domains()
    if wrong:
        _say(f"publisher/drafts/top_domains.txt is another list: {wrong}")
    return 1 if None in names or wrong else 0


def _different(samples: Sequence[str]) -> Iterator[tuple[str, Counted, Counted]]:
    for text, theirs in zip(samples, counted_by_x(samples), strict=True):
        if (ours := counted_by_us(text)) != theirs:
            yield text, ours, theirs


# Differences that are meant. Each function takes out of a text what it is about; then nothing may
# be left of the difference.


def _no_newer_emoji(text: str) -> str:
    """An emoji of several code points that twemoji-parser 11 (2018) does not know.

    X's documentation says of all emoji that they count two.
    """
    pieces, end = [], 0
    for start, after, _ in _emojis(text):
        if text[start:after] in _newer_emoji():
            pieces += [text[end:start], "\U0001f600"]
            end = after
    return "".join([*pieces, text[end:]])


@cache
def _newer_emoji() -> frozenset[str]:
    joined = [emoji for emoji in EMOJI_DATA if len(emoji) > 1]
    by_x = counted_by_x(joined)
    return frozenset(e for e, x in zip(joined, by_x, strict=True) if x.weight != 2)


def _line_ends(text: str) -> str:
    """A line end of two characters, as browsers send it: what is published has one."""
    return re.sub("\r\n?", "\n", text)


DELIBERATE: dict[str, Callable[[str], str]] = {
    "emoji that are newer than the table of twitter-text 3.1.0": _no_newer_emoji,
    "line ends of two characters": _line_ends,
}


def deliberate(samples: Sequence[str]) -> list[str | None]:
    """The classes of the difference in each of these texts; None where it has none."""
    found = []
    for text in samples:
        names, bare = [], text
        for name, without in DELIBERATE.items():
            before, bare = bare, without(bare)
            if bare != before:
                names.append(name)
        found.append((bare, " and ".join(names) or None))
    by_x = counted_by_x([bare for bare, _ in found])
    return [
        name if counted_by_us(bare) == theirs else None
        for (bare, name), theirs in zip(found, by_x, strict=True)
    ]


def counted_by_us(text: str) -> Counted:
    return Counted(
        length(text, "weighted"),
        [
            (link.url, utf16_units(text[: link.start]), utf16_units(text[: link.end]))
            for link in links(text)
        ],
    )


def counted_by_x(samples: Sequence[str]) -> list[Counted]:
    done = subprocess.run(
        ["node", str(_SOURCE / "count.js"), str(_INSTALLED)],
        input="".join(f"{json.dumps(text)}\n" for text in samples),
        capture_output=True,
        text=True,
        check=True,
    )
    return [_counted(line) for line in done.stdout.splitlines()]


def _counted(line: str) -> Counted:
    weight, found = json.loads(line)
    return Counted(weight, [(url, start, end) for url, start, end in found])


def recorded() -> list[tuple[str, Counted]]:
    """Texts, and what X's code said of them when they were recorded."""
    lines = RECORDED.read_text(encoding="utf-8").splitlines()
    return [(text, _counted(json.dumps(rest))) for text, *rest in map(json.loads, lines)]


def record() -> None:
    samples = [_line_ends(_no_newer_emoji(text)) for text in texts(seed=31, count=600)]
    with RECORDED.open("w", encoding="utf-8") as file:
        for text, (weight, found) in zip(samples, counted_by_x(samples), strict=True):
            file.write(json.dumps([text, weight, found]) + "\n")


def install() -> None:
    """Bring X's code into var/, once."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise Missing(f"{program} is not on the PATH")
    _INSTALLED.mkdir(parents=True, exist_ok=True)
    shutil.copy(_SOURCE / "package.json", _INSTALLED)
    if not (_INSTALLED / "node_modules/twitter-text/package.json").exists():
        done = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"],
            cwd=_INSTALLED,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Missing(f"npm could not install twitter-text: {done.stderr.strip()[-500:]}")


def _wrong_top_domains() -> set[str]:
    """The top-level domains that we know and X's code does not, or the other way round."""
    folder = _INSTALLED / "node_modules/twitter-text/dist/esm/regexp"
    theirs = {
        name
        for file in ("validGTLD.js", "validCCTLD.js")
        for piece in re.findall(r"'([^'\n]*)'", (folder / file).read_text(encoding="utf-8"))
        if "/" not in piece
        for name in piece.split("|")
        if len(name) > 1 and not set("?:()[]") & set(name)
    }
    return {_capitals(name) for name in theirs} ^ set(_top_domains())


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
