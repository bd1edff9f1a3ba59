"""Support for tests of programs that use Hologres AI nodes: Pulumi mocks, and a function that runs a whole program.

The pytest fixtures are in `hologres_ai.testing.fixtures`; nothing else here needs pytest.
"""

try:
    from ..emulator import Emulator
except ModuleNotFoundError as error:
    if error.name != "aiohttp":
        raise
    remedy = "hologres_ai.testing needs aiohttp, which is not installed: pip install 'hologres_ai[testing]'"
    raise ModuleNotFoundError(remedy, name=error.name) from None

from .fleets import Fleet
from .mocks import HologresMocks
from .programs import run_program

__all__ = ["Emulator", "Fleet", "HologresMocks", "run_program"]
