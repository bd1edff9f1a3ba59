"""The order of the sources; a partially configured source is an error."""

import json

import pytest

from hologres_ai.credentials import Credentials, CredentialsSource
from hologres_ai.credentials.resolver import resolve_credentials
from hologres_ai.errors import ConfigurationError
from hologres_ai.settings.lookup import look_up
from tests.support.credentials_setups import (
    KEYS,
    LOCAL,
    PROFILE_KEYS,
    REMOTE,
    SourceSetup,
    default_profile,
    settings_of,
    shown,
)
from tests.support.stand_ins import (
    CANARY,
    LOGIN,
    OIDC_TOKEN,
    PASSWORD,
    PROVIDER,
    ROLE,
)

IN_ORDER = [
    ("static keys", "static keys"),
    ("profile CredentialsURI", "profile"),
    ("credentials URI", "credentials URI"),
    ("ECS role", "ECS role"),
    ("OIDC, token in a file", "OIDC"),
    ("default profile", "default profile of the CLI"),
]


@pytest.mark.parametrize("first", range(len(IN_ORDER)))
def test_the_first_source_that_is_set_is_used(setup: SourceSetup, first: int) -> None:
    environ: dict[str, str] = {}
    for way, _ in IN_ORDER[first:]:
        environ |= (LOCAL | REMOTE)[way][0](setup)
    environ.pop("ALIBABA_CLOUD_ROLE_ARN") if first < 4 else None
    source = resolve_credentials(look_up({}, None, environ)).source
    states = [(step.source, step.state) for step in source.attempts]
    names = [name for _, name in IN_ORDER]
    assert states[:-1] == [(name, "not set") for name in names[:first]] + [(names[first], "used")]
    assert states[-1] == ("role to assume", "not set")


HALVES: list[tuple[str, dict[str, str], str]] = [
    ("static keys", {"ALICLOUD_ACCESS_KEY": "a"}, "secretKey"),
    ("static keys", {"ALICLOUD_SECURITY_TOKEN": LOGIN}, "accessKey"),
    ("profile", {"ALICLOUD_PROFILE": "absent", "HOME": "/nonexistent"}, "can't be read"),
    ("credentials URI", {"ALICLOUD_CREDENTIALS_URI": PASSWORD}, "not a URL"),
    ("credentials URI", {"ALICLOUD_CREDENTIALS_URI": f"http://u:{PASSWORD}@h/"}, "not a URL"),
    ("ECS role", {"ALICLOUD_ECS_ROLE_NAME": "../../token"}, "is invalid"),
    ("OIDC", {"ALIBABA_CLOUD_OIDC_PROVIDER_ARN": PROVIDER}, "oidcTokenFile"),
    ("OIDC", {"ALIBABA_CLOUD_OIDC_TOKEN": OIDC_TOKEN}, "oidcProviderArn"),
    ("OIDC", {"ALIBABA_CLOUD_OIDC_TOKEN": OIDC_TOKEN, "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": PROVIDER}, "roleArn"),
    ("role to assume", {**KEYS, "ALICLOUD_ASSUME_ROLE_ARN": "reader"}, "is invalid"),
    (
        "role to assume",
        {**KEYS, "ALICLOUD_ASSUME_ROLE_ARN": ROLE, "ALICLOUD_ASSUME_ROLE_SESSION_EXPIRATION": "899"},
        "is not a valid session duration",
    ),
    (
        "role to assume",
        {**KEYS, "ALICLOUD_ASSUME_ROLE_ARN": ROLE, "ALICLOUD_ASSUME_ROLE_SESSION_NAME": "a b"},
        "is invalid",
    ),
]


@pytest.mark.parametrize(("name", "environ", "says"), HALVES, ids=[f"{h[0]}, {h[2]}" for h in HALVES])
def test_a_partially_configured_source_is_an_error(
    setup: SourceSetup, name: str, environ: dict[str, str], says: str
) -> None:
    below = {} if name == "role to assume" else default_profile(setup)
    with pytest.raises(ConfigurationError) as caught:
        settings_of(setup, below | environ)
    error = caught.value
    assert says in error.title
    assert error.remedy
    assert (error.attempts[-1].source, error.attempts[-1].state) == (name, "failed")
    assert {step.state for step in error.attempts[:-1]} <= {"not set", "used"}
    assert [step.source for step in error.attempts if step.source not in str(error)] in ([], [name])
    assert CANARY not in shown(error)


def test_a_default_profile_that_may_not_be_looked_for_is_an_error(setup: SourceSetup) -> None:
    """As in a container that runs as another user with HOME=/root. Here, the path is too long for the system."""
    with pytest.raises(ConfigurationError, match=r"the credentials file .* can't be read") as caught:
        settings_of(setup, {"HOME": f"/{'x' * 300}", "USERPROFILE": f"/{'x' * 300}"})
    assert [step.state for step in caught.value.attempts][-1] == "failed"


OBJECTS = [
    ('{"roleArm": "x"}', 'did you mean "roleArn"?'),
    ('{"role_arn": "x"}', 'did you mean "roleArn"?'),
    (f'{{"zzz": "{LOGIN}"}}', "the known fields are roleArn"),
    ('{"sessionName": "x"}', "roleArn is missing"),
    (f'{{"roleArn": ["{LOGIN}"]}}', "neither a string"),
    ('{"roleArn": true}', "neither a string"),
    (f'"{LOGIN}"', "not a JSON object"),
    (LOGIN, "not a JSON object"),
    ("[" * 100_000, "not a JSON object"),
]


@pytest.mark.parametrize(("text", "says"), OBJECTS, ids=[text[:20] for text, _ in OBJECTS])
def test_an_invalid_object_is_refused(setup: SourceSetup, text: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings_of(setup, KEYS, assume_role=text)
    assert says in caught.value.title
    assert "argument assume_role" in caught.value.title or "assumeRole" in caught.value.title
    assert CANARY not in shown(caught.value)


@pytest.mark.parametrize("text", ["{}", "null", '{"roleArn": ""}', '{"roleArn": null}'])
def test_an_empty_object_is_not_set(setup: SourceSetup, text: str) -> None:
    if text in ("{}", "null"):
        assert isinstance(settings_of(setup, KEYS, assume_role=text).credentials, Credentials)
    else:
        with pytest.raises(ConfigurationError, match="roleArn is missing"):
            settings_of(setup, KEYS, assume_role=text)


@pytest.mark.parametrize(("text", "seconds"), [("0", 3600), ("900", 900), ("43200", 43200)])
def test_the_session_duration_of_a_role_is_read_from_text(setup: SourceSetup, text: str, seconds: int) -> None:
    settings = settings_of(setup, KEYS, assume_role=json.dumps({"roleArn": ROLE, "sessionExpiration": text}))
    assert isinstance(settings.credentials, CredentialsSource)
    assert settings.credentials.roles[0].seconds == seconds


# --- Unused settings --------------------------------------------------------------------------------------------------

POD = {
    "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": PROVIDER,
    "ALIBABA_CLOUD_ROLE_ARN": ROLE,
    "ALIBABA_CLOUD_OIDC_TOKEN_FILE": "token",
}


@pytest.mark.parametrize(
    ("environ", "left_over"),
    [
        (KEYS, []),
        (POD, []),
        (KEYS | POD, list(POD)),
        (KEYS | {"ALICLOUD_PROFILE": "other"}, ["ALICLOUD_PROFILE"]),
        (KEYS | {"ALICLOUD_ECS_ROLE_NAME": "r", "ALICLOUD_CREDENTIALS_URI": "http://h/"}, None),
        (KEYS | {"ALIBABACLOUD_SECURITY_TOKEN": LOGIN}, ["ALIBABACLOUD_SECURITY_TOKEN"]),
        (POD | {"ALICLOUD_ASSUME_ROLE_ARN": ROLE}, []),
    ],
    ids=["keys", "pod", "keys in a pod", "keys and a profile", "keys and others", "a foreign token", "a role in a pod"],
)
def test_unused_settings_are_reported(environ: dict[str, str], left_over: list[str] | None) -> None:
    source = resolve_credentials(look_up({}, None, environ)).source
    names = left_over if left_over is not None else ["ALICLOUD_CREDENTIALS_URI", "ALICLOUD_ECS_ROLE_NAME"]
    assert sorted(source.left_over) == sorted(f"environment {name}" for name in names)


def test_a_source_as_an_argument_overrides_configured_sources(setup: SourceSetup) -> None:
    environ = setup.profile("AK", access_key_id="a", access_key_secret="b") | KEYS
    del environ["ALICLOUD_PROFILE"]
    environ["ALICLOUD_ASSUME_ROLE_ARN"] = ROLE
    source = resolve_credentials(look_up({"profile": "it"}, None, environ)).source
    assert source.roles == ()
    assert set(source.left_over) == {f"environment {name}" for name in [*KEYS, "ALICLOUD_ASSUME_ROLE_ARN"]}
    assert [(one.source, one.state) for one in source.attempts][:2] == [("static keys", "skipped"), ("profile", "used")]


@pytest.mark.parametrize(
    "arguments",
    [
        {"profile": "p", "credentials_uri": "http://h/"},
        {"ecs_role_name": "r", "access_key": "a", "secret_key": "b"},
        {"assume_role_with_oidc": '{"roleArn": "x"}', "profile": "p"},
    ],
    ids=str,
)
def test_two_sources_as_arguments_are_an_error(arguments: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="more than one source of credentials is given"):
        resolve_credentials(look_up(arguments, None, {}))


@pytest.mark.parametrize(
    "arguments",
    [{"credentials_uri": "http://h/"}, {"ecs_role_name": "r"}, {"shared_credentials_file": "{file}"}],
    ids=str,
)
def test_any_source_as_an_argument_comes_before_keys_in_the_environment(
    setup: SourceSetup, arguments: dict[str, str]
) -> None:
    file = setup.profile("AK", {"name": "other", "mode": "AK", **PROFILE_KEYS})["ALICLOUD_SHARED_CREDENTIALS_FILE"]
    given = {name: value.replace("{file}", file) for name, value in arguments.items()}
    source = resolve_credentials(look_up(given, None, KEYS)).source
    assert not isinstance(source.base, Credentials)
