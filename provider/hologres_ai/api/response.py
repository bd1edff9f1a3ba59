"""What an answer means: the nodes it holds, or the typed error it is.

An answer is judged by its API code first and by its status second, because the same code comes with different
statuses; and a failure is never taken for an empty list.
"""

import json
import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from operator import attrgetter
from typing import Annotated, Any, get_args

from pydantic import AliasChoices, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as shape
from pydantic_core import from_json

from .. import pieces
from ..collecting import collected_later
from ..errors import (
    AccessDeniedError,
    ApiError,
    AuthenticationError,
    HologresAiError,
    ResponseError,
    ServiceError,
    ThrottledError,
)
from ..models import AiNode, NodeList
from ..names import to_camel
from ..pieces import Body

log = logging.getLogger(__name__)

RAM_ACTION = "hologram:ListInstanceModel"
SHOWN_CHARACTERS = 200
LIST = "instanceModelList"
_DEPTH = 3  # list, index, field: what stands deeper in a location names a reading of the field

_KEY_REMEDY = "Check the AccessKey ID and secret: they must belong together, be enabled and be copied whole."
_RENEW_REMEDY = "Get a new security token, or check that the token belongs to this AccessKey."
_CLOCK_REMEDY = "Set this machine's clock: it may differ from the service's by 15 minutes at most."
_DENIED_REMEDY = (
    f"Grant the RAM action {RAM_ACTION} to the user or role behind this AccessKey; "
    "the vendor's page names no action, so this is the likely one by the product's naming."
)
_WAIT_REMEDY = "Wait a little and try again; make fewer reads at the same time."
_SERVICE_REMEDY = "The service failed on its side: try again later, and give the request id to its support."


@dataclass(frozen=True)
class _Kind:
    """How a refusal is shown, and whether the service's own words may be: those of a signature echo secrets."""

    error: type[ApiError]
    remedy: str
    title: str | None = None


_AUTHENTICATION = {
    "SignatureDoesNotMatch": _Kind(AuthenticationError, _KEY_REMEDY, "the signature was refused"),
    "IncompleteSignature": _Kind(AuthenticationError, _KEY_REMEDY, "the signature was refused"),
    "InvalidAccessKeyId": _Kind(AuthenticationError, _KEY_REMEDY, "the AccessKey is not known"),
    "InvalidSecurityToken": _Kind(AuthenticationError, _RENEW_REMEDY, "the security token was refused"),
    "MissingSecurityToken": _Kind(AuthenticationError, _RENEW_REMEDY, "a security token is missing"),
    "InvalidTimeStamp": _Kind(AuthenticationError, _CLOCK_REMEDY, "the request's time was refused"),
    "SignatureNonceUsed": _Kind(AuthenticationError, "Try again.", "the request's nonce was used before"),
}
_BY_CODE = _AUTHENTICATION | {
    "Forbidden": _Kind(AccessDeniedError, _DENIED_REMEDY),
    "NoPermission": _Kind(AccessDeniedError, _DENIED_REMEDY),
    "Throttling": _Kind(ThrottledError, _WAIT_REMEDY),
    "ServiceUnavailable": _Kind(ServiceError, _SERVICE_REMEDY),
    "InternalError": _Kind(ServiceError, _SERVICE_REMEDY),
}
_BY_STATUS = {
    401: _Kind(AuthenticationError, _KEY_REMEDY),
    403: _Kind(AccessDeniedError, _DENIED_REMEDY),
    429: _Kind(ThrottledError, _WAIT_REMEDY),
}
# The product's other calls tell their success with these, in a body that has a place for a code either way.
_NO_FAULT = frozenset({"null", "0", "200", "ok", "success"})
_OTHER = _Kind(ApiError, "See the message above and the API's error center for this code.")


@dataclass(frozen=True)
class HttpResponse:
    """A whole HTTP answer: status, headers by lower-case name, and the body's bytes."""

    status: int
    headers: Mapping[str, str]
    body: Body

    @property
    def excerpt(self) -> str:
        """The content type and at most 200 characters of the body, printable and on one line."""
        text = " ".join(self.body[: SHOWN_CHARACTERS * 4].decode("utf-8", "replace").split())
        kind = clean(self.headers.get("content-type", "no content type"))[:64]
        return f"{kind}: {clean(text) or 'an empty body'}"

    def without(self, secrets: Sequence[str]) -> "HttpResponse":
        """The answer with each of `secrets` blotted out wherever it was sent back."""
        body, headers = self.body, dict(self.headers)
        for secret in secrets:
            body = body.replace(secret.encode(), b"***")
            headers = {name: value.replace(secret, "***") for name, value in headers.items()}
        return HttpResponse(self.status, headers, body)


@shape(frozen=True, config=ConfigDict(alias_generator=to_camel))
class _Payload:
    instance_model_list: tuple[AiNode, ...] | None
    request_id: Annotated[object, Field(validation_alias=AliasChoices("requestId", "RequestId"))] = None


_PAYLOAD = TypeAdapter(_Payload)
_FIELDS = tuple(AiNode.__dataclass_fields__)
_TEXT_FIELDS = tuple(name for name in _FIELDS if get_args(AiNode.__annotations__[name])[0] == str | None)
_WIRE_NAMES = frozenset(to_camel(field) for field in _FIELDS)
# The names are plain letters, which only this escape can hide from a look at the bytes.
_ESCAPED_LETTER = re.compile(rb"\\u00[4-7]")
_NODES = TypeAdapter(list[AiNode])


def parse_response(answer: HttpResponse, secrets: Sequence[str] = ()) -> NodeList:
    """The nodes in an answer.

    Raises:
        ApiError: the answer is a refusal, whatever its status; none of `secrets` is in the message.
        ResponseError: the answer is not what the API describes; the title names the place.
    """
    if answer.status != 200:
        raise _refusal(answer.without(secrets), secrets)
    try:
        payload = _read(answer.body)
    except ValidationError as error:
        raise _not_a_list(answer.without(secrets), error, secrets) from None
    if not payload.instance_model_list and _tells_failure(_fields(answer.body)):
        raise _refusal(answer.without(secrets), secrets)
    _check_names(answer, payload)
    _log_unknown_fields(answer.body)
    return _reply(payload)


@collected_later()
def _read(body: Body) -> _Payload:
    """The payload in a body.

    Raises:
        ValidationError: it is not what the API describes.
    """
    if len(body) > 2 * pieces.SIZE:
        # What is wrong is told about the whole of it.
        with suppress(ValueError):
            return _read_pieces(body)
    return _PAYLOAD.validate_json(body, by_alias=True, by_name=False)


def _read_pieces(body: Body) -> _Payload:
    begin, end = pieces.bounds(body)
    rest = _PAYLOAD.validate_json(body[:begin] + body[end:], by_alias=True, by_name=False)
    if rest.instance_model_list != ():
        raise ValueError("another list than the one that was cut out")
    nodes: list[AiNode] = []
    for piece in pieces.pieces(body, begin, end):
        nodes += _NODES.validate_json(piece, by_alias=True, by_name=False)
    return _PAYLOAD.validate_python({"instanceModelList": tuple(nodes), "requestId": rest.request_id}, by_alias=True)


def _reply(payload: _Payload) -> NodeList:
    request_id = _text(payload.request_id)
    if payload.instance_model_list is not None:
        return NodeList(nodes=payload.instance_model_list, request_id=request_id)
    warning = "the API answered with null in place of a list of AI nodes: taken for no nodes"
    return NodeList(nodes=(), request_id=request_id, warnings=(warning,))


def _not_a_list(answer: HttpResponse, error: ValidationError, secrets: Sequence[str]) -> HologresAiError:
    fields = _fields(answer.body)
    if _tells_failure(fields) and LIST.lower() not in fields:
        return _refusal(answer, secrets)
    return _malformed(answer, error, secrets)


def _fields(body: Body) -> dict[str, Any]:
    """The body's top-level fields by lower-case name; none when it is not a JSON object."""
    try:
        document = from_json(body)
    except ValueError:
        return {}
    return {str(name).lower(): value for name, value in document.items()} if isinstance(document, dict) else {}


def _tells_failure(fields: Mapping[str, Any]) -> bool:
    return _told_code(fields) is not None or fields.get("success") in (False, "false")


def _told_code(fields: Mapping[str, Any]) -> object:
    """The error code, of whatever type; None where there is none or it says that all is well."""
    told = fields.get("code") or fields.get("errorcode") or None
    return None if str(told).lower() in _NO_FAULT else told


def _refusal(answer: HttpResponse, secrets: Sequence[str]) -> HologresAiError:
    fields = _fields(answer.body)
    if 200 <= answer.status < 400 and not _tells_failure(fields):
        return _unexpected_status(answer)
    told = (_told_code(fields), fields.get("message") or fields.get("errormessage"), fields.get("requestid"))
    code, message, request_id = (_text(value, secrets) for value in told)
    kind = _kind(code, answer.status)
    title = kind.title or message or f"no reason given ({answer.excerpt})"
    return kind.error(
        f"the API refused to list the AI nodes: {title}",
        kind.remedy,
        status=answer.status,
        code=code,
        request_id=request_id or _text(answer.headers.get("x-acs-request-id"), secrets),
    )


def _text(value: object, secrets: Sequence[str] = ()) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return clean(str(value), secrets) or None


def _unexpected_status(answer: HttpResponse) -> ResponseError:
    title = f"the service answered with a redirect or without content ({answer.excerpt})"
    return ResponseError(
        title,
        "Redirects are never followed, because they would carry the signature to another host. "
        "Check the endpoint and any proxy in between.",
        status=answer.status,
    )


def _kind(code: str | None, status: int) -> _Kind:
    family = (code or "").split(".")[0]
    fallback = _Kind(ServiceError, _SERVICE_REMEDY) if status >= 500 else _OTHER
    return _BY_CODE.get(family) or _BY_STATUS.get(status) or fallback


def clean(text: str, secrets: Sequence[str] = ()) -> str:
    """What may be shown of a text from outside: no secret, nothing a terminal obeys, no more than fits."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return "".join(c for c in text if c.isprintable())[:SHOWN_CHARACTERS]


def _malformed(answer: HttpResponse, error: ValidationError, secrets: Sequence[str]) -> ResponseError:
    # The last complaint about the first bad place is the most tolerant reading's: it says what can't be read at all.
    complaints = error.errors(include_url=False, include_context=False)
    location = complaints[0]["loc"][:_DEPTH]
    item = [complaint for complaint in complaints if complaint["loc"][:_DEPTH] == location][-1]
    got = _shown(item["input"], secrets) if location else answer.excerpt
    reason = item["msg"].removeprefix("Value error, ")
    request_id = _text(_fields(answer.body).get("requestid"), secrets)
    return _not_described(answer.status, location, f"{reason}, got {got}", request_id)


def _not_described(
    status: int, location: Sequence[int | str], reason: str, request_id: str | None = None
) -> ResponseError:
    return ResponseError(
        f"the answer is not what the API describes: {_place(location)}: {reason}",
        "Check the endpoint and any proxy in between; if both are right, the API has changed: report it.",
        status=status,
        request_id=request_id,
    )


def _place(location: Sequence[int | str]) -> str:
    """``instanceModelList[3].cpu``, or ``body`` for the whole of it."""
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return place.removeprefix(".") or "body"


def _shown(value: object, secrets: Sequence[str]) -> str:
    try:
        text = json.dumps(value, ensure_ascii=True, default=str)
    except ValueError:  # an integer of thousands of digits
        return "a number too long to show"
    return clean(text, secrets) + ("…" if len(text) > SHOWN_CHARACTERS else "")


class _Object(dict[str, object]):
    """A JSON object that knows which of its names were given more than once."""

    def __init__(self, pairs: Sequence[tuple[str, object]]) -> None:
        super().__init__(pairs)
        counts = Counter(name for name, _ in pairs) if len(self) < len(pairs) else Counter[str]()
        self.repeated = {name for name, count in counts.items() if count > 1}


def _check_names(answer: HttpResponse, payload: _Payload) -> None:
    """Refuse a name that is given twice: readers of JSON differ in which value they take, and all but one is lost."""
    # Two quick looks before a slow one: of almost any answer, the first shows that there is nothing to look for.
    if _has_more_texts(answer.body, payload) and _may_repeat(answer.body, payload.instance_model_list or ()):
        for location in _repeated(json.loads(answer.body, object_pairs_hook=_Object)):
            raise _not_described(answer.status, location, "given more than once in one object")


def _has_more_texts(body: Body, payload: _Payload) -> bool:
    """Whether the body has more strings than the names of what was read and the values that are texts."""
    nodes = payload.instance_model_list or ()
    own = 1 + (payload.request_id is not None) + isinstance(payload.request_id, str)
    return body.count(b'"') > 2 * (own + sum(_given(fields, nodes) for fields in (_FIELDS, _TEXT_FIELDS)))


def _given(fields: Sequence[str], nodes: Sequence[AiNode]) -> int:
    """How many of these fields have a value, over all nodes."""
    return len(fields) * len(nodes) - sum(values.count(None) for values in map(attrgetter(*fields), nodes))


def _may_repeat(body: Body, nodes: Sequence[AiNode]) -> bool:
    """Whether a name stands more often in the body than there are values."""
    counts = [(LIST, 1)]
    for field in _FIELDS:
        values = [*map(attrgetter(field), nodes)]
        counts.append((to_camel(field), len(values) - values.count(None)))
    return any(body.count(f'"{name}"'.encode()) > most for name, most in counts) or bool(_ESCAPED_LETTER.search(body))


def _repeated(document: Any) -> Iterator[tuple[int | str, ...]]:
    if LIST in document.repeated:
        yield (LIST,)
    for number, node in enumerate(document[LIST] or ()):
        for name in sorted(node.repeated & _WIRE_NAMES):
            yield LIST, number, name


def _log_unknown_fields(body: Body) -> None:
    """A debug line, and nothing when nobody reads it: the second look at the body costs as much as the first."""
    if not log.isEnabledFor(logging.DEBUG):
        return
    nodes = from_json(body).get(LIST) or ()
    unknown = {name for node in nodes for name in node} - _WIRE_NAMES
    if unknown:
        log.debug("fields of AI nodes that are not known and were left out: %s", sorted(unknown))
