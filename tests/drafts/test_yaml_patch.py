"""Values are changed in a YAML text, and every other byte stays."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.drafts import yaml_tree
from publisher.drafts.yaml_patch import Patches, Unpatchable
from publisher.model.problems import Findings

pytestmark = pytest.mark.guards("publisher.drafts.yaml_lines")

BLOCK = """\
# Above everything.
name:   "31e session"      # two spaces more

agenda:   # the programme

   annual-day:
      title: 'Journée annuelle : 😀'   # a comment
      starts:    %s  # moved twice already
      # between
      ends: 2016-03-07 18:00
   # before the last
   closing: {title: Clôture, starts: 2016-03-24 15:00}   # in brackets

# Below everything.
"""


def set_in(text: str, path: tuple[str, ...], value: str) -> str:
    patches = Patches(text)
    patches.set(path, value)
    return patches.text()


def added_to(text: str, entries: dict[str, dict[str, str]]) -> str:
    patches = Patches(text)
    patches.add("agenda", entries)
    return patches.text()


def value_in(text: str, path: tuple[str, ...]) -> str:
    """What the reader of session.yaml finds there."""
    findings = Findings("posts/session.yaml")
    node = yaml_tree.compose(text.replace("\r\n", "\n").replace("\r", "\n"), findings)
    assert findings.problems == []
    for key in path:
        assert isinstance(node, yaml_tree.Mapping)
        node = node.entries[key].value
    assert isinstance(node, yaml_tree.Scalar)
    return node.value


STARTS = ("agenda", "annual-day", "starts")


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_nothing_but_the_value_changes(quote: str, line_end: str) -> None:
    """Its quotes stay, and so do comments, order, spaces and line ends."""
    text = BLOCK.replace("\n", line_end)
    old, new = f"{quote}2016-03-07 09:00{quote}", f"{quote}2016-03-08 09:00{quote}"
    assert set_in(text % old, STARTS, "2016-03-08 09:00") == text % new


def test_a_value_over_several_lines_becomes_one() -> None:
    text = BLOCK % "2016-03-07\n         09:00"
    assert set_in(text, STARTS, "2016-03-08 09:00") == BLOCK % "2016-03-08 09:00"


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_new_key_stands_below_the_last_one(line_end: str) -> None:
    text = (BLOCK % "2016-03-07 09:00").replace("\n", line_end)
    last = f"      ends: 2016-03-07 18:00{line_end}"
    expected = text.replace(last, f"{last}      cancelled: true{line_end}")
    assert set_in(text, ("agenda", "annual-day", "cancelled"), "true") == expected


def test_a_new_key_between_brackets_stands_behind_the_last_one() -> None:
    text = BLOCK % "2016-03-07 09:00"
    expected = text.replace("15:00}   # in", "15:00, cancelled: true}   # in")
    assert set_in(text, ("agenda", "closing", "cancelled"), "true") == expected


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("{starts: 2016-03-07 09:00,}", "{starts: 2016-03-07 09:00, cancelled: true,}"),
        ("{\n  starts: a # c\n  }", "{\n  starts: a, cancelled: true # c\n  }"),
        ("{}", "{cancelled: true}"),
        ("\n  starts: a", "\n  starts: a\n  cancelled: true"),
        ("\n  starts: a # c", "\n  starts: a # c\n  cancelled: true"),
        ("\n  place: |\n    one\n    two\n", "\n  place: |\n    one\n    two\n  cancelled: true\n"),
        ("\n  place: >-\n    one\n\n\n", "\n  place: >-\n    one\n  cancelled: true\n\n\n"),
        ("\n  title: one\n    two  \n", "\n  title: one\n    two  \n  cancelled: true\n"),
        (
            '\n  title: "one\n\n    two" # c\n',
            '\n  title: "one\n\n    two" # c\n  cancelled: true\n',
        ),
        ("\n  starts: {a:\n     b}\n", "\n  starts: {a:\n     b}\n  cancelled: true\n"),
        ("\n  starts: a\n\n  # c\n", "\n  starts: a\n  cancelled: true\n\n  # c\n"),
    ],
)
def test_a_new_key_finds_its_place(item: str, expected: str) -> None:
    """Also where the last value is a text of several lines, and where the file has no last line
    end."""
    before = set_in(f"x: {item}", ("x", "cancelled"), "true")
    assert before == f"x: {expected}"
    assert value_in(before, ("x", "cancelled")) == "true"


ITEM = {"new": {"title": "A: b", "starts": "2016-03-09 09:00"}}
AS_BLOCK = '  new:\n    title: "A: b"\n    starts: 2016-03-09 09:00\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("agenda:\n  a:\n    starts: b\n", "agenda:\n  a:\n    starts: b\n" + AS_BLOCK),
        ("name: x", "name: x\nagenda:\n" + AS_BLOCK.rstrip("\n")),
        ("agenda: # none yet\nname: x\n", "agenda: # none yet\n" + AS_BLOCK + "name: x\n"),
        ("agenda: {}\n", 'agenda: {new: {title: "A: b", starts: 2016-03-09 09:00}}\n'),
        (
            "agenda: {a: {starts: b}} # c\n",
            'agenda: {a: {starts: b}, new: {title: "A: b", starts: 2016-03-09 09:00}} # c\n',
        ),
        (
            "{name: x}",
            '{name: x, agenda: {new: {title: "A: b", starts: 2016-03-09 09:00}}}',
        ),
        (
            "agenda:\n a:\n   starts: b\n",
            'agenda:\n a:\n   starts: b\n new:\n   title: "A: b"\n   starts: 2016-03-09 09:00\n',
        ),
    ],
)
def test_a_new_item_stands_behind_the_last_one(text: str, expected: str) -> None:
    """As deep as its neighbours, in brackets where they are."""
    assert added_to(text, ITEM) == expected
    assert value_in(expected, ("agenda", "new", "title")) == "A: b"


def test_what_is_added_to_the_last_item_comes_before_the_next_one() -> None:
    patches = Patches("agenda:\n  a:\n    starts: b\n")
    patches.set(("agenda", "a", "uid"), "1")
    patches.set(("agenda", "a", "cancelled"), "true")
    patches.add("agenda", ITEM)
    item = "agenda:\n  a:\n    starts: b\n    uid: 1\n    cancelled: true\n"
    assert patches.text() == item + AS_BLOCK


PICTURE = {"file": "a.jpg", "alt": "A: b"}
AS_ITEM = '- file: a.jpg\n  alt: "A: b"\n'


def indented(text: str, by: str) -> str:
    return "".join(by + line for line in text.splitlines(keepends=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("to: x\n", "to: x\nmedia:\n" + indented(AS_ITEM, "  ")),
        ("media:\nto: x\n", "media:\n" + indented(AS_ITEM, "  ") + "to: x\n"),
        (
            "media: # none yet\n# c\nto: x\n",
            "media: # none yet\n" + indented(AS_ITEM, "  ") + "# c\nto: x\n",
        ),
        (
            "media:\n- file: b # c\n# d\nto: x\n",
            "media:\n- file: b # c\n" + AS_ITEM + "# d\nto: x\n",
        ),
        (
            "media:\n    -   alt: |\n            one\n\n        file: b\n",
            "media:\n    -   alt: |\n            one\n\n        file: b\n"
            + indented(AS_ITEM, "    "),
        ),
        ("media: []\n", 'media: [{file: a.jpg, alt: "A: b"}]\n'),
        (
            "media: [{file: b}] # c\nto: x\n",
            'media: [{file: b}, {file: a.jpg, alt: "A: b"}] # c\nto: x\n',
        ),
        ("{to: x}", '{to: x, media: [{file: a.jpg, alt: "A: b"}]}'),
    ],
)
def test_an_item_of_a_list_stands_behind_the_last_one(text: str, expected: str) -> None:
    """Its dash below the others', its line ends like theirs."""
    for line_end in ("\n", "\r\n"):
        patches = Patches(text.replace("\n", line_end))
        patches.append("media", PICTURE)
        assert patches.text() == expected.replace("\n", line_end)


TWO = """\
to: x
media:
  # the first
  - credit: one
    file: a   # a comment
  # the second
  - file: b
    alt: |
      two

      lines

expires: 2h
"""


@pytest.mark.parametrize(
    ("text", "path", "gone"),
    [
        (TWO, ("media", 0), "  - credit: one\n    file: a   # a comment\n"),
        (TWO, ("media", 1), "  - file: b\n    alt: |\n      two\n\n      lines\n"),
        (TWO, ("media", 0, "credit"), "credit: one\n    "),
        (TWO, ("media", 0, "file"), "    file: a   # a comment\n"),
        (TWO, ("media", 1, "alt"), "    alt: |\n      two\n\n      lines\n"),
        (TWO, ("expires",), "expires: 2h\n"),
        ("to: x\nmedia:\n- file: a\n", ("media", 0), "media:\n- file: a\n"),
        ("to: x\nmedia:\n- file: a\n", ("media", 0, "file"), "media:\n- file: a\n"),
        ("media: [{file: a}, {file: b}] # c\n", ("media", 0), "{file: a}, "),
        ("media: [{file: a}, {file: b}] # c\n", ("media", 1), ", {file: b}"),
        ("media: [{file: a, alt: b}]\n", ("media", 0, "alt"), ", alt: b"),
    ],
)
def test_what_is_taken_out_takes_nothing_else_along(
    text: str, path: tuple[str | int, ...], gone: str
) -> None:
    for line_end in ("\n", "\r\n"):
        assert text.count(gone) == 1
        patches = Patches(text.replace("\n", line_end))
        patches.remove(path)
        assert patches.text() == text.replace(gone, "").replace("\n", line_end)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (TWO, ("media", 2)),
        (TWO, ("media", "0")),
        (TWO, ("to", 0)),
        (TWO, ("nothing", "there")),
        ("media:\n- file: a\n", ("media",)),
        ("media:\n- # a - b\n  file: a\n- file: b\n", ("media", 0)),
    ],
)
def test_what_cannot_be_taken_out_is_refused(text: str, path: tuple[str | int, ...]) -> None:
    """Also the last thing that a text has."""
    with pytest.raises(Unpatchable):
        Patches(text).remove(path)


@pytest.mark.parametrize(
    "text",
    ["a: |\n  2016-03-07 09:00\n", "a: >-\n  b\n", "a: [b]\n", "a: {b: c}\n", "- a\n", "a\n"],
)
def test_what_only_a_person_can_change_is_refused(text: str) -> None:
    with pytest.raises(Unpatchable):
        set_in(text, ("a",), "b")


SPACE = st.sampled_from(["", " ", "   "])
COMMENT = st.sampled_from(["", "  # c", " # 'quoted: \"", "\t# tab"])
LINE_END = st.sampled_from(["\n", "\r\n", "\r"])
WORDS = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters="\N{BYTE ORDER MARK}"),
    min_size=1,
)


@st.composite
def layouts(draw: st.DrawFn) -> tuple[str, str, str, str]:
    """A text around one value (before, the quote, after), and another value's text."""
    line_end = draw(LINE_END)
    quote = draw(st.sampled_from(["", "'", '"']))
    other = draw(WORDS)
    neighbour = "'" + other.replace("'", "''") + "'"
    gap = draw(st.sampled_from(["", line_end, f"# c{line_end}", f"  # é😀{line_end}"]))
    if draw(st.booleans()):
        before = f"{gap}agenda:{draw(COMMENT)}{line_end}{gap}  x:{line_end}{gap}    starts: {draw(SPACE)}"
        after = f"{draw(COMMENT)}{line_end}{gap}    title: {neighbour}{draw(COMMENT)}"
        after += draw(st.sampled_from(["", line_end, line_end + gap]))
    else:
        before = f"{gap}agenda: {{x: {{title: {neighbour},{draw(SPACE)} starts: {draw(SPACE)}"
        after = f"{draw(SPACE)}}} }}{draw(COMMENT)}{line_end}"
    return before, quote, after, other


@settings(deadline=None)
@given(layouts(), st.sampled_from(["2016-03-08 09:00", "2016-03-08T09:00:00+01:00"]))
def test_whatever_the_layout_only_the_value_changes(
    layout: tuple[str, str, str, str], value: str
) -> None:
    before, quote, after, other = layout
    path = ("agenda", "x", "starts")
    changed = set_in(f"{before}{quote}2016-03-07 09:00{quote}{after}", path, value)
    assert changed == f"{before}{quote}{value}{quote}{after}"
    assert value_in(changed, path) == value
    assert value_in(changed, ("agenda", "x", "title")) == other


@settings(deadline=None)
@given(layouts(), WORDS, WORDS)
def test_whatever_is_written_is_read_again(
    layout: tuple[str, str, str, str], title: str, place: str
) -> None:
    """New keys and new items, whatever characters are in them."""
    before, quote, after, _ = layout
    patches = Patches(f"{before}{quote}2016-03-07 09:00{quote}{after}")
    patches.set(("agenda", "x", "place"), place)
    patches.add("agenda", {"new": {"title": title, "starts": "2016-03-09 09:00"}})
    changed = patches.text()
    assert value_in(changed, ("agenda", "x", "place")) == place
    assert value_in(changed, ("agenda", "new", "title")) == title


def test_every_kind_of_quote_holds_every_kind_of_value() -> None:
    for quote, value in product(
        ["", "'", '"'], ["it's", 'a "b"', "a: b", "a #b", "- a", "{a}", "é\\n"]
    ):
        changed = set_in(f"a: {quote}b{quote}", ("a",), value)
        assert value_in(changed, ("a",)) == value
