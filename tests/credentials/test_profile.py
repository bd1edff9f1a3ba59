"""Profiles of the CLI: modes, and what is refused before any call."""

import json
from pathlib import Path

import pytest

from hologres_ai.config import resolve
from hologres_ai.credentials.profile import MODES, read_profile
from hologres_ai.credentials.types import Profile
from hologres_ai.errors import ConfigurationError
from tests.support.credentials_setups import AK, PROFILE_KEYS, SSO, Arrange, SourceSetup, get, settings_of, shown
from tests.support.stand_ins import (
    CANARY,
    LOGIN,
    PASSWORD,
    ROLE,
    STATIC_SECRET,
)

BAD_PROFILES: list[tuple[str, Arrange, str]] = [
    ("no access key", lambda setup: setup.profile("AK", access_key_secret=STATIC_SECRET), "access_key_id is missing"),
    ("no token", lambda setup: setup.profile("StsToken", **PROFILE_KEYS), "sts_token is missing"),
    ("no role", lambda setup: setup.profile("RamRoleArn", **PROFILE_KEYS), "ram_role_arn is missing"),
    ("no command", lambda setup: setup.profile("External"), "process_command is missing"),
    ("no source", lambda setup: setup.profile("ChainableRamRoleArn", ram_role_arn=ROLE), "source_profile is missing"),
    (
        "its own source",
        lambda setup: setup.profile("ChainableRamRoleArn", source_profile="it", ram_role_arn=ROLE),
        "in a cycle",
    ),
    ("unknown mode", lambda setup: setup.profile("Bearer", token=LOGIN), "not supported: 'Bearer'"),
    ("no mode", lambda setup: setup.profile(""), "neither a mode nor the fields of one"),
    (
        "a date as the expiry of a CloudSSO login",
        lambda setup: setup.profile(
            "CloudSSO", **SSO, cloud_sso_sign_in_url=setup.stand_in.url, cloud_sso_access_token_expire="2099-01-01"
        ),
        "cloud_sso_access_token_expire",
    ),
    (
        "a CloudSSO URL that is none",
        lambda setup: setup.profile(
            "CloudSSO", **SSO, cloud_sso_sign_in_url="signin", cloud_sso_access_token_expire=4102444800
        ),
        "cloud_sso_sign_in_url",
    ),
    (
        "a CloudSSO URL without TLS",
        lambda setup: setup.profile(
            "CloudSSO", **SSO, cloud_sso_sign_in_url="http://h.example/", cloud_sso_access_token_expire=4102444800
        ),
        "not an https URL",
    ),
    (
        "a credentials URI that is none",
        lambda setup: setup.profile("CredentialsURI", credentials_uri=f"http://u:{PASSWORD}@h/"),
        "is not a URL",
    ),
    (
        "an STS host with a path",
        lambda setup: setup.profile("RamRoleArn", **PROFILE_KEYS, ram_role_arn=ROLE, sts_endpoint="sts.x/path"),
        "sts_endpoint",
    ),
    (
        "an STS region that is none",
        lambda setup: setup.profile("RamRoleArn", **PROFILE_KEYS, ram_role_arn=ROLE, sts_region="x@h/"),
        "sts_region",
    ),
    ("line break", lambda setup: setup.profile("AK", access_key_id="a", access_key_secret=f"{LOGIN}\n"), "line break"),
    ("not a string", lambda setup: setup.profile("AK", access_key_id=["a"], access_key_secret="b"), "not a string"),
    (
        "short session",
        lambda setup: setup.profile("RamRoleArn", **PROFILE_KEYS, ram_role_arn=ROLE, expired_seconds=60),
        "is not a valid session duration",
    ),
    (
        "misspelt",
        lambda setup: {**setup.profile("AK", **PROFILE_KEYS), "ALICLOUD_PROFILE": "itt"},
        'did you mean "it"?',
    ),
    (
        "INI",
        lambda setup: {
            "ALIBABA_CLOUD_CREDENTIALS_FILE": setup.file("c.ini", f"[default]\naccess_key_secret = {LOGIN}")
        },
        "not the JSON",
    ),
    (
        "a blank command",
        lambda setup: setup.profile("External", process_command="  "),
        "process_command is missing",
    ),
    (
        "half of a character",
        lambda setup: setup.profile("RamRoleArn", **PROFILE_KEYS, ram_role_arn=f"{ROLE}\ud800"),
        "ram_role_arn in profile",
    ),
    (
        "a null character",
        lambda setup: setup.profile("OIDC", oidc_provider_arn="a", ram_role_arn=ROLE, oidc_token_file="a\0"),
        "oidc_token_file in profile",
    ),
    (
        "a text as enable_vpc",
        lambda setup: setup.profile("RamRoleArn", **PROFILE_KEYS, ram_role_arn=ROLE, enable_vpc="true"),
        "is neither true nor false",
    ),
    (
        "a number as enable_vpc",
        lambda setup: setup.profile("RamRoleArn", **PROFILE_KEYS, ram_role_arn=ROLE, enable_vpc=1),
        "is neither true nor false",
    ),
    ("a list", lambda setup: {"ALIBABA_CLOUD_CREDENTIALS_FILE": setup.file("c.json", "[]")}, "not the JSON"),
]


@pytest.mark.parametrize(("name", "arrange", "says"), BAD_PROFILES, ids=[name for name, _, _ in BAD_PROFILES])
def test_an_invalid_profile_is_an_error_before_any_call(
    setup: SourceSetup, name: str, arrange: Arrange, says: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings_of(setup, arrange(setup))
    assert says in caught.value.title
    assert caught.value.attempts[-1].source == "profile"
    assert CANARY not in shown(caught.value)
    assert setup.stand_in.issued == 0


def test_without_a_profile_name_the_current_profile_of_the_file_is_used(setup: SourceSetup) -> None:
    environ = setup.profile("External", {**AK, "name": "other"})
    del environ["ALICLOUD_PROFILE"]
    assert get(settings_of(setup, environ)).access_key_id == "static-id"


def test_the_region_of_a_profile_has_the_lowest_precedence(setup: SourceSetup) -> None:
    environ = setup.profile("AK", **PROFILE_KEYS, region_id="cn-beijing")
    assert resolve({}, None, environ).region == "cn-beijing"
    assert resolve({}, None, environ | {"ALICLOUD_REGION": "cn-shanghai"}).region == "cn-shanghai"


def test_a_profile_that_is_removed_later_is_an_error(setup: SourceSetup) -> None:
    environ = setup.profile("AK", **PROFILE_KEYS)
    settings = settings_of(setup, environ)
    Path(environ["ALICLOUD_SHARED_CREDENTIALS_FILE"]).unlink()
    with pytest.raises(ConfigurationError, match="can't be read"):
        get(settings)


def test_a_file_may_begin_with_a_byte_order_mark(setup: SourceSetup) -> None:
    environ = setup.profile("AK", **PROFILE_KEYS)
    file = Path(environ["ALICLOUD_SHARED_CREDENTIALS_FILE"])
    file.write_text(file.read_text(), encoding="utf-8-sig")
    assert get(settings_of(setup, environ)).access_key_id == "static-id"


def test_the_remedy_of_an_unknown_mode_lists_the_modes_that_are_read(setup: SourceSetup) -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings_of(setup, setup.profile("Bearer"))
    assert [mode for mode in MODES if mode not in caught.value.remedy] == []
    assert set(MODES).isdisjoint({"RsaKeyPair", "BearerToken", "Anonymous"})


@pytest.mark.parametrize("name", ["mode", "region_id", "endpoint_type", "sts_endpoint", "ram_session_name"])
@pytest.mark.parametrize("value", [["x"], {}, True], ids=repr)
def test_a_field_that_is_not_a_string_is_refused(setup: SourceSetup, name: str, value: object) -> None:
    fields = {**PROFILE_KEYS, "ram_role_arn": ROLE, name: value}
    environ = setup.profile(**{"mode": "RamRoleArn", **fields})
    with pytest.raises(ConfigurationError, match=f"{name} in profile 'it'"):
        resolve({}, None, environ)


def chain_of(file: Path, sources: dict[str, str]) -> Path:
    """Write profiles that assume a role each, with their source profiles; the profile "key" has an AccessKey."""
    key = {"name": "key", "mode": "AK", **PROFILE_KEYS}
    chained = [
        {"name": name, "mode": "ChainableRamRoleArn", "ram_role_arn": f"{ROLE}-{name}", "source_profile": source}
        for name, source in sources.items()
    ]
    file.write_text(json.dumps({"profiles": [key, *chained]}))
    return file


@pytest.mark.parametrize("current", [{}, {"current": None}, {"current": ""}, {"current": 5}], ids=repr)
def test_a_file_without_a_current_profile_is_an_error_with_the_setting(
    tmp_path: Path, current: dict[str, object]
) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps({**current, "profiles": [{"name": "5", "mode": "AK", **PROFILE_KEYS}]}))
    with pytest.raises(ConfigurationError, match="names no current profile") as caught:
        read_profile(Profile(file, None))
    assert "hologres:profile" in caught.value.remedy
    assert read_profile(Profile(file, "5")).mode == "AK"


def test_the_name_of_a_profile_is_quoted_in_a_command(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"profiles": [{"name": "my profile", "mode": "AK"}]}))
    with pytest.raises(ConfigurationError) as caught:
        read_profile(Profile(file, "my profile"))
    assert caught.value.remedy == "Run `aliyun configure --profile 'my profile'`."


@pytest.mark.parametrize("length", [15, 1_200])
def test_a_chain_of_profiles_has_any_length(tmp_path: Path, length: int) -> None:
    names = [f"p{number}" for number in range(length)]
    file = chain_of(tmp_path / "config.json", dict(zip(names, [*names[1:], "key"], strict=True)))
    source = read_profile(Profile(file, names[0])).source
    assert [role.arn for role in source.roles] == [f"{ROLE}-{name}" for name in reversed(names)]


def test_profiles_that_refer_to_each_other_are_refused(tmp_path: Path) -> None:
    file = chain_of(tmp_path / "config.json", {"first": "second", "second": "third", "third": "second"})
    with pytest.raises(ConfigurationError, match="in a cycle"):
        read_profile(Profile(file, "first"))
