"""When to try again what provably did not go out."""

_FIRST = 2.0
_LONGEST = 60.0


def delay(attempts: int) -> float:
    """Real seconds to wait after so many attempts (1 or more): 2, 4, 8 … at most a minute.

    There is no limit to the attempts: a post's expiry ends them.
    """
    return min(_LONGEST, _FIRST * 2.0 ** (min(attempts, 10) - 1))
