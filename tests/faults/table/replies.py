"""Rows about complete responses that are not a list of nodes: refusals, other statuses, other bodies."""

import json
from typing import Any

from tests.faults.families import Row
from tests.faults.table.wire import AT_THE_DEADLINE, THE_NODES
from tests.faults.testbed import GOOD, KEY_ID, KEY_SECRET, TOKEN, Scenario
from tests.support.raw_server import Silence, http

JSON = "Content-Type: application/json"
AT_ONCE = ("x-acs-retry-after: 1",)  # in milliseconds, with what is throttled, so that the rows are quick
ECHO = f"you sent {KEY_SECRET} and {TOKEN}"
PAGE = f"<html><head><title>Busy</title></head><body>{ECHO}{'<p>more</p>' * 1000}</body></html>"


def envelope(code: str, message: str = "no") -> str:
    return json.dumps({"RequestId": "R-2", "HostId": "h", "Code": code, "Message": message})


def refusal(status: int, code: str, *headers: str, message: str = "no") -> bytes:
    return http(status, envelope(code, message), JSON, *_waits(code.startswith("Throttling")), *headers)


def _waits(throttled: bool) -> tuple[str, ...]:
    return AT_ONCE if throttled else ()


def good(body: object) -> bytes:
    """Status 200 with a body; bytes as they are."""
    return http(200, body if isinstance(body, bytes) else json.dumps(body), JSON)


KINDS = {401: "AuthenticationError", 403: "AccessDeniedError", 429: "ThrottledError"}
STATUSES = (400, 401, 403, 404, 409, 429, 500, 502, 503, 504)
BODIES = {
    "the API's body": (envelope("Odd"), JSON),
    "HTML": (PAGE, "Content-Type: text/html"),
    "nothing": ("", "X: y"),
    "`null`": ("null", JSON),
    "`{}`": ("{}", JSON),
}
WORDLESS = ("`null`", "`{}`")


def of_status(status: int, body: str) -> Row:
    """4xx fails at once, except 429; 429 and 5xx fail after four tries."""
    content, kind = BODIES[body]
    spoken = body == "the API's body"
    return Row(
        "odd" if body in WORDLESS else "status",
        f"{status}, {body}",
        Scenario((http(status, content, kind, *_waits(status == 429)),)),
        status=status,
        code="Odd" if spoken else None,
        request_id="R-2" if spoken else None,
        kind=KINDS.get(status, "ServiceError" if status >= 500 else "ApiError"),
        requests=4 if status == 429 or status >= 500 else 1,
    )


def refused(status: int, code: str, kind: str, name: str = "", **wanted: Any) -> Row:
    scenario = Scenario((refusal(status, code),))
    return Row("refusal", name or code, scenario, status=status, code=code, request_id="R-2", kind=kind, **wanted)


XML = "Content-Type: text/xml"


def xml(code: str, *names: str) -> str:
    """The error body as gateways and older products send it; `names` are those of request id, code and message."""
    request_id, field, message = names or ("RequestId", "Code", "Message")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f"<Error><{request_id}>R-2</{request_id}><HostId>h</HostId><{field}>{code}</{field}>"
        f"<{message}>no</{message}></Error>"
    )


def refused_in_xml(status: int, code: str, kind: str, *names: str, **wanted: Any) -> Row:
    scenario = Scenario((http(status, xml(code, *names), XML, *_waits(code.startswith("Throttling"))),))
    name = f"{code} in XML{', lower-case names' if names else ''}"
    return Row("refusal", name, scenario, status=status, code=code, request_id="R-2", kind=kind, **wanted)


DETAIL = {
    "AuthAction": "hologram:GetInstance",
    "AuthPrincipalType": "SubUser",
    "NoPermissionType": "ExplicitDeny",
    "PolicyType": "ControlPolicy",
    "EncodedDiagnosticMessage": "AQEA" * 200,
}
DENIAL = json.dumps({"RequestId": "R-2", "Code": "NoPermission", "Message": "no", "AccessDeniedDetail": DETAIL})
EXPLICITLY_DENIED = Row(
    "refusal",
    "NoPermission with AccessDeniedDetail",
    Scenario((http(403, DENIAL, JSON),)),
    status=403,
    code="NoPermission",
    request_id="R-2",
    kind="AccessDeniedError",
    says="A policy denies hologram:GetInstance explicitly",
)

ASKED = "AuthenticationError"
REFUSALS = [
    refused(400, "SignatureDoesNotMatch", ASKED, says="AccessKey"),
    refused(400, "IncompleteSignature", ASKED, says="AccessKey"),
    refused(404, "InvalidAccessKeyId.NotFound", ASKED, says="AccessKey"),
    refused(400, "MissingSecurityToken", ASKED, says="security token"),
    refused(400, "InvalidSecurityToken.Expired", ASKED, says="new security token"),
    refused(400, "InvalidTimeStamp.Expired", ASKED, requests=2, says="clock"),
    refused(400, "SignatureNonceUsed", ASKED, requests=2, says="nonce"),
    refused(403, "Forbidden.RAM", "AccessDeniedError", says="hologram:ListInstanceModel"),
    refused(403, "Forbidden.Unheard", "AccessDeniedError", says="Look it up"),
    refused(400, "Forbidden.RegionNotFound", "ApiError", says="hologres:region"),
    refused(403, "ServiceNotOpened", "AccessDeniedError", says="Activate Hologres"),
    EXPLICITLY_DENIED,
    refused(400, "InvalidParameter", "ApiError", says="Look it up"),
    refused(400, "Throttling", "ThrottledError", requests=4, says="Wait"),
    refused(429, "Throttling.User", "ThrottledError", requests=4, says="Wait"),
    refused(503, "ServiceUnavailable", "ServiceError", requests=4, says="try again later"),
    refused(500, "InternalError", "ServiceError", requests=4, says="try again later"),
    refused(400, "InternalError", "ServiceError", "InternalError, status 400", requests=4, says="try again later"),
    refused(200, "Throttling", "ThrottledError", "Throttling, status 200", requests=4, says="Wait"),
    refused_in_xml(400, "Throttling.User", "ThrottledError", requests=4, says="Wait"),
    refused_in_xml(503, "ServiceUnavailable", "ServiceError", requests=4, says="try again later"),
    refused_in_xml(403, "Forbidden.RAM", "AccessDeniedError", says="hologram:ListInstanceModel"),
    refused_in_xml(400, "SignatureDoesNotMatch", ASKED, says="AccessKey"),
    refused_in_xml(400, "SignatureDoesNotMatch", ASKED, "requestid", "code", "message", says="AccessKey"),
]
TOO_LONG_A_WAIT = Row(
    "bounds",
    "throttled, with a wait past the deadline",
    Scenario((http(429, envelope("Throttling.User"), JSON, "Retry-After: 3600"),), deadline=1),
    status=429,
    code="Throttling.User",
    request_id="R-2",
    **AT_THE_DEADLINE,
)
SILENT_AFTER_A_FAILURE = Row(
    "bounds",
    "503, then no reply",
    Scenario((refusal(503, "ServiceUnavailable"), Silence()), deadline=1),
    status=503,
    code="ServiceUnavailable",
    request_id="R-2",
    kind="DeadlineExceededError",
    least=1.0,
    requests=2,
    says="(HTTP 503, ServiceUnavailable, request R-2)",
)


def once(name: str, answer: bytes, **wanted: Any) -> Row:
    return Row("passing", name, Scenario((answer, GOOD)), nodes=THE_NODES, requests=2, **wanted)


PASSING = [
    once("Throttling, status 400", refusal(400, "Throttling")),
    once(
        "Throttling.User, status 429, Retry-After: 1",
        http(429, envelope("Throttling.User"), "Retry-After: 1"),
        least=1.0,
    ),
    once("Throttling.User, status 400, in XML", http(400, xml("Throttling.User"), XML, *AT_ONCE)),
    once("ServiceUnavailable, status 503", refusal(503, "ServiceUnavailable")),
    once("InternalError, status 500", refusal(500, "InternalError")),
    once(
        "InvalidTimeStamp.Expired",
        refusal(400, "InvalidTimeStamp.Expired", "Date: Fri, 02 Jan 2032 05:00:00 GMT"),
        sent=(("x-acs-date", "2032-01-02T05:00:0"),),
    ),
    once("SignatureNonceUsed", refusal(400, "SignatureNonceUsed")),
]
FRESH = json.dumps(
    {
        "Code": "Success",
        "AccessKeyId": "handed-out",
        "AccessKeySecret": KEY_SECRET,
        "SecurityToken": TOKEN,
        "Expiration": "2099-01-01T00:00:00Z",
    }
)
RENEWED = Row(
    "passing",
    "InvalidSecurityToken.Expired, of keys that can be renewed",
    Scenario(
        (refusal(400, "InvalidSecurityToken.Expired"), GOOD),
        elsewhere=(http(200, FRESH, JSON),),
        environment={"ALIBABA_CLOUD_CREDENTIALS_URI": "$elsewhere/keys"},
        arguments={"access_key": None, "secret_key": None, "security_token": None},
    ),
    nodes=THE_NODES,
    requests=2,
    compared=False,  # the SDK is called with static keys here
)

ROLE = {
    "ALIBABA_CLOUD_ACCESS_KEY_ID": KEY_ID,
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": KEY_SECRET,
    "ALIBABA_CLOUD_ROLE_ARN": "acs:ram::1:role/reader",
    "ALIBABA_CLOUD_STS_ENDPOINT": "$elsewhere",
}
NO_KEYS = {"access_key": None, "secret_key": None, "security_token": None}
OF_STS = json.dumps({"RequestId": "R-3", "Credentials": {**json.loads(FRESH), "AccessKeyId": "from-sts"}})
SIGNED_AS_ROLE = (("authorization", "ACS3-HMAC-SHA256 Credential=from-sts,"),)


def from_sts(family: str, name: str, *answers: bytes, **wanted: Any) -> Row:
    """A read with the credentials of a role, which STS returns or refuses; the SDK is called with static keys."""
    scenario = Scenario((GOOD,), elsewhere=answers, environment=ROLE, arguments=NO_KEYS)
    return Row(family, name, scenario, compared=False, **wanted)


STS_ROWS = [
    from_sts(
        "passing",
        "Throttling.User of STS, status 400",
        http(400, envelope("Throttling.User"), JSON),
        http(200, OF_STS, JSON),
        nodes=THE_NODES,
        sent=SIGNED_AS_ROLE,
    ),
    from_sts(
        "passing",
        "InvalidTimeStamp.Expired of STS",
        http(400, envelope("InvalidTimeStamp.Expired"), JSON),
        http(200, OF_STS, JSON),
        nodes=THE_NODES,
        sent=SIGNED_AS_ROLE,
    ),
    *(
        from_sts(
            "refusal",
            f"{code} of STS",
            http(status, body, kind),
            status=status,
            code=code,
            request_id="R-2",
            kind="CredentialsError",
            requests=0,
            says=says,
        )
        for status, code, body, kind, says in [
            (
                400,
                "InvalidParameter.DurationSeconds",
                envelope("InvalidParameter.DurationSeconds"),
                JSON,
                "assumeRole.sessionExpiration",
            ),
            (404, "EntityNotExist.Role", envelope("EntityNotExist.Role"), JSON, "assumeRole.roleArn"),
            (403, "NoPermission", xml("NoPermission"), XML, "sts:AssumeRole"),
        ]
    ),
]


def malformed(name: str, body: object, says: str = "instanceModelList", **wanted: Any) -> Row:
    return Row("malformed", name, Scenario((good(body),)), kind="ResponseError", status=200, says=says, **wanted)


def node(text: str) -> bytes:
    """A list of a valid node and another one, as JSON text."""
    return f'{{"requestId": "R-1", "instanceModelList": [{{"cpu": 7}}, {text}]}}'.encode()


def in_node(name: str, field: str, text: str) -> Row:
    return malformed(name, node(f'{{"{field}": {text}}}'), f"instanceModelList[1].{field}", request_id="R-1")


MALFORMED = [
    malformed("no list", {"requestId": "R-1"}, request_id="R-1"),
    malformed("the list is an object", {"instanceModelList": {"cpu": 7}}),
    malformed("the list is an empty object", {"instanceModelList": {}}),
    malformed("the list is a string", {"instanceModelList": "none"}),
    malformed("the list is an empty string", {"instanceModelList": ""}),
    malformed("the list is a number", {"instanceModelList": 0}),
    malformed("the list is false", {"instanceModelList": False}),
    malformed("the whole is a list", [], "body"),
    malformed("the whole is a string", "none", "body"),
    malformed("the whole is a number", 0, "body"),
    malformed("the whole is null", None, "body"),
    Row(
        "malformed",
        "an error body",
        Scenario((good(envelope("Forbidden.RAM").encode()),)),
        kind="AccessDeniedError",
        status=200,
        code="Forbidden.RAM",
        request_id="R-2",
    ),
    malformed("an item is null", node("null"), "instanceModelList[1]", request_id="R-1"),
    malformed("an item is a string", node('"a"'), "instanceModelList[1]", request_id="R-1"),
    malformed("an item is a list", node("[]"), "instanceModelList[1]", request_id="R-1"),
    in_node("a number is 1.5", "cpu", "1.5"),
    in_node("a number is true", "nodeCount", "true"),
    in_node("a number is NaN", "gpu", "NaN"),
    in_node("a number is Infinity", "gpu", "Infinity"),
    in_node("a number of 400 digits", "memory", "9" * 400),
    in_node("a number is “1.5”", "cpu", '"1.5"'),
    in_node("a number is “many”", "nodeCount", '"many"'),
    in_node("a number is an object", "gpuMemory", "{}"),
    in_node("an ID is an object", "aiInstanceId", "{}"),
    in_node("a status is a number", "status", "1"),
    in_node("a boolean is “yes”", "autoRenewal", '"yes"'),
]
UNREADABLE = [
    Row("unreadable", name, Scenario((answer,)), kind="ResponseError", status=status, says=says)
    for name, answer, status, says in [
        ("a page of HTML", http(200, PAGE, "Content-Type: text/html"), 200, "text/html"),
        ("nothing", http(200), 200, "an empty body"),
        ("204", b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", 204, "without content"),
        ("JSON that breaks off", good(b'{"instanceModelList": [{"cpu": 7}'), 200, "body"),
        ("a body that is called deflated", http(200, b"", "Content-Encoding: deflate"), 200, "deflate"),
        ("a list in UTF-16", good('{"instanceModelList": []}'.encode("utf-16")), 200, "body"),
    ]
]


def echo(name: str, answer: bytes, kind: str, status: int, **wanted: Any) -> Row:
    return Row("secret", name, Scenario((answer,)), kind=kind, status=status, **wanted)


UNSIGNED = "Specified signature does not match our calculation. server string to sign is: "
ECHOES = [
    echo(
        "in the echo of a signature",
        refusal(400, "SignatureDoesNotMatch", message=UNSIGNED + ECHO),
        ASKED,
        400,
        code="SignatureDoesNotMatch",
        request_id="R-2",
    ),
    echo(
        "in an error's message",
        refusal(400, "Odd", message=ECHO),
        "ApiError",
        400,
        code="Odd",
        request_id="R-2",
        says="you sent ***",
    ),
    echo(
        "in an error's code",
        refusal(400, f"Odd.{TOKEN}"),
        "ApiError",
        400,
        code="Odd.***",
        request_id="R-2",
    ),
    echo("in a page", http(404, PAGE, "Content-Type: text/html"), "ApiError", 404),
    echo("in a page with status 200", http(200, PAGE, "Content-Type: text/html"), "ResponseError", 200),
    echo("in a bad list", good({"instanceModelList": ECHO}), "ResponseError", 200),
    echo("in a bad number", good({"instanceModelList": [{"cpu": ECHO}]}), "ResponseError", 200),
]

ROWS = [
    *PASSING,
    *(of_status(status, body) for status in STATUSES for body in BODIES),
    *REFUSALS,
    RENEWED,
    *STS_ROWS,
    TOO_LONG_A_WAIT,
    SILENT_AFTER_A_FAILURE,
    *MALFORMED,
    *UNREADABLE,
    *ECHOES,
]
