"""Search in several languages: each page's words are stemmed in the page's own language.

Sphinx stems a whole site in one language. Here the index takes the language of the page that is
indexed; and a search takes that of the reader, then English, which the reference is in. Polish has
no stemmer in Sphinx: its words stay as they are.
"""

import json
from pathlib import Path

import sphinx
from sphinx.search import SearchLanguage
from sphinx.search.en import SearchEnglish
from sphinx.search.es import SearchSpanish
from sphinx.search.fr import SearchFrench

LANGUAGES: dict[str, type[SearchLanguage]] = {
    "en": SearchEnglish,
    "es": SearchSpanish,
    "fr": SearchFrench,
    "pl": SearchLanguage,
}
_STEMMERS = Path(sphinx.__file__).parent / "search" / "minified-js"
_SCRIPT = """\
{
  const stemmers = [new OWN(), new Stemmer()];
  const isKnown = (stem) =>
    [Search._index.terms, Search._index.titleterms].some((known) => Object.hasOwn(known, stem));
  window.Stemmer = function () {
    this.stemWord = (word) => {
      const stems = stemmers.map((stemmer) => stemmer.stemWord(word));
      return stems.find(isKnown) ?? stems[0];
    };
  };
  for (const word of STOP_WORDS) stopwords.add(word);
}
"""
_NO_STEMMER = "class NoStemmer { stemWord(word) { return word; } }\n"


class PageSearch(SearchEnglish):
    """The stems and the stop words of one page; `language` is set before it is indexed."""

    def __init__(self, options: dict[str, str]) -> None:
        super().__init__(options)
        self._languages = {code: of(options) for code, of in LANGUAGES.items()}
        self.language = "en"

    def stem(self, word: str) -> str:
        return str(self._languages[self.language].stem(word))

    def word_filter(self, word: str) -> bool:
        return bool(self._languages[self.language].word_filter(word))


def script(language: str) -> str:
    """What makes the search of a page stem in this language; it runs after Sphinx's English one."""
    if language == "en":
        return ""
    own = LANGUAGES[language]
    code = own.js_stemmer_rawcode
    name = f"{own.language_name}Stemmer" if code else "NoStemmer"
    stemmer = (_STEMMERS / code).read_text("utf-8") + "\n" if code else _NO_STEMMER
    stop_words = json.dumps(sorted(own.stopwords), ensure_ascii=False)
    return stemmer + _SCRIPT.replace("OWN", name).replace("STOP_WORDS", stop_words)
