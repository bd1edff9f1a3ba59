"""The result of each status and body. `test_any_response` tries generated bodies."""

import json
import logging
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic.alias_generators import to_camel

from hologres_ai.api.response import HttpResponse, parse_response
from hologres_ai.errors import (
    AccessDeniedDetail,
    AccessDeniedError,
    ApiError,
    AuthenticationError,
    HologresAiError,
    ResponseError,
    ServiceError,
    ThrottledError,
)
from hologres_ai.errors.codes import RAM_ACTION
from hologres_ai.models import AiNode, NodeList

EXAMPLE = (Path(__file__).parents[1] / "data" / "example-response.json").read_bytes()
KEY_SECRET = "canary-key-secret-5eRz"
TOKEN = "canary-token-9fQx"
SECRETS = (KEY_SECRET, TOKEN)

HTML = b"<html><head><title>Busy</title></head><body>Try later</body></html>"


def api_body(code: str, message: str = "no", *, upper: bool = True) -> bytes:
    names = ("RequestId", "HostId", "Code", "Message") if upper else ("requestId", "hostId", "code", "message")
    return json.dumps(dict(zip(names, ("R-1", "h.example.com", code, message), strict=True))).encode()


def refuse(status: int, body: bytes, headers: dict[str, str] | None = None) -> HologresAiError:
    with pytest.raises(HologresAiError) as caught:
        parse_response(HttpResponse(status, headers or {}, body), SECRETS)
    return caught.value


def nodes(*items: object) -> bytes:
    return json.dumps({"requestId": "R-1", "instanceModelList": items}).encode()


CODES: list[tuple[int, str, type[HologresAiError]]] = [
    (400, "SignatureDoesNotMatch", AuthenticationError),
    (403, "SignatureDoesNotMatch", AuthenticationError),
    (400, "IncompleteSignature", AuthenticationError),
    (404, "InvalidAccessKeyId.NotFound", AuthenticationError),
    (403, "InvalidAccessKeyId.Inactive", AuthenticationError),
    (400, "InvalidSecurityToken.Expired", AuthenticationError),
    (400, "InvalidSecurityToken.MismatchWithAccessKey", AuthenticationError),
    (400, "MissingSecurityToken", AuthenticationError),
    (400, "InvalidTimeStamp.Expired", AuthenticationError),
    (400, "SignatureNonceUsed", AuthenticationError),
    (403, "Forbidden.RAM", AccessDeniedError),
    (400, "Forbidden.RAM", AccessDeniedError),
    (404, "NoPermission", AccessDeniedError),
    (400, "Throttling", ThrottledError),
    (429, "Throttling.User", ThrottledError),
    (503, "Throttling.Api", ThrottledError),
    (503, "ServiceUnavailable", ServiceError),
    (400, "ServiceUnavailable", ServiceError),
    (500, "InternalError", ServiceError),
    (400, "InternalError", ServiceError),
    (400, "InvalidParameter", ApiError),
    (404, "InvalidApi.NotFound", ApiError),
    (409, "Conflict", ApiError),
    (401, "Unheard", AuthenticationError),
    (403, "Unheard", AccessDeniedError),
    (429, "Unheard", ThrottledError),
    (500, "Unheard", ServiceError),
    (200, "Forbidden.RAM", AccessDeniedError),
    (200, "Throttling", ThrottledError),
    (200, "InternalError", ServiceError),
    (200, "Unheard", ApiError),
    (301, "Unheard", ApiError),
]


@pytest.mark.parametrize("upper", [True, False], ids=["Code", "code"])
@pytest.mark.parametrize(("status", "code", "kind"), CODES)
def test_the_error_class_follows_from_the_code(
    status: int, code: str, kind: type[HologresAiError], upper: bool
) -> None:
    error = refuse(status, api_body(code, upper=upper))
    assert type(error) is kind
    assert (error.status, error.code, error.request_id) == (status, code, "R-1")
    assert error.remedy


STATUSES: list[tuple[int, type[HologresAiError]]] = [
    (400, ApiError),
    (401, AuthenticationError),
    (403, AccessDeniedError),
    (404, ApiError),
    (409, ApiError),
    (429, ThrottledError),
    (500, ServiceError),
    (502, ServiceError),
    (503, ServiceError),
    (504, ServiceError),
    (599, ServiceError),
    (204, ResponseError),
    (206, ResponseError),
    (301, ResponseError),
    (302, ResponseError),
    (304, ResponseError),
    (307, ResponseError),
]
CODELESS = [b"", b"null", b"{}", b"[]", b'"text"', b"1", HTML, b"\xff\xfe\x00", b'{"Code": null}', b'{"Code": ""}']


@pytest.mark.parametrize("body", CODELESS, ids=ascii)
@pytest.mark.parametrize(("status", "kind"), STATUSES)
def test_without_a_code_the_error_class_follows_from_the_status(
    status: int, kind: type[HologresAiError], body: bytes
) -> None:
    error = refuse(status, body)
    assert type(error) is kind
    assert (error.status, error.code, error.request_id) == (status, None, None)
    assert f"HTTP {status}" in str(error)


def test_a_list_with_a_status_other_than_200_is_an_error() -> None:
    assert type(refuse(500, EXAMPLE)) is ServiceError
    assert type(refuse(206, EXAMPLE)) is ResponseError


def test_the_request_id_of_the_body_precedes_that_of_the_header() -> None:
    assert refuse(503, b"", {"x-acs-request-id": "R-9"}).request_id == "R-9"
    assert refuse(503, api_body("X"), {"x-acs-request-id": "R-9"}).request_id == "R-1"


def test_the_message_of_the_service_is_shown() -> None:
    assert "the disk is full" in str(refuse(400, api_body("DiskFull", "the disk is full")))


def test_access_denied_names_the_ram_action() -> None:
    assert RAM_ACTION == "hologram:ListInstanceModel"
    assert RAM_ACTION in str(refuse(403, api_body("Forbidden.RAM")))


HINTS = [
    ("SignatureDoesNotMatch", "AccessKey"),
    ("InvalidAccessKeyId.NotFound", "AccessKey"),
    ("IncompleteSignature", "AccessKey"),
    ("MissingSecurityToken", "security token"),
    ("InvalidSecurityToken.Expired", "security token"),
    ("InvalidTimeStamp.Expired", "clock"),
]


@pytest.mark.parametrize(("code", "hint"), HINTS)
def test_an_authentication_failure_has_a_remedy_and_hides_the_message_of_the_service(code: str, hint: str) -> None:
    error = refuse(400, api_body(code, f"server string to sign is: GET / {TOKEN} ECHO"))
    assert hint in error.remedy
    assert "ECHO" not in str(error)


XML = (
    "<?xml version='1.0' encoding='UTF-8'?>"
    "<Error><RequestId>R-1</RequestId><Code>{code}</Code><Message>no</Message></Error>"
)


@pytest.mark.parametrize(("status", "code", "kind"), CODES)
def test_a_refusal_in_xml_gives_the_same_error_as_in_json(status: int, code: str, kind: type[HologresAiError]) -> None:
    error = refuse(status, XML.format(code=code).encode(), {"content-type": "text/xml"})
    expected = refuse(status, api_body(code))
    assert type(error) is kind
    assert (error.title, error.facts, error.remedy) == (expected.title, expected.facts, expected.remedy)


def test_xml_without_a_code_is_classified_by_its_status() -> None:
    error = refuse(503, b"<status>busy</status>", {"content-type": "text/xml"})
    assert type(error) is ServiceError
    assert "text/xml: <status>busy</status>" in error.title


def test_a_list_in_xml_is_refused() -> None:
    assert type(refuse(200, b"<Response><instanceModelList/></Response>")) is ResponseError


BLOCKED = b"<html><head><title>405</title></head><body>Your request has been blocked.</body></html>"


@pytest.mark.parametrize("status", [401, 403])
def test_a_page_that_blocks_the_request_gets_no_advice_about_permissions(status: int) -> None:
    error = refuse(status, BLOCKED, {"content-type": "text/html"})
    assert "Your request has been blocked" in error.title
    assert "proxy" in error.remedy
    assert not any(word in error.remedy for word in ("Grant", "AccessKey"))


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("Forbidden.RegionNotFound", "hologres:region"),
        ("ServiceNotOpened", "Activate Hologres"),
        ("Forbidden.Unheard", "q=Forbidden.Unheard"),
        ("Unheard", "q=Unheard"),
    ],
)
def test_other_codes_with_status_403_give_no_advice_about_permissions(code: str, says: str) -> None:
    error = refuse(403, api_body(code))
    assert says in error.remedy
    assert "Grant" not in error.remedy


DETAIL = {
    "AuthAction": "hologram:GetInstance",
    "AuthPrincipalType": "SubUser",
    "NoPermissionType": "ExplicitDeny",
    "PolicyType": "ControlPolicy",
    "EncodedDiagnosticMessage": "AQEA" * 100,
}


def test_the_details_of_a_denial_are_in_the_remedy_and_on_the_error() -> None:
    error = refuse(403, json.dumps({"Code": "NoPermission", "AccessDeniedDetail": DETAIL}).encode())
    assert type(error) is AccessDeniedError
    assert error.denial == AccessDeniedDetail("hologram:GetInstance", "ExplicitDeny", "ControlPolicy", "AQEA" * 100)
    for shown in ("hologram:GetInstance", "ExplicitDeny", "ControlPolicy", "AQEAAQEA", "cut, 400 characters"):
        assert shown in error.remedy
    assert "hologres-ai doctor" in error.remedy
    assert "AQEA" * 100 not in str(error)
    assert "AQEA" not in error.title


def test_no_secret_is_in_the_details_of_a_denial() -> None:
    body = json.dumps({"Code": "NoPermission", "AccessDeniedDetail": dict.fromkeys(DETAIL, KEY_SECRET)}).encode()
    error = refuse(403, body)
    assert KEY_SECRET not in str(error) + repr(vars(error))


@pytest.mark.parametrize(
    ("status", "body"), [(200, HTML), (200, b"{}"), (301, b""), (204, b""), (503, HTML), (403, b"{}")]
)
def test_without_a_request_id_in_the_body_that_of_the_header_is_reported(status: int, body: bytes) -> None:
    assert refuse(status, body, {"x-acs-request-id": "R-9"}).request_id == "R-9"


MARK = b"\xef\xbb\xbf"


def test_a_byte_order_mark_is_skipped() -> None:
    assert parse_response(HttpResponse(200, {}, MARK + EXAMPLE)) == parse_response(HttpResponse(200, {}, EXAMPLE))
    assert parse_response(HttpResponse(200, {}, bytearray(MARK + EXAMPLE))).request_id
    assert refuse(400, MARK + api_body("Throttling")).code == "Throttling"
    assert refuse(200, MARK + api_body("Throttling")).code == "Throttling"
    assert refuse(200, MARK + nodes({"cpu": "x"})).title.endswith(
        'instanceModelList[0].cpu: not a whole number, got "x"'
    )


@pytest.mark.parametrize("headers", [{"retry-after": "7"}, {"x-acs-retry-after": "7000"}])
def test_the_wait_that_the_service_asks_for_is_on_the_error(headers: dict[str, str]) -> None:
    assert refuse(429, api_body("Throttling.User"), headers).retry_after == 7.0
    assert refuse(503, HTML, headers).retry_after == 7.0
    assert refuse(503, HTML).retry_after is None


ECHOES: dict[str, Callable[[str], HttpResponse]] = {
    "message": lambda secret: HttpResponse(0, {}, api_body("Odd", f"your key {secret} is odd")),
    "message, where it is cut": lambda secret: HttpResponse(0, {}, api_body("Odd", "x" * 190 + secret)),
    "code": lambda secret: HttpResponse(0, {}, api_body(f"Odd.{secret}")),
    "request id": lambda secret: HttpResponse(0, {}, json.dumps({"Code": "Odd", "RequestId": secret}).encode()),
    "request id of a bad list": lambda secret: HttpResponse(0, {}, json.dumps({"requestId": secret}).encode()),
    "request id's header": lambda secret: HttpResponse(0, {"x-acs-request-id": secret}, b""),
    "content type": lambda secret: HttpResponse(0, {"content-type": f"text/html; {secret}"}, b""),
    "page": lambda secret: HttpResponse(0, {}, f"<html>you sent {secret}</html>".encode()),
    "page, where it is cut": lambda secret: HttpResponse(0, {}, ("x" * 190 + secret).encode()),
    "list": lambda secret: HttpResponse(0, {}, json.dumps({"instanceModelList": secret}).encode()),
    "field": lambda secret: HttpResponse(0, {}, nodes({"cpu": secret})),
    "message, with a line break": lambda secret: HttpResponse(0, {}, api_body("Odd", f"{secret[:9]}\n{secret[9:]}")),
    "page, with a line break": lambda secret: HttpResponse(0, {}, f"<p>{secret[:9]}\n{secret[9:]}".encode()),
}


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("echo", ECHOES)
def test_a_secret_in_a_response_is_not_in_the_error(echo: str, status: int, secret: str) -> None:
    answer = ECHOES[echo](secret)
    error = refuse(status, answer.body, dict(answer.headers))  # type: ignore[arg-type]
    shown = str(error) + repr(error) + "".join(traceback.format_exception(error)) + repr(vars(error))
    assert secret[:10] not in shown  # nor the part of a secret that a cut leaves
    assert secret[9:] not in shown


LONG = [
    b"a" * 10_000,
    b"<html>" + b"\x1b[31m\x00\r\n\t" * 5_000,
    "节".encode() * 5_000,
    b"\xff" * 10_000,
    api_body("Odd", "a" * 10_000),
    api_body("Odd", "\x1b[31m\x07\u202e" * 1_000),
    api_body("a" * 10_000, "b"),
    json.dumps({"Code": "Odd", "RequestId": "r\x1b" * 5_000}).encode(),
    nodes("a" * 10_000),
    nodes({"cpu": "a" * 10_000}),
    b'{"instanceModelList":[{"cpu":' + b"9" * 4_000 + b"}]}",
    b'{"instanceModelList":[{"cpu":' + b"9" * 100_000 + b"}]}",
    b'{"Code":' + b"9" * 4_000 + b"}",
    b"[" * 100_000,
]


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("body", LONG, ids=lambda body: ascii(body[:40]))
def test_an_error_message_is_short_and_printable(status: int, body: bytes) -> None:
    error = refuse(status, body, {"content-type": "text/html"})
    assert error.title.isprintable()
    assert error.facts.isprintable()
    assert len(str(error)) < 1_000


def test_a_long_content_type_is_cut() -> None:
    assert len(refuse(200, HTML, {"content-type": "x" * 50_000}).title) < 500


def test_an_excerpt_is_the_content_type_and_200_characters() -> None:
    excerpt = HttpResponse(200, {"content-type": "text/html"}, b"a\x1b \n b" + b"c" * 1_000).excerpt()
    assert excerpt == "text/html: a b" + "c" * 197 + "…"
    assert HttpResponse(200, {}, b"").excerpt() == "no content type: an empty body"


def test_the_example_response_of_the_vendor_is_parsed() -> None:
    reply = parse_response(HttpResponse(200, {}, EXAMPLE))
    assert reply.request_id == "2C2ECDC1-FBAD-14A5-AA4A-96BC787FBDBC"
    assert reply.warnings == ()
    (node,) = reply.nodes
    for name, value in json.loads(EXAMPLE)["instanceModelList"][0].items():
        field = next(field for field in AiNode.__dataclass_fields__ if to_camel(field) == name)
        assert getattr(node, field) == value


def test_an_empty_list_gives_no_nodes_and_no_warning() -> None:
    assert parse_response(HttpResponse(200, {}, nodes())) == NodeList(nodes=(), request_id="R-1")


def test_null_instead_of_a_list_gives_no_nodes_and_a_warning() -> None:
    reply = parse_response(HttpResponse(200, {}, b'{"instanceModelList": null}'))
    assert (reply.nodes, reply.request_id) == ((), None)
    (warning,) = reply.warnings
    assert "null" in warning


def test_the_request_id_is_read_in_either_case() -> None:
    assert parse_response(HttpResponse(200, {}, b'{"RequestId": "R", "instanceModelList": []}')).request_id == "R"
    assert parse_response(HttpResponse(200, {}, b'{"requestId": null, "instanceModelList": []}')).request_id is None


def test_an_error_code_with_null_instead_of_a_list_is_an_error() -> None:
    error = refuse(200, b'{"code": "Forbidden.RAM", "message": "no", "instanceModelList": null}')
    assert type(error) is AccessDeniedError


def test_an_error_code_with_an_object_instead_of_a_list_is_an_error() -> None:
    assert isinstance(refuse(200, b'{"code": "Odd", "instanceModelList": {}}'), HologresAiError)


NO_LISTS = [
    (b"", "body"),
    (b"null", "body"),
    (b"[]", "body"),
    (b"1", "body"),
    (b'"text"', "body"),
    (HTML, "body"),
    (b'{"instanceModelList": []', "body"),
    (b"{}", "instanceModelList"),
    (b'{"requestId": "R"}', "instanceModelList"),
    (b'{"InstanceModelList": []}', "instanceModelList"),
    (b'{"instanceModelList": {}}', "instanceModelList"),
    (b'{"instanceModelList": "[]"}', "instanceModelList"),
    (b'{"instanceModelList": 0}', "instanceModelList"),
    (b'{"instanceModelList": false}', "instanceModelList"),
    (nodes({}, None), "instanceModelList[1]"),
    (nodes("text"), "instanceModelList[0]"),
    (nodes({}, {}, []), "instanceModelList[2]"),
    (nodes(1), "instanceModelList[0]"),
    (nodes({}, {"status": 1}), "instanceModelList[1].status"),
    (nodes({"aiInstanceId": ["a"]}), "instanceModelList[0].aiInstanceId"),
    (nodes({"autoRenewal": "yes"}), "instanceModelList[0].autoRenewal"),
    (nodes({"autoRenewal": 1}), "instanceModelList[0].autoRenewal"),
]


@pytest.mark.parametrize(("body", "place"), NO_LISTS, ids=lambda value: ascii(value)[:50])
def test_an_invalid_response_is_reported_with_the_path_of_the_value(body: bytes, place: str) -> None:
    error = refuse(200, body)
    assert type(error) is ResponseError
    assert f": {place}: " in error.title
    assert error.status == 200
    assert error.remedy


INTEGERS = (
    *("node_count", "cpu", "memory", "gpu", "gpu_memory"),
    *("cpu_used", "memory_used", "gpu_used", "gpu_memory_used"),
)
LARGEST = 2**53 - 1


@pytest.mark.parametrize("field", INTEGERS)
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("8", 8),
        ("8.0", 8),
        ('"8"', 8),
        ("1e2", 100),
        ("-1", -1),
        ("0", 0),
        ('"-0"', 0),
        ("null", None),
        (str(LARGEST), LARGEST),
        (f'"{LARGEST}"', LARGEST),
        (str(-LARGEST), -LARGEST),
    ],
)
def test_a_whole_number_is_read_exactly(field: str, text: str, value: int | None) -> None:
    body = f'{{"instanceModelList": [{{"{to_camel(field)}": {text}}}]}}'
    got = getattr(parse_response(HttpResponse(200, {}, body.encode())).nodes[0], field)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        *("1.5", "true", "false", "NaN", "Infinity", "-Infinity", "1e400", "1e300", "[]", "{}", "[8]"),
        *('"1.5"', '"8.0"', '" 8"', '"8 "', '"0x8"', '"٣"', '"1_000"', '"+8"', '"true"', '"1e2"'),
        *("9" * 400, f'"{"9" * 400}"', "9" * 4_000),
        *(str(2**53), str(-(2**53)), f'"{2**53}"', str(float(2**53)), str(2**63), str(2**64)),
    ],
    ids=lambda text: text[:24],
)
@pytest.mark.parametrize("field", ["nodeCount", "gpuMemoryUsed"])
def test_any_other_value_of_a_number_is_refused_with_its_path(field: str, text: str) -> None:
    body = f'{{"instanceModelList": [{{}}, {{}}, {{"{field}": {text}}}]}}'
    error = refuse(200, body.encode())
    assert type(error) is ResponseError
    assert f"instanceModelList[2].{field}: " in error.title


def test_a_whole_number_that_is_too_large_is_not_called_a_fraction() -> None:
    assert "not a whole number" not in refuse(200, nodes({"cpu": 2**53})).title


@pytest.mark.parametrize("text", ['""', '" "', '"\\t"'], ids=["empty", "space", "tab"])
@pytest.mark.parametrize("field", [*INTEGERS, "auto_renewal"])
def test_an_empty_text_in_place_of_a_number_or_boolean_is_null(field: str, text: str) -> None:
    body = f'{{"instanceModelList": [{{"aiSpec": "", "{to_camel(field)}": {text}}}, {{"cpu": 7}}]}}'
    nodes = parse_response(HttpResponse(200, {}, body.encode())).nodes
    assert nodes == (AiNode(ai_spec=""), AiNode(cpu=7))


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False), ('"true"', True), ('"false"', False)])
def test_a_boolean_is_read_also_from_text(text: str, value: bool) -> None:
    body = f'{{"instanceModelList": [{{"autoRenewal": {text}}}]}}'
    assert parse_response(HttpResponse(200, {}, body.encode())).nodes[0].auto_renewal is value


def test_unknown_fields_are_left_out_with_a_debug_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "hologres_ai")
    body = nodes({"aiInstanceId": "a", "novelty": {"x": 1}}, {"another": 1})
    assert parse_response(HttpResponse(200, {}, body)).nodes == (AiNode(ai_instance_id="a"), AiNode())
    (record,) = caplog.records
    assert record.levelno == logging.DEBUG
    assert "novelty" in record.getMessage()
    assert "another" in record.getMessage()
    assert "aiInstanceId" not in record.getMessage()


def test_known_fields_make_no_debug_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "hologres_ai")
    parse_response(HttpResponse(200, {}, EXAMPLE))
    assert caplog.records == []


def test_every_valid_response_is_parsed_with_debug_logging(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "hologres_ai")
    for body in (
        nodes(),
        b'{"instanceModelList": null}',
        nodes({"\ud83d\ude00": 1}),
        b'{"instanceModelList":[{"x":NaN}]}',
    ):
        assert isinstance(parse_response(HttpResponse(200, {}, body)), NodeList)


def test_unknown_statuses_and_charge_types_are_accepted() -> None:
    (node,) = parse_response(HttpResponse(200, {}, nodes({"status": "Melting", "chargeType": "Free"}))).nodes
    assert (node.status, node.charge_type) == ("Melting", "Free")


@pytest.mark.parametrize("listed", ["[]", "null"])
@pytest.mark.parametrize(
    "failure",
    [
        '"code": "Forbidden.RAM"',
        '"Code": 17',
        '"success": false',
        '"Success": "false", "ErrorCode": "null"',
        '"ErrorCode": "Forbidden.RAM", "ErrorMessage": "no"',
        '"errorCode": ["odd"]',
    ],
)
def test_a_failure_with_an_empty_list_is_an_error(failure: str, listed: str) -> None:
    assert isinstance(refuse(200, f'{{{failure}, "instanceModelList": {listed}}}'.encode()), ApiError)


@pytest.mark.parametrize(
    "well", ['"code": "200"', '"Success": "true", "ErrorCode": "null"', '"code": null', '"code": ""']
)
def test_an_explicit_success_code_is_not_an_error(well: str) -> None:
    body = f'{{{well}, "instanceModelList": []}}'.encode()
    assert parse_response(HttpResponse(200, {}, body)) == NodeList(nodes=(), request_id=None)


def test_the_error_fields_of_other_actions_of_the_product_are_read() -> None:
    body = b'{"success": false, "errorCode": "Forbidden.RAM", "errorMessage": "no", "requestId": "R-1"}'
    error = refuse(200, body)
    assert (type(error), error.code, error.request_id) == (AccessDeniedError, "Forbidden.RAM", "R-1")


TWICE: list[tuple[bytes, tuple[AiNode, ...]]] = [
    (b'{"instanceModelList": [{"cpu": 1}], "instanceModelList": []}', ()),
    (b'{"instanceModelList": [], "instanceModelList": [{"cpu": 1}]}', (AiNode(cpu=1),)),
    (b'{"instanceModelList": [], "instanceModel\\u004cist": [{"cpu": 1}]}', (AiNode(cpu=1),)),
    (b'{"instanceModelList": [{"gpu": 1, "cpu": 7, "cpu": 8}]}', (AiNode(gpu=1, cpu=8),)),
    (b'{"instanceModelList": [{"status": "a", "status": null}]}', (AiNode(),)),
    (b'{"instanceModelList": [{"aiSpec": "cpu", "more": {"c": 1, "c": 2}}], "a": 1, "a": 2}', (AiNode(ai_spec="cpu"),)),
]


@pytest.mark.parametrize(("body", "read"), TWICE, ids=[str(number) for number in range(len(TWICE))])
def test_the_last_value_of_a_repeated_name_is_used(body: bytes, read: tuple[AiNode, ...]) -> None:
    """As in every JSON parser, including the standard library."""
    assert parse_response(HttpResponse(200, {}, body)).nodes == read


def test_a_request_id_is_text_or_a_number() -> None:
    assert parse_response(HttpResponse(200, {}, b'{"requestId": true, "instanceModelList": []}')).request_id is None
    assert parse_response(HttpResponse(200, {}, b'{"requestId": 7, "instanceModelList": []}')).request_id == "7"


def test_an_invalid_value_in_a_large_body_is_reported_with_its_path() -> None:
    listed = [{"aiInstanceId": f"ai-{number}"} for number in range(40_000)]
    listed[39_000]["cpu"] = "many"
    error = refuse(200, nodes(*listed))
    assert "instanceModelList[39000].cpu" in error.title
