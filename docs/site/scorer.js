// How Sphinx's search ranks a page: those in the reader's language first, then the reference, which
// is in English alone. The numbers without a function are Sphinx's own.
"use strict";
var Scorer = {
  score: ([page, , , , score]) => {
    const found = page.match(/\.([a-z]{2})$/);
    if (!found) return score;
    return found[1] === document.documentElement.lang ? score + 100 : score - 100;
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
