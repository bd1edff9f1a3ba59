"""What STS refuses: code, request id, retry, remedy and details, in JSON and XML."""

import json
from collections.abc import Callable

import pytest

from hologres_ai.credentials.http import FetchError
from hologres_ai.credentials.sts import assume_role
from hologres_ai.credentials.types import Credentials, Limits, Role, StsHost
from hologres_ai.errors import AccessDeniedDetail
from tests.support.raw_server import RawServer, http

SECRET = "canary-key-secret-5eRz"
CALLER = Credentials("the-id", SECRET)
ROLE = Role("acs:ram::1:role/reader")
FIELDS = {"RequestId": "R-2", "HostId": "sts", "Message": f"you signed {SECRET}"}
DETAIL = {
    "AuthAction": "sts:AssumeRole",
    "NoPermissionType": "ImplicitDeny",
    "PolicyType": "AssumeRolePolicy",
    "EncodedDiagnosticMessage": "AQEA" * 100,
}


def json_body(code: str) -> str:
    return json.dumps({**FIELDS, "Code": code})


def lower_case_body(code: str) -> str:
    return json.dumps({name.lower(): value for name, value in {**FIELDS, "Code": code}.items()})


def xml_body(code: str) -> str:
    fields = "".join(f"<{name}>{value}</{name}>" for name, value in {**FIELDS, "Code": code}.items())
    return f'<?xml version="1.0" encoding="UTF-8"?><Error>{fields}</Error>'


def refuse(status: int, body: str) -> tuple[FetchError, int]:
    """The failure of one AssumeRole, and the number of requests."""
    with RawServer([http(status, body)]) as server, pytest.raises(FetchError) as caught:
        assume_role(ROLE, CALLER, StsHost(server.url, "test"), Limits())
    assert SECRET not in str(caught.value) + repr(vars(caught.value))
    return caught.value, len(server.requests)


@pytest.mark.parametrize("body", [json_body, lower_case_body, xml_body], ids=["JSON", "lower case", "XML"])
@pytest.mark.parametrize(
    ("status", "code", "transient", "requests", "says"),
    [
        (400, "Throttling.User", True, 1, "fewer reads"),
        (503, "ServiceUnavailable", True, 1, "try again later"),
        (400, "InvalidTimeStamp.Expired", False, 2, "clock"),
        (400, "InvalidParameter.DurationSeconds", False, 1, "assumeRole.sessionExpiration"),
        (404, "EntityNotExist.Role", False, 1, "assumeRole.roleArn"),
        (403, "NoPermission", False, 1, "sts:AssumeRole"),
        (400, "SignatureDoesNotMatch", False, 1, "hologres:secretKey"),
        (400, "Unheard.Of", False, 1, "not in the table"),
        (200, "Throttling", True, 1, "fewer reads"),
    ],
)
def test_a_refusal_has_facts_retry_and_remedy_in_each_format(
    body: Callable[[str], str], status: int, code: str, transient: bool, requests: int, says: str
) -> None:
    failure, sent = refuse(status, body(code))
    assert (failure.status, failure.code, failure.request_id) == (status, code, "R-2")
    assert (failure.transient, sent) == (transient, requests)
    assert says in (failure.remedy or "")


def test_the_details_of_a_denial_are_on_the_error() -> None:
    failure, _ = refuse(403, json.dumps({**FIELDS, "Code": "NoPermission", "AccessDeniedDetail": DETAIL}))
    assert failure.denial == AccessDeniedDetail("sts:AssumeRole", "ImplicitDeny", "AssumeRolePolicy", "AQEA" * 100)
    for shown in ("trust policy", "policy type AssumeRolePolicy", "cut, 400 characters"):
        assert shown in (failure.remedy or "")
