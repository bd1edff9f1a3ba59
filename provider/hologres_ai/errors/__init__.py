"""The exceptions of this package. They form one tree::

    HologresAiError                 the base class: title, remedy and facts
    ├── InvalidArgumentError        an argument is invalid; found before any call; also a ValueError
    ├── ConfigurationError          a setting is missing or invalid; found before any call
    ├── DocumentError               a stored document is not a list of AI nodes that this version can read
    ├── RequirementsError           the AI nodes do not meet the requirements
    ├── CredentialsError            a configured source of credentials returned no credentials
    ├── TransportError              no complete response: refused, DNS, TLS, reset, truncated
    │   ├── TlsError                the identity of the peer could not be verified
    │   └── DeadlineExceededError   the deadline of the whole call passed
    ├── ResponseError               the response does not match the API documentation
    ├── RegionsError                some of several regions could not be read
    └── ApiError                    the API refused the request: status, code, request_id
        ├── AuthenticationError     the AccessKey, its signature or its security token was refused
        ├── AccessDeniedError       the caller is authenticated but lacks the permission
        ├── ThrottledError          too many requests
        └── ServiceError            the service failed, in most cases with HTTP 5xx

``str(error)`` is the message for the user: the title, the facts, and the next step. Messages never contain secrets,
because a Pulumi engine prints an exception with all its causes. All facts are set at construction, and an error is not
changed afterwards. Errors can be pickled and copied.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict, Unpack


@dataclass(frozen=True)
class AccessDeniedDetail:
    """The details of a missing permission (``AccessDeniedDetail`` in the error body of the service).

    Attributes:
        auth_action: the RAM action that was denied, such as ``hologram:ListInstanceModel``.
        no_permission_type: ``ImplicitDeny`` (nothing allows the action) or ``ExplicitDeny`` (a policy denies it).
        policy_type: the type of the policy that caused the denial, such as ``AccountLevelIdentityBasedPolicy``.
        encoded_diagnostic_message: the complete message, as input for the RAM action ``ram:DecodeDiagnosticMessage``.
    """

    auth_action: str | None = None
    no_permission_type: str | None = None
    policy_type: str | None = None
    encoded_diagnostic_message: str | None = None


class Facts(TypedDict, total=False):
    """The keyword arguments that all exceptions accept; see `HologresAiError`."""

    status: int | None
    code: str | None
    request_id: str | None
    retry_after: float | None
    denial: AccessDeniedDetail | None


class HologresAiError(Exception):
    """The base class of all exceptions of this package.

    Attributes:
        title: what failed, in one line.
        remedy: the next step for the user; may be empty.
        status: the HTTP status, if there was a response.
        code: the error code of the service, if the response has one.
        request_id: the request ID of the service, if the response has one.
        retry_after: the retry delay in the response, in seconds.
        denial: the details of a missing permission, if the response has them.
    """

    def __init__(
        self,
        title: str,
        remedy: str = "",
        *,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        denial: AccessDeniedDetail | None = None,
    ) -> None:
        super().__init__(title, remedy)
        self.title = title
        self.remedy = remedy
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retry_after = retry_after
        self.denial = denial

    @property
    def facts(self) -> str:
        """Status, code and request ID, if they are known, such as ``HTTP 403, Forbidden.RAM, request 2C2E``."""
        known = (self.status and f"HTTP {self.status}", self.code, self.request_id and f"request {self.request_id}")
        return ", ".join(fact for fact in known if fact)

    def __str__(self) -> str:
        title = f"{self.title} ({self.facts})" if self.facts else self.title
        return f"{title}\n{self.remedy}" if self.remedy else title


@dataclass(frozen=True)
class Failure:
    """One problem with one argument: the name of the argument as the caller wrote it, and the reason."""

    argument: str
    reason: str


class InvalidArgumentError(HologresAiError, ValueError):
    """One or more arguments are invalid; ``failures`` has one entry for each problem."""

    def __init__(self, failures: Sequence[Failure]) -> None:
        self.failures = tuple(failures)
        title = "; ".join(f"{failure.argument}: {failure.reason}" for failure in self.failures)
        super().__init__(f"invalid argument {title}")
        self.args = (self.failures,)  # copy and pickle construct the error from args


@dataclass(frozen=True)
class ProviderAttempt:
    """One source of credentials that was considered. No attribute contains a secret.

    Attributes:
        source: the name of the source.
        state: ``used``, ``not set``, ``skipped`` or ``failed``.
        detail: the setting that selects the source, or the reason for the failure.
    """

    source: str
    state: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.source}: {self.state}" + (f" ({self.detail})" if self.detail else "")


def tried(attempts: Sequence[ProviderAttempt]) -> str:
    """Return a sentence that lists the attempts."""
    return f"Tried in order: {'; '.join(map(str, attempts))}."


class ConfigurationError(HologresAiError):
    """A setting is missing or invalid.

    Attributes:
        attempts: the sources of credentials in the order of precedence, if the error is about credentials.
    """

    def __init__(
        self, title: str, remedy: str = "", *, attempts: Sequence[ProviderAttempt] = (), **facts: Unpack[Facts]
    ) -> None:
        super().__init__(title, remedy, **facts)
        self.attempts = tuple(attempts)

    @property
    def steps(self) -> tuple[ProviderAttempt, ...]:
        """The former name of `attempts`, kept for compatibility."""
        return self.attempts


class CredentialsError(HologresAiError):
    """A configured source of credentials returned no credentials.

    Attributes:
        attempts: the sources in the order of precedence, with the outcome of each.
        transient: whether the same request may succeed later.
    """

    def __init__(
        self,
        title: str,
        remedy: str = "",
        *,
        attempts: Sequence[ProviderAttempt] = (),
        transient: bool = False,
        **facts: Unpack[Facts],
    ) -> None:
        super().__init__(title, remedy, **facts)
        self.attempts = tuple(attempts)
        self.transient = transient

    @property
    def steps(self) -> tuple[ProviderAttempt, ...]:
        """The former name of `attempts`, kept for compatibility."""
        return self.attempts


class DocumentError(HologresAiError):
    """A stack output or a file is not a list of AI nodes that this version can read."""


class RequirementsError(HologresAiError):
    """The AI nodes were read and do not meet the requirements. The remedy contains a line for each requirement."""


class TransportError(HologresAiError):
    """There was no complete response from the service.

    Attributes:
        no_such_host: whether the host name of the endpoint does not exist.
    """

    def __init__(self, title: str, remedy: str = "", *, no_such_host: bool = False, **facts: Unpack[Facts]) -> None:
        super().__init__(title, remedy, **facts)
        self.no_such_host = no_such_host


class TlsError(TransportError):
    """The identity of the peer could not be verified. The call is not retried."""


class DeadlineExceededError(TransportError):
    """The deadline of the whole call passed before there was a complete response."""


class ResponseError(HologresAiError):
    """The response does not match the API documentation; the title names the invalid part."""


class RegionsError(HologresAiError):
    """One or more of the requested regions could not be read. The remedy has one line for each of them.

    Attributes:
        errors: the error of each region that failed, by region.
    """

    def __init__(
        self,
        title: str,
        remedy: str = "",
        *,
        errors: Mapping[str, HologresAiError] | None = None,
        **facts: Unpack[Facts],
    ) -> None:
        super().__init__(title, remedy, **facts)
        self.errors: Mapping[str, HologresAiError] = dict(errors or {})


class ApiError(HologresAiError):
    """The API refused the request."""


class AuthenticationError(ApiError):
    """The AccessKey, its signature or its security token was refused."""


class AccessDeniedError(ApiError):
    """The caller is authenticated but lacks the permission."""


class ThrottledError(ApiError):
    """The service refused the request because there were too many requests in a short time."""


class ServiceError(ApiError):
    """The service failed."""
