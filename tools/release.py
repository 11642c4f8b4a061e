# ruff: noqa: INP001 -- a script beside the package, not a part of it
"""Builds a release into dist/, twice, and compares the bytes.

The wheel, the sdist, the context that the image is built from, a list of all that is installed
with it (a CycloneDX SBOM), the hashed requirements, and SHA256SUMS over them. Everything is built
in fresh clones of the commit, so what only lies here gets into nothing.
"""

import argparse
import gzip
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from publisher.cli.output.console import print_error, print_line

ROOT = Path(__file__).parents[1]
_IMAGE = (
    ".dockerignore", "Dockerfile", "LICENSE", "PKG-INFO", "README.md", "deploy",
    "docker-compose.one-machine.yml", "docker-compose.yml", "docs", "publisher", "pyproject.toml",
    "requirements/build.txt", "requirements/docs.txt", "requirements/run.txt", "workers",
)  # fmt: skip
"""What of the sdist is in the image's context; .dockerignore takes less."""


def main() -> int:
    """Build, compare, and put the files into the folder that is named; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "dist")
    parser.add_argument("--may-be-dirty", action="store_true", help="build the commit as it is")
    chosen = parser.parse_args()
    if _git("status", "--porcelain") and not chosen.may_be_dirty:
        print_error("There are changes that are not committed.", "Commit them, or stash them.")
        return 1
    with tempfile.TemporaryDirectory() as made:
        first, second = (_build(Path(made) / name) for name in ("first", "second"))
        if differing := _differing(first, second):
            print_error(f"Built twice, these differ: {', '.join(differing)}.")
            return 1
        shutil.rmtree(chosen.folder, ignore_errors=True)
        shutil.copytree(first, chosen.folder)
    for path in sorted(chosen.folder.iterdir()):
        print_line(f"{path.stat().st_size:>12,}  {path.name}")
    print_line("Built twice, to the same bytes.")
    return 0


def _build(folder: Path) -> Path:
    """Build everything in a clone of its own; returns the folder with the files."""
    source, files = folder / "source", folder / "files"
    files.mkdir(parents=True)
    _git("clone", "--quiet", "--shared", str(ROOT), str(source))
    moment = _git("log", "-1", "--format=%ct")
    environment = {**os.environ, "SOURCE_DATE_EPOCH": moment}
    build = [sys.executable, "-m", "hatchling", "build", "--directory", str(files)]
    _run(*build, "--target", "sdist", "--target", "wheel", where=source, environment=environment)
    (sdist,) = files.glob("*.tar.gz")
    _run(sys.executable, "-m", "twine", "check", "--strict", *map(str, files.iterdir()))
    _image_context(sdist, int(moment))
    shutil.copy(source / "requirements/run.txt", files / "requirements.txt")
    version = sdist.name.removeprefix("session_publisher-").removesuffix(".tar.gz")
    _parts_list(files, version, environment)
    sums = [f"{_sha256(path)}  {path.name}\n" for path in sorted(files.iterdir())]
    (files / "SHA256SUMS").write_text("".join(sums))
    return files


def _image_context(sdist: Path, moment: int) -> None:
    """Write the files that `docker build` needs, out of the sdist, which knows its version."""
    target = sdist.with_name(f"{sdist.name.removesuffix('.tar.gz')}-image.tar.gz")
    packed = io.BytesIO()
    with tarfile.open(sdist) as source, tarfile.open(fileobj=packed, mode="w") as context:
        for member in source.getmembers():
            member.name = member.name.partition("/")[2]
            member.pax_headers = {}  # long names stand there again, and would count
            wanted = any(f"{member.name}/".startswith(f"{name}/") for name in _IMAGE)
            if wanted:
                context.addfile(member, source.extractfile(member))
    with target.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=moment) as zipped:
        zipped.write(packed.getvalue())


def _parts_list(files: Path, version: str, environment: dict[str, str]) -> None:
    """Write the SBOM: each package with its version and the hashes of its files."""
    with tempfile.TemporaryDirectory() as made:
        ours = Path(made) / "pyproject.toml"
        ours.write_text(
            f'[project]\nname = "session-publisher"\nversion = "{version}"\nlicense = "MIT"\n'
        )
        _run(
            str(Path(sys.executable).with_name("cyclonedx-py")), "requirements",
            "--pyproject", str(ours), "--output-reproducible", "--output-format", "JSON",
            "--output-file", str(files / f"session_publisher-{version}.cdx.json"),
            str(files / "requirements.txt"), environment=environment,
        )  # fmt: skip


def _differing(first: Path, second: Path) -> list[str]:
    names = {path.name for folder in (first, second) for path in folder.iterdir()}
    return [
        name
        for name in sorted(names)
        if not all((folder / name).is_file() for folder in (first, second))
        or (first / name).read_bytes() != (second / name).read_bytes()
    ]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _git(*words: str) -> str:
    return _run("git", *words)


def _run(*command: str, where: Path = ROOT, environment: dict[str, str] | None = None) -> str:
    """Run a command and return its output; ends with its words where it fails."""
    done = subprocess.run(
        command, cwd=where, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
