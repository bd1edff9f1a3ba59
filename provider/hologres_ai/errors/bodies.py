"""Parse the error body of a service, in JSON or XML. Case, underscores and hyphens in field names are ignored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as Xml

from pydantic_core import from_json

from . import AccessDeniedDetail
from .redaction import SHOWN_CHARACTERS, clean

Body = bytes | bytearray

UTF8_MARK = b"\xef\xbb\xbf"
MAX_XML_BYTES = 64 * 1024
MAX_DIAGNOSTIC_CHARACTERS = 8_192
# Codes that mean success: some Alibaba Cloud services return a code in every response.
_NO_FAULT = frozenset({"null", "0", "200", "ok", "success"})


@dataclass(frozen=True)
class ErrorBody:
    """The fields of an error body, by name in lower case and without separators. Without an error body, it is empty."""

    fields: Mapping[str, Any]

    @property
    def tells_failure(self) -> bool:
        """Whether the body contains an error code, or its field ``success`` is false."""
        return self._code is not None or str(self.fields.get("success")).lower() == "false"

    @property
    def _code(self) -> object:
        code = self.fields.get("code") or self.fields.get("errorcode") or None
        return None if str(code).strip().lower() in _NO_FAULT else code

    def code(self, secrets: Sequence[str] = ()) -> str | None:
        """Return the error code, or None if it is missing or means success."""
        return as_text(self._code, secrets)

    def message(self, secrets: Sequence[str] = ()) -> str | None:
        """Return the error message of the service."""
        return as_text(self.fields.get("message") or self.fields.get("errormessage"), secrets)

    def request_id(self, secrets: Sequence[str] = ()) -> str | None:
        """Return the request ID of the service."""
        return as_text(self.fields.get("requestid"), secrets)

    def denial(self, secrets: Sequence[str] = ()) -> AccessDeniedDetail | None:
        """Return the details of a missing permission."""
        detail = self.fields.get("accessdenieddetail")
        if isinstance(detail, str):  # some products return the object as a JSON string
            detail = _parse_json(detail.encode())
        if not isinstance(detail, Mapping):
            return None
        fields = _named(detail)
        denial = AccessDeniedDetail(
            as_text(fields.get("authaction"), secrets),
            as_text(fields.get("nopermissiontype"), secrets),
            as_text(fields.get("policytype"), secrets),
            as_text(fields.get("encodeddiagnosticmessage"), secrets, MAX_DIAGNOSTIC_CHARACTERS),
        )
        return None if denial == AccessDeniedDetail() else denial


def as_text(value: object, secrets: Sequence[str] = (), limit: int = SHOWN_CHARACTERS) -> str | None:
    """Return a string or an integer as text that is safe to show. Return None for an empty string or another type."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return clean(str(value).strip(), secrets, limit) or None


def parse_error_body(body: Body) -> ErrorBody:
    """Parse the body of an error response. The result has no fields if the body is neither a JSON object nor XML."""
    content = body.removeprefix(UTF8_MARK).strip()
    return ErrorBody(_parse_xml(content) if content.startswith(b"<") else _parse_json(content))


def _parse_json(content: Body) -> dict[str, Any]:
    try:
        document = from_json(content)
    except ValueError:
        return {}
    if not isinstance(document, dict):
        return {}
    fields = _named(document)
    inner = fields.get("error")
    if isinstance(inner, Mapping) and not ErrorBody(fields).tells_failure:
        return fields | _named(inner)
    return fields


def _named(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {_plain(name): value for name, value in fields.items()}


def _plain(name: str) -> str:
    """Normalize a field name: ``RequestId``, ``requestId`` and ``request_id`` become ``requestid``."""
    return name.lower().replace("_", "").replace("-", "")


def _parse_xml(content: Body) -> dict[str, Any]:
    """Return the fields of the first element that contains a ``Code``, and those of the root element.

    The result is empty for an HTML page, and for a body that declares a document type or an entity.
    """
    if len(content) > MAX_XML_BYTES or any(mark in content.upper() for mark in (b"<!DOCTYPE", b"<!ENTITY", b"\0")):
        return {}
    try:
        root = Xml.fromstring(bytes(content))  # noqa: S314 - see above: no entity can be declared
    except (Xml.ParseError, LookupError, ValueError):
        return {}
    if _local(root) == "html":
        return {}
    for element in root.iter():
        fields = _fields(element)
        if fields.keys() & {"code", "errorcode"}:
            return _fields(root) | fields
    return {}


def _fields(element: Xml.Element) -> dict[str, Any]:
    """Return the texts of the child elements by name. A child with children is a mapping of their texts."""
    return {
        _local(child): {_local(leaf): (leaf.text or "").strip() for leaf in child} or (child.text or "").strip()
        for child in element
    }


def _local(element: Xml.Element) -> str:
    return _plain(str(element.tag).rpartition("}")[2])
