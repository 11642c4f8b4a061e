"""`python -m tests.fuzz.guided TARGET [options of libFuzzer]`: a search that coverage guides.

Needs atheris, which is no part of `make install`. A crash leaves its input where it says.
"""

import importlib
import sys
import tempfile
from pathlib import Path
from typing import Any

_LONGEST_INPUT = 4_000  # bytes
_HANGS = 10  # seconds for one input
_MEMORY = 1_000  # MB

_SEEDS = {
    "draft": ["---\nat: annual-day - 30m\nto: [bice-x]\nmedia:\n  - {file: a.png, alt: A}\n---\nA\n\n## twitter\nB\n---\nC\n"],
    "yaml": ["name: 'a'\nagenda:\n  annual-day: {starts: 2016-03-07 09:00}\n", "a: &a [*a]\n", "- |\n  a\n- >-\n  b\n"],
    "count": ["Bonjour https://example.org/é 👩‍👩‍👧 #HRC31 @bice ﷺ"],
    "duration": ["1h30m", "2d"],
    "answer": ['\0\0\0{"x-rate-limit-remaining": "0", "x-rate-limit-reset": "1457336400"}\n{"data": {"id": "7"}, "errors": [{"message": "No"}]}', '\x7f\2\x64{"x-app-usage": "{}"}\n{"error": {"code": 190, "error_subcode": 463, "message": "No"}}'],
    "timeline": ['{"data": [{"id": "7", "text": "Bonjour https://t.co/a &amp;", "created_at": "2016-03-07T07:30:00Z", "entities": {"urls": [{"url": "https://t.co/a", "expanded_url": "https://example.org"}]}}], "meta": {"result_count": 1}}'],
}  # fmt: skip


def main() -> None:
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["publisher", "json", "tomllib"]):
        targets = importlib.import_module("tests.fuzz.targets").TARGETS
    name, *options = sys.argv[1:]
    folder = Path(tempfile.mkdtemp(prefix=f"publisher-fuzz-{name}-"))
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(_SEEDS[name]):
        (corpus / str(number)).write_text(seed, encoding="utf-8")
    arguments = [
        sys.argv[0],
        str(corpus),
        f"-artifact_prefix={folder}/",
        f"-max_len={_LONGEST_INPUT}",
        f"-timeout={_HANGS}",
        f"-rss_limit_mb={_MEMORY}",
    ]
    atheris.Setup([*arguments, *options], targets[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
