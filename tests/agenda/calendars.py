"""Calendars for tests, as other programs write them."""

from pathlib import Path

BEGIN = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Another program//EN\r\n"
END = "END:VCALENDAR\r\n"


def event(*properties: str, uid: str | None = "1@un", summary: str | None = "Réunion") -> str:
    """A VEVENT with these properties, and at nine on 7 March unless they say when."""
    lines = [f"UID:{uid}"] if uid else []
    lines += [f"SUMMARY:{summary}"] if summary else []
    if not any(prop.startswith("DTSTART") for prop in properties):
        lines.append("DTSTART:20160307T080000Z")
    return "\r\n".join(["BEGIN:VEVENT", *lines, *properties, "END:VEVENT", ""])


def calendar(*events: str, head: str = "") -> str:
    return f"{BEGIN}{head}{''.join(events)}{END}"


def written(folder: Path, text: str | bytes, name: str = "programme.ics") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path
