"""Serves prepared responses, so that little of a measured time is the server's.

    python -m benchmarks.server NODES:DELAY_MS ...

Prints a JSON object with the URL of each argument and serves until it is terminated. It does not verify requests.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from benchmarks.fleet import nodes


@contextmanager
def serving(*services: str) -> Iterator[dict[str, str]]:
    """The URL of each service, named ``NODES:DELAY_MS``, for as long as the block runs."""
    command = [sys.executable, "-m", "benchmarks.server", *services]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield json.loads(process.stdout.readline()) if process.stdout else {}
        finally:
            process.terminate()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    body = b""
    delay = 0.0

    def do_GET(self) -> None:
        """Answer any request with the body, after the delay."""
        time.sleep(self.delay)
        self.send_response(200)
        self.send_header("Content-Type", "application/json;charset=utf-8")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Write no log: a line costs more than a response."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # connections of all regions at once


def _start(service: str) -> str:
    count, delay = service.split(":")
    document = {"requestId": "6F5E4D3C-2B1A-4099-8877-665544332211", "instanceModelList": nodes(int(count))}
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    handler = type("_Prepared", (_Handler,), {"body": body, "delay": int(delay) / 1000})
    server = _Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


if __name__ == "__main__":
    print(json.dumps({service: _start(service) for service in sys.argv[1:]}), flush=True)
    threading.Event().wait()
