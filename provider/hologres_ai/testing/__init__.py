"""Tools for tests of programs that use Hologres AI nodes: Pulumi mocks, and a function that runs a complete program.

The pytest fixtures are in `hologres_ai.testing.fixtures`. The other modules do not require pytest.
"""

try:
    from ..emulator import Emulator
except ModuleNotFoundError as error:
    if error.name != "aiohttp":
        raise
    remedy = "hologres_ai.testing requires aiohttp, which is not installed. Run pip install 'hologres_ai[testing]'"
    raise ModuleNotFoundError(remedy, name=error.name) from None

from .fleets import Fleet
from .mocks import HologresMocks
from .programs import run_program

__all__ = ["Emulator", "Fleet", "HologresMocks", "run_program"]
