"""Serve prepared responses without request verification, so that the server adds little to a measured time.

    python -m benchmarks.server NODES:DELAY_MS ...

It prints the URL of each service on a line, and serves until it is terminated.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from benchmarks.fleet import nodes


@contextmanager
def serving(*services: str) -> Iterator[list[str]]:
    """Run services, each given as ``NODES:DELAY_MS``, until the block ends; the value is their URLs."""
    command = [sys.executable, "-m", "benchmarks.server", *services]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - for the type checker
            yield [process.stdout.readline().strip() for _ in services]
        finally:
            process.terminate()


async def _start(service: str) -> str:
    count, delay = map(int, service.split(":"))
    body = json.dumps(
        {"requestId": "6F5E4D3C-2B1A-4099", "instanceModelList": nodes(count)}, ensure_ascii=False
    ).encode()

    async def respond(_request: web.BaseRequest) -> web.Response:
        await asyncio.sleep(delay / 1000)
        return web.Response(body=body, content_type="application/json")

    runner = web.ServerRunner(web.Server(respond))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}"


async def _main() -> None:
    for service in sys.argv[1:]:
        print(await _start(service), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
