"""Exchange a login with ``aliyun configure --mode OAuth`` for a temporary AccessKey, and renew its tokens in the file.

Only this module writes the file. It updates only the fields whose values changed, as the CLI does.
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

from .http import HOSTS, FetchError, credentials_in, parse_expiry, send
from .profile import Fields, load_file, named_fields
from .types import Fetched, Limits, OAuth, Profile

log = logging.getLogger(__name__)

# The OAuth client ID of the Alibaba Cloud CLI at each site. Source: the Alibaba Cloud credentials libraries.
_CLIENTS = {"CN": "4038181954557748008", "INTL": "4103531455503354461"}
_RENEWED_AHEAD = 1200.0  # seconds before the expiry time, at which an access token is renewed
_FILE = threading.Lock()
_FIELDS = ("access_key_id", "access_key_secret", "sts_token", "sts_expiration")  # the temporary AccessKey in a profile


def exchange_login(login: OAuth, limits: Limits) -> Fetched:
    """Return the temporary AccessKey of a login. This function blocks.

    Raises:
        FetchError: the login has expired, or a request failed.
        ConfigurationError: the file or the profile no longer exists or is invalid.
    """
    with _FILE:  # a refresh token can be used only once: two threads must not use it concurrently
        fields = named_fields(Profile(login.file, login.name), load_file(login.file))
        if _is_fresh(fields):
            return credentials_in({**fields, "sts_expiration": _number(fields["sts_expiration"])}, _FIELDS)
        host, token = HOSTS[f"oauth {login.site}"], str(fields.get("oauth_access_token") or "")
        if not token or _must_renew(fields):
            renewed = _renew(str(fields.get("oauth_refresh_token") or ""), host, _CLIENTS[login.site], limits)
            _keep(login, renewed)  # written before the exchange, which may fail: the old refresh token is invalid
            token = renewed["oauth_access_token"]
        document = _exchange(token, host, limits)
        expires = int(parse_expiry(document.get("Expiration")) or 0)
        keys = [document.get(name) for name in ("AccessKeyId", "AccessKeySecret", "SecurityToken")]
        _keep(login, dict(zip(_FIELDS, [*keys, expires], strict=True)))
        return credentials_in(document)


def _is_fresh(fields: Fields) -> bool:
    keys = all(fields.get(name) for name in _FIELDS[:3])
    return keys and _number(fields.get("sts_expiration")) > time.time()


def _number(value: object) -> float:
    try:
        return float(value) if isinstance(value, str | int | float) else 0.0
    except ValueError:
        return 0.0


def _must_renew(fields: Fields) -> bool:
    left = _number(fields.get("oauth_access_token_expire")) - time.time()
    return left <= (_RENEWED_AHEAD if fields.get("oauth_refresh_token") else 0)


def _renew(refresh_token: str, host: str, client: str, limits: Limits) -> dict[str, Any]:
    """Return new tokens, as fields of a profile."""
    if not refresh_token:
        raise FetchError("the login has expired")
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": client}
    headers = {"content-type": "application/x-www-form-urlencoded"}
    url, content = f"{host}/v1/token", urlencode(form)
    document = send(url, limits, method="POST", headers=headers, content=content, secrets=[refresh_token]).document()
    if not all(isinstance(document.get(name), str) for name in ("access_token", "refresh_token")):
        raise FetchError("its response contains no tokens", at_host=True)
    return {
        "oauth_access_token": document["access_token"],
        "oauth_refresh_token": document["refresh_token"],
        "oauth_access_token_expire": int(time.time() + (_number(document.get("expires_in")) or 3600)),
    }


def _exchange(token: str, host: str, limits: Limits) -> dict[str, Any]:
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    return send(f"{host}/v1/exchange", limits, method="POST", headers=headers, secrets=[token]).document()


def _keep(login: OAuth, changed: Fields) -> None:
    """Write the changed fields to the profile. A failed write is only logged: the credentials are valid without it."""
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
    """Replace the file atomically. If this fails, such as in a read-only folder, overwrite the file in place."""
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
