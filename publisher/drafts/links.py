"""Link extraction: the links that X finds in a text.

The rules are those of twitter-text 3.1.0 (`extractUrlsWithIndices`, Apache 2.0), which X publishes
for this. Its patterns take minutes for words such as "a.a.a.a…"; here each label of a host is
examined once, with the same result (`make fuzz` compares them).
"""

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

_MOST = 1_000
_LONGEST_LINK, _LONGEST_LABEL, _LONGEST_SLUG = 4096, 63, 40

_SPACE = "\t-\r \x85\xa0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_DIRECTION = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_INVALID = "\ufffe\ufeff\uffff"
_MARKS = r"!#%&'()*+,./:;<=>?@\[\\\]^{|}~$"
# Letters with accents, and what JavaScript takes for them where it disregards case.
_LATIN = (
    "\xc0-\xd6\xd8-\xf6\xf8-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0260\u0263\u0268\u0269"
    "\u026f\u0272\u0275\u0280\u0283\u0288-\u028c\u0292\u02bb\u0300-\u036f\u0399\u03b9"
    "\u1e00-\u1eff\u1fbe\u2c65\u2c66\u2c7e\u2c7f\ua7dc"
)
_CYRILLIC = "\u0400-\u04ff\u1c80-\u1c87"

_WORD = re.compile(f"(?<![^{_SPACE}])[^{_SPACE}.]*+\\.[^{_SPACE}]+")  # all that may hold a link

# A label of a host begins and ends with a letter: almost any character is one.
_LETTER = f"[^-_{_MARKS}{_SPACE}{_DIRECTION}{_INVALID}]"
_INNER = f"[^{_MARKS}{_SPACE}{_DIRECTION}{_INVALID}]"
_RUN = re.compile(f"{_INNER}+")
_LABEL = re.compile(f"{_INNER}*+(?<={_LETTER})\\.")
_LABELS = re.compile(f"{_LABEL.pattern}(?:{_LETTER}{_LABEL.pattern})*+")
_MAY_FOLLOW = f"(?<![A-Za-z0-9@\uff20$#\uff03{_INVALID}])"
_LETTERS = re.compile(_LETTER)
_BEGIN = re.compile(f"{_MAY_FOLLOW}{_LETTER}")
_TWO_UNITS = re.compile("[\U00010000-\U0010ffff]")  # in UTF-16
_BEGIN_OR_HALF = re.compile(f"{_BEGIN.pattern}|{_TWO_UNITS.pattern}")
_PROTOCOL = re.compile(f"{_MAY_FOLLOW}https?://", re.ASCII | re.IGNORECASE)
_ASCII_LABELS = re.compile(f"(?:[-a-zA-Z0-9{_LATIN}]++\\.)++")

_LONGEST_TOP = 18
_TOP = re.compile(f"{_LETTER}{{2,{_LONGEST_TOP}}}")
_TOP_GOES_ON = frozenset("0123456789@+-" + string.ascii_letters)
_PUNYCODE = re.compile(r"[xX][nN]--[-0-9A-Za-z]+")
_DOTS = re.compile("[\u3002\uff0e\uff61]")  # what punycode.js takes for dots, too

_NO_LINK_FOLLOWS = "-_./"  # where it has no protocol
_PORT = re.compile(r":[0-9]+")
_WITH_PATH = re.compile(rf"(?:{_PORT.pattern})?/")
_PATH_ENDS = rf"[a-zA-Z0-9=+/#\-_{_LATIN}{_CYRILLIC}]"
_PATH_GOES_ON = r"[!*';:,.$%\[\]\u2013~@|&]"
_IN_PATH = f"(?:{_PATH_ENDS}|{_PATH_GOES_ON})"
_BRACKETS = rf"\((?:{_IN_PATH}++\)|{_IN_PATH}*+\({_IN_PATH}++\){_IN_PATH}*+\))"
_PATH = re.compile(f"/(?:(?:{_PATH_GOES_ON}|{_BRACKETS})*+{_PATH_ENDS}++)*+(?:{_BRACKETS})*+")
_QUERY = re.compile(r"\?[a-zA-Z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[a-zA-Z0-9\-_&=#/]")
_SHORTENED = re.compile(
    r"https?://t\.co/([a-z0-9]+)"
    r"(?:\?[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[a-z0-9\-_&=#/])?",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Link:
    """A link in a text, from `start` to before `end`, in code points.

    `url` is the text there, except for a path after a host that only begins with ASCII: X then
    takes "example.org日.org/a" for a link to "example.org/a".
    """

    url: str
    start: int
    end: int


def links(text: str) -> list[Link]:
    """The links that X finds in a text, in order, up to the first thousand: no post holds 42.

    Never raises, whatever the text is.
    """
    found = (link for word in _WORD.finditer(text) for link in _links(text, *word.span()))
    return list(islice(found, _MOST))


@dataclass(frozen=True, slots=True)
class _Place:
    """A match of the pattern for links."""

    start: int
    """Of the protocol, if there is one."""
    host: int
    host_end: int


def _links(text: str, start: int, end: int) -> Iterator[Link]:
    """The links of one word, which has spaces around it."""
    used = 0  # up to here the text is in a match; the next one begins after another character
    judged = 0  # up to here no label but the first of a match is followed by a top-level domain
    at = start
    while run := _RUN.search(text, at, end):
        labels = (_LABEL if run.start() < judged else _LABELS).match(text, run.start(), end)
        if labels is None:
            at = run.end()
            continue
        judged = max(judged, labels.end())
        place = _place(text, labels, used, end)
        if place is None:
            at = labels.end()
            continue
        at = _end(text, place.host_end, end)
        yield from _checked(text, place, used, at)
        used = at


def _place(text: str, labels: re.Match[str], used: int, end: int) -> _Place | None:
    """Where a link begins in these labels, and where its host ends; None if there is none.

    The host is as long as can be: up to the last top-level domain. The label before that has no
    underscore; of the first label a part is enough.
    """
    bounds = _bounds(text, labels)
    tops = [_top_domain(text, dot + 1, end) for _, dot in bounds]
    behind = [
        top
        for (begin, dot), top in zip(bounds[1:], tops[1:], strict=True)
        if top and "_" not in text[begin:dot]
    ]
    first, dot = bounds[0]
    host_end = behind[-1] if behind else tops[0] if "_" not in text[first:dot] else 0
    if host_end and (protocol := _protocol(text, first, used)) is not None:
        return _Place(protocol, first, host_end)
    if behind:
        begin = _begin(text, first, dot, used)
        begin = bounds[1][0] if begin is None else begin
        return _Place(begin, begin, behind[-1])
    for (first, dot), top in zip(bounds, tops, strict=True):
        if top:
            begin = _begin(text, max(first, text.rfind("_", first, dot) + 1), dot, used)
            if begin is not None:
                return _Place(begin, begin, top)
    return None


def _bounds(text: str, labels: re.Match[str]) -> list[tuple[int, int]]:
    """Where each label begins, and where its dot is."""
    bounds = []
    begin = labels.start()
    while begin < labels.end():
        dot = text.index(".", begin)
        bounds.append((begin, dot))
        begin = dot + 1
    return bounds


def _protocol(text: str, host: int, used: int) -> int | None:
    """Where the protocol of a host begins, if it has one and is a letter that may begin a host."""
    if _LETTERS.match(text, host):
        for length in (len("https://"), len("http://")):
            begin = host - length
            if (begin > used or begin == used == 0) and _PROTOCOL.fullmatch(text, begin, host):
                return begin
    return None


def _begin(text: str, first: int, dot: int, used: int) -> int | None:
    """The first letter of a label with which a host without protocol may begin.

    Of a letter that is two units in UTF-16 the second may be the first of the host.
    """
    if first == used and _TWO_UNITS.match(text, first):
        return first
    if first == used == 0 and _BEGIN.match(text, 1, dot):
        return 1  # the pattern takes the first character for the one before the link, if it can
    found = _BEGIN_OR_HALF.search(text, first if first == 0 else max(first, used + 1), dot)
    return found.start() if found else None


def _top_domain(text: str, at: int, end: int) -> int | None:
    """Where the top-level domain at `at` ends, if there is one."""
    if run := _TOP.match(text, at, end):
        for after in range(run.end(), at + 1, -1):
            goes_on = after < end and text[after] in _TOP_GOES_ON
            if not goes_on and _capitals(text[at:after]) in _top_domains():
                return after
    found = _PUNYCODE.match(text, at, end)
    return found.end() if found else None


@cache
def _top_domains() -> frozenset[str]:
    lines = Path(__file__).with_name("top_domains.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(_capitals(line) for line in lines if not line.startswith("#"))


def _capitals(name: str) -> str:
    """The name as JavaScript compares it where it disregards case."""
    return name.upper() if name.isascii() else "".join(map(_capital, name))


def _capital(letter: str) -> str:
    capital = letter.upper()
    return letter if len(capital) > 1 or capital.isascii() != letter.isascii() else capital


def _end(text: str, at: int, end: int) -> int:
    """Where a link ends whose host ends at `at`."""
    if port := _PORT.match(text, at, end):
        at = port.end()
    if path := _PATH.match(text, at, end):
        at = path.end()
    if query := _QUERY.match(text, at, end):
        at = query.end()
    return at


def _checked(text: str, place: _Place, used: int, end: int) -> Iterator[Link]:
    """The links that X makes of what the pattern found: none, one, or several hosts."""
    url = text[place.start : end]
    host = _host(text, place, used)
    protocol = text[place.start : place.host] or "https://"
    if not _is_host(host) or len(protocol) + utf16_units(url) > _LONGEST_LINK:
        return
    if place.start < place.host:
        if shortened := _SHORTENED.match(url):
            if len(shortened[1]) > _LONGEST_SLUG:
                return
            url = shortened.group()
        yield Link(url, place.start, place.start + len(url))
    elif place.start == used or text[place.start - 1] not in _NO_LINK_FOLLOWS:
        found = [
            Link(name, place.start + begin, place.start + begin + len(name))
            for begin, name in _ascii_hosts(host)
        ]
        rest = text[place.host_end : end]
        if found and _WITH_PATH.match(rest):
            found[-1] = Link(found[-1].url + rest, found[-1].start, end)
        yield from found


def _host(text: str, place: _Place, used: int) -> str:
    """The host as the pattern finds it: without half of its first letter where only that may be."""
    host = text[place.host : place.host_end]
    whole = place.start < place.host or (place.host > used and _BEGIN.match(text, place.host))
    if whole or not _TWO_UNITS.match(host):
        return host
    return chr(0xDC00 + ord(host[0]) % 0x400) + host[1:]


def _ascii_hosts(host: str) -> Iterator[tuple[int, str]]:
    """The parts of a host that are hosts in ASCII, and where they begin."""
    at = after = 0
    while labels := _ASCII_LABELS.search(host, at):
        at = labels.end()
        dot = at - 1
        while dot >= 0:
            if top := _top_domain(host, dot + 1, len(host)):
                name = host[labels.start() : top]
                begin = host.index(name, after)
                yield begin, name
                at, after = top, begin + len(name)
                break
            dot = host.rfind(".", labels.start(), dot)


def _is_host(host: str) -> bool:
    """Whether no label is longer than the domain name system allows, and Punycode is all ASCII."""
    if not all(map(_is_label, host.split("."))):
        return False
    return not host.startswith("xn--") or any(_ascii_hosts(host))


def _is_label(label: str) -> bool:
    if len(label) > _LONGEST_LABEL or label.isascii():
        return 1 <= len(label) <= _LONGEST_LABEL
    parts = _DOTS.split(label)
    encoded = [p if p.isascii() else f"xn--{p.encode('punycode').decode()}" for p in parts]
    return len(".".join(encoded)) <= _LONGEST_LABEL


def utf16_units(text: str) -> int:
    """The length of a text as JavaScript counts it, in UTF-16 units."""
    return len(text) + len(_TWO_UNITS.findall(text))
