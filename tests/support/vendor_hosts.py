"""The hosts of the vendor, on loopback: a proxy that connects every host to one stand-in, over trusted TLS.

A test sees which host was asked and what it received, with the client's own host names, certificates and proxy rules.
"""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from trustme import CA

from tests.support.stand_ins import StandIn

NODES = b'{"requestId": "R-1", "instanceModelList": []}'


@dataclass(frozen=True)
class Request:
    """A received request: the host that the client requested, and what it sent."""

    host: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


@cache
def authority() -> CA:
    """The authority that has issued the certificate of every host."""
    return CA()


@cache
def _context(host: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert(host).configure_cert(context)
    return context


class VendorHosts:
    """The proxy, and the requests that the hosts behind it received.

    Attributes:
        requests: what arrived, in order.
        tunnels: each ``host:port`` to which a tunnel was opened.
    """

    def __init__(self, stand_in: StandIn) -> None:
        self.requests: list[Request] = []
        self.tunnels: list[str] = []
        vendor_hosts = self

        class Tunnel(BaseRequestHandler):
            def handle(self) -> None:
                vendor_hosts.open_tunnel(self.request, self.client_address, self.server)

        class Host(BaseHTTPRequestHandler):
            host = ""

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query, headers = dict(parse_qsl(parts.query)), {k.lower(): v for k, v in self.headers.items()}
                vendor_hosts.requests.append(Request(self.headers["host"], parts.path, query, headers))
                if self.headers["host"].startswith("sts"):
                    stand_in.serve(self)
                else:
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(NODES)))
                    self.end_headers()
                    self.wfile.write(NODES)

            do_POST = do_PUT = do_GET  # noqa: N815 - the server calls them so

            def log_message(self, *_arguments: Any) -> None:
                pass

        self._host = Host
        self._server = ThreadingTCPServer(("127.0.0.1", 0), Tunnel)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def open_tunnel(self, connection: Any, client: Any, server: Any) -> None:
        """Answer a CONNECT, and serve the host that it names."""
        head = b""
        while b"\r\n\r\n" not in head:
            received = connection.recv(4096)
            if not received:
                return
            head += received
        target = head.split()[1].decode()
        self.tunnels.append(target)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            with _context(target.rpartition(":")[0]).wrap_socket(connection, server_side=True) as secure:
                self._host(secure, client, server)
        except OSError:
            return

    @contextmanager
    def running(self) -> Iterator["VendorHosts"]:
        """Serve until the end of the block."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


@contextmanager
def connected(stand_in: StandIn, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[VendorHosts]:
    """Set the proxy and the trusted authority of this process so that all hosts are the stand-in."""
    file = folder / "authority.pem"
    authority().cert_pem.write_to_path(str(file))
    with VendorHosts(stand_in).running() as vendor_hosts:
        monkeypatch.setenv("HTTPS_PROXY", vendor_hosts.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        yield vendor_hosts
