"""What one of two people changed is taken; what both changed is asked, and nothing is lost."""

import time

import pytest

from publisher.drafts.composition import Composition, MediaEntry
from publisher.drafts.draft_merge import Resolution, merged
from publisher.model.draft_keys import PLAIN_KEYS


def text(*parts: str, title: str = "", **values: object) -> Composition:
    return Composition.model_validate({"texts": {"": parts}, "plain": plain(title=title), **values})


def plain(**values: str) -> dict[str, str]:
    """The keys that a form shows."""
    return {**{key.name: "" for key in PLAIN_KEYS if key.label}, **values}


BASE = text("A\n\nB\n\nC", to=("x",), title="t", media=(MediaEntry(file="a.png"),))


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        ("A1\n\nB\n\nC", "A\n\nB\n\nC1", "A1\n\nB\n\nC1"),
        ("A1\n\nB\n\nC", "A\n\nB1\n\nC", "A1\n\nB1\n\nC"),
        ("B\n\nC", "A\n\nB\n\nC\n\nD", "B\n\nC\n\nD"),
        ("A\n\nC", "A\n\nC", "A\n\nC"),
    ],
)
def test_paragraphs_that_one_of_them_changed_are_taken(
    mine: str, theirs: str, expected: str
) -> None:
    found = merged(text("A\n\nB\n\nC"), text(mine), text(theirs), {})
    assert (found.composition.texts, found.clashes) == ({"": (expected,)}, [])


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (Resolution.MINE, "A1\n\nB\n\nC"),
        (Resolution.THEIRS, "A2\n\nB\n\nC"),
        (Resolution.BOTH, "A1\n\nA2\n\nB\n\nC"),
    ],
)
def test_a_paragraph_that_both_changed_is_chosen(choice: Resolution, expected: str) -> None:
    both = text("A\n\nB\n\nC"), text("A1\n\nB\n\nC"), text("A2\n\nB\n\nC")
    (clash,) = merged(*both, {}).undecided
    assert (clash.mine, clash.theirs, clash.takes_both) == (("A1",), ("A2",), True)
    found = merged(*both, {clash.key: choice})
    assert (found.composition.texts, [*found.undecided]) == ({"": (expected,)}, [])


def test_fields_accounts_pictures_and_sections_are_merged_one_by_one() -> None:
    mine = text(
        "A\n\nB\n\nC", to=("x", "y"), title="t", media=(MediaEntry(file="a.png", alt="la salle"),)
    )
    theirs = Composition(
        texts={**BASE.texts, "twitter": ("Court", "et deux")},
        to=("x", "z"),
        plain=plain(title="u"),
        media=(MediaEntry(file="a.png"), MediaEntry(file="b.png")),
    )
    found = merged(BASE, mine, theirs, {})
    assert not found.clashes
    assert found.composition == Composition(
        texts=theirs.texts,
        to=("x", "z", "y"),
        plain=plain(title="u"),
        media=(MediaEntry(file="a.png", alt="la salle"), MediaEntry(file="b.png")),
    )


def test_without_the_version_that_both_began_with_all_that_differs_is_asked() -> None:
    """A paragraph that is only in one of them may be new there, or deleted in the other."""
    found = merged(
        None, text("A\n\nB", to=("x",)), text("A\n\nB\n\nC", to=("x", "y"), title="u"), {}
    )
    assert [(one.place.field, one.place.name) for one in found.undecided] == [
        ("title", ""), ("to", "y"), ("texts", ""),
    ]  # fmt: skip
    chosen = {one.key: Resolution.THEIRS for one in found.undecided}
    assert merged(
        None, text("A\n\nB", to=("x",)), text("A\n\nB\n\nC", to=("x", "y"), title="u"), chosen
    ).composition == text("A\n\nB\n\nC", to=("x", "y"), title="u")


def test_a_draft_that_nobody_changed_stays_as_it_is() -> None:
    for base in (BASE, None):
        found = merged(base, BASE, BASE, {})
        assert (found.composition, found.clashes, found.taken) == (BASE, [], [])


def test_a_choice_is_not_for_what_was_typed_after_it_was_shown() -> None:
    """Paragraphs that were typed before it do not give its number to another one."""
    base, theirs = text("A\n\nB"), text("A2\n\nB2")
    (first, _second) = merged(base, text("A1\n\nB1"), theirs, {}).undecided
    found = merged(base, text("New\n\nB1"), theirs, {first.key: Resolution.THEIRS})
    assert len(found.undecided) == 2


def test_very_long_texts_are_compared_as_a_whole() -> None:
    """One by one, so many paragraphs would take minutes."""
    base = "\n\n".join(["A"] * 20_000)
    begun = time.process_time()
    found = merged(text(base), text(f"{base}\n\nmine"), text(f"theirs\n\n{base}"), {})
    assert time.process_time() - begun < 5
    (clash,) = found.undecided
    assert (clash.mine[-1], clash.theirs[0]) == ("mine", "theirs")
    for mine, theirs in ((base, f"{base}\n\nB"), (f"{base}\n\nB", base)):
        found = merged(text(base), text(mine), text(theirs), {})
        assert (found.composition.texts, found.clashes) == ({"": (f"{base}\n\nB",)}, [])
