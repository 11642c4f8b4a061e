"""Numbers, sizes and prices as readers of the current language write them."""

from decimal import Decimal

from publisher import language

_UNITS = ((10**9, "gigabyte"), (10**6, "megabyte"), (10**3, "kilobyte"))


def number(value: float, digits: int = 0) -> str:
    """`12,345` in English, `12 345` in French; with so many digits after the point."""
    # Seldom needed, slow to load.
    from babel.numbers import format_decimal  # noqa: PLC0415

    pattern = f"#,##0.{'0' * digits}" if digits else "#,##0"
    return format_decimal(value, pattern, locale=language.current())


def size(count: int) -> str:
    """Of so many bytes: `118.2 MB` in English, `118,2 Mo` in French. A MB has 1,000,000 bytes."""
    from babel.units import format_unit  # noqa: PLC0415

    least, unit = next((one for one in _UNITS if count >= one[0]), _UNITS[-1])
    name = f"digital-{unit}"
    return format_unit(count / least, name, "short", "#,##0.#", locale=language.current())


def dollars(amount: Decimal) -> str:
    """US dollars: `$0.30` in English, `0,30 $US` in French."""
    from babel.numbers import format_currency  # noqa: PLC0415

    return format_currency(amount, "USD", locale=language.current())
