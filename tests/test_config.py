"""CallConfig: every origin of every field, their precedence, and invalid values."""

import json
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hologres_ai.config import CallConfig, resolve, resolve_regions
from hologres_ai.credentials import Credentials, CredentialsSource
from hologres_ai.errors import ConfigurationError, InvalidArgumentError
from hologres_ai.region_data import REGIONS
from hologres_ai.settings import SECRET_KEY, SETTINGS
from hologres_ai.settings.lookup import look_up
from hologres_ai.settings.network import Endpoint, parse_endpoint

KEY_SECRET = "canary-key-secret-5eRz"
TOKEN = "canary-token-9fQx"

BASE = {
    "ALICLOUD_ACCESS_KEY": "the-id",
    "ALICLOUD_SECRET_KEY": "the-secret",
    "ALICLOUD_REGION": "cn-hangzhou",
}


@dataclass(frozen=True)
class Case:
    """A setting as the documentation names it, valid values for it, and where its value ends up."""

    argument: str
    keys: tuple[str, ...]
    environment: tuple[str, ...]
    values: tuple[str, ...]
    read: Callable[[CallConfig], object]
    expect: Callable[[str], object] = str
    part: str | None = None  # the field, where the setting is an object
    beside: tuple[tuple[str, str], ...] = ()  # what else has to be in the environment
    alone: bool = False  # whether keys in the environment would take precedence

    @property
    def places(self) -> list[tuple[str, str]]:
        """Every origin of the setting, in order of precedence."""
        stack = [("stack", key) for key in self.keys]
        return [("argument", self.argument), *stack, *(("environment", name) for name in self.environment)]


def plain(settings: CallConfig) -> Credentials:
    """The keys in the settings."""
    assert isinstance(settings.credentials, Credentials)
    return settings.credentials


def sourced(settings: CallConfig) -> Any:
    """The source of credentials that have to be fetched."""
    assert isinstance(settings.credentials, CredentialsSource)
    return settings.credentials.base


def both(key: str) -> tuple[str, str]:
    return f"hologres:{key}", f"alicloud:{key}"


def of_role(part: str, values: tuple[str, ...], environment: tuple[str, ...], attribute: str) -> Case:
    beside = () if part == "roleArn" else (("ALICLOUD_ASSUME_ROLE_ARN", ROLES[0]),)
    return Case(
        "assume_role",
        both("assumeRole"),
        environment,
        values,
        lambda settings: str(getattr(role(settings), attribute)),
        part=part,
        beside=beside,
    )


def of_oidc(part: str, values: tuple[str, ...], environment: tuple[str, ...], attribute: str) -> Case:
    needed = {
        "oidcProviderArn": ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", ROLES[0]),
        "oidcTokenFile": ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "token"),
        "roleArn": ("ALIBABA_CLOUD_ROLE_ARN", ROLES[0]),
    }
    return Case(
        "assume_role_with_oidc",
        both("assumeRoleWithOidc"),
        environment,
        values,
        lambda settings: str(getattr(sourced(settings), attribute)),
        part=part,
        beside=tuple(pair for name, pair in needed.items() if name != part),
        alone=True,
    )


def sts_endpoint(settings: CallConfig) -> str | None:
    """The host of STS that a setting names."""
    assert isinstance(settings.credentials, CredentialsSource)
    host = settings.credentials.sts.setting
    return host.endpoint if host else None


def role(settings: CallConfig) -> Any:
    """The role on top of the credentials."""
    assert isinstance(settings.credentials, CredentialsSource)
    return settings.credentials.roles[-1]


DATA = Path(__file__).parent / "data"
FILES = tuple(str(DATA / ("../data/" * number) / "profiles.json") for number in range(8))
ROLES = tuple(f"acs:ram::1234567890:role/reader-{number}" for number in range(8))
TRUTHS = ("true", "false") * 4
WORDS = tuple(f"value-{number}" for number in range(8))
NUMBERS = tuple(str(1500 + number) for number in range(8))
HOSTS = tuple(f"host{number}.example.com" for number in range(8))

# The parts of a key pair, whose origins are not independent of each other: see tests/credentials/test_key_pair.py.
KEY_PAIR = [
    Case(
        "access_key",
        both("accessKey"),
        ("ALICLOUD_ACCESS_KEY", "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABACLOUD_ACCESS_KEY_ID", "ALICLOUD_ACCESS_KEY_ID"),
        WORDS,
        lambda settings: plain(settings).access_key_id,
    ),
    Case(
        "secret_key",
        both("secretKey"),
        (
            *("ALICLOUD_SECRET_KEY", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
            *("ALIBABACLOUD_ACCESS_KEY_SECRET", "ALICLOUD_ACCESS_KEY_SECRET"),
        ),
        WORDS,
        lambda settings: plain(settings).access_key_secret,
    ),
    Case(
        "security_token",
        both("securityToken"),
        ("ALICLOUD_SECURITY_TOKEN", "ALIBABA_CLOUD_SECURITY_TOKEN", "ALIBABACLOUD_SECURITY_TOKEN"),
        WORDS,
        lambda settings: plain(settings).security_token,
    ),
]
CASES = [
    Case(
        "region",
        both("region"),
        (
            "ALICLOUD_REGION",
            "ALIBABA_CLOUD_REGION",
            "ALIBABA_CLOUD_REGION_ID",
            "ALIBABACLOUD_REGION_ID",
            "ALICLOUD_REGION_ID",
        ),
        REGIONS[:8],
        lambda settings: settings.region,
    ),
    Case(
        "profile",
        both("profile"),
        ("ALICLOUD_PROFILE", "ALIBABA_CLOUD_PROFILE", "ALIBABACLOUD_PROFILE"),
        WORDS,
        lambda settings: sourced(settings).name,
        beside=(("ALICLOUD_SHARED_CREDENTIALS_FILE", FILES[0]),),
        alone=True,
    ),
    Case(
        "shared_credentials_file",
        both("sharedCredentialsFile"),
        ("ALICLOUD_SHARED_CREDENTIALS_FILE", "ALIBABA_CLOUD_CREDENTIALS_FILE"),
        FILES,
        lambda settings: str(sourced(settings).file),
        alone=True,
    ),
    Case(
        "credentials_uri",
        both("credentialsUri"),
        ("ALICLOUD_CREDENTIALS_URI", "ALIBABA_CLOUD_CREDENTIALS_URI"),
        tuple(f"http://{host}/credentials" for host in HOSTS),
        lambda settings: sourced(settings).uri,
        alone=True,
    ),
    Case(
        "ecs_role_name",
        both("ecsRoleName"),
        ("ALICLOUD_ECS_ROLE_NAME", "ALIBABA_CLOUD_ECS_METADATA"),
        WORDS,
        lambda settings: sourced(settings).name,
        alone=True,
    ),
    Case(
        "imds_v1_disabled",
        ("hologres:imdsV1Disabled",),
        ("ALIBABA_CLOUD_IMDSV1_DISABLED",),
        TRUTHS,
        lambda settings: sourced(settings).v1_disabled,
        lambda value: value == "true",
        beside=(("ALICLOUD_ECS_ROLE_NAME", "reader"),),
        alone=True,
    ),
    of_role("roleArn", ROLES, ("ALICLOUD_ASSUME_ROLE_ARN", "ALIBABA_CLOUD_ROLE_ARN", "ALIBABACLOUD_ROLE_ARN"), "arn"),
    of_role(
        "sessionName",
        WORDS,
        ("ALICLOUD_ASSUME_ROLE_SESSION_NAME", "ALIBABA_CLOUD_ROLE_SESSION_NAME"),
        "session_name",
    ),
    of_role("sessionExpiration", NUMBERS, ("ALICLOUD_ASSUME_ROLE_SESSION_EXPIRATION",), "seconds"),
    of_role("policy", WORDS, (), "policy"),
    of_role("externalId", WORDS, ("ALIBABA_CLOUD_EXTERNAL_ID", "ALIBABACLOUD_EXTERNAL_ID"), "external_id"),
    of_oidc(
        "oidcProviderArn", ROLES, ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "ALIBABACLOUD_OIDC_PROVIDER_ARN"), "provider_arn"
    ),
    of_oidc("oidcToken", WORDS, ("ALIBABA_CLOUD_OIDC_TOKEN",), "token"),
    of_oidc("oidcTokenFile", WORDS, ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "ALIBABACLOUD_OIDC_TOKEN_FILE"), "token_file"),
    of_oidc("roleArn", ROLES, ("ALIBABA_CLOUD_ROLE_ARN", "ALIBABACLOUD_ROLE_ARN"), "role_arn"),
    of_oidc("roleSessionName", WORDS, ("ALIBABA_CLOUD_ROLE_SESSION_NAME",), "session_name"),
    of_oidc("sessionExpiration", NUMBERS, (), "seconds"),
    of_oidc("policy", WORDS, (), "policy"),
    Case(
        "sts_endpoint",
        ("hologres:stsEndpoint",),
        ("ALIBABA_CLOUD_STS_ENDPOINT", "ALIBABA_CLOUD_ENDPOINT_STS", "STS_ENDPOINT"),
        HOSTS,
        sts_endpoint,
        beside=(("ALICLOUD_ASSUME_ROLE_ARN", ROLES[0]),),
    ),
    Case(
        "endpoint",
        ("hologres:endpoint",),
        ("ALIBABA_CLOUD_ENDPOINT_HOLOGRAM", "HOLOGRAM_ENDPOINT"),
        HOSTS,
        lambda settings: settings.endpoint.host,
    ),
    Case(
        "client_connect_timeout",
        both("clientConnectTimeout"),
        ("CLIENT_CONNECT_TIMEOUT",),
        NUMBERS,
        lambda settings: settings.connect_timeout,
        lambda value: int(value) / 1000,
    ),
    Case(
        "client_read_timeout",
        both("clientReadTimeout"),
        ("CLIENT_READ_TIMEOUT",),
        NUMBERS,
        lambda settings: settings.read_timeout,
        lambda value: int(value) / 1000,
    ),
    Case(
        "max_retry_timeout",
        both("maxRetryTimeout"),
        ("MAX_RETRY_TIMEOUT",),
        NUMBERS,
        lambda settings: settings.deadline,
        float,
    ),
]

PLACES = [
    pytest.param(case, index, id=f"{case.argument}-{case.part or ''}-{kind}-{name}")
    for case in CASES
    for index, (kind, name) in enumerate(case.places)
]
PAIRS = [
    pytest.param(case, index, id=f"{case.argument}-{case.part or ''}-{index}")
    for case in CASES
    for index in range(len(case.places) - 1)
]


def resolve_at(case: Case, given_values: dict[int, str]) -> CallConfig:
    """The settings with the value of the case at each given place; the others are in the environment."""
    sources: dict[str, dict[str, str]] = {"argument": {}, "stack": {}, "environment": base_without(case)}
    for index, value in given_values.items():
        kind, name = case.places[index]
        sources[kind][name] = json.dumps({case.part: value}) if case.part and kind != "environment" else value
    return resolve(sources["argument"], sources["stack"].get, sources["environment"])


def base_without(case: Case) -> dict[str, str]:
    base = {"ALICLOUD_REGION": "cn-hangzhou"} if case.alone else BASE
    return {name: value for name, value in base.items() if name not in case.environment} | dict(case.beside)


def fail(environ: dict[str, str], **arguments: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        resolve(arguments, None, BASE | environ)
    return caught.value


def test_the_cases_cover_all_settings() -> None:
    found = [(case.argument, case.keys, case.part, case.environment) for case in (*KEY_PAIR, *CASES)]
    wanted: list[tuple[object, ...]] = []
    for setting in SETTINGS:
        parts: list[tuple[str | None, tuple[str, ...]]] = [(part.key, part.environment) for part in setting.fields]
        parts = parts or [(None, setting.environment)]
        wanted += [(setting.argument, setting.keys, *part) for part in parts]
    assert found == wanted


@pytest.mark.parametrize(("case", "index"), PLACES)
def test_a_setting_is_read_from_each_origin(case: Case, index: int) -> None:
    value = case.values[index]
    assert case.read(resolve_at(case, {index: value})) == case.expect(value)


@pytest.mark.parametrize(("case", "index"), PAIRS)
def test_the_first_origin_of_a_setting_is_used(case: Case, index: int) -> None:
    values = {place: case.values[place] for place in range(index, len(case.places))}
    assert case.read(resolve_at(case, values)) == case.expect(case.values[index])


@pytest.mark.parametrize(("case", "index"), PAIRS)
def test_an_empty_value_is_not_set_and_an_empty_argument_is_refused(case: Case, index: int) -> None:
    values = {index: "", index + 1: case.values[index + 1]}
    if case.places[index][0] == "argument" and not case.part:
        with pytest.raises(InvalidArgumentError):
            resolve_at(case, values)
        return
    assert case.read(resolve_at(case, values)) == case.expect(case.values[index + 1])


@pytest.mark.parametrize("value", ["", 5, [], True], ids=repr)
@pytest.mark.parametrize("argument", ["profile", "endpoint", "access_key", "region"])
def test_an_argument_that_is_empty_or_not_a_string_is_refused(argument: str, value: object) -> None:
    arguments: dict[str, Any] = {argument: value}
    with pytest.raises(InvalidArgumentError, match=f"{argument}: a non-empty string is expected"):
        resolve(arguments, None, BASE)


def test_defaults() -> None:
    settings = resolve({}, None, BASE)
    assert settings.endpoint.url == "https://hologram.cn-hangzhou.aliyuncs.com"
    assert plain(settings).security_token is None
    assert (settings.connect_timeout, settings.read_timeout, settings.deadline) == (5.0, 10.0, 60.0)
    assert settings.warnings == ()


def test_the_endpoint_of_the_alicloud_provider_is_not_used() -> None:
    settings = resolve({}, {"alicloud:endpoint": "elsewhere.example.com"}.get, BASE)
    assert settings.endpoint.host == "hologram.cn-hangzhou.aliyuncs.com"


def test_the_process_environment_is_read_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in BASE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MAX_RETRY_TIMEOUT", "7")
    assert resolve().deadline == 7.0


@pytest.mark.parametrize("case", [CASES[0], KEY_PAIR[0], KEY_PAIR[1]], ids=lambda case: case.argument)
def test_the_error_of_a_missing_setting_names_every_origin(case: Case) -> None:
    with pytest.raises(ConfigurationError) as caught:
        resolve({}, None, base_without(case))
    missing = [name for _, name in case.places if name not in str(caught.value)]
    assert missing == []
    assert "pulumi config set" in str(caught.value)


def test_the_error_without_a_key_pair_names_every_origin_of_both_keys() -> None:
    with pytest.raises(ConfigurationError) as caught:
        resolve({}, None, {"ALICLOUD_REGION": "cn-hangzhou"})
    names = [name for case in KEY_PAIR[:2] for _, name in case.places]
    assert [name for name in names if name not in str(caught.value)] == []
    assert "--secret hologres:secretKey" in str(caught.value)
    assert "--secret hologres:accessKey" in str(caught.value), "what is not secret stands plain in the state"


@pytest.mark.parametrize(
    "region",
    [
        "x@127.0.0.1:1/#",
        "cn-hangzhou\n",
        "cn-hangzhou\r\nHost: elsewhere",
        " cn-hangzhou",
        "cn-hangzhou.evil.example",
        "cn-hangzhou/../..",
        "cn-hangzhou:8443",
        "cn-hangzhou?x",
        "cn-hangzhou#x",
        "cn_hangzhou",
        "CN-HANGZHOU",
        "cn",
        "cn-",
        "-cn-hangzhou",
        "cn-杭州",
        "cn\u2010hangzhou",  # a hyphen outside ASCII
        "cn-hangzhou\x00",
        "cn-" + "x" * 300,
        "cn%2dhangzhou",
    ],
)
def test_a_region_that_is_not_a_dns_label_is_refused(region: str) -> None:
    error = fail({"ALICLOUD_REGION": region})
    assert "ALICLOUD_REGION is not a region" in error.title
    assert "cn-hangzhou" in error.remedy
    assert str(error).replace("\n", "", 1).isprintable()
    assert len(error.title) < 300


@pytest.mark.parametrize("region", ["CN-HANGZHOU", "CN-Hangzhou"])
def test_a_region_in_capital_letters_has_a_suggestion(region: str) -> None:
    assert 'did you mean "cn-hangzhou"' in fail({"ALICLOUD_REGION": region}).remedy


@given(st.text(min_size=1, max_size=40))
def test_any_text_as_a_region_gives_a_valid_host_or_an_error(region: str) -> None:
    try:
        settings = resolve({"region": region}, None, BASE)
    except ConfigurationError:
        return
    assert settings.endpoint.url == f"https://hologram.{settings.region}.aliyuncs.com"
    assert set(settings.region) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_the_warning_of_an_unknown_region_suggests_a_similar_region() -> None:
    settings = resolve({"region": "cn-hangzou"}, None, BASE)
    assert settings.endpoint.host == "hologram.cn-hangzou.aliyuncs.com"
    (warning,) = settings.warnings
    assert "cn-hangzou" in warning
    assert 'did you mean "cn-hangzhou"?' in warning


def test_the_warning_of_a_dissimilar_region_has_no_suggestion() -> None:
    (warning,) = resolve({"region": "zz-qqqqqqqqq-77"}, None, BASE).warnings
    assert "did you mean" not in warning


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("h.example.com", "https://h.example.com"),
        ("h.example.com:8443", "https://h.example.com:8443"),
        ("https://h.example.com", "https://h.example.com"),
        ("https://h.example.com/", "https://h.example.com"),
        ("HTTPS://H.Example.Com/", "https://h.example.com"),
        ("http://127.0.0.1:8123", "http://127.0.0.1:8123"),
        ("http://127.8.9.10:1/", "http://127.8.9.10:1"),
        ("http://localhost:65535", "http://localhost:65535"),
        ("http://[::1]:8123", "http://[::1]:8123"),
        ("[::1]:8123", "https://[::1]:8123"),
        ("hologram-vpc.cn-hangzhou.aliyuncs.com", "https://hologram-vpc.cn-hangzhou.aliyuncs.com"),
    ],
)
def test_an_endpoint_is_normalised(text: str, url: str) -> None:
    assert resolve({"endpoint": text}, None, BASE).endpoint.url == url


def test_an_endpoint_is_a_host_and_a_port() -> None:
    assert parse_endpoint("http://[::1]:8123") == Endpoint("http", "::1", 8123)


REFUSED_ENDPOINTS = [
    "http://h.example.com",
    "http://127.0.0.1.example.com",
    "http://127.1",
    "http://2130706433",
    "http://0x7f000001",
    "http://[::2]:80",
    "http://[::ffff:10.0.0.1]",
    "http://0.0.0.0",
    "ftp://h.example.com",
    "file:///etc/passwd",
    "https://user@h.example.com",
    "https://user:hunter2@h.example.com",
    "https://:hunter2@h.example.com",
    "user:hunter2",
    "https://user:hunter2@h\u2100.example.com",
    "https://h.example.com/path",
    "h.example.com/hunter2",
    "https://h.example.com?token=hunter2",
    "https://h.example.com#hunter2",
    "h.example.com:99999",
    "h.example.com:65536",
    "h.example.com:0",
    "h.example.com:-1",
    "h.example.com:x",
    "h.example.com\n",
    "h.example\n.com",
    "h.example.com\r\nX: y",
    "h\t.example.com",
    "h.example.com\x00",
    "h.example.com ",
    "h example.com",
    "１２７.0.0.1",
    "例え.example.com",
    "h\u202e.example.com",
    "h。example.com",
    "[::1",
    "[::1]x",
    "https://",
    "://h",
    "\\\\h",
    "https://h.example.com\\@elsewhere",
    "-",
    "x" * 5000,
]


@pytest.mark.parametrize("text", REFUSED_ENDPOINTS, ids=lambda text: ascii(text)[:40])
def test_an_endpoint_that_is_not_a_host_is_refused(text: str) -> None:
    error = fail({"HOLOGRAM_ENDPOINT": text})
    assert "HOLOGRAM_ENDPOINT is not an endpoint" in error.title
    assert error.remedy
    shown = "".join(traceback.format_exception(error))
    assert "hunter2" not in shown
    assert len(error.title) < 300


@given(
    st.text(min_size=1, max_size=60)
    | st.from_regex(r"(https?://)?[a-z0-9.:\[\]@/-]{1,30}(:[0-9]{0,6})?", fullmatch=True)
)
def test_any_text_as_an_endpoint_gives_a_valid_url_or_an_error(text: str) -> None:
    try:
        endpoint = resolve({"endpoint": text}, None, BASE).endpoint
    except ConfigurationError:
        return
    assert parse_endpoint(endpoint.url) == endpoint
    assert endpoint.scheme == "https" or endpoint.host in {"localhost", "::1"} or endpoint.host.startswith("127.")


def test_an_invalid_endpoint_is_never_replaced_by_the_default() -> None:
    assert "argument endpoint" in fail({}, endpoint="http://elsewhere.example.com").title


@pytest.mark.parametrize(("half", "other"), [("access_key", KEY_PAIR[1]), ("secret_key", KEY_PAIR[0])])
def test_the_error_of_an_incomplete_key_pair_names_the_missing_key(half: str, other: Case) -> None:
    with pytest.raises(ConfigurationError) as caught:
        resolve({half: KEY_SECRET}, None, {"ALICLOUD_REGION": "cn-hangzhou"})
    assert other.keys[0].split(":")[1] in caught.value.title
    assert [name for _, name in other.places if name not in str(caught.value)] == []
    assert KEY_SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("place", ["ALICLOUD_ACCESS_KEY", "ALICLOUD_SECRET_KEY", "ALICLOUD_SECURITY_TOKEN"])
@pytest.mark.parametrize("flaw", ["\n", "\r\nX-Evil: 1", " ", "\t", "\x00", "\x7f", "密钥", "\u200b", "\xa0", "é"])
@pytest.mark.parametrize("form", ["{flaw}{value}", "{value}{flaw}", "{value}{flaw}{value}"])
def test_a_key_that_is_invalid_in_a_header_is_refused_and_not_shown(place: str, flaw: str, form: str) -> None:
    error = fail({place: form.format(flaw=flaw, value=KEY_SECRET)})
    assert place in error.title
    assert error.remedy
    assert KEY_SECRET not in "".join(traceback.format_exception(error)) + repr(error)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("CLIENT_CONNECT_TIMEOUT", "milliseconds"),
        ("CLIENT_READ_TIMEOUT", "milliseconds"),
        ("MAX_RETRY_TIMEOUT", "seconds"),
    ],
)
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "1e3", "5s", " 5", "5\n", "٣", "nan", "inf", "9" * 400, "0x10"])
def test_a_time_limit_must_be_a_positive_whole_number(name: str, unit: str, value: str) -> None:
    error = fail({name: value})
    assert name in error.title
    assert f"a number of {unit}" in error.title
    assert len(error.title) < 200


def test_settings_show_no_secret() -> None:
    environ = BASE | {"ALICLOUD_SECRET_KEY": KEY_SECRET, "ALICLOUD_SECURITY_TOKEN": TOKEN}
    settings = resolve({}, None, environ)
    looked_up = look_up({"secret_key": KEY_SECRET}, environ.get, environ)
    found = looked_up.require(SECRET_KEY)
    assert found.value == KEY_SECRET
    shown = "".join(map(repr, (settings, looked_up, found))) + str(settings)
    assert "the-id" in shown
    assert KEY_SECRET not in shown
    assert TOKEN not in shown


# --- Several regions -------------------------------------------------------------------------------------------------

SOURCED = {"ALICLOUD_ACCESS_KEY": "a", "ALICLOUD_SECRET_KEY": "b", "ALICLOUD_ASSUME_ROLE_ARN": ROLES[0]}


@pytest.mark.parametrize(
    ("regions", "environ", "host"),
    [
        (["cn-beijing", "cn-shanghai"], {}, "sts.aliyuncs.com"),
        (["cn-beijing", "cn-shanghai"], {"ALICLOUD_REGION": "cn-hangzhou"}, "sts.cn-hangzhou.aliyuncs.com"),
        (["cn-beijing"], {"ALICLOUD_REGION": "cn-hangzhou"}, "sts.cn-beijing.aliyuncs.com"),
        (["*"], {"ALIBABA_CLOUD_STS_REGION": "cn-chengdu"}, "sts.cn-chengdu.aliyuncs.com"),
    ],
)
def test_several_regions_share_one_sts_host(regions: list[str], environ: dict[str, str], host: str) -> None:
    configs = resolve_regions(regions, {}, None, SOURCED | environ)
    sources = {config.credentials for config in configs}
    assert len(sources) == 1
    [source] = sources
    assert isinstance(source, CredentialsSource)
    assert source.sts.host_for(source.roles[0]).endpoint == host


def test_vpc_hosts_of_several_regions_have_a_warning() -> None:
    vpc = SOURCED | {"ALIBABA_CLOUD_ENDPOINT_TYPE": "vpc"}
    several = resolve_regions(["cn-beijing", "cn-shanghai"], {}, None, vpc)
    assert [config.endpoint.host for config in several] == [
        "hologram-vpc.cn-beijing.aliyuncs.com",
        "hologram-vpc.cn-shanghai.aliyuncs.com",
    ]
    assert all("ALIBABA_CLOUD_ENDPOINT_TYPE" in "".join(config.warnings) for config in several)
    [one] = resolve_regions(["cn-beijing"], {}, None, vpc)
    assert one.warnings == ()
    explicit = resolve_regions(["cn-beijing", "cn-shanghai"], {"endpoint": "{region}.example.com"}, None, vpc)
    assert [config.warnings for config in explicit] == [(), ()]


def test_an_unused_setting_is_a_warning_for_each_region() -> None:
    environ = SOURCED | {"ALIBABA_CLOUD_SECURITY_TOKEN": TOKEN}
    configs = resolve_regions(["cn-beijing", "cn-shanghai"], {}, None, environ)
    assert all("ALIBABA_CLOUD_SECURITY_TOKEN is set but not used" in config.warnings[0] for config in configs)
    assert TOKEN not in repr(configs)


def test_a_region_that_is_missing_is_reported_before_missing_keys() -> None:
    with pytest.raises(ConfigurationError, match="no region is set"):
        resolve({}, None, {})


def test_a_source_that_is_set_in_part_is_reported_before_a_missing_region() -> None:
    with pytest.raises(ConfigurationError, match="no secretKey is set"):
        resolve({}, None, {"ALICLOUD_ACCESS_KEY": "a"})
