"""What calls go out on: clients of httpx, and their connections, shared by all calls of a read or kept for more."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Self

from ..errors import ConfigurationError
from .transport import httpx, proxy_passwords, tls_context


class Connections:
    """The connections of one event loop, to whatever endpoints; `async with` closes them at its end.

    There is a client for each scheme, made when it is first asked for, with the proxies and the trust that the
    environment names then.

    Attributes:
        secrets: the passwords of those proxies, which may not be shown.
    """

    def __init__(self) -> None:
        self._clients: dict[str, httpx.AsyncClient] = {}
        self.secrets: tuple[str, ...] = ()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_failure: object) -> None:
        for client in self._clients.values():
            await client.aclose()

    def client(self, scheme: str) -> httpx.AsyncClient:
        """The client for ``https``, or for ``http``, which is for loopback alone.

        Raises:
            ConfigurationError: the environment names a proxy, a file or a folder that can't be meant.
        """
        if scheme not in self._clients:
            self._clients[scheme] = _client(scheme)
            self.secrets = tuple(proxy_passwords())
        return self._clients[scheme]


@asynccontextmanager
async def ensure_connections(connections: Connections | None) -> AsyncIterator[Connections]:
    """The connections that are given, which stay open; or new ones, which are closed in the end."""
    if connections is not None:
        yield connections
        return
    async with Connections() as own:
        yield own


def _client(scheme: str) -> httpx.AsyncClient:
    try:
        return httpx.AsyncClient(
            headers={"accept": "application/json", "accept-encoding": "identity"},
            follow_redirects=False,
            limits=httpx.Limits(max_connections=None),  # each call has a deadline, of which none is for waiting here
            verify=tls_context(scheme),
            # Through a proxy, plain http would carry the signature in the open.
            trust_env=scheme == "https",
            # None is taken: what one account was told is nothing for another's calls.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )
    except (httpx.InvalidURL, ImportError, OSError, ValueError) as error:
        # A proxy's address may hold a password: the error's own text is not shown.
        raise ConfigurationError(
            f"no connection can be set up with this environment ({type(error).__name__})",
            "Check the proxy in HTTP_PROXY, HTTPS_PROXY and ALL_PROXY, and the file or folder in SSL_CERT_FILE "
            "and SSL_CERT_DIR.",
        ) from None
