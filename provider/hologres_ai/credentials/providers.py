"""alibabacloud-credentials, one provider at a time, with its faults kept in.

What is wrapped, as of 1.0.12:

- It takes what it is not given from the environment of its own import: every value is given.
- Its errors and log lines hold whole answers, secrets included, and urllib3's hold whole queries: no text of an error
  is passed on, and while it works for us in a thread, nothing is logged from that thread.
- It ignores NO_PROXY, sends the metadata service's requests through a proxy, and follows redirects: see `_Direct`.
- Its caches keep a failed answer's predecessor, and one of them starts a scheduler: each provider lives for one answer.
- Its reader of CLI profiles drops the expiry, fills gaps from the environment and writes what a command printed back
  into the file: profiles are read in `profile`. OAuth alone goes through it, because there the tokens rotate.
"""

import json
import logging
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from alibabacloud_credentials import provider as library
from alibabacloud_credentials.http import HttpOptions
from requests.adapters import BaseAdapter
from requests.utils import should_bypass_proxies
from Tea.core import TeaCore

from .types import (
    CloudSso,
    Credentials,
    EcsRole,
    External,
    Fetched,
    FetchFailure,
    Limits,
    OAuth,
    Oidc,
    Origin,
    Role,
    Uri,
)

STS = "sts.aliyuncs.com"
METADATA = "100.100.100.200"
_LOGGERS = ("credentials", "alibabacloud-tea", "urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry")


def ask_provider(
    link: Origin | Role, held: Credentials | None, limits: Limits, sts: str | None = None
) -> Fetched | FetchFailure:
    """One set of credentials: from an origin, or those of a role that the ones `held` may assume; blocks.

    `sts` is the host or URL of STS; where it is None, the link's own, or the public one.
    """

    def build() -> Any:
        if isinstance(link, Role) and held:
            return _role(link, held, limits, sts)
        return _BUILD[type(link)](link, limits, sts)

    return _one(build)


# --- The providers ---------------------------------------------------------------------------------------------------


def _options(limits: Limits) -> Any:
    return HttpOptions(connect_timeout=int(limits.connect * 1000), read_timeout=int(limits.read * 1000))


def _role(role: Role, credentials: Credentials, limits: Limits, sts: str | None) -> Any:
    host = sts or role.sts_endpoint or STS
    _make_direct("https", host)
    return library.RamRoleArnCredentialsProvider(
        access_key_id=credentials.access_key_id,
        access_key_secret=credentials.access_key_secret,
        security_token=credentials.security_token,
        role_arn=role.arn,
        role_session_name=role.session_name,
        duration_seconds=role.seconds,
        policy=role.policy,
        external_id=role.external_id,
        sts_endpoint=host,
        http_options=_options(limits),
    )


@contextmanager
def _token_file(origin: Oidc) -> Iterator[str]:
    """The token's file. A token that was given as a text goes through a pipe: it must not rest on a disk."""
    if origin.token is None:
        yield origin.token_file or ""
        return
    reader, writer = os.pipe()
    try:
        os.write(writer, origin.token.encode())
        os.close(writer)
        yield f"/dev/fd/{reader}"
    finally:
        os.close(reader)


class _OidcProvider:
    """The library's, with the token's file there for the time of one answer."""

    def __init__(self, origin: Oidc, limits: Limits, sts: str | None) -> None:
        self._origin = origin
        self._limits = limits
        self._host = sts or origin.sts_endpoint or STS

    def get_credentials(self) -> Any:
        _make_direct("https", self._host)
        with _token_file(self._origin) as path:
            provider = library.OIDCRoleArnCredentialsProvider(
                role_arn=self._origin.role_arn,
                oidc_provider_arn=self._origin.provider_arn,
                oidc_token_file_path=path,
                role_session_name=self._origin.session_name,
                duration_seconds=self._origin.seconds,
                policy=self._origin.policy,
                sts_endpoint=self._host,
                http_options=_options(self._limits),
            )
            return provider.get_credentials()


def _uri(origin: Uri, limits: Limits, _sts: str | None) -> Any:
    parts = urlsplit(origin.uri)
    _make_direct(parts.scheme, parts.hostname or "", parts.port or 80)
    return library.URLCredentialsProvider(uri=origin.uri, http_options=_options(limits))


def _ecs(origin: EcsRole, _limits: Limits, _sts: str | None) -> Any:
    # Its own time limits, 1 s each, suit a service on the same host, and tell soon that this is no ECS instance.
    _make_direct("http", METADATA)
    return library.EcsRamRoleCredentialsProvider(
        role_name=origin.name, disable_imds_v1=origin.v1_disabled, async_update_enabled=False
    )


def _external(origin: External, limits: Limits, _sts: str | None) -> Any:
    return library.ExternalCredentialsProvider(process_command=origin.command, timeout=max(1, int(limits.total)))


def _cloud_sso(origin: CloudSso, limits: Limits, _sts: str | None) -> Any:
    _make_direct_url(origin.sign_in_url)
    return library.CloudSSOCredentialsProvider(
        sign_in_url=origin.sign_in_url,
        account_id=origin.account_id,
        access_config=origin.access_config,
        access_token=origin.access_token,
        access_token_expire=origin.expires,
        http_options=_options(limits),
    )


class _OAuthProvider:
    """The library's reader of profiles, whose answer has no expiry: it stands in the file afterwards."""

    def __init__(self, origin: OAuth, _limits: Limits, _sts: str | None) -> None:
        self._origin = origin

    def get_credentials(self) -> Any:
        for host in ("oauth.aliyun.com", "oauth.alibabacloud.com"):
            _make_direct("https", host)
        file = str(self._origin.file)
        given = library.CLIProfileCredentialsProvider(profile_name=self._origin.name, profile_file=file)
        credentials = given.get_credentials()
        profiles = json.loads(self._origin.file.read_text(encoding="utf-8"))["profiles"]
        [profile] = [fields for fields in profiles if fields.get("name") == self._origin.name]
        credentials._expiration = profile.get("sts_expiration")
        return credentials


_BUILD: dict[type, Callable[[Any, Limits, str | None], Any]] = {
    Uri: _uri,
    EcsRole: _ecs,
    Oidc: _OidcProvider,
    External: _external,
    CloudSso: _cloud_sso,
    OAuth: _OAuthProvider,
}


# --- What they answer ------------------------------------------------------------------------------------------------


def _one(build: Callable[[], Any]) -> Fetched | FetchFailure:
    with _MUTED.here():
        try:
            answer = build().get_credentials()
            return _checked(answer)
        except Exception as error:  # noqa: BLE001 - whatever it is, its text may hold a secret
            return _refusal(error)


def _checked(answer: Any) -> Fetched | FetchFailure:
    key, secret, token = answer.get_access_key_id(), answer.get_access_key_secret(), answer.get_security_token()
    values = [key, secret, *([token] if token else [])]
    if not all(isinstance(value, str) and re.fullmatch(r"[\x21-\x7e]+", value) for value in values):
        return FetchFailure("its answer is incomplete")
    expires = answer.get_expiration()
    return Fetched(Credentials(key, secret, token or None), float(expires) if expires else None)


_WORDS = (
    (r"redirects?\b", "it answers with a redirect, which is never followed", False),
    (r"CERTIFICATE_VERIFY|SSLError|certificate", "its identity could not be proven (TLS)", False),
    (r"ProxyError|proxy", "the proxy does not let it through", True),
    (r"Connection refused", "the connection was refused", True),
    (r"resolve|Name or service|getaddrinfo", "its host is not known", True),
    (r"timed out", "it gave no answer in time", True),
    (r"exit status [0-9]+", "the command failed", False),
    (r"failed to execute", "the command can't be run", False),
    (r"external command output|invalid.* credential response", "the command printed no credentials", False),
    (r"No cached value", "its credentials have expired already", False),
    (r"please re-login", "the login has expired", False),
    (r"IMDS credentials is disabled", "ALIBABA_CLOUD_ECS_METADATA_DISABLED forbids it", False),
)


def _refusal(error: Exception) -> FetchFailure:
    """Our own words for a failure; of its text nothing but digits and a known kind of code is taken."""
    text, kind = str(error), type(error).__name__
    status = re.search(r"(?:http_?|status )code\s*[:=]\s*([0-9]{3})", text, re.IGNORECASE)
    if status:
        number, code = int(status[1]), _code(text)
        return FetchFailure("it refuses", number == 429 or number >= 500, number, code)
    if isinstance(error, OSError):
        return FetchFailure(f"a file can't be read ({kind})")
    for pattern, words, transient in _WORDS:
        if re.search(pattern, text, re.IGNORECASE):
            return FetchFailure(f"{words} ({kind})", transient)
    transient = kind == "RetryError"
    return FetchFailure(f"no whole answer ({kind})" if transient else f"its answer can't be read ({kind})", transient)


def _code(text: str) -> str | None:
    """STS's code, such as ``NoPermission``: words without a digit, as no secret is."""
    found = re.search(r'"Code"\s*:\s*"([A-Z][A-Za-z]{2,31}(?:\.[A-Z][A-Za-z]{1,31}){0,3})"', text)
    return found[1] if found else None


# --- Its surroundings ------------------------------------------------------------------------------------------------


class _Muted(logging.Filter):
    """Lets no line through from a thread in which the library works for us."""

    def __init__(self) -> None:
        super().__init__()
        self._local = threading.local()

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002
        return not getattr(self._local, "on", False)

    @contextmanager
    def here(self) -> Iterator[None]:
        """In this thread, for this time."""
        self._local.on = True
        try:
            yield
        finally:
            self._local.on = False


_MUTED = _Muted()
for _name in _LOGGERS:
    logging.getLogger(_name).addFilter(_MUTED)


class _Direct(BaseAdapter):
    """Sends without a proxy what NO_PROXY names, and what is for the metadata service."""

    def __init__(self, inner: BaseAdapter) -> None:
        super().__init__()
        self._inner = inner

    def send(self, request: Any, **options: Any) -> Any:  # type: ignore[override]  # passed on as they come
        if urlsplit(request.url).hostname == METADATA or should_bypass_proxies(request.url, None):
            options["proxies"] = {}
        request.headers["Connection"] = "close"  # an idle connection would be shared with a forked child
        return self._inner.send(request, **options)

    def close(self) -> None:
        self._inner.close()


def _make_direct_url(url: str) -> None:
    parts = urlsplit(url)
    _make_direct(parts.scheme, parts.hostname or "", parts.port or 80)


def _make_direct(protocol: str, host: str, port: int = 80) -> None:
    """Let the session that the library is about to use for a host heed NO_PROXY, and follow no redirect."""
    with suppress(AttributeError):  # a later version keeps its sessions elsewhere
        session = TeaCore._get_session(f"{protocol}://{host}:{port}", protocol)
        session.max_redirects = 0
        for prefix in ("https://", "http://"):
            adapter = session.get_adapter(prefix)
            if not isinstance(adapter, _Direct):
                session.mount(prefix, _Direct(adapter))
