"""Constant outputs of the same size as those of `AiNodeList`; the environment sets the number of nodes."""

import os
from typing import Any

from benchmarks.fleet import nodes

COUNT = "BENCHMARK_NODES"

_NODES = nodes(int(os.environ.get(COUNT, "1")))
_USAGE = {"capacity": 1, "used": 1, "free": 0}

OUTPUTS: dict[str, Any] = {
    "region": "cn-hangzhou",
    "instanceModelList": _NODES,
    "ids": [node["aiInstanceId"] for node in _NODES],
    "names": sorted({str(node["holoInstanceName"]) for node in _NODES}),
    "totals": {"nodeCount": len(_NODES), **dict.fromkeys(("cpu", "memory", "gpu", "gpuMemory"), _USAGE)},
    "fingerprint": "0" * 64,
}
