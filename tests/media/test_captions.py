"""Captions of a video: the files that are read, and what is left of them."""

from pathlib import Path

import pytest

from publisher.media import captions
from publisher.model.content import Captions
from publisher.model.problems import Flaw

SRT = """\ufeff1\r
00:00:01,500 --> 00:00:03,000\r
<i>Bonjour</i> & bienvenue\r
\r
2\r
00:01:00,000 --> 00:01:02,250 X1:0\r
{\\an8}Deux\r
lignes\r
\r
3\r
00:01:03,000 --> 00:01:04,000\r
\r
"""
VTT = """WEBVTT - of Marie's phone

NOTE by Marie

STYLE
::cue { color: red }

intro
00:01.500 --> 00:03.000 align:start
<v Marie>Bonjour &amp; bienvenue

01:00.000 --> 01:02.250
Deux
lignes
"""
CLEAN = """WEBVTT

00:00:01.500 --> 00:00:03.000
Bonjour &amp; bienvenue

00:01:00.000 --> 00:01:02.250
Deux
lignes
"""


def read(folder: Path, text: str | bytes, name: str = "film.srt") -> Captions | Flaw:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return captions.read(path, "fr")


@pytest.mark.parametrize(("name", "text"), [("film.srt", SRT), ("film.vtt", VTT)])
def test_times_and_words_are_left_and_no_names(tmp_path: Path, name: str, text: str) -> None:
    assert read(tmp_path, text, name) == Captions(lang="fr", text=CLEAN)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1\n00:00:01,000 --> later\nBonjour\n", "film.srt, line 2"),
        ("1\n00:00:01,000 --> 00:00:02,000\nA\n\n2\n00:00:05,000 --> 00:00:04,000\nB", "line 6"),
        ("Bonjour", "no captions"),
        ("", "no captions"),
        ("Café".encode("latin-1"), "UTF-8"),
        ("a" * 200_001, "more than 200,000 bytes"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str | bytes, says: str) -> None:
    flaw = read(tmp_path, text)
    assert isinstance(flaw, Flaw)
    assert says in flaw.message
    assert flaw.hint
