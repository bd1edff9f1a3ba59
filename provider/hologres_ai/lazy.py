"""The one place of the faces' lazy imports: `lazy.reading` is the module `reading`, imported when it is first used.

A Python program only declares an `AiNodeList`; another process reads it. What a call takes (httpx, TLS, retries) is
half of all that the program would import. The command line's lazy imports are in `cli.lazy`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from .collecting import never_collected

if TYPE_CHECKING:
    from . import envelope, models, requirements
    from .core import read as reading

__all__ = ["envelope", "models", "reading", "requirements"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f".{'core.read' if name == 'reading' else name}", __package__)


def prepare_reading() -> None:
    """Import what a read takes, in the process that Pulumi starts to read, and ends when the program has run."""
    with never_collected():
        import_module(".core.read", __package__)
