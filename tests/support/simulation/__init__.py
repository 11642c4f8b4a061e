"""The real delivery code and the real ledger against a simulated platform, clock and death.

`plan` says what goes wrong at which step, `world` runs processes step by step, `platform` is what
they publish to, `stage` puts Publisher's own parts into it, `promises` says what must hold,
`history` runs one plan from beginning to end.
"""
