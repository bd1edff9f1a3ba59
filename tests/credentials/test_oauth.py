"""An OAuth login in a profile: valid credentials are used, tokens rotate, and the file keeps what has changed."""

import json
import time
from pathlib import Path

import pytest

from hologres_ai.errors import ConfigurationError, CredentialsError
from tests.support.credentials_setups import OAUTH, SourceSetup, get, settings_of, shown
from tests.support.raw_server import RawServer, http
from tests.support.stand_ins import CANARY, LOGIN

VALID = {"access_key_id": "held-id", "access_key_secret": f"{CANARY}-held", "sts_token": f"{CANARY}-held-token"}
HOUR = 3600


def file_of(environ: dict[str, str]) -> Path:
    return Path(environ["ALICLOUD_SHARED_CREDENTIALS_FILE"])


def test_valid_credentials_need_no_refresh_token(setup: SourceSetup) -> None:
    environ = setup.profile("OAuth", **VALID, sts_expiration=int(time.time()) + HOUR)
    assert get(settings_of(setup, environ)).access_key_id == "held-id"
    assert setup.stand_in.issued == 0


def test_a_valid_access_token_needs_no_refresh_token(setup: SourceSetup) -> None:
    login = {"oauth_access_token": LOGIN, "oauth_access_token_expire": int(time.time()) + 60}
    assert get(settings_of(setup, setup.profile("OAuth", **login))).access_key_id == "oauth-id-1"
    assert setup.stand_in.asked["oauth token"] == 0


@pytest.mark.parametrize(
    "fields",
    [{}, {**VALID, "sts_expiration": 1}, {"oauth_access_token": LOGIN, "oauth_access_token_expire": 1}],
    ids=["nothing", "expired credentials", "expired access token"],
)
def test_an_expired_login_says_to_log_in_again(setup: SourceSetup, fields: dict[str, object]) -> None:
    with pytest.raises(CredentialsError, match="login has expired") as caught:
        get(settings_of(setup, setup.profile("OAuth", **fields)))
    assert "aliyun configure" in caught.value.remedy
    assert CANARY not in shown(caught.value)


def test_the_file_keeps_its_other_content_and_its_permissions(setup: SourceSetup) -> None:
    other = {"name": "other", "mode": "AK", "access_key_id": "a", "unknown": {"x": ["中文"]}}
    environ = setup.profile("OAuth", other, **OAUTH, region_id="cn-hangzhou")
    file = file_of(environ)
    file.chmod(0o600)
    get(settings_of(setup, environ))
    document = json.loads(file.read_text(encoding="utf-8"))
    assert document["profiles"][1] == other
    assert document["current"] == "other"
    assert document["profiles"][0]["region_id"] == "cn-hangzhou"
    assert document["profiles"][0]["access_key_id"] == "oauth-id-1"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.glob(".config*")] == []


def test_a_file_with_a_byte_order_mark_is_read(setup: SourceSetup) -> None:
    environ = setup.profile("OAuth", **OAUTH)
    file = file_of(environ)
    file.write_text(file.read_text(), encoding="utf-8-sig")
    assert get(settings_of(setup, environ)).access_key_id == "oauth-id-1"


def test_a_symbolic_link_to_the_file_is_kept(setup: SourceSetup) -> None:
    environ = setup.profile("OAuth", **OAUTH)
    link = setup.folder / "link.json"
    link.symlink_to(file_of(environ))
    get(settings_of(setup, environ | {"ALICLOUD_SHARED_CREDENTIALS_FILE": str(link)}))
    assert link.is_symlink()
    assert json.loads(file_of(environ).read_text())["profiles"][0]["sts_token"]


def test_a_file_is_written_in_place_when_no_temporary_file_can_be_created(setup: SourceSetup) -> None:
    environ = setup.profile("OAuth", **OAUTH)
    file = setup.folder / f"{'c' * 250}.json"  # a temporary file beside it would have a name of more than 255 bytes
    file_of(environ).rename(file)
    get(settings_of(setup, environ | {"ALICLOUD_SHARED_CREDENTIALS_FILE": str(file)}))
    assert json.loads(file.read_text())["profiles"][0]["sts_token"]


def test_a_renewed_token_is_kept_even_if_the_exchange_fails(
    setup: SourceSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hologres_ai.credentials.http import HOSTS  # noqa: PLC0415

    tokens = {"access_token": f"{LOGIN}-2", "refresh_token": f"{LOGIN}-2", "expires_in": 7200}
    with RawServer([http(200, json.dumps(tokens)), http(500)]) as service:
        monkeypatch.setitem(HOSTS, "oauth CN", service.url)
        environ = setup.profile("OAuth", **OAUTH)
        with pytest.raises(CredentialsError):
            get(settings_of(setup, environ))
    assert json.loads(file_of(environ).read_text())["profiles"][0]["oauth_refresh_token"] == f"{LOGIN}-2"


def test_an_unknown_oauth_site_is_refused(setup: SourceSetup) -> None:
    with pytest.raises(ConfigurationError, match="neither CN nor INTL"):
        settings_of(setup, setup.profile("OAuth", **{**OAUTH, "oauth_site_type": "EU"}))
