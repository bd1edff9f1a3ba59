"""A login of ``aliyun configure --mode OAuth``: get a temporary AccessKey, and renew the tokens in the file.

No other module writes the file. Only the fields that have changed are written, as the CLI does.
"""

import json
import logging
import shutil
import threading
import time
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import urlencode

from ..errors.codes import RETRIED_STATUSES
from .http import FetchError, HttpRequest, send
from .profile import load_file, named_fields
from .response import parse_expiry
from .types import Limits, OAuth, Profile

log = logging.getLogger(__name__)

# The host of each site, and the OAuth client id of the vendor's CLI. Source: the vendor's credentials libraries.
_SITES = {
    "CN": ("oauth CN", "4038181954557748008"),
    "INTL": ("oauth INTL", "4103531455503354461"),
}
_RENEWED_AHEAD = 1200.0  # seconds: an access token is renewed this long before it expires
_FILE = threading.Lock()

Document = dict[str, Any]


def exchange_login(login: OAuth, hosts: dict[str, str], limits: Limits) -> Document:
    """Return the temporary AccessKey of a login, in the format of the service; blocks.

    Raises:
        FetchError: the login has expired, the service refused, or there was no complete response.
        ConfigurationError: the file or the profile no longer exists or is invalid.
    """
    with _FILE:  # a refresh token can be used once: two threads must not renew it at the same time
        fields = dict(named_fields(Profile(login.file, login.name), load_file(login.file)))
        if _is_fresh(fields):
            return _held(fields)
        host, client = _site(fields)
        tokens = _tokens(fields, hosts[host], client, limits)
        if "oauth_refresh_token" in tokens:
            _keep(login, tokens)  # before the exchange, which may fail: the old refresh token is no longer valid
        document = _exchange(str(tokens["oauth_access_token"]), hosts[host], limits)
        _keep(login, _fields_of(document))
        return document


def _site(fields: Document) -> tuple[str, str]:
    site = str(fields.get("oauth_site_type") or "CN").upper()
    if site not in _SITES:
        raise FetchError("oauth_site_type of the profile is neither CN nor INTL")
    return _SITES[site]


def _is_fresh(fields: Document) -> bool:
    keys = all(fields.get(name) for name in ("access_key_id", "access_key_secret", "sts_token"))
    return keys and _number(fields.get("sts_expiration")) > time.time()


def _held(fields: Document) -> Document:
    return {
        "AccessKeyId": fields["access_key_id"],
        "AccessKeySecret": fields["access_key_secret"],
        "SecurityToken": fields["sts_token"],
        "Expiration": _number(fields["sts_expiration"]),
    }


def _number(value: object) -> float:
    try:
        return float(value) if isinstance(value, str | int | float) else 0.0
    except ValueError:
        return 0.0


def _tokens(fields: Document, host: str, client: str, limits: Limits) -> Document:
    """Return the tokens of the login; renew them if the access token is about to expire."""
    expires, access, refresh = (
        fields.get(name) for name in ("oauth_access_token_expire", "oauth_access_token", "oauth_refresh_token")
    )
    left = _number(expires) - time.time()
    if access and left > (_RENEWED_AHEAD if refresh else 0):
        return {"oauth_access_token": str(access)}
    if not refresh:
        raise FetchError("the login has expired")
    form = {"grant_type": "refresh_token", "refresh_token": str(refresh), "client_id": client}
    headers = {"content-type": "application/x-www-form-urlencoded"}
    request = HttpRequest(f"{host}/v1/token", "POST", headers=headers, content=urlencode(form), secrets=(str(refresh),))
    response = send(request, limits)
    if response.status != 200:
        raise FetchError(
            "the request was refused", transient=response.status in RETRIED_STATUSES, status=response.status
        )
    document = response.document()
    if not all(isinstance(document.get(name), str) for name in ("access_token", "refresh_token")):
        raise FetchError("its response contains no tokens")
    return {
        "oauth_access_token": document["access_token"],
        "oauth_refresh_token": document["refresh_token"],
        "oauth_access_token_expire": int(time.time() + (_number(document.get("expires_in")) or 3600)),
    }


def _exchange(token: str, host: str, limits: Limits) -> Document:
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    response = send(HttpRequest(f"{host}/v1/exchange", "POST", headers=headers, secrets=(token,)), limits)
    if response.status != 200:
        raise FetchError(
            "the request was refused", transient=response.status in RETRIED_STATUSES, status=response.status
        )
    return response.document()


def _fields_of(document: Document) -> Document:
    """Return the temporary AccessKey as fields of a profile."""
    return {
        "access_key_id": document.get("AccessKeyId"),
        "access_key_secret": document.get("AccessKeySecret"),
        "sts_token": document.get("SecurityToken"),
        "sts_expiration": int(parse_expiry(document.get("Expiration")) or 0),
    }


def _keep(login: OAuth, changed: Document) -> None:
    """Write the changed fields to the profile. A failure is only logged, because the credentials are valid anyway."""
    try:
        whole = dict(load_file(login.file))
        whole["profiles"] = [
            {**fields, **changed} if isinstance(fields, dict) and fields.get("name") == login.name else fields
            for fields in whole["profiles"]
        ]
        _replace(login.file.resolve(), json.dumps(whole, indent="\t", ensure_ascii=False) + "\n")
    except OSError as error:
        log.warning("the renewed login could not be written to %s (%s)", login.file, type(error).__name__)


def _replace(file: Path, text: str) -> None:
    """Replace the file atomically; if the folder allows no other file, overwrite it in place."""
    draft = file.with_name(f".{file.name}.{token_hex(8)}")
    try:
        draft.touch(mode=0o600, exist_ok=False)  # the file contains tokens
        draft.write_text(text, encoding="utf-8")
        shutil.copymode(file, draft)
        draft.replace(file)
    except OSError:
        with suppress(OSError):
            draft.unlink()
        file.write_text(text, encoding="utf-8")
