"""Local stand-ins for the services that return credentials: STS, ECS metadata, a credentials URI, two logins.

One loopback server implements all of them, verifies requests as the real ones do, and numbers the keys that it issues.
"""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, quote_plus, urlsplit

import pytest

from hologres_ai.credentials.http import HOSTS

STATIC_SECRET = "canary-static-secret"
OIDC_TOKEN = "canary-oidc-token"
LOGIN = "canary-login-token"
PASSWORD = "canary-uri-password"
EXTERNAL_ID = "canary-external-id"
CANARY = "canary"  # every secret in these tests begins with it

ROLE = "acs:ram::1234567890:role/reader"
UPPER = "acs:ram::1234567890:role/upper"
PROVIDER = "acs:ram::1234567890:oidc-provider/ack"
INSTANCE_ROLE = "instance-role"

Answer = tuple[int, object]


class StandIn:
    """The server, its behaviour, and the requests that it received.

    Attributes:
        lifetime: seconds until issued credentials expire.
        delay: seconds before each answer.
        failing: a response to every request, instead of the usual ones.
        v2: whether the metadata service gives session tokens.
        asked: how often each thing was asked for.
        queries: the queries to STS, in order.
        oidc_token: the only one that is accepted.
    """

    def __init__(self) -> None:
        self.lifetime = 3600.0
        self.delay = 0.0
        self.failing: tuple[int, bytes, dict[str, str]] | None = None
        self.v2 = True
        self.v1 = True
        self.asked: Counter[str] = Counter()
        self.queries: list[dict[str, str]] = []
        self.oidc_token = OIDC_TOKEN
        self.secrets = {"static-id": STATIC_SECRET}
        self._lock = threading.Lock()
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                stand_in.serve(self)

            do_POST = do_PUT = do_GET  # noqa: N815 - the server calls them so

            def log_message(self, *_arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def issued(self) -> int:
        """How many keys were issued so far."""
        return self.asked["issued"]

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        body = handler.rfile.read(int(handler.headers.get("content-length") or 0)).decode()
        time.sleep(self.delay)
        if self.failing:
            with self._lock:
                self.asked["failed"] += 1
            status, content, headers = self.failing
            self._send(handler, status, content, headers)
            return
        with self._lock:
            status, document = self._answer(handler, urlsplit(handler.path), body)
        self._send(handler, status, document.encode() if isinstance(document, str) else json.dumps(document).encode())

    def _send(
        self, handler: BaseHTTPRequestHandler, status: int, content: bytes, headers: dict[str, str] | None = None
    ) -> None:
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _answer(self, handler: BaseHTTPRequestHandler, parts: Any, body: str) -> Answer:
        query = dict(parse_qsl(parts.query))
        if "Action" in query:
            return self._sts(query)
        if parts.path == "/latest/api/token":
            self.asked["metadata token"] += 1
            return (200, "v2-session") if self.v2 and handler.command == "PUT" else (404, "")
        if parts.path.startswith("/latest/meta-data/"):
            return self._metadata(handler, parts.path.rsplit("/", 1)[1])
        if parts.path == "/credentials":
            return (200, {"Code": "Success"} | self._issue("uri")) if query == {"p": PASSWORD} else (403, query)
        if parts.path == "/cloud-credentials":
            return self._login(handler, {"CloudCredential": self._issue("sso")})
        if parts.path == "/v1/token":
            self.asked["oauth token"] += 1
            fresh = {"access_token": LOGIN, "refresh_token": f"{LOGIN}-rotated", "expires_in": 7200}
            return (200, fresh) if LOGIN in body else (403, body)
        return self._login(handler, self._issue("oauth"))

    def _login(self, handler: BaseHTTPRequestHandler, document: object) -> Answer:
        given = handler.headers["authorization"]
        return (200, document) if given == f"Bearer {LOGIN}" else (401, {"Message": given})

    def _metadata(self, handler: BaseHTTPRequestHandler, role: str) -> Answer:
        session = handler.headers["x-aliyun-ecs-metadata-token"]
        self.asked["metadata v2" if session else "metadata v1"] += 1
        if session != "v2-session" and not self.v1:
            return 403, "no session"
        if not role:
            return 200, INSTANCE_ROLE
        return (200, {"Code": "Success"} | self._issue("ecs")) if role == INSTANCE_ROLE else (404, "no such role")

    def _sts(self, query: dict[str, str]) -> Answer:
        self.queries.append(query)
        if query["Action"] == "AssumeRoleWithOIDC":
            if query["OIDCToken"] != self.oidc_token:
                return 400, {"Code": "AuthenticationFail.OIDCToken.Invalid", "Message": query["OIDCToken"]}
            return 200, {"Credentials": self._issue("oidc")}
        secret = self.secrets.get(query["AccessKeyId"], "")
        if query.pop("Signature") != signature_of(query, secret):
            return 400, {"Code": "SignatureDoesNotMatch", "Message": f"{query} {secret}"}
        return 200, {"Credentials": self._issue("role")}

    def _issue(self, kind: str) -> dict[str, str]:
        self.asked["issued"] += 1
        self.asked[kind] += 1
        number = self.asked["issued"]
        key, secret = f"{kind}-id-{number}", f"{CANARY}-{kind}-secret-{number}"
        self.secrets[key] = secret
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + self.lifetime))
        token = f"{CANARY}-{kind}-token-{number}"
        return {"AccessKeyId": key, "AccessKeySecret": secret, "SecurityToken": token, "Expiration": end}


def signature_of(query: dict[str, str], secret: str) -> str:
    """STS's signature, version 1.0, by its specification: HMAC-SHA1 over the sorted query."""

    def encoded(text: str) -> str:
        return quote_plus(text, safe="~").replace("+", "%20").replace("*", "%2A")

    pairs = "&".join(f"{encoded(name)}={encoded(value)}" for name, value in sorted(query.items()))
    text = f"GET&{encoded('/')}&{encoded(pairs)}"
    return base64.b64encode(hmac.new(f"{secret}&".encode(), text.encode(), hashlib.sha1).digest()).decode()


@contextmanager
def arranged(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """Run a stand-in that also replaces the services with fixed addresses."""
    with StandIn() as stand_in:
        for name in HOSTS:
            monkeypatch.setitem(HOSTS, name, stand_in.url)
        yield stand_in
