"""posts/session.yaml and posts/consents.yaml by their grammar, with everything wrong in places."""

from hypothesis import strategies as st

from tests.fuzz.draft_texts import SCALAR, encoded, written

_DAY = st.sampled_from(
    (
        "2016-02-29",
        "2015-02-29",
        "2016-03-24",
        "0001-01-01",
        "9999-12-31",
        "20160307",
        "2016-W10-1",
        "2016-03-07 09:00",
        "tomorrow",
    )
)
_TIME = st.sampled_from(
    (
        "2016-03-07 09:00",
        "2016-03-07T18:00:00Z",
        "2016-03-27 02:30",
        "2199-12-31 23:59",
        "1970-01-01 00:00",
        "9999-12-31 23:59+14:00",
        "0000-00-00 00:00",
        "2016-03-07",
    )
)
_ZONE = st.sampled_from(
    (
        "Europe/Zurich", "Africa/Abidjan", "UTC", "Etc/GMT+12", "europe/zurich", "Europe/Zurihc", "../../../etc/passwd", "/etc/localtime", "localtime", "posixrules",
        "Europe", "Europe/", "", "\u202eEurope/Zurich", "America/Argentina/Buenos_Aires", "Factory", "tzdata.zi", "zone.tab", "Europe/Zurich/x", "A" * 5000, "Pacific/Apia",
    )
)  # fmt: skip
_ITEM_NAME = st.sampled_from(
    (
        "annual-day",
        "report",
        "annual-day",
        "1st",
        "a b",
        "é",
        "x.end",
        "",
        "a" * 5000,
        "? q",
        "annual-day + 1h",
    )
)
_FLAG = st.sampled_from(("true", "false", "no", "maybe", "", "1"))


@st.composite
def _mapping(draw: st.DrawFn, indent: str, keys: dict[str, st.SearchStrategy[str]]) -> str:
    lines = []
    for _ in range(draw(st.integers(0, len(keys) + 1))):
        key = draw(st.sampled_from((*keys, *keys, "other", "")))
        of = keys.get(key, SCALAR)
        value = draw(
            st.one_of(
                written(of),
                written(of),
                of,
                SCALAR,
                st.sampled_from(("[]", "{}", "[a, [b]]", "{a: b}", "- a", "*a", "|")),
            )
        )
        lines.append(f"{indent}{key}: {value}")
    return "\n".join(lines)


_WORDS = st.sampled_from(
    (
        "[bice-x, bice-page]",
        "bice-x",
        "[twitter]",
        "[]",
        "all",
        "[bice-y]",
        "{a: b}",
        "[[bice-x]]",
        "BICE",
    )
)


@st.composite
def session(draw: st.DrawFn) -> bytes:
    """A whole session.yaml."""
    parts = [draw(_mapping("", {"name": SCALAR, "timezone": _ZONE, "starts": _DAY, "ends": _DAY}))]
    if draw(st.booleans()):
        defaults = {
            "to": _WORDS,
            "expires": st.sampled_from(("4h", "0s", "soon", "36500d", "")),
            "lang": st.sampled_from(("fr", "xx-", "")),
            "author": SCALAR,
        }
        parts.append("defaults:\n" + draw(_mapping("  ", defaults)))
    if draw(st.integers(0, 3)):
        parts.append("agenda:")
        for _ in range(draw(st.integers(0, 3))):
            item = {
                "title": SCALAR,
                "starts": _TIME,
                "ends": _TIME,
                "place": SCALAR,
                "cancelled": _FLAG,
            }
            parts.append(f"  {draw(_ITEM_NAME)}:\n" + draw(_mapping("    ", item)))
    parts += draw(
        st.sampled_from(
            (
                [],
                ["agenda: []"],
                ["name: twice\nname: twice"],
                ["---\nb: c"],
                ["- list"],
                ["agenda: &a {b: *a}"],
            )
        )
    )
    return draw(encoded("\n".join(draw(st.permutations(parts))) + "\n"))


@st.composite
def consents(draw: st.DrawFn) -> bytes:
    """A whole consents.yaml."""
    record = {
        "granted_to": _WORDS,
        "channels": _WORDS,
        "until": _DAY,
        "withdrawn": _FLAG,
        "note": SCALAR,
    }
    parts = [
        f"{draw(st.sampled_from(('a', 'b', 'a', 'é', '')))}:\n" + draw(_mapping("  ", record))
        for _ in range(draw(st.integers(0, 3)))
    ]
    return draw(encoded("\n".join(parts) + "\n"))
