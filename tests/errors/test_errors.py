"""The error tree: its drawing in the docstring, its texts, and errors across pickle and copy."""

import copy
import inspect
import pickle
import re
import subprocess
import sys

import pytest

from hologres_ai import errors
from hologres_ai.errors import (
    AccessDeniedDetail,
    AccessDeniedError,
    ApiError,
    ConfigurationError,
    CredentialsError,
    Failure,
    HologresAiError,
    InvalidArgumentError,
    ProviderAttempt,
    RegionsError,
    ServiceError,
    TransportError,
)


def drawn_tree() -> dict[str, str]:
    """Class name to the name of its parent, as the module's docstring draws it."""
    parents: dict[str, str] = {}
    above: dict[int, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        drawn = re.match(r"^    ([│├└─ ]*)(\w+Error)\b", line)
        if drawn:
            depth = len(drawn[1]) // 4
            above[depth] = drawn[2]
            parents[drawn[2]] = above[depth - 1] if depth else "Exception"
    return parents


def defined_tree() -> dict[str, str]:
    classes = (member for _, member in inspect.getmembers(errors, inspect.isclass))
    return {kind.__name__: kind.__bases__[0].__name__ for kind in classes if issubclass(kind, Exception)}


def example(kind: type[HologresAiError]) -> HologresAiError:
    if issubclass(kind, InvalidArgumentError):
        return kind([Failure("ids", "must be a list of strings")])
    return kind("it failed", "Mend it.", status=503, code="InternalError", request_id="2C2E")


KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, HologresAiError) and kind.__module__ == errors.__name__
]


def test_the_tree_in_the_docstring_matches_the_classes() -> None:
    assert drawn_tree() == defined_tree()
    assert len(KINDS) >= 12


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ({}, ""),
        ({"status": 403}, "HTTP 403"),
        ({"code": "Forbidden.RAM"}, "Forbidden.RAM"),
        ({"request_id": "2C2E"}, "request 2C2E"),
        ({"status": 403, "code": "Forbidden.RAM", "request_id": "2C2E"}, "HTTP 403, Forbidden.RAM, request 2C2E"),
    ],
)
def test_facts_show_only_known_values(facts: dict[str, object], shown: str) -> None:
    error = ApiError("no", "", **facts)  # type: ignore[arg-type]
    assert error.facts == shown
    assert str(error) == (f"no ({shown})" if shown else "no")


def test_text_is_title_then_facts_then_remedy() -> None:
    assert str(ServiceError("it failed", "Try again.", status=503)) == "it failed (HTTP 503)\nTry again."


def test_invalid_argument_names_each_failure_and_is_a_value_error() -> None:
    error = InvalidArgumentError([Failure("ids", "is bad"), Failure("foo", "no such argument")])
    assert isinstance(error, ValueError)
    assert str(error) == "invalid argument ids: is bad; foo: no such argument"
    assert error.failures == (Failure("ids", "is bad"), Failure("foo", "no such argument"))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_survives_pickle_and_copy(kind: type[HologresAiError]) -> None:
    error = example(kind)
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is kind
        assert str(twin) == str(error)
        assert vars(twin) == vars(error)


FACTS = {"status": 403, "code": "NoPermission", "request_id": "R-1", "retry_after": 2.5}
DENIAL = AccessDeniedDetail("hologram:ListInstanceModel", "ExplicitDeny", "ControlPolicy", "AQEA")
ATTEMPTS = (
    ProviderAttempt("profile", "not set"),
    ProviderAttempt("credentialsUri", "failed", "the request was refused"),
)
WITH_ALL_FACTS = [
    ConfigurationError("no AccessKey is set", "Set it.", attempts=ATTEMPTS),
    CredentialsError("no credentials", "Check it.", attempts=ATTEMPTS, transient=True, status=400, code="Throttling"),
    TransportError("no response", "Check it.", no_such_host=True),
    RegionsError("1 of 2 regions", "Leave it out.", errors={"cn-beijing": ServiceError("it failed", status=503)}),
    AccessDeniedError("denied", "Grant it.", denial=DENIAL, **FACTS),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("error", WITH_ALL_FACTS, ids=lambda error: type(error).__name__)
def test_every_fact_survives_pickle_and_copy(error: HologresAiError) -> None:
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is type(error)
        assert repr(vars(twin)) == repr(vars(error))


def test_facts_have_defaults() -> None:
    error = HologresAiError("it failed")
    assert (error.remedy, error.status, error.code, error.request_id) == ("", None, None, None)
    assert (error.retry_after, error.denial) == (None, None)
    assert (TransportError("no").no_such_host, CredentialsError("no").transient) == (False, False)
    assert (ConfigurationError("no").attempts, CredentialsError("no").attempts) == ((), ())
    assert RegionsError("no").errors == {}


def test_the_former_name_of_attempts_is_kept() -> None:
    assert ConfigurationError("no", attempts=ATTEMPTS).steps == ATTEMPTS
    assert CredentialsError("no", attempts=ATTEMPTS).steps == ATTEMPTS


def test_the_errors_are_imported_without_pydantic() -> None:
    script = "import hologres_ai.errors, sys; print(sorted({'pydantic', 'pydantic_core', 'httpx'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
