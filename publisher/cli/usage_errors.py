"""What Typer says of a command line, which it has in English alone."""

import re

from publisher.base.i18n import _, later

_TOLD = (
    (r"Show this message and exit\.", later("Show this message and exit.")),
    (r"default: (?P<default>.*)", later("default: {default}")),
    (r"env var: (?P<var>.*)", later("env var: {var}")),
    (r"required", later("required")),
    (r"Missing command\.", later("Missing command.")),
    (r"No such command (?P<name>'.*')\.", later("No such command {name}.")),
    (r"Missing argument (?P<name>'.*')\. Choose from:\n(?P<names>.*)",
     later("Missing argument {name}. Choose from:\n{names}")),
    (r"Missing argument (?P<name>'.*')\.", later("Missing argument {name}.")),
    (r"Missing option (?P<name>'.*')\.", later("Missing option {name}.")),
    (r"No such option: (?P<name>\S+) \(Possible options: (?P<names>.*)\)",
     later("No such option: {name} (Possible options: {names})")),
    (r"No such option: (?P<name>.*)", later("No such option: {name}")),
    (r"Invalid value for (?P<name>'[^']*'): (?P<problem>.*)",
     later("Invalid value for {name}: {problem}")),
    (r"(?P<value>'.*') is not one of (?P<names>.*)\.",
     later("{value} is not one of {names}.")),
    (r"(?P<value>'.*') is not a valid (?:int|integer)(?: range)?\.",
     later("{value} is not a whole number.")),
    (r"(?P<value>'.*') is not a valid float(?: range)?\.", later("{value} is not a number.")),
    (r"(?P<value>\S+) is not in the range (?P<range>.*)\.",
     later("{value} is not in the range {range}.")),
    (r"Option (?P<name>'.*') requires an argument\.", later("Option {name} requires an argument.")),
    (r"Option (?P<name>'.*') does not take a value\.",
     later("Option {name} does not take a value.")),
    (r"Got unexpected extra argument\(s\) \((?P<names>.*)\)",
     later("Got unexpected extra argument(s) ({names})")),
)  # fmt: skip


def translated(message: str) -> str:
    """The message in the language that is spoken; one that is not known stays as it is."""
    for pattern, told in _TOLD:
        if found := re.fullmatch(pattern, message, re.DOTALL):
            values = found.groupdict()
            if "problem" in values:
                values["problem"] = translated(values["problem"])
            return _(told, **values)
    return message
