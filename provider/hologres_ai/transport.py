"""httpx as it is used here: without its own command line."""

import sys

# httpx imports its command line wherever click and rich are installed, as they are here: a fifth of all that a script
# imports, for a program that nobody runs in this process. Without it httpx does as it does where they are not.
_COMMAND_LINE = "httpx._main"
if "httpx" not in sys.modules:
    sys.modules[_COMMAND_LINE] = None  # type: ignore[assignment]  # how an import is made to fail
try:
    import httpx
finally:
    if sys.modules.get(_COMMAND_LINE, ...) is None:
        del sys.modules[_COMMAND_LINE]

__all__ = ["httpx"]
