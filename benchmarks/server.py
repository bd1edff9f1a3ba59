"""Hands out answers that were made beforehand: as little of the measured time as can be is the server's.

    python -m benchmarks.server 1 1000 100000

The first line on stdout is a JSON object with the URL of each size; it serves until it is terminated. Whoever asks gets
the same bytes: signatures are not looked at here, that is the emulator's business.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from benchmarks.fleet import nodes

REQUEST_ID = "6F5E4D3C-2B1A-4099-8877-665544332211"


@contextmanager
def serving(sizes: Sequence[int]) -> Iterator[dict[int, str]]:
    """The URL of each size, for as long as the block runs."""
    command = [sys.executable, "-m", "benchmarks.server", *map(str, sizes)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            ready = json.loads(process.stdout.readline()) if process.stdout else {}
            yield {int(size): url for size, url in ready.items()}
        finally:
            process.terminate()


def answer(size: int) -> bytes:
    """The body of a reply with that many nodes."""
    document = {"requestId": REQUEST_ID, "instanceModelList": nodes(size)}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    body = b""

    def do_GET(self) -> None:
        """The body, whatever was asked."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json;charset=utf-8")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Nothing: a line costs more than an answer."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # of all regions at once


def _start(size: int) -> str:
    handler = type("_Sized", (_Handler,), {"body": answer(size)})
    server = _Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def main() -> None:
    """Serve the sizes that are given."""
    print(json.dumps({size: _start(int(size)) for size in sys.argv[1:]}), flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
