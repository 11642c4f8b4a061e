"""Drafts that nobody would write: front matter by its grammar, with everything wrong in places."""

from hypothesis import strategies as st

_WORD = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]) | st.sampled_from("#:-'\"[]{}&*!|>%@`,? "),
    max_size=12,
)  # fmt: skip
_STRANGE = st.sampled_from(
    (
        "\u202e", "\u2028", "\u2029", "\u0085", "\x00", "\x1b[31m", "\ufeff", "\ufffe", "\u200d", "\t",
        "e\u0301" * 40, "\u0627\u0644\u0637\u0641\u0644", "\u05d9\u05dc\u05d3", "👩‍👩‍👧‍👦", "🏳️‍🌈" * 9, "🇨🇮🇵🇱🇵🇪",
        "ﷺ" * 30, "a." * 60, "@" * 50, "https://" * 20, "http://[", "xn--", "Z̷̡͇͖̑͐" * 8, "𝟛𝟙", "٣١", "½",
    )
)  # fmt: skip
_NUMBER = st.one_of(
    st.integers().map(str),
    st.floats().map(str),
    st.sampled_from(("9" * 400, "1" + "0" * 5000, "-0", "0x1f", "0o17", "1e400", ".inf", "-.INF", ".NaN", "1_000", "12:30:45")),
)  # fmt: skip
_TIME = st.one_of(
    st.sampled_from(
        (
            "2016-03-07 08:30", "2016-03-07T08:30:00+01:00", "annual-day", "annual-day - 30m", "report + 1h",
            "annual-day.end + 15m", "annual-day.middle", "report.end", "annual-day-30m", "2016-03-27 02:30",
            "2016-10-30 02:30", "2016-03-07", "0001-01-01 00:00", "9999-12-31T23:59:59-23:59", "2199-12-31 23:59",
            "2016-03-07 24:00", "2016-3-7 8:30", "٢٠١٦-٠٣-٠٧ ٠٨:٣٠", "2016-02-30 08:00", "2016-03-07T08:30+99:99",
        )
    ),
    st.builds("{}-{:02}-{:02} {:02}:{:02}".format, st.integers(0, 10_000), st.integers(0, 99), st.integers(0, 99),
              st.integers(0, 99), st.integers(0, 99)),
    st.builds("annual-day {} {}".format, st.sampled_from("+-−–"), st.integers(0, 10**9).map("{}d".format)),
)  # fmt: skip
_DURATION = st.one_of(
    st.sampled_from(
        (
            "4h",
            "1h30m",
            "0s",
            "2d",
            "1w",
            "-1h",
            "4 h",
            "h",
            "٣h",
            "9" * 5000 + "d",
            "36525d",
            "1h1h",
        )
    ),
    st.builds("{}{}".format, st.integers(0, 10**12), st.sampled_from("dhmsw")),
)
_NAME = st.sampled_from(
    (
        "bice-x",
        "bice-page",
        "bice-site",
        "twitter",
        "facebook",
        "site",
        "all",
        "TWITTER",
        "bice-y",
        "",
        "mastodon",
    )
)
_LANGUAGE = st.sampled_from(
    ("fr", "es", "pl", "en", "pt-BR", "xx", "FR", "french", "", "fr-", "f" * 300)
)
_FLAG = st.sampled_from(("true", "false", "yes", "no", "TRUE", "on", "1", "null", "~", ""))
_LINK = st.sampled_from(
    (
        "https://www.example.org/article", "http://user:hunter2@example.org/", "ftp://example.org", "https://[::1", "https://",
        "https://example.org:99999/", "javascript:alert(1)", "https://exa mple.org", "//example.org", "https://" + "a" * 5000,
        "https://éxample.org/é?x=1&y=2#z", "HTTPS://EXAMPLE.ORG", "https://example.org/\u202egpj.exe",
    )
)  # fmt: skip
_FILE = st.sampled_from(
    (
        "media/card.png", "/media/card.png", "media/no.png", "media", "../secret.png", "../../../../etc/passwd", "media/card.jpg",
        "media/text.png", "media/truncated.png", "/", ".", "", "a" * 5000, "media/\0.png", "media//card.png", "~/x.png", "media/loop.png",
    )
)  # fmt: skip

SCALAR = st.one_of(
    _WORD, _STRANGE, _NUMBER, _TIME, _DURATION, _NAME, _LANGUAGE, _FLAG, _LINK, _FILE
)
"""Anything that may stand where a single value is expected."""


@st.composite
def written(draw: st.DrawFn, values: st.SearchStrategy[str]) -> str:
    """A scalar in one of YAML's spellings, well formed or nearly."""
    value = draw(values)
    spelling = draw(
        st.sampled_from(
            ("plain", "plain", "plain", "single", "double", "literal", "folded", "open", "raw")
        )
    )
    if spelling == "single":
        return "'" + value.replace("'", "''") + "'"
    if spelling == "double":
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if spelling in ("literal", "folded"):
        sign = "|" if spelling == "literal" else ">-"
        return f"{sign}\n    " + value.replace("\n", "\n    ")
    if spelling == "open":
        return draw(st.sampled_from("'\"[{")) + value
    if spelling == "raw":
        return draw(
            st.sampled_from(
                (
                    '"\\0"',
                    '"\\ud800"',
                    '"\\U0010ffff"',
                    '"\\x85"',
                    "!!str x",
                    "!!python/object:os.system x",
                    "&a x",
                    "*a",
                    "? x",
                    "<<: x",
                    "%YAML 1.2",
                )
            )
        )
    return value  # fmt: skip


def _list(of: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    flow = st.lists(of, max_size=6).map(lambda items: f"[{', '.join(items)}]")
    block = st.lists(of, min_size=1, max_size=6).map(
        lambda items: "".join(f"\n  - {item}" for item in items)
    )
    return flow | block


def _deep(draw: st.DrawFn) -> str:
    depth = draw(st.integers(1, 12) | st.just(400))
    opening, closing = draw(
        st.sampled_from((("[", "]"), ("{a: ", "}"), ("- ", ""), ("[{b: ", "}]")))
    )
    return opening * depth + "x" + closing * draw(st.sampled_from((depth, depth - 1)))


@st.composite
def _shape(draw: st.DrawFn) -> str:
    """A value of any shape."""
    kind = draw(st.sampled_from(("scalar", "list", "mapping", "deep", "nothing", "bomb")))
    if kind == "list":
        return draw(_list(written(SCALAR)))
    if kind == "mapping":
        entries = draw(st.lists(st.tuples(_WORD, written(SCALAR)), max_size=4))
        return "{" + ", ".join(f"{key}: {value}" for key, value in entries) + "}"
    if kind == "deep":
        return _deep(draw)
    if kind == "bomb":
        return "&a [x, x]\n" + "".join(
            f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True)
        )
    return "" if kind == "nothing" else draw(written(SCALAR))


@st.composite
def _media(draw: st.DrawFn) -> str:
    items = []
    for _ in range(draw(st.integers(0, 6))):
        keys = {
            "file": _FILE,
            "alt": SCALAR,
            "credit": SCALAR,
            "people": _FLAG,
            "consent": st.sampled_from(("a", "b", "")),
            "alt ": SCALAR,
        }
        chosen = draw(st.lists(st.sampled_from(sorted(keys)), max_size=6))
        items.append("{" + ", ".join(f"{key}: {draw(written(keys[key]))}" for key in chosen) + "}")
    return "".join(f"\n  - {item}" for item in items)  # fmt: skip


_FITTING = {
    "at": _TIME, "to": _NAME, "lang": _LANGUAGE, "title": SCALAR, "link": _LINK, "expires": _DURATION, "embargo": _TIME,
    "author": SCALAR, "repeat": _FLAG,
}  # fmt: skip
_ALSO = (
    "at",
    "att",
    "To",
    "media ",
    "tags",
    "'at'",
    '"at"',
    "? at",
    "- at",
    "&k at",
    "",
    "é",
    "at#",
    "{at}",
    "null",
    "2016",
)


@st.composite
def front_matter(draw: st.DrawFn) -> str:
    """The lines between the two fences."""
    lines = []
    for _ in range(draw(st.integers(0, 8))):
        key = draw(st.sampled_from((*_FITTING, *_FITTING, "media", *_ALSO)))
        if draw(st.integers(0, 3)) == 0:
            value = draw(_shape())
        elif key == "media":
            value = draw(_media())
        elif key == "to":
            value = draw(_list(written(_NAME)) | written(_NAME))
        else:
            value = draw(written(_FITTING.get(key, SCALAR)))
        colon = draw(st.sampled_from((": ", ": ", ": ", ":", " : ", ":\t", "")))
        indent = draw(st.sampled_from(("", "", "", "", " ", "\t")))
        comment = draw(st.sampled_from(("", "", "", " # a note", " #HRC31", "#")))
        lines.append(f"{indent}{key}{colon}{value}{comment}")
    return "\n".join(lines)


_BODY_LINE = st.one_of(
    st.sampled_from(
        (
            "", "---", "--- ", "----", "## twitter", "##twitter", "## Twitter ##", "## bice-x", "## facebok", "## all", "# twitter",
            "### twitter", "<!-- note -->", "## " + "#" * 3000, "```", "---\t", "...", "\ufeff", "## \u202e", "##\u00a0twitter",
        )
    ),
    _WORD,
    st.lists(_STRANGE | _LINK | _WORD, max_size=8).map(" ".join),
    st.builds(lambda word, times: word * times, _STRANGE, st.sampled_from((3, 281, 2000))),
)  # fmt: skip
body = st.lists(_BODY_LINE, max_size=12).map("\n".join)
_OPENINGS = (
    "---\n",
    "---\n",
    "---\n",
    "---\n",
    "--- \n",
    "",
    "\n---\n",
    " ---\n",
    "----\n",
    "%YAML 1.1\n---\n",
)
_CLOSINGS = (
    "\n---\n",
    "\n---\n",
    "\n---\n",
    "\n---\n",
    "\n---",
    "\n...\n",
    "\n",
    "\n ---\n",
    "\n---\n---\n",
)


@st.composite
def draft(draw: st.DrawFn) -> bytes:
    """A whole file, in one of the encodings that editors write and some that none does."""
    text = (
        draw(st.sampled_from(_OPENINGS))
        + draw(front_matter())
        + draw(st.sampled_from(_CLOSINGS))
        + draw(body)
    )
    return draw(encoded(text))


@st.composite
def encoded(draw: st.DrawFn, text: str) -> bytes:
    """`text` as bytes: line ends, byte order marks, another encoding, a piece that is lost."""
    text = draw(
        st.sampled_from(
            (text,) * 5
            + (text.replace("\n", "\r\n"), text.replace("\n", "\r"), text.replace("\n", "\n\r"))
        )
    )
    encoding = draw(
        st.sampled_from(
            ("utf-8",) * 6
            + ("utf-8-sig", "utf-16", "utf-32", "latin-1", "cp1252", "utf-7", "utf-8-twice")
        )
    )
    if encoding == "utf-8-twice":
        data = text.encode("utf-8", "surrogatepass").decode("latin-1").encode("utf-8")
    else:
        data = text.encode(
            encoding,
            "surrogatepass" if encoding.startswith("utf-") and encoding != "utf-7" else "replace",
        )
    if draw(st.integers(0, 9)) == 0:
        place = draw(st.integers(0, len(data)))
        lost = draw(st.integers(0, 40))
        new = draw(
            st.sampled_from(
                (
                    b"",
                    b"\0",
                    b"\xff",
                    b"\xed\xa0\x80",
                    b"\xc0\xaf",
                    b"\xf4\x90\x80\x80",
                    b"---\n",
                    b"\r",
                )
            )
        )
        data = data[:place] + new + data[place + lost :]
    return data
