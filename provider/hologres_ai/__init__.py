"""Hologres AI nodes for infrastructure programs.

`AiNodeList` is the Pulumi data source. `read_ai_nodes` reads the same nodes without a Pulumi engine, a `Session` reads
them repeatedly, and `require` enforces requirements.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import outputs
    from .core.read import read_ai_nodes
    from .core.session import Session
    from .dynamic import AiNodeList
    from .models import AiNode, AiNodeListResult, Totals, Usage
    from .requirements import require

    __version__: str
    from .stack_outputs import AiNodes

# The public names are imported at their first use. Scripts and the command line use this package without Pulumi, whose
# import takes longer than everything else they do.
_HOMES = {
    "AiNode": "models",
    "AiNodeList": "dynamic",
    "AiNodeListResult": "models",
    "AiNodes": "stack_outputs",
    "Session": "core.session",
    "Totals": "models",
    "Usage": "models",
    "read_ai_nodes": "core.read",
    "require": "requirements",
}

__all__ = [
    "AiNode",
    "AiNodeList",
    "AiNodeListResult",
    "AiNodes",
    "Session",
    "Totals",
    "Usage",
    "outputs",
    "read_ai_nodes",
    "require",
]


def __getattr__(name: str) -> object:
    if name == "outputs":
        return import_module(".outputs", __name__)
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - slow to import, and rarely needed

        return version(__name__)
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
