"""Every failure, as one tree.

    HologresAiError                 title, remedy; nothing secret in either
    ├── InvalidArgumentError        a bad argument, found before any call; also a ValueError
    ├── ConfigurationError          a missing or bad setting, found before any call
    ├── DocumentError               a stored document that is no list of AI nodes of this version
    ├── RequirementsError           the AI nodes are not what was required of them
    ├── CredentialsError            a source of credentials is set and gave none
    ├── TransportError              no whole answer: refused, DNS, TLS, reset, truncated
    │   ├── TlsError                the peer's identity could not be proven
    │   └── DeadlineExceededError   the total deadline ended the call
    ├── ResponseError               an answer that is not what the API describes
    ├── RegionsError                some of several regions could not be read
    └── ApiError                    the API said no: status, code, request_id
        ├── AuthenticationError     the key, its signature or its token was refused
        ├── AccessDeniedError       the key is good and may not do this
        ├── ThrottledError          too many requests
        └── ServiceError            the service failed; 5xx

``str(error)`` is what a person reads: the title, the facts, and what to do next. Messages are free of secrets by
construction, because a Pulumi engine prints the whole chain of a failure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType


class HologresAiError(Exception):
    """The root of the tree.

    Attributes:
        title: what failed, one line.
        remedy: what to do next; may be empty.
        status: the HTTP status, where there was an answer.
        code: the API's error code, where it gave one.
        request_id: the API's id of the request, where it gave one.
        retry_after: the wait in seconds that the service asked for before another try.
    """

    retry_after: float | None = None

    def __init__(
        self,
        title: str,
        remedy: str = "",
        *,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(title, remedy)
        self.title = title
        self.remedy = remedy
        self.status = status
        self.code = code
        self.request_id = request_id

    @property
    def facts(self) -> str:
        """The known of status, code and request id, such as ``HTTP 403, Forbidden.RAM, request 2C2E``."""
        known = (
            self.status and f"HTTP {self.status}",
            self.code,
            self.request_id and f"request {self.request_id}",
        )
        return ", ".join(fact for fact in known if fact)

    def __str__(self) -> str:
        title = f"{self.title} ({self.facts})" if self.facts else self.title
        return f"{title}\n{self.remedy}" if self.remedy else title


@dataclass(frozen=True)
class Failure:
    """One thing that is wrong with one argument: its name as the caller spells it, and the reason."""

    argument: str
    reason: str


class InvalidArgumentError(HologresAiError, ValueError):
    """One or more arguments can't be meant; ``failures`` holds one entry for each."""

    def __init__(self, failures: Sequence[Failure]) -> None:
        self.failures = tuple(failures)
        title = "; ".join(f"{failure.argument}: {failure.reason}" for failure in self.failures)
        super().__init__(f"invalid argument {title}")
        self.args = (self.failures,)  # what a copy is made from


@dataclass(frozen=True)
class ProviderAttempt:
    """One source of credentials: ``used``, ``not set`` or ``failed``, and the words for it; never a value."""

    source: str
    state: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.source}: {self.state}" + (f" ({self.detail})" if self.detail else "")


def tried(steps: Sequence[ProviderAttempt]) -> str:
    """The steps as one sentence."""
    return f"Tried in order: {'; '.join(map(str, steps))}."


class ConfigurationError(HologresAiError):
    """A setting is missing or can't be meant; `steps` are the sources of credentials, where those are meant."""

    steps: tuple[ProviderAttempt, ...] = ()


class CredentialsError(HologresAiError):
    """A source of credentials is set and gave none.

    Attributes:
        steps: the sources in order, with what became of each.
        transient: whether it may pass by itself.
    """

    steps: tuple[ProviderAttempt, ...] = ()
    transient: bool = False


class DocumentError(HologresAiError):
    """A stack output or a file is not a list of AI nodes that this version can read."""


class RequirementsError(HologresAiError):
    """The AI nodes were read, and are not what was required of them; the remedy has a line for each requirement."""


class TransportError(HologresAiError):
    """The service gave no whole answer.

    Attributes:
        no_such_host: whether the name of the endpoint's host is not known.
    """

    no_such_host: bool = False


class TlsError(TransportError):
    """The peer's identity could not be proven; trying again would not change that."""


class DeadlineExceededError(TransportError):
    """The total deadline passed before there was an answer."""


class ResponseError(HologresAiError):
    """The answer is not what the API describes; the title names the place in it."""


class RegionsError(HologresAiError):
    """Some of several regions could not be read; the remedy holds a line for each.

    Attributes:
        errors: what failed, by region.
    """

    errors: Mapping[str, HologresAiError] = MappingProxyType({})


class ApiError(HologresAiError):
    """The API refused the request."""


class AuthenticationError(ApiError):
    """The AccessKey, its signature or its security token was refused."""


class AccessDeniedError(ApiError):
    """The caller is known and lacks the permission."""


class ThrottledError(ApiError):
    """Too many requests in too short a time."""


class ServiceError(ApiError):
    """The service failed on its side."""
