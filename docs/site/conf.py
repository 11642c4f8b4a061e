"""Configuration of Sphinx: what is on the help pages, and what stands around each of them.

The Markdown stays what GitHub shows too. So the order of the reference is that of the lists in
docs/README.md, and the language of a guide is in its name, `staff.fr.md`.
"""

import json
import re
import shutil
import sys
import tomllib
from importlib.metadata import files
from pathlib import Path
from typing import Any

import sphinx
from docutils import nodes
from sphinx.addnodes import download_reference, pending_xref
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.logging import getLogger

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # as Sphinx has it for modules beside its configuration
import search_languages  # noqa: E402

DOCS, WEB = HERE.parent, HERE.parents[1] / "publisher" / "web"

project = "Publisher"
extensions = ["myst_parser"]
# screens.md is made of pictures of the very pages that lead here.
exclude_patterns = ["site", "screens.md", "examples", "images"]
root_doc = "README"
myst_heading_anchors = 4
suppress_warnings = [
    "misc.highlighting_failure",  # examples show what is wrong too
    "toc.not_included",  # the order is that of docs/README.md
]

html_theme = "theme"
html_theme_path = [str(HERE)]
html_additional_pages = {"index": "index.html"}
html_copy_source = False
html_permalinks = False
html_use_index = False
html_search_scorer = str(HERE / "scorer.js")

WORDS: dict[str, dict[str, str]] = tomllib.loads((HERE / "words.toml").read_text("utf-8"))
"""The words around a page, by language."""
GUIDES = ("staff", "manager", "tutorial")
_GROUP = re.compile(r"^\*\*(.+)\*\*$|^- \[[^]]+\]\(([\w-]+)\.md\)", re.MULTILINE)
_STYLES = ("tokens", "elements", "layout", "navigation")
"""The parts of the web pages' style that the help has too."""
_ICON = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)

html_additional_pages |= {f"search.{language}": "search.html" for language in WORDS}


def _language(page: str) -> str:
    """The language of a page, which is at the end of its name."""
    ending = page.rpartition(".")[2]
    return ending if ending in WORDS else "en"


def _reference() -> dict[str, list[str]]:
    """The pages of the reference, by the groups of docs/README.md."""
    groups: dict[str, list[str]] = {}
    title = ""
    for found in _GROUP.finditer((DOCS / "README.md").read_text("utf-8")):
        title = found[1] or title
        if found[2] and f"{found[2]}.md" not in exclude_patterns:
            groups.setdefault(title, []).append(found[2])
    return groups


REFERENCE = _reference()


def _icon(name: str) -> str:
    found = _ICON.search((WEB / "icons" / f"{name}.svg").read_text("utf-8"))
    drawing = " ".join(found[1].split()) if found else ""
    return f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{drawing}</svg>'


def _around(
    app: Sphinx, pagename: str, _template: str, context: dict[str, Any], _tree: nodes.document
) -> None:
    """Give a page its language, and the navigation in that language."""
    language = _language(pagename)
    titles = {name: title.astext() for name, title in app.env.titles.items()}
    words = WORDS["en"] | WORDS[language]
    groups = [(words["guides"], language, [f"guides/{guide}.{language}" for guide in GUIDES])]
    groups += [(words.get(group, group), "en", pages) for group, pages in REFERENCE.items()]
    stem = pagename.removesuffix(f".{language}")
    is_translated = stem != pagename
    translated = stem if is_translated else f"guides/{GUIDES[0]}"
    # Without the title of the page, which Sphinx puts around the headings below it.
    contents = context.get("toc", "").partition("</a>")[2].rpartition("</li>")[0].strip()
    context |= {
        "contents": contents,
        "lang": language,
        "words": words,
        "all_words": WORDS,
        "guides": GUIDES,
        "groups": groups,
        "titles": titles,
        "is_translated": is_translated,
        "versions": {code: f"{translated}.{code}" for code in WORDS if code != language},
        "icon": _icon,
    }


def _index_in_its_language(app: Sphinx, _tree: nodes.document, page: str) -> None:
    """Tell the index, which gets this page next, in what language it is."""
    if app.builder.name == "html":
        app.builder.indexer.lang.language = _language(page)


def _check_navigation(_app: Sphinx, env: Any) -> None:
    """Warn of pages that nobody would find."""
    listed = {page for pages in REFERENCE.values() for page in pages} | {root_doc}
    listed |= {f"guides/{guide}.{language}" for guide in GUIDES for language in WORDS}
    for missing in sorted(env.found_docs - listed):
        getLogger(__name__).warning("docs/README.md lists no %s.md", missing)


class LinksThatLeave(SphinxTransform):
    """Shows what leads to a file beside the help, such as a source, as words without a link.

    Also where that file is missing: the image is built from less than the repository.
    """

    default_priority = 800  # before Sphinx collects the files that are to be downloaded

    def apply(self, **_options: Any) -> None:
        for link in [*self.document.findall(self._leaves)]:
            link.replace_self(nodes.inline("", "", *link.children))

    def _leaves(self, node: nodes.Node) -> bool:
        if not isinstance(node, pending_xref):
            return isinstance(node, download_reference)
        if node["refdomain"] == "doc":
            return node["reftarget"] not in self.env.found_docs
        _, path = self.env.relfn2path(node["reftarget"], node["refdoc"])
        return not Path(path).is_relative_to(DOCS)


def _add_files(app: Sphinx, exception: Exception | None) -> None:
    """Write what the pages need: the style, the font, the words of the search, the licences."""
    if exception is not None:
        return
    static = app.outdir / "_static"
    styles = [WEB / "styles" / f"{part}.css" for part in _STYLES]
    styles.append(HERE / "theme" / "help.css")
    (static / "help.css").write_text("".join(path.read_text("utf-8") for path in styles), "utf-8")
    for path in (*(WEB / "fonts").iterdir(), WEB / "static" / "icon.svg"):
        shutil.copy(path, static)
    for language in WORDS:
        words = _words_of_search(language) + search_languages.script(language)
        (static / f"search.{language}.js").write_text(words, "utf-8")
    (licence,) = (path for path in files("sphinx") or () if path.name == "LICENSE.rst")
    shutil.copy(Path(licence.locate()), static / "sphinx.LICENSE.txt")
    for name in (".buildinfo", "objects.inv", *(f"_static/{of}" for of in _UNUSED)):
        (app.outdir / name).unlink()


_NOTHING = (
    "Your search did not match any documents. Please make sure that all words are spelled "
    "correctly and that you've selected enough categories."
)
"""What Sphinx says where nothing is found. There are no categories here."""


def _words_of_search(language: str) -> str:
    """Sphinx's own translation of its search, as a script that the policy of the pages allows.

    Sphinx's has the choice of a plural as a text, which its script evaluates.
    """
    told: dict[str, Any] = {"messages": {}, "plural_expr": "(n != 1)"}
    if language != "en":
        source = Path(sphinx.__file__).parent / "locale" / language / "LC_MESSAGES" / "sphinx.js"
        told = json.loads(source.read_text("utf-8").partition("(")[2].rpartition(")")[0])
    messages = told["messages"] | {_NOTHING: WORDS[language]["nothing"]}
    return (
        f"Documentation.TRANSLATIONS = {json.dumps(messages)};\n"
        f"Documentation.PLURAL_EXPR = (n) => {told['plural_expr']};\n"
        f"Documentation.LOCALE = {json.dumps(language)};\n"
    )


_UNUSED = ("base-stemmer.js", "basic.css", "english-stemmer.js", "file.png", "minus.png", "plus.png",
           "pygments.css")  # fmt: skip


def setup(app: Sphinx) -> None:
    app.add_transform(LinksThatLeave)
    app.add_search_language(search_languages.PageSearch)
    app.connect("doctree-resolved", _index_in_its_language)
    app.connect("html-page-context", _around)
    app.connect("env-updated", _check_navigation)
    app.connect("build-finished", _add_files)
