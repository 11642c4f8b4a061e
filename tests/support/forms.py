"""Forms as a browser without JavaScript sends them: the values of their fields, in their order."""

from collections.abc import Sequence
from html.parser import HTMLParser

import httpx

from tests.support.pages import Visit

Pair = tuple[str, str]


class _Reader(HTMLParser):
    def __init__(self, form: str) -> None:
        super().__init__()
        self.pairs: list[Pair] = []
        self._form = form
        self._is_inside = False
        self._area: str | None = None
        self._select: str | None = None
        self._options: list[tuple[str | None, bool]] = []
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._is_inside = given.get("id") == self._form
        name = given.get("name")
        is_own = given.get("form", self._form) == self._form and (
            self._is_inside or "form" in given
        )
        if tag == "option" and self._select:
            self._text = ""
            self._options.append((given.get("value"), "selected" in given))
        if not is_own or "disabled" in given:
            return
        if tag == "input" and name:
            kind = given.get("type")
            if kind != "file" and (kind not in ("checkbox", "radio") or "checked" in given):
                self.pairs.append((name, given.get("value") or ""))
        elif tag == "textarea":
            self._area, self._text = name, ""
        elif tag == "select":
            self._select, self._options = name, []

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False
        elif tag == "textarea" and self._area:
            self.pairs.append((self._area, self._text.removeprefix("\n")))
            self._area = None
        elif tag == "option" and self._options and self._options[-1][0] is None:
            self._options[-1] = self._text.strip(), self._options[-1][1]
        elif tag == "select" and self._select:
            chosen = [value or "" for value, selected in self._options if selected]
            self.pairs.append((self._select, (chosen or [self._options[0][0] or ""])[-1]))
            self._select = None


def pairs(page: str, form: str) -> list[Pair]:
    """The fields of the form with this id, as they are on the page, without its buttons."""
    reader = _Reader(form)
    reader.feed(page)
    return reader.pairs


_BOUNDARY = "----of-a-form"


def multipart(fields: Sequence[Pair], pictures: Sequence[tuple[str, bytes]]) -> bytes:
    """A form as browsers send it, with an empty part for a file field without files."""
    parts = [(f'name="{name}"', value.encode()) for name, value in fields]
    for name, data in pictures or [("", b"")]:
        sent = name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
        parts.append((f'name="upload"; filename="{sent}"', data))
    lines = [
        f"--{_BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + data + b"\r\n"
        for head, data in parts
    ]
    return b"".join(lines) + f"--{_BOUNDARY}--\r\n".encode()


class Composer:
    """The composer of a page, filled in by somebody without JavaScript."""

    def __init__(self, visit: Visit, path: str) -> None:
        self.visit = visit
        self.path = path.partition("?")[0]
        visit.get(path)
        self.pairs = pairs(visit.page, "compose")

    def values(self, name: str) -> list[str]:
        return [value for one, value in self.pairs if one == name]

    def fill(self, **values: str | Sequence[str]) -> "Composer":
        """Give fields other values: a list for one that is there several times."""
        for name, value in values.items():
            new = [value] if isinstance(value, str) else [*value]
            if len(self.values(name)) == len(new):  # they keep their places
                rest = iter(new)
                self.pairs = [(n, next(rest) if n == name else v) for n, v in self.pairs]
            else:
                self.pairs = [pair for pair in self.pairs if pair[0] != name]
                self.pairs += [(name, one) for one in new]
        return self

    def write(self, words: str) -> "Composer":
        """Give the text for all accounts other words; a thread becomes one post."""
        texts = zip(self.values("section"), self.values("text"), strict=True)
        own = [(section, text) for section, text in texts if section]
        return self.fill(
            section=["", *(section for section, _text in own)],
            text=[words, *(text for _section, text in own)],
        )

    def send(self, do: str, *pictures: tuple[str, bytes]) -> httpx.Response:
        """Press a button, with pictures chosen in the field for them, and follow where it leads."""
        head = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
        body = multipart([*self.pairs, ("do", do)], pictures)
        answer = self.visit.client.post(self.path, content=body, headers=head)
        if answer.status_code == 303:
            return self.visit.get(answer.headers["location"].partition("#")[0])
        self.visit.page = answer.text
        if 'id="compose"' in answer.text:
            self.pairs = pairs(answer.text, "compose")
        return answer
