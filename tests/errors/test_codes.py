"""The table of error codes: class, retry and remedy for the API and for STS."""

import pytest

from hologres_ai.errors import (
    AccessDeniedDetail,
    AccessDeniedError,
    ApiError,
    AuthenticationError,
    ServiceError,
    ThrottledError,
)
from hologres_ai.errors.codes import RAM_ACTION, Retry, ServiceName, classify, describe_denial, remedy_for

GRANT = f"Grant the RAM action {RAM_ACTION} on resource *"
EACH: tuple[ServiceName, ...] = ("hologram", "sts")

BOTH: list[tuple[str, int, type[ApiError], Retry, str]] = [
    ("SignatureDoesNotMatch", 400, AuthenticationError, Retry.NEVER, "hologres:secretKey"),
    ("IncompleteSignature", 403, AuthenticationError, Retry.NEVER, "hologres:accessKey"),
    ("InvalidAccessKeyId.NotFound", 404, AuthenticationError, Retry.NEVER, "ALIBABA_CLOUD_ACCESS_KEY_ID"),
    ("InvalidAccessKeyId.Inactive", 403, AuthenticationError, Retry.NEVER, "Enable this AccessKey"),
    ("InvalidSecurityToken.Expired", 400, AuthenticationError, Retry.WITH_NEW_CREDENTIALS, "hologres:securityToken"),
    ("InvalidSecurityToken.Malformed", 400, AuthenticationError, Retry.NEVER, "ALIBABA_CLOUD_SECURITY_TOKEN"),
    ("MissingSecurityToken", 400, AuthenticationError, Retry.NEVER, "hologres:securityToken"),
    ("InvalidTimeStamp.Expired", 400, AuthenticationError, Retry.WITH_CORRECTED_CLOCK, "clock"),
    ("IllegalTimestamp", 400, AuthenticationError, Retry.WITH_CORRECTED_CLOCK, "clock"),
    ("InvalidTimeStamp.Format", 400, AuthenticationError, Retry.WITH_CORRECTED_CLOCK, "clock"),
    ("SignatureNonceUsed", 400, AuthenticationError, Retry.ONCE, "nonce"),
    ("Throttling", 400, ThrottledError, Retry.TRANSIENT, "fewer reads"),
    ("Throttling.User", 400, ThrottledError, Retry.TRANSIENT, "fewer reads"),
    ("Throttling.Api", 503, ThrottledError, Retry.TRANSIENT, "fewer reads"),
    ("Throttling.Api.Minute", 403, ThrottledError, Retry.TRANSIENT, "fewer reads"),
    ("ServiceUnavailable", 400, ServiceError, Retry.TRANSIENT, "try again later"),
    ("InternalError", 500, ServiceError, Retry.TRANSIENT, "try again later"),
]


@pytest.mark.parametrize("service", EACH)
@pytest.mark.parametrize(("code", "status", "kind", "retry", "says"), BOTH)
def test_a_code_common_to_all_services_has_class_retry_and_remedy(
    code: str, status: int, kind: type[ApiError], retry: Retry, says: str, service: ServiceName
) -> None:
    for spelling in (code, code.lower(), code.upper()):
        rule = classify(spelling, status, service)
        assert (rule.error, rule.retry) == (kind, retry)
        assert says in rule.remedy


API: list[tuple[str, int, type[ApiError], str]] = [
    ("Forbidden.RAM", 403, AccessDeniedError, GRANT),
    ("Forbidden.RAM", 400, AccessDeniedError, GRANT),
    ("Forbidden", 403, AccessDeniedError, GRANT),
    ("NoPermission", 403, AccessDeniedError, "AliyunHologresReadOnlyAccess"),
    ("Forbidden.RegionNotFound", 400, ApiError, "hologres:region"),
    ("InvalidRegionId.NotFound", 404, ApiError, "ALIBABA_CLOUD_REGION"),
    ("ServiceNotOpened", 403, AccessDeniedError, "Activate Hologres"),
    ("Account.Arrearage", 403, AccessDeniedError, "overdue bill"),
    ("InvalidAction.NotFound", 404, ApiError, "hologres:endpoint"),
    ("InvalidVersion", 400, ApiError, "HOLOGRAM_ENDPOINT"),
]


@pytest.mark.parametrize(("code", "status", "kind", "says"), API)
def test_a_code_of_the_api_has_class_and_remedy(code: str, status: int, kind: type[ApiError], says: str) -> None:
    rule = classify(code, status)
    assert (rule.error, rule.retry) == (kind, Retry.NEVER)
    assert says in rule.remedy
    assert ("Grant the RAM action" in rule.remedy) == (says in GRANT or "ReadOnlyAccess" in says)


STS: list[tuple[str, int, str]] = [
    ("NoPermission", 403, "sts:AssumeRole"),
    ("AuthenticationFail.NoPermission", 403, "trust policy"),
    ("EntityNotExist.Role", 404, "assumeRole.roleArn"),
    ("InvalidParameter.RoleArn", 400, "ALIBABA_CLOUD_ROLE_ARN"),
    ("InvalidParameter.RoleSessionName", 400, "assumeRole.sessionName"),
    ("InvalidParameter.DurationSeconds", 400, "assumeRole.sessionExpiration"),
    ("InvalidParameter.PolicyGrammar", 400, "assumeRole.policy"),
    ("EntityNotExist.OIDCProvider", 404, "assumeRoleWithOidc.oidcProviderArn"),
    ("AuthenticationFail.OIDCToken.Expired", 400, "assumeRoleWithOidc.oidcTokenFile"),
    ("AuthenticationFail.OIDCToken.Invalid", 400, "ALIBABA_CLOUD_OIDC_TOKEN"),
    ("InvalidParameter.OIDCToken", 400, "OIDC token"),
]


@pytest.mark.parametrize(("code", "status", "says"), STS)
def test_a_code_of_sts_names_its_setting(code: str, status: int, says: str) -> None:
    rule = classify(code, status, "sts")
    assert rule.retry is Retry.NEVER
    assert says in rule.remedy
    assert RAM_ACTION not in rule.remedy


@pytest.mark.parametrize("service", EACH)
@pytest.mark.parametrize("code", ["Unheard", "Forbidden.Unheard", "Unheard.Of/x y", "InvalidParameter", "节点"])
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 409])
def test_an_unknown_code_has_no_specific_remedy(service: ServiceName, code: str, status: int) -> None:
    rule = classify(code, status, service)
    assert rule.retry is Retry.NEVER
    assert rule.remedy.startswith("This code is not in the table of hologres-ai. Look it up")
    assert " " not in rule.remedy.partition("https://")[2]


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 405])
def test_without_a_code_nothing_is_said_about_keys_or_permissions(status: int) -> None:
    remedy = classify(None, status).remedy
    assert "no error code" in remedy
    assert not any(word in remedy for word in ("Grant", "AccessKey", "clock"))


@pytest.mark.parametrize(
    ("status", "kind", "retry"),
    [
        (429, ThrottledError, Retry.TRANSIENT),
        (500, ServiceError, Retry.TRANSIENT),
        (502, ServiceError, Retry.TRANSIENT),
        (503, ServiceError, Retry.TRANSIENT),
        (504, ServiceError, Retry.TRANSIENT),
        (501, ServiceError, Retry.NEVER),
        (599, ServiceError, Retry.NEVER),
        (None, ApiError, Retry.NEVER),
    ],
)
def test_the_status_decides_when_the_code_is_unknown(status: int | None, kind: type[ApiError], retry: Retry) -> None:
    for code in (None, "Unheard"):
        rule = classify(code, status)
        assert (rule.error, rule.retry) == (kind, retry)


MESSAGE = "AQEA" * 100


def denial(action: str | None = RAM_ACTION, kind: str | None = "ImplicitDeny") -> AccessDeniedDetail:
    return AccessDeniedDetail(action, kind, "AccountLevelIdentityBasedPolicy", MESSAGE)


@pytest.mark.parametrize(
    ("code", "detail", "says", "not_says"),
    [
        ("NoPermission", denial(), GRANT, "denies"),
        ("Unheard", denial(), GRANT, "not in the table"),
        ("NoPermission", denial("hologram:GetInstance"), "Grant the RAM action hologram:GetInstance", RAM_ACTION),
        ("NoPermission", denial(kind="ExplicitDeny"), "A policy denies hologram:ListInstanceModel", "Grant"),
        ("Forbidden.RAM", denial(None, "explicitdeny"), "A policy denies the action explicitly", "Grant"),
        ("NoPermission", denial(None), GRANT, "denies"),
    ],
)
def test_the_remedy_follows_the_details(code: str, detail: AccessDeniedDetail, says: str, not_says: str) -> None:
    remedy = remedy_for(classify(code, 403), detail)
    assert says in remedy
    assert not_says not in remedy
    assert "policy type AccountLevelIdentityBasedPolicy" in remedy


def test_a_diagnostic_message_is_cut_and_marked_in_text() -> None:
    text = describe_denial(denial())
    assert MESSAGE not in text
    assert f"{MESSAGE[:60]}… (cut, 400 characters; `hologres-ai doctor` shows the complete message)" in text


def test_a_diagnostic_message_can_be_shown_completely() -> None:
    assert f"diagnostic message {MESSAGE}." in describe_denial(denial(), None)
    assert describe_denial(None) == ""
