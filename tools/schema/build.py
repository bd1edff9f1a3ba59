"""Build the package schema from the models and the settings: shapes, types, units and secrets have no other source.

Status and charge type are open sets. Their inputs are a union of string and enum, which Pulumi calls a relaxed enum:
editors complete the documented values, and any other string is accepted. Their outputs are plain strings. A value that
the service adds later would break programs if the type were only an enum.
"""

import json
from collections.abc import Iterable
from dataclasses import MISSING, fields
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hologres_ai.models import AiNode, AiNodeListResult, Query, RegionOutcome, Totals, Usage
from hologres_ai.names import to_camel
from hologres_ai.requirements import Requirements
from hologres_ai.settings import SETTINGS, Field, Setting
from tools.publication import Publication, publication
from tools.schema.examples import FUNCTION_EXAMPLES, RESOURCE_EXAMPLES

Spec = dict[str, Any]

FUNCTION = "hologres:index:getAiNodeList"
RESOURCE = "hologres:index:AiNodeList"
SHAPES = (AiNode, RegionOutcome, Totals, Usage, Requirements)

_SUMMARY = (
    "The Hologres AI nodes of a region: which exist, what they have free and when they expire. "
    "Nothing is ever created, changed or deleted at the service."
)
_FUNCTION_TEXT = f"""\
{_SUMMARY}

Read at every preview and every update. Filters are joined by AND. A filter that is not given selects every node; an
empty list selects none.
"""
_RESOURCE_TEXT = f"""\
{_SUMMARY}

Kept in the state: a preview and a refresh show each change since the last update. Filters are joined by AND. A filter
that is not given selects every node; an empty list selects none. `get` takes the same arguments; choose any ID.

Changes are shown by AI instance. To ignore them, write `inventory` in `ignoreChanges`; changes of single nodes cannot
be ignored. If one argument is a secret, all outputs, the stored nodes and their changes are secret.
"""
_PROVIDER_TEXT = """\
The region, endpoint and credentials of the reads. A setting that is not given comes from the configuration of the
stack, then from the environment.
"""
_PINNED = (
    "Whether the outputs keep the nodes of the first read until an argument changes; a refresh shows what changed "
    "since. Defaults to false."
)

_REQUIREMENTS = (
    "Requirements that the nodes must meet before anything changes; otherwise the preview or the update fails. They "
    "are not in the outputs, and a change of them is not a difference. A refresh and an import do not check them."
)

ENUMS: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "NodeStatus": (
        "Status of AI nodes. Other strings are also accepted.",
        (("ResourceReady", "Ready. This is the only documented value."),),
    ),
    "ChargeType": (
        "Billing method of AI nodes. Other strings are also accepted.",
        (("PostPaid", "Pay-as-you-go."), ("PrePaid", "Subscription.")),
    ),
    "RequirementsMode": (
        "Action if a requirement is not met. Other strings are rejected.",
        (("error", "Fail. Nothing that depends on the nodes is changed."), ("warn", "Log a warning and continue.")),
    ),
    "OnRegionError": (
        "Action if one of several regions can't be read.",
        (
            ("fail", "Fail."),
            ("partial", "Return the nodes of the other regions. regionOutcomes contains the region and the reason."),
        ),
    ),
}
_ENUM_OF_FIELD = {
    "status": "NodeStatus",
    "statuses": "NodeStatus",
    "charge_type": "ChargeType",
    "charge_types": "ChargeType",
    "mode": "RequirementsMode",
    "on_region_error": "OnRegionError",
}

# Settings for the SDK of each language. The package names are unused and have no vendor's scope or organisation.
_LANGUAGES: Spec = {
    "csharp": {"rootNamespace": "HologresAi", "respectSchemaVersion": True},
    "go": {"generateResourceContainerTypes": True, "respectSchemaVersion": True},
    "java": {"basePackage": "hologresai", "buildFiles": "gradle"},
    "nodejs": {
        "packageName": "pulumi-hologres",
        "packageDescription": "Hologres AI nodes for Pulumi programs.",
        "respectSchemaVersion": True,
    },
    "python": {
        "packageName": "pulumi_hologres",
        "pyproject": {"enabled": True},
        "respectSchemaVersion": True,
    },
}


def build_text() -> str:
    """Return the text of schema.json. It has no version, so that a release does not change it."""
    return json.dumps(build(publication()), indent=2, ensure_ascii=False) + "\n"


def build(published: Publication) -> Spec:
    """Return the schema, in the form of Pulumi's metaschema."""
    settings = {setting.key: _setting(setting) for setting in SETTINGS}
    return {
        "name": "hologres",
        "displayName": "Hologres AI",
        "description": _SUMMARY,
        "keywords": ["pulumi", "alibaba-cloud", "hologres", "gpu", "category/cloud", "kind/native"],
        "license": "Apache-2.0",
        **published.schema,
        "attribution": "Reads ListInstanceModel, version 2022-06-01, of the Hologram API of Alibaba Cloud.",
        "language": _LANGUAGES | {"go": {"importBasePath": published.go_module} | _LANGUAGES["go"]},
        "config": {"variables": settings},
        "provider": {"description": _PROVIDER_TEXT, "type": "object", "inputProperties": settings},
        "types": {_token(shape.__name__): _object(shape) for shape in SHAPES} | _enums() | _setting_types(),
        "functions": {FUNCTION: _function()},
        "resources": {RESOURCE: _resource()},
    }


def _function() -> Spec:
    return {
        "description": _FUNCTION_TEXT + FUNCTION_EXAMPLES,
        "inputs": {"type": "object", "properties": _properties(Query) | _requirements()},
        "outputs": _object(AiNodeListResult),
    }


def _resource() -> Spec:
    inputs = _properties(Query) | {"pinned": {"type": "boolean", "description": _PINNED}}
    # The request ID is new at every call: in a state it would be reported as drift.
    outputs = _object(AiNodeListResult, without={"request_id"})
    # The arguments are outputs too, because the plugin returns them, and YAML accepts only outputs for `get`.
    outputs["properties"] = inputs | outputs["properties"]
    return outputs | {
        "description": _RESOURCE_TEXT + RESOURCE_EXAMPLES,
        # Requirements are neither outputs nor inputs of `get`: a changed requirement is not a change of the nodes.
        "inputProperties": inputs | _requirements(),
        "stateInputs": {"type": "object", "properties": inputs},
    }


def _requirements() -> Spec:
    return {"requirements": {"$ref": _reference(Requirements.__name__), "description": _REQUIREMENTS}}


def _object(shape: type, without: Iterable[str] = ()) -> Spec:
    """Return an object type; a field without a default is always present, and is therefore required in outputs."""
    properties = _properties(shape, without)
    required = [to_camel(item.name) for item in fields(shape) if item.default is MISSING]
    return _spec(
        {
            "type": "object",
            "description": shape.__doc__,
            "properties": properties,
            "required": [name for name in required if name in properties],
        }
    )


def _properties(shape: type, without: Iterable[str] = ()) -> Spec:
    hints = get_type_hints(shape)
    described = shape.__pydantic_fields__  # type: ignore[attr-defined]  # pydantic sets it on its dataclasses
    return {
        to_camel(name): _type(hints[name], _ENUM_OF_FIELD.get(name)) | {"description": _description(info)}
        for name, info in described.items()
        if not info.exclude and name not in without
    }


def _description(info: Any) -> str:
    given = isinstance(info.default, bool | str)
    return str(info.description) + (f" Defaults to {str(info.default).lower()}." if given else "")


def _type(hint: Any, enum: str | None = None) -> Spec:
    if get_origin(hint) in (Union, UnionType):
        [hint] = [member for member in get_args(hint) if member is not type(None)]
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _type(get_args(hint)[0], enum)}
    if hint in SHAPES:
        return {"$ref": _reference(hint.__name__)}
    plain = {"type": "string" if get_origin(hint) is Literal else _PLAIN[hint]}
    return {"oneOf": [plain, {"$ref": _reference(enum)}], **plain} if enum else plain


_PLAIN = {str: "string", int: "integer", bool: "boolean"}


def _enums() -> Spec:
    return {
        _token(name): {
            "type": "string",
            "description": description,
            "enum": [{"name": value, "value": value, "description": text} for value, text in values],
        }
        for name, (description, values) in ENUMS.items()
    }


def _setting(setting: Setting) -> Spec:
    """Return a setting without a default: with one, the SDKs would copy keys of the environment into the state."""
    if not setting.fields:
        return _described({"type": setting.kind}, setting)
    # The SDKs can only mark a whole input as secret, so one secret field makes the whole input secret.
    secret = any(part.secret for part in setting.fields)
    return _spec({"$ref": _reference(_type_name(setting)), "description": setting.description, "secret": secret})


def _setting_types() -> Spec:
    return {_token(_type_name(setting)): _setting_type(setting) for setting in SETTINGS if setting.fields}


def _setting_type(setting: Setting) -> Spec:
    properties = {part.key: _described({"type": part.kind}, part) for part in setting.fields}
    return {"type": "object", "description": setting.description, "properties": properties}


def _described(kind: Spec, item: Setting | Field) -> Spec:
    environment = f" Where it is not given, it is taken from the environment: {', '.join(item.environment)}."
    description = item.description + (environment if item.environment else "")
    return _spec({**kind, "description": description, "secret": item.secret})


def _type_name(setting: Setting) -> str:
    return setting.key[0].upper() + setting.key[1:]


def _spec(found: Spec) -> Spec:
    """Return the object without empty values, which have a meaning in the metaschema."""
    return {name: value for name, value in found.items() if value}


def _token(name: str) -> str:
    return f"hologres:index:{name}"


def _reference(name: str) -> str:
    return f"#/types/{_token(name)}"
