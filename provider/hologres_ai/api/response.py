"""Parse an HTTP response from the API: return the listed nodes, or raise an error.

A refusal is classified by its error code. If the code is unknown, the refusal is classified by its HTTP status. The
code takes precedence because services use the same code with different statuses. A failure never results in an empty
list.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AliasChoices, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as model
from pydantic_core import from_json

from ..clock import requested_wait, utc_now
from ..errors import HologresAiError, ResponseError
from ..errors.bodies import UTF8_MARK, Body, ErrorBody, as_text, parse_error_body
from ..errors.codes import classify, remedy_for
from ..errors.redaction import clean
from ..errors.validation import first_problem
from ..models import AiNode, NodeList
from ..names import to_camel

log = logging.getLogger(__name__)

LIST = "instanceModelList"
_DEPTH = 3  # list, index, field
_EXCERPT_BYTES = 64 * 1024  # much more than is shown: a secret must be complete to be redacted


@dataclass(frozen=True)
class HttpResponse:
    """A complete HTTP response: status, headers by lower-case name, and the bytes of the body."""

    status: int
    headers: Mapping[str, str]
    body: Body

    def excerpt(self, secrets: Sequence[str] = ()) -> str:
        """Return the content type and the start of the body, redacted, printable and on one line."""
        text = " ".join(self.body[:_EXCERPT_BYTES].decode("utf-8", "replace").split())
        kind = clean(self.headers.get("content-type", "no content type"), secrets, limit=64)
        return f"{kind}: {clean(text, secrets) or 'an empty body'}"


@model(frozen=True, config=ConfigDict(alias_generator=to_camel))
class _Payload:
    instance_model_list: tuple[AiNode, ...] | None
    request_id: Annotated[object, Field(validation_alias=AliasChoices("requestId", "RequestId"))] = None


_PAYLOAD = TypeAdapter(_Payload)
_WIRE_NAMES = frozenset(to_camel(field) for field in AiNode.__dataclass_fields__)


def parse_response(response: HttpResponse, secrets: Sequence[str] = (), *, now: datetime | None = None) -> NodeList:
    """Return the nodes in a response.

    Args:
        response: the response.
        secrets: the values to redact in error messages.
        now: the current time, used to convert a date in Retry-After to a delay.

    Raises:
        ApiError: the API refused the request. The HTTP status can be any status, including 200.
        ResponseError: the response does not match the API documentation; the title names the invalid part.
    """
    if response.status != 200:
        raise _refusal(response, secrets, now)
    body = response.body.removeprefix(UTF8_MARK) if response.body.startswith(UTF8_MARK) else response.body
    try:
        payload = _PAYLOAD.validate_json(body, by_alias=True, by_name=False)
    except ValidationError as error:
        failure = parse_error_body(response.body)
        if failure.tells_failure and LIST.lower() not in failure.fields:
            raise _refusal(response, secrets, now) from None
        raise _malformed(response, error, secrets) from None
    if not payload.instance_model_list and parse_error_body(body).tells_failure:
        raise _refusal(response, secrets, now)
    _log_unknown_fields(body)
    null = "the API returned null instead of a list of AI nodes; this is treated as an empty list"
    return NodeList(
        nodes=payload.instance_model_list or (),
        request_id=as_text(payload.request_id),
        warnings=(null,) if payload.instance_model_list is None else (),
    )


def _refusal(response: HttpResponse, secrets: Sequence[str], now: datetime | None) -> HologresAiError:
    error = parse_error_body(response.body)
    if 200 <= response.status < 400 and not error.tells_failure:
        return _unexpected_status(response, secrets)
    code, denial = error.code(secrets), error.denial(secrets)
    rule = classify(code, response.status)
    title = rule.title or error.message(secrets) or f"no reason given ({response.excerpt(secrets)})"
    return rule.error(
        f"the API refused to list the AI nodes: {title}",
        remedy_for(rule, denial),
        status=response.status,
        code=code,
        request_id=_request_id(response, error, secrets),
        retry_after=requested_wait(response.headers, now or utc_now()),
        denial=denial,
    )


def _request_id(response: HttpResponse, error: ErrorBody, secrets: Sequence[str]) -> str | None:
    return error.request_id(secrets) or as_text(response.headers.get("x-acs-request-id"), secrets)


def _unexpected_status(response: HttpResponse, secrets: Sequence[str]) -> ResponseError:
    return ResponseError(
        f"the service returned a redirect or a response without content ({response.excerpt(secrets)})",
        "Redirects are never followed, because they would carry the signature to another host. "
        "Check the endpoint and any proxy in between.",
        status=response.status,
        request_id=_request_id(response, ErrorBody({}), secrets),
    )


def _malformed(response: HttpResponse, error: ValidationError, secrets: Sequence[str]) -> ResponseError:
    problem = first_problem(error, _DEPTH)
    got = _show(problem.value, secrets) if problem.location else response.excerpt(secrets)
    return ResponseError(
        f"the response does not match the API documentation: {problem.place or 'body'}: {problem.reason}, got {got}",
        "Check the endpoint and any proxy in between. If both are right, the API has changed: please report it.",
        status=response.status,
        request_id=_request_id(response, parse_error_body(response.body), secrets),
    )


def _show(value: object, secrets: Sequence[str]) -> str:
    try:
        return clean(json.dumps(value, ensure_ascii=True, default=str), secrets)
    except ValueError:  # json.dumps can't convert an integer with thousands of digits
        return "a number too long to show"


def _log_unknown_fields(body: Body) -> None:
    """Log the names of unknown fields at level DEBUG. At other levels, do not parse the body again."""
    if not log.isEnabledFor(logging.DEBUG):
        return
    nodes = from_json(body).get(LIST) or ()
    unknown = {name for node in nodes for name in node} - _WIRE_NAMES
    if unknown:
        log.debug("unknown fields of AI nodes were ignored: %s", sorted(unknown))
