"""Read in this process, and print the median seconds and the peak memory in MiB.

python -m benchmarks.reader ours|session|sdk URL REPEATS [REGION ...]
"""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from benchmarks.measuring import ACCESS_KEY, REGION, SECRET_KEY

# Each subject imports only its own libraries, because its peak memory is measured.
# ruff: noqa: PLC0415

Read = Callable[[str, Sequence[str]], int]


def ours(*, in_session: bool) -> Read:
    """Return a function that reads with hologres_ai."""
    from hologres_ai import Session, read_ai_nodes

    session = Session() if in_session else None

    def read(url: str, regions: Sequence[str]) -> int:
        found = read_ai_nodes(
            regions=regions or [REGION],
            endpoint=url.replace("127.0.0.1", "{region}.localhost"),
            access_key=ACCESS_KEY,
            secret_key=SECRET_KEY,
            session=session,
        )
        return len(found.instance_model_list)

    return read


def sdk() -> Read:
    """Return a function that reads with the vendor's SDK and keeps a client with its connection for each region."""
    from alibabacloud_hologram20220601.client import Client
    from alibabacloud_hologram20220601.models import ListInstanceModelRequest
    from alibabacloud_tea_openapi.utils_models import Config

    keys = {"access_key_id": ACCESS_KEY, "access_key_secret": SECRET_KEY}
    clients: dict[str, Client] = {}

    def read_one(host: str, region: str) -> int:
        if region not in clients:
            clients[region] = Client(Config(endpoint=host, protocol="http", region_id=region, **keys))
        return len(clients[region].list_instance_model(ListInstanceModelRequest()).body.instance_model_list)

    def read(url: str, regions: Sequence[str]) -> int:
        return sum(read_one(url.removeprefix("http://"), region) for region in regions or [REGION])

    return read


def main(who: str, url: str, repeats: str, *regions: str) -> None:
    """Read once without measuring, then measure `repeats` reads."""
    read = sdk() if who == "sdk" else ours(in_session=who == "session")
    read(url, regions[:1])
    times = []
    for _ in range(int(repeats)):
        start = time.perf_counter()
        read(url, regions)
        times.append(time.perf_counter() - start)
    print(median(times), peak_memory())


def peak_memory() -> float:
    """Return the peak memory of this process in MiB; 0 on systems other than Linux."""
    # resource.getrusage also counts the memory that the parent had when it started this process.
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


if __name__ == "__main__":
    main(*sys.argv[1:])
