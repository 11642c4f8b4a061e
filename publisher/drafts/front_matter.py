"""Front matter: splits a draft into its front matter and its body."""

import re
from typing import NamedTuple

from publisher.base.i18n import _, later
from publisher.drafts import horizontal_rules
from publisher.drafts.yaml_tree import Mapping, compose
from publisher.model.draft_keys import DRAFT_KEYS
from publisher.model.problems import Findings
from publisher.model.values import Position

_FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)
# A plain value, then a # directly before a word: comments have a space there, hashtags do not.
_HASHTAG = re.compile(r"^[ \t]*(?:- +)?[\w-]+:[ \t]+[^\s'\"#|>{\[][^#\n]*[ \t](#\w+)", re.MULTILINE)
_NO_SPACE = re.compile(rf"^(?P<key>{'|'.join(DRAFT_KEYS)}):(?P<value>\S.*)$", re.MULTILINE)
_EMPTY_ENTRY = re.compile(r"-(?: +-)*\s*")
"""Of a list in YAML."""
_SHAPE = later("A draft begins with a line `---`, its keys, and another line `---`.")


class Split(NamedTuple):
    """A draft's two halves; `body_line` is the line on which the body begins."""

    front: Mapping
    body: str
    body_line: int


def split(text: str, findings: Findings) -> Split | None:
    r"""The front matter as a tree and the body as text; None if they cannot be separated.

    `text` has `\n` as line ends. Empty front matter is an empty mapping.
    """
    opening = _FENCE.match(text)
    if opening is None:
        said = _("The draft has no front matter.")
        for rule in horizontal_rules.find("\n" + text.partition("\n")[0]):
            line = horizontal_rules.shown(rule["line"])
            said = _("The draft begins with {line}, not with three hyphens.", line=line)
        findings.error("front-matter-missing", Position(), said, _(_SHAPE))
        return None
    closing = _FENCE.search(text, opening.end() + 1)
    end = len(text) if closing is None else closing.start()
    for rule in horizontal_rules.find(text[opening.end() : end]):
        # Perhaps the text begins there, and what closes is a thread's separator.
        if rule.start("line") == rule.start() + 1 and not _EMPTY_ENTRY.fullmatch(rule["line"]):
            findings.error(
                "front-matter-unclosed",
                Position(line=text.count("\n", 0, opening.end() + rule.start("line")) + 1),
                _(
                    "{line} does not end the front matter.",
                    line=horizontal_rules.shown(rule["line"]),
                ),
                _(_SHAPE),
            )
            return None
    if closing is None:
        findings.error(
            "front-matter-unclosed", Position(), _("The front matter never ends."), _(_SHAPE)
        )
        return None
    front = text[opening.end() + 1 : closing.start()]
    _warn_of_hashtags(front, findings)
    node = None if _lacks_space(front, findings) else compose(front, findings, first_line=2)
    if node is None:
        if findings.errors:
            return None
        node = Mapping({}, Position())
    if not isinstance(node, Mapping):
        message = _("The front matter is not a list of keys with values.")
        hint = _("Write it like `at: 2016-03-07 08:30`, one key on a line.")
        findings.error("not-a-mapping", node.position, message, hint)
        return None
    body_line = text.count("\n", 0, closing.end() + 1) + 1
    return Split(node, text[closing.end() + 1 :], body_line)


def _lacks_space(front: str, findings: Findings) -> bool:
    """Whether a key has its value right behind its colon, which YAML takes for one word."""
    match = _NO_SPACE.search(front)
    if match is None:
        return False
    line = front.count("\n", 0, match.start()) + 2
    message = _("A space is missing after `{key}:`.", key=match["key"])
    hint = _("Write `{key}: {value}`.", key=match["key"], value=match["value"].rstrip()[:60])
    place = Position(line=line, column=len(match["key"]) + 2)
    findings.error("not-a-mapping", place, message, hint)
    return True


def _warn_of_hashtags(front: str, findings: Findings) -> None:
    for match in _HASHTAG.finditer(front) if " #" in front else ():
        begin = match.start(1)
        findings.warning(
            "hashtag-as-comment",
            Position(
                line=front.count("\n", 0, begin) + 2, column=begin - front.rfind("\n", 0, begin)
            ),
            _("“{text}” is a YAML comment here, and is left out.", text=match[1]),
            _("If it is a hashtag, put the whole value in quotes."),
        )
