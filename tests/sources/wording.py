"""Wording: expressions that no message may have, and what to write instead.

Each was found many times when a writer read all messages of a language; the words for things are
in docs/languages.md. What stands between backticks is code, and not looked at.
"""

import re

AWKWARD: dict[str, dict[str, str]] = {
    "en": {
        r"(?<![Tt]here )\b(?:is|are|was) no (?!longer|more|such|one\b)": "is not a date, not: is no date",
        r"\b[Mm]end(?:ed|s)?\b": "correct, fix",
        r"\b[Ww]hoever\b|\b[Ss]omebody\b": "anyone who, someone, or better the role",
        r"\banew\b(?!\})": "again",
        r"\b[Ss]hall\b": "must, should",
        r"\b(?:is|are) told\b": "is notified, learns",
        r"\bneeds? (?:a person|somebody|someone)\b|\bcalls? for some": "needs attention",
        r"\bsays? no (?:time|day|language)\b": "has no time",
        r"\bEnd the keys\b|\bAsk the platforms?\b": "Disconnect; Check on the platforms",
        r"\b(?:may|may not) log in\b": "can log in",
        r"\b[Mm]eanwhile\b": "in the meantime, since",
        r"\balternative text\b": "picture description",
    },
    "fr": {
        r"\{name\}\s(?:était|devient)\s*:": "« prévu le était : … » is not grammar: « heure prévue, avant : … »",
        r"Écrivez(?:-l[ae]s?)? comme\b": "calque of “write it like”: « Écrivez par exemple … »",
        r"\b[Cc]ana(?:l|ux)\b": "a platform is called « plateforme », as readers know it",
        r"\ben file\b": "a draft is put « au planning », as everywhere else",
        r"demande(?:nt)? (?:quelqu'un|une personne)\b": "calque of “needs a person”: « à traiter », « demande une intervention »",
        r"ne peu(?:t|vent) pas être (?:lue?s?|ouverte?s?|écrite?s?|créée?s?|utilisée?s?|envoyée?s?)\b": "English passive: « Impossible de lire … »",
        r"\b[Tt]extes? alternatifs?\b": "« description de l'image », a word that writers know",
        r"\b[Oo]n (?:le|la|les) cherche\b|\b[Oo]n (?:réessaie|réessaiera|recommence|recommencera)\b": "impersonal riddle: say who acts (« Publisher réessaie », « il y aura un nouvel essai »)",
        r"peut-être (?:déjà )?partie?s?\b": "what may be out is « peut-être publié » or « peut-être en ligne »: « parti » does not say whether readers see it",
        r"\b[Rr]egarde[zr] (?:d'abord )?le compte\b": "calque of “look at the account”: « Vérifiez sur le compte »",
    },
    "es": {
        r"^Nombre (?!de |o |nuevo)[a-záéíóúñ]+ ": '"Nombre una cuenta" reads as the noun: "Indique una cuenta"',
        r"(?i)\bnecesitan? a una persona\b|\b(?:le|te) necesita\b": '"needs a person" word for word: "requiere atención", "por atender"',
        r"(?i)respondi[oó] con éxito|tuvo un fallo propio": '"answered with success", "a fault of its own": "aceptó la petición", "tuvo un error interno"',
        r"(?i)\bla orden\b|\bórdenes\b": 'a command is a "comando"',
        r"(?i)\brespaldos?\b|\bbróker\b|\bhuso horario\b|\bpor omisión\b": "second words for one thing: copia de seguridad, broker, zona horaria, por defecto",
        r"(?i)\ben (?:la )?cola\b|\bplanificación\b": 'to queue is "programar", the schedule is the "programación"',
        r"(?i)\btextos? alternativos?\b": 'alt text is the "descripción de la imagen"',
        r"(?i)^perdid[oa]s?\b|\bvenci(?:ó|eron|da|do)\b|\bvencimiento\b": 'missed is "fuera de plazo"; what fell due "debía salir", so that nobody reads that it expired',
        r"(?i)demasiado larg[oa] por \{|\btocaba\b|\btiene derecho sobre\b": '"too long by", "was due", "a right over": "se pasa en", "su hora era", "tiene permiso sobre"',
        r"(?i)\bagreg(?:a|ar|ue|uen|ado)\b|\bpuls[ea]\b|\bvideos?\b|\bordenador(?:es)?\b|\belimin(?:a|e|ar|ó|ado|ada)\b": "one form: añadir, presione, vídeo, computadora, borrar",
    },
    "pl": {
        r"\b[Pp]roszę\b": "forms of address: the imperative of „ty” everywhere, never „proszę + infinitive”",
        r"\w\((a|ka|-a)\)": "no gender in brackets („zaakceptował(a)”): say it with a noun („akceptacja: …”, „autor: …”)",
        r"(?<=[a-ząćęłńóśźż,] )(Twój|Twoj\w+|Twoi\w*|Twych|Ciebie|Tobie|Ty|Ci)\b": "„ty” and „twój” in small letters within a sentence, as in the guides",
        r"[Zz]atwierdz": "approve is „zaakceptować”",
        r"[Pp]rzegapi": "missed is „przepaść”: nobody overlooked anything",
        r"\b[Kk]olejk": "queue is „zaplanować” or „umieścić w harmonogramie”; there is no „kolejka”",
        r"\b[Kk]ana[łl]\w*(?! RSS)\b": "channel is „platforma”; „kanał” is the feed only („kanał RSS”)",
        r"samoczynn|[Pp]rób[ay] (zostaną|zostanie) (powtórzon|ponowion)|[Nn]astąpi (kolejna|ponowna) próba": "impersonal riddle: „Publisher (sam) spróbuje ponownie”",
        r"\b[Ss]zuka się\b|[Pp]onów (wpis|szkic)\b": "translated: „Publisher szuka”, „ponów wysyłkę”",
        r"\w …$": "no space before the ellipsis of a button",
    },
}
"""By language: a regular expression, and why, or the better word."""


def awkward(code: str, text: str) -> list[str]:
    """What a message should say otherwise."""
    words = re.sub(r"`[^`]*`", "", text)
    return [better for pattern, better in AWKWARD[code].items() if re.search(pattern, words)]
