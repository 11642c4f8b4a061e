"""Marks that git leaves in a file where two people changed the same lines."""

import re

from publisher.base.i18n import _
from publisher.model.models import Position
from publisher.model.problems import Findings

_MARK = re.compile(r"^(?:<{7}|>{7}|\|{7})(?: .*)?$", re.MULTILINE)


def found_in(text: str, findings: Findings, first_line: int = 1) -> bool:
    """Whether a conflict is left in `text`; its first mark is noted as an error."""
    mark = _MARK.search(text) if "<<<<<<<" in text or ">>>>>>>" in text else None
    if mark is None:
        return False
    findings.error(
        "conflict-marker",
        Position(line=first_line + text.count("\n", 0, mark.start())),
        _("`{line}` is left from a conflict in git.", line=mark.group()[:60]),
        _(
            "Two versions stand between `<<<<<<<` and `>>>>>>>`. Keep the right one, delete the other "
            "and the lines `<<<<<<<`, `=======` and `>>>>>>>`."
        ),
    )
    return True
