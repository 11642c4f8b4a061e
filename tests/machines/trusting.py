"""`python -m tests.machines.trusting CERTIFICATE MODULE WORDS…`: a program that trusts the own
authority.

Platforms are asked over TLS, and by the authorities of requests alone.
"""

import runpy
import sys

import requests.adapters


def main() -> None:
    certificate, module = sys.argv[1:3]
    requests.adapters.DEFAULT_CA_BUNDLE_PATH = certificate
    sys.argv = [module, *sys.argv[3:]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
