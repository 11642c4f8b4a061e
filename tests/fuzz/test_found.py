"""What the fuzzing found, each as a plain test."""

import pytest

from publisher.base.errors import BrokerUnavailable
from publisher.drafts import yaml_tree
from publisher.drafts.front_matter import split
from publisher.drafts.sections import parse
from publisher.model.problems import Findings
from publisher.model.values import Position
from publisher.monitoring import broker


@pytest.mark.parametrize("option", ["health=1", "retry=1"])
def test_an_option_that_the_brokers_client_does_not_know_is_a_refusal(option: str) -> None:
    """It was a TypeError or an AttributeError of the client's."""
    with pytest.raises(BrokerUnavailable, match="cannot be reached") as caught:
        broker.check(f"redis://:hunter2@127.0.0.1:1/0?{option}", seconds=0.2)
    assert "question mark" in str(caught.value.hint)
    assert "hunter2" not in str(caught.value)


def test_the_body_of_a_draft_that_ends_with_its_fence_stands_on_that_line() -> None:
    """It was the line after, which the file does not have."""
    halves = split("---\nat: x\n---", Findings("a.md"))
    assert halves
    assert (halves.body, halves.body_line) == ("", 3)


@pytest.mark.parametrize("body", ["A\n## twitter", "A\n\n---"])
def test_a_heading_or_separator_that_ends_the_file_has_its_text_there(body: str) -> None:
    """It was the line after, which the file does not have."""
    found = parse(body, ["twitter"], Findings("posts/a.md"))
    lines = len(body.split("\n"))
    assert max(position.line for position in found.positions.values()) == lines


@pytest.mark.parametrize(
    ("text", "place"), [("a:\n\na", Position(line=3, column=2)), ("a: [", Position(column=5))]
)
def test_yaml_that_breaks_at_the_end_is_a_problem_there(text: str, place: Position) -> None:
    """It was the line after, which the file does not have."""
    findings = Findings("session.yaml")
    assert yaml_tree.compose(text, findings) is None
    ((problem),) = findings.problems
    assert Position(line=problem.line, column=problem.column) == place


@pytest.mark.parametrize("sign", ["\u2028", "\u2029"])
def test_a_line_end_that_no_editor_shows_is_refused(sign: str) -> None:
    """To YAML it ends a line: a key could hide behind it, and all later places were wrong."""
    findings = Findings("a.md")
    assert yaml_tree.compose(f"title: a # note{sign}embargo: b\nat: &x c", findings, 2) is None
    ((problem),) = findings.problems
    assert (problem.code, problem.line, problem.column) == ("invalid-character", 2, 16)
