"""Hologres AI nodes for infrastructure programs.

`AiNodeList` is the Pulumi data source; `read_ai_nodes` reads the same without an engine, and `require` judges it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from .collecting import collected_later

if TYPE_CHECKING:
    from .dynamic import AiNodeList, AiNodes
    from .models import AiNode, AiNodeListResult, Totals, Usage
    from .reading import read_ai_nodes
    from .requirements import require

# The one place of lazy imports. Scripts and the command line use this package without Pulumi, whose import alone
# takes longer than everything else they do.
_HOMES = {
    "AiNode": "models",
    "AiNodeList": "dynamic",
    "AiNodeListResult": "models",
    "AiNodes": "dynamic",
    "Totals": "models",
    "Usage": "models",
    "read_ai_nodes": "reading",
    "require": "requirements",
}

__all__ = ["AiNode", "AiNodeList", "AiNodeListResult", "AiNodes", "Totals", "Usage", "read_ai_nodes", "require"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with collected_later():
        home = import_module(f".{_HOMES[name]}", __name__)
    return getattr(home, name)
