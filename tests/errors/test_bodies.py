"""Error bodies: JSON and XML, with the names of the fields in any case and spelling."""

import json

import pytest

from hologres_ai.errors import AccessDeniedDetail
from hologres_ai.errors.bodies import ErrorBody, parse_error_body

DETAIL = {
    "AuthAction": "hologram:ListInstanceModel",
    "AuthPrincipalType": "SubUser",
    "NoPermissionType": "ImplicitDeny",
    "PolicyType": "AccountLevelIdentityBasedPolicy",
    "EncodedDiagnosticMessage": "AQEA" * 200,
}
FIELDS = {"RequestId": "R-1", "HostId": "h", "Code": "Throttling.User", "Message": "too many"}
XML_FIELDS = "".join(f"<{name}>{value}</{name}>" for name, value in FIELDS.items())
XML_DETAIL = "".join(f"<{name}>{value}</{name}>" for name, value in DETAIL.items())

BODIES = {
    "upper": json.dumps(FIELDS),
    "lower": json.dumps({name[0].lower() + name[1:]: value for name, value in FIELDS.items()}),
    "all lower": json.dumps({name.lower(): value for name, value in FIELDS.items()}),
    "snake": '{"request_id": "R-1", "error_code": "Throttling.User", "error_message": "too many"}',
    "the other names": '{"requestId": "R-1", "errorCode": "Throttling.User", "errorMessage": "too many"}',
    "nested": json.dumps({"RequestId": "R-1", "Error": {"Code": "Throttling.User", "Message": "too many"}}),
    "byte order mark": "\ufeff" + json.dumps(FIELDS),
    "white space": "\r\n " + json.dumps(FIELDS) + "\n",
    "xml": f"<Error>{XML_FIELDS}</Error>",
    "xml with a declaration": f"<?xml version='1.0' encoding='UTF-8'?>\n<Error>{XML_FIELDS}</Error>",
    "xml with a byte order mark": f"\ufeff<?xml version='1.0' encoding='UTF-8'?><Error>{XML_FIELDS}</Error>",
    "xml in lower case": "<error>" + "".join(f"<{k.lower()}>{v}</{k.lower()}>" for k, v in FIELDS.items()) + "</error>",
    "xml with a namespace": f"<Error xmlns='http://example.com/doc'>{XML_FIELDS}</Error>",
    "xml of another product": f"<KMS><HttpStatus>400</HttpStatus>{XML_FIELDS}</KMS>",
    "nested xml": (
        "<ErrorResponse><RequestId>R-1</RequestId>"
        "<Error><Type>Sender</Type><Code>Throttling.User</Code><Message>too many</Message></Error></ErrorResponse>"
    ),
    "xml with white space": f"<Error>\n {XML_FIELDS.replace('>Throttling.User<', '> Throttling.User <')}\n</Error>",
}


@pytest.mark.parametrize("name", BODIES)
def test_code_message_and_request_id_are_read(name: str) -> None:
    body = parse_error_body(BODIES[name].encode())
    assert body.tells_failure
    assert (body.code(), body.message(), body.request_id()) == ("Throttling.User", "too many", "R-1")


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"Code": "NoPermission", "AccessDeniedDetail": DETAIL}),
        json.dumps({"code": "NoPermission", "accessDeniedDetail": {k.lower(): v for k, v in DETAIL.items()}}),
        f"<Error><Code>NoPermission</Code><AccessDeniedDetail>{XML_DETAIL}</AccessDeniedDetail></Error>",
        json.dumps({"Code": "NoPermission", "AccessDeniedDetail": json.dumps(DETAIL)}),
    ],
    ids=["json", "lower case", "xml", "encoded once more"],
)
def test_the_details_of_a_denial_are_read(body: str) -> None:
    assert parse_error_body(body.encode()).denial() == AccessDeniedDetail(
        "hologram:ListInstanceModel", "ImplicitDeny", "AccountLevelIdentityBasedPolicy", "AQEA" * 200
    )


@pytest.mark.parametrize("detail", ["null", "[]", '"no"', "{}", '{"AuthAction": ""}', '{"AuthAction": {}}'])
def test_a_detail_without_content_is_none(detail: str) -> None:
    assert parse_error_body(f'{{"Code": "X", "AccessDeniedDetail": {detail}}}'.encode()).denial() is None


NOT_AN_ERROR = {
    "empty": b"",
    "text": b"busy",
    "list": b"[]",
    "null": b"null",
    "html": b"<html><head><title>Blocked</title></head><body><code>405</code></body></html>",
    "html with a document type": b"<!DOCTYPE html><html><body><code>405</code></body></html>",
    "broken xml": b"<Error><Code>Throttling</Code>",
    "xml without a code": b"<Error><Message>no</Message></Error>",
    "xml that declares a document type": b'<!DOCTYPE e [<!ENTITY a "b">]><Error><Code>&a;</Code></Error>',
    "xml that reads a file": b'<!DOCTYPE e [<!ENTITY a SYSTEM "file:///etc/passwd">]><Error><Code>&a;</Code></Error>',
    "xml in UTF-16": "<?xml version='1.0'?><!DOCTYPE e><Error><Code>X</Code></Error>".encode("utf-16-le"),
    "xml of a megabyte": b"<Error><Code>X</Code><Message>" + b"x" * 2**20 + b"</Message></Error>",
    "xml of many levels": b"<a>" * 20_000 + b"</a>" * 20_000,
    "an unknown encoding": b"<?xml version='1.0' encoding='none'?><Error><Code>X</Code></Error>",
}


@pytest.mark.parametrize("name", NOT_AN_ERROR)
def test_any_other_body_is_not_read_as_a_failure(name: str) -> None:
    assert parse_error_body(NOT_AN_ERROR[name]) == ErrorBody({})


@pytest.mark.parametrize("code", ["null", '""', '"0"', "0", '"200"', "200", '"OK"', '"Success"', '"success"'])
def test_a_code_of_success_is_not_a_failure(code: str) -> None:
    body = parse_error_body(f'{{"Code": {code}}}'.encode())
    assert not body.tells_failure
    assert body.code() is None


@pytest.mark.parametrize("name", ["succes$s", "c.ode", "coden", "code2", "co de", "\u0441ode"])
def test_a_similar_field_name_is_not_read(name: str) -> None:
    assert not parse_error_body(json.dumps({name: False if "s" in name else "Throttling"}).encode()).tells_failure


@pytest.mark.parametrize("success", ["false", '"false"', '"False"'])
def test_success_false_is_a_failure(success: str) -> None:
    assert parse_error_body(f'{{"Success": {success}}}'.encode()).tells_failure


def test_no_secret_is_in_any_field() -> None:
    secret = "canary-key-secret-5eRz"
    fields = {"Code": f"Odd.{secret}", "Message": secret, "RequestId": secret}
    fields_of_detail = dict.fromkeys(DETAIL, secret)
    body = parse_error_body(json.dumps({**fields, "AccessDeniedDetail": fields_of_detail}).encode())
    shown = [body.code([secret]), body.message([secret]), body.request_id([secret]), body.denial([secret])]
    assert secret not in repr(shown)
