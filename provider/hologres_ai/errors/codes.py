"""The error codes of the API and STS: a table with the exception class, the retry rule and the remedy for each code.

The complete code is looked up first. If it is not in the table, its last part is removed and the rest is looked up:
``Throttling.User`` is found as ``Throttling``. Services use the same code with different HTTP statuses, so the code
takes precedence over the status. For a code that is not in the table, the remedy contains a link to the Alibaba Cloud
page about the code.

Sources: the Alibaba Cloud documentation of common error codes, of the STS operations AssumeRole and AssumeRoleWithOIDC,
and of ListInstanceModel (2026-06-25).
"""

from dataclasses import dataclass
from enum import Enum
from typing import Literal
from urllib.parse import quote

from . import (
    AccessDeniedDetail,
    AccessDeniedError,
    ApiError,
    AuthenticationError,
    HologresAiError,
    ServiceError,
    ThrottledError,
)
from .redaction import CUT

ServiceName = Literal["hologram", "sts"]

RAM_ACTION = "hologram:ListInstanceModel"
SYSTEM_POLICY = "AliyunHologresReadOnlyAccess"
RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})  # transient, whether they come from the service or from a proxy
SHOWN_DIAGNOSTIC_CHARACTERS = 60


class Retry(Enum):
    """Whether and when a refused request is sent again."""

    NEVER = "never"
    ONCE = "once, with a new nonce"
    WITH_CORRECTED_CLOCK = "once, with the service time"
    WITH_NEW_CREDENTIALS = "once, with new credentials if the source can provide them"
    TRANSIENT = "until the number of attempts or the time limit is reached"


@dataclass(frozen=True)
class ErrorRule:
    """The rule for an error code.

    Attributes:
        error: the class of the exception.
        remedy: the instruction for the user.
        retry: whether the request is sent again.
        title: the text to show instead of the message of the service, which may repeat the signed values.
        no_such_region: whether the code means that the service has no such region.
    """

    error: type[ApiError]
    remedy: str
    retry: Retry = Retry.NEVER
    title: str | None = None
    no_such_region: bool = False


_KEYS = (
    "Check the AccessKey ID and secret: they must belong together, be enabled and be complete "
    "(hologres:accessKey and hologres:secretKey, or ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET). "
    "`hologres-ai doctor` shows which source is used."
)
_ENABLE_KEY = "Enable this AccessKey in the RAM console, or use a different one. `hologres-ai doctor` shows its source."
_RENEW_SESSION = (
    "Get a new security token, and set it together with the AccessKey that was issued with it "
    "(hologres:securityToken or ALIBABA_CLOUD_SECURITY_TOKEN)."
)
_ADD_SESSION = (
    "This AccessKey is temporary: set the security token that was issued with it "
    "(hologres:securityToken or ALIBABA_CLOUD_SECURITY_TOKEN)."
)
_CLOCK = "Correct the clock of this machine: it may differ from the clock of the service by at most 15 minutes."
_NONCE = (
    "Run the read again; each request has a new nonce. If the error recurs, check for a proxy that repeats requests."
)
_PERMISSION = (
    f"Grant the RAM action {RAM_ACTION} on resource * to the user or role behind this AccessKey, for example with "
    f"the system policy {SYSTEM_POLICY}."
)
_REGION = (
    "Set the region to one in which this account can use Hologres: hologres:region, ALIBABA_CLOUD_REGION or --region."
)
_ACTIVATE = "Activate Hologres for this account in the Alibaba Cloud console, in this region. No permission is missing."
_BILL = "Settle the overdue bill of this account in the Alibaba Cloud console."
_RISK = "The risk control of Alibaba Cloud refused the call: contact Alibaba Cloud support and give the request ID."
_ENDPOINT = (
    "Check the endpoint: it must be a Hologres endpoint. Remove hologres:endpoint, ALIBABA_CLOUD_ENDPOINT_HOLOGRAM and "
    "HOLOGRAM_ENDPOINT to use the endpoint of the region."
)
_STS_ENDPOINT = "Check the STS host: remove hologres:stsEndpoint and ALIBABA_CLOUD_STS_ENDPOINT to use the default."
_WAIT = "Wait a moment and try again; run fewer reads concurrently."
_LATER = "The service failed: try again later, and give the request ID to Alibaba Cloud support."

_ASSUME_ROLE = (
    "Check that the trust policy of the role (assumeRole.roleArn, assumeRoleWithOidc.roleArn, ALIBABA_CLOUD_ROLE_ARN) "
    "allows this identity. For AssumeRole, also grant the identity the RAM action sts:AssumeRole, for example with the "
    "system policy AliyunSTSAssumeRoleAccess. AssumeRoleWithOIDC does not require a RAM action."
)
_ROLE_ARN = (
    "Set the ARN of a role that exists: assumeRole.roleArn, assumeRoleWithOidc.roleArn, ALIBABA_CLOUD_ROLE_ARN, or "
    "ram_role_arn in the profile."
)
_SESSION_NAME = (
    "Set assumeRole.sessionName (ALIBABA_CLOUD_ROLE_SESSION_NAME, ram_session_name in the profile) to 2 to 64 letters, "
    "digits or .@_- characters."
)
_SESSION_EXPIRATION = (
    "Set assumeRole.sessionExpiration (ALICLOUD_ASSUME_ROLE_SESSION_EXPIRATION, expired_seconds in the profile) to 900 "
    "seconds or more, and to at most the maximum session duration of the role."
)
_SESSION_POLICY = "Correct assumeRole.policy: it must be a valid RAM policy of at most 2048 characters."
_EXTERNAL_ID = "Set assumeRole.externalId (ALIBABA_CLOUD_EXTERNAL_ID) to the value in the trust policy of the role."
_OIDC_PROVIDER = "Set assumeRoleWithOidc.oidcProviderArn (ALIBABA_CLOUD_OIDC_PROVIDER_ARN) to a provider that exists."
_RENEW_OIDC = (
    "Get a new OIDC token and check its audience and issuer: assumeRoleWithOidc.oidcTokenFile, "
    "ALIBABA_CLOUD_OIDC_TOKEN_FILE or ALIBABA_CLOUD_OIDC_TOKEN."
)

_BOTH: tuple[ServiceName, ...] = ("hologram", "sts")
_API: tuple[ServiceName, ...] = ("hologram",)
_STS: tuple[ServiceName, ...] = ("sts",)

# Each row has the services, the codes and the rule. A row for one service overrides an earlier row for both services.
TABLE: tuple[tuple[tuple[ServiceName, ...], str, ErrorRule], ...] = (
    (
        _BOTH,
        "SignatureDoesNotMatch IncompleteSignature InvalidSignature InvalidAccessKeySecret",
        ErrorRule(AuthenticationError, _KEYS, title="the signature was refused"),
    ),
    (_BOTH, "InvalidAccessKeyId", ErrorRule(AuthenticationError, _KEYS, title="the AccessKey ID is unknown")),
    (
        _BOTH,
        "InvalidAccessKeyId.Inactive InvalidAccessKeyId.Disabled Forbidden.AccessKeyDisabled",
        ErrorRule(AuthenticationError, _ENABLE_KEY, title="the AccessKey is disabled"),
    ),
    (
        _BOTH,
        "InvalidSecurityToken",
        ErrorRule(AuthenticationError, _RENEW_SESSION, title="the security token was refused"),
    ),
    (
        _BOTH,
        "InvalidSecurityToken.Expired",
        ErrorRule(AuthenticationError, _RENEW_SESSION, Retry.WITH_NEW_CREDENTIALS, "the security token has expired"),
    ),
    (_BOTH, "MissingSecurityToken", ErrorRule(AuthenticationError, _ADD_SESSION, title="a security token is missing")),
    (
        _BOTH,
        "InvalidTimeStamp IllegalTimestamp",
        ErrorRule(AuthenticationError, _CLOCK, Retry.WITH_CORRECTED_CLOCK, "the time of the request was refused"),
    ),
    (
        _BOTH,
        "SignatureNonceUsed",
        ErrorRule(AuthenticationError, _NONCE, Retry.ONCE, "the nonce of the request had already been used"),
    ),
    (_BOTH, "Throttling TooManyRequests", ErrorRule(ThrottledError, _WAIT, Retry.TRANSIENT)),
    (
        _BOTH,
        "ServiceUnavailable ServiceUnavailableTemporary SerivceUnavailableTemporary "
        "InternalError InternalFailure InternalServerError UnknownError",
        ErrorRule(ServiceError, _LATER, Retry.TRANSIENT),
    ),
    (_BOTH, "Arrearage Account.Arrearage Forbidden.Arrearage", ErrorRule(AccessDeniedError, _BILL)),
    (_BOTH, "Forbidden.RiskControl", ErrorRule(AccessDeniedError, _RISK)),
    (
        _API,
        "Forbidden Forbidden.RAM Forbidden.NoPermission Forbidden.NoRAMPermission NoPermission AccessDenied",
        ErrorRule(AccessDeniedError, _PERMISSION),
    ),
    (
        _API,
        "Forbidden.RegionNotFound RegionNotFound InvalidRegion InvalidRegionId RegionNotSupported UnsupportedRegion",
        ErrorRule(ApiError, _REGION, no_such_region=True),
    ),
    (
        _API,
        "ServiceNotOpened ServiceNotOpen Forbidden.ServiceNotOpened Forbidden.ServiceNotOpen ProductNotOpened",
        ErrorRule(AccessDeniedError, _ACTIVATE),
    ),
    (
        _API,
        "InvalidApi InvalidAction InvalidVersion NoSuchVersion UnsupportedHTTPMethod InvalidProtocol",
        ErrorRule(ApiError, _ENDPOINT),
    ),
    (_STS, "InvalidApi InvalidAction InvalidVersion NoSuchVersion", ErrorRule(ApiError, _STS_ENDPOINT)),
    (
        _STS,
        "NoPermission Forbidden.RAM AuthenticationFail.NoPermission AccessDenied",
        ErrorRule(AccessDeniedError, _ASSUME_ROLE),
    ),
    (_STS, "EntityNotExist.Role EntityNotExist.RoleArn InvalidParameter.RoleArn", ErrorRule(ApiError, _ROLE_ARN)),
    (_STS, "InvalidParameter.RoleSessionName", ErrorRule(ApiError, _SESSION_NAME)),
    (_STS, "InvalidParameter.DurationSeconds", ErrorRule(ApiError, _SESSION_EXPIRATION)),
    (
        _STS,
        "InvalidParameter.Policy InvalidParameter.PolicyGrammar InvalidParameter.PolicySize",
        ErrorRule(ApiError, _SESSION_POLICY),
    ),
    (_STS, "InvalidParameter.ExternalId", ErrorRule(ApiError, _EXTERNAL_ID)),
    (
        _STS,
        "EntityNotExist.OIDCProvider EntityNotExist.OIDCProviderArn InvalidParameter.OIDCProviderArn",
        ErrorRule(ApiError, _OIDC_PROVIDER),
    ),
    (_STS, "AuthenticationFail.OIDCToken InvalidParameter.OIDCToken", ErrorRule(AuthenticationError, _RENEW_OIDC)),
)
_RULES = {
    (service, code.lower()): rule for services, codes, rule in TABLE for service in services for code in codes.split()
}
_CLASS_BY_STATUS: dict[int, type[ApiError]] = {401: AuthenticationError, 403: AccessDeniedError, 429: ThrottledError}

_NO_CODE = (
    "The response has no error code of the service: it may come from a proxy, a firewall or a gateway. "
    "Check the endpoint (hologres:endpoint, and hologres:stsEndpoint for STS) and the proxy (HTTPS_PROXY, NO_PROXY). "
    "If both are right, give the request ID to Alibaba Cloud support."
)


def classify(code: str | None, status: int | None, service: ServiceName = "hologram") -> ErrorRule:
    """Return the rule for an error code and an HTTP status that a service returned."""
    return _by_code(code, service) or _by_status(code, status or 0)


def _by_code(code: str | None, service: ServiceName) -> ErrorRule | None:
    parts = (code or "").lower().split(".")
    names = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
    if len(names) > 1 and names[-1] == "forbidden":
        names.pop()  # the remedy of `Forbidden.*` depends on the part after the dot
    return next((_RULES[service, name] for name in names if (service, name) in _RULES), None)


def _by_status(code: str | None, status: int) -> ErrorRule:
    kind = _CLASS_BY_STATUS.get(status) or (ServiceError if status >= 500 else ApiError)
    if (code or "").lower().partition(".")[0] == "forbidden":
        kind = AccessDeniedError
    retry = Retry.TRANSIENT if status in RETRIED_STATUSES else Retry.NEVER
    if kind in (ThrottledError, ServiceError):
        return ErrorRule(kind, _WAIT if kind is ThrottledError else _LATER, retry)
    if not code:
        return ErrorRule(kind, _NO_CODE, retry)
    page = f"https://api.alibabacloud.com/troubleshoot?q={quote(code, safe='')}"
    remedy = f"This code is not in the table of hologres-ai. Look it up on the Alibaba Cloud page {page}"
    return ErrorRule(kind, remedy, retry)


def remedy_for(rule: ErrorRule, denial: AccessDeniedDetail | None) -> str:
    """Return the remedy of a rule. If there are details of a missing permission, they are included."""
    if denial is None:
        return rule.remedy
    return f"{_by_denial(rule, denial)} {describe_denial(denial)}"


def _by_denial(rule: ErrorRule, denial: AccessDeniedDetail) -> str:
    action = denial.auth_action or "the action"
    if (denial.no_permission_type or "").lower() == "explicitdeny":
        return f"A policy denies {action} explicitly: change that policy. A policy that allows it has no effect."
    if action == RAM_ACTION:
        return _PERMISSION
    if denial.auth_action and denial.auth_action not in rule.remedy:
        return f"Grant the RAM action {action} to the user or role behind this AccessKey."
    return rule.remedy


def describe_denial(denial: AccessDeniedDetail | None, limit: int | None = SHOWN_DIAGNOSTIC_CHARACTERS) -> str:
    """Return the details of a missing permission as text.

    The diagnostic message is cut to `limit` characters. If `limit` is None, it is complete.
    """
    if denial is None:
        return ""
    named = (
        ("action", denial.auth_action),
        ("kind of denial", denial.no_permission_type),
        ("policy type", denial.policy_type),
        ("diagnostic message", _cut(denial.encoded_diagnostic_message, limit)),
    )
    known = [f"{name} {value}" for name, value in named if value]
    return f"Details from the service: {', '.join(known)}." if known else ""


def show_denial_whole(error: HologresAiError) -> str:
    """Return the remedy of an error, with the complete diagnostic message in place of the cut one."""
    return error.remedy.replace(describe_denial(error.denial), describe_denial(error.denial, None))


def _cut(message: str | None, limit: int | None) -> str | None:
    if message is None or limit is None or len(message) <= limit:
        return message
    return f"{message[:limit]}{CUT} (cut, {len(message)} characters; `hologres-ai doctor` shows the complete message)"
