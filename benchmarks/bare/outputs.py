"""The constant outputs, as large as those of the list; their number of nodes is in the environment."""

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
