"""Conversion of names as by pydantic, without the import of pydantic."""

import subprocess
import sys
from dataclasses import fields

import pytest
from pydantic import alias_generators

from hologres_ai import models, requirements
from hologres_ai.names import did_you_mean, is_default_provider, region_label, to_camel, to_snake

SHAPES = (
    models.AiNode,
    models.AiNodeListResult,
    models.Query,
    models.RegionOutcome,
    models.Totals,
    models.Usage,
    requirements.Requirements,
)
NAMES = sorted({field.name for shape in SHAPES for field in fields(shape)})


@pytest.mark.parametrize("name", NAMES)
def test_names_are_converted_as_by_pydantic(name: str) -> None:
    wire = to_camel(name)
    assert wire == to_camel(wire) == alias_generators.to_camel(name)
    assert to_snake(wire) == to_snake(name) == name == alias_generators.to_snake(wire)


@pytest.mark.parametrize("name", ["", "_", "a__b", "Region", "größe_x"])
def test_unusual_names_are_converted_without_an_error(name: str) -> None:
    assert isinstance(to_camel(name), str)
    assert isinstance(to_snake(name), str)


def test_a_similar_name_is_suggested() -> None:
    assert did_you_mean("regoin", ["region", "ids"]) == '; did you mean "region"?'
    assert did_you_mean("x", ["region"]) == ""


def test_the_region_label_names_the_requested_regions() -> None:
    asked = [("cn-hangzhou", None), (None, ("a", "b")), (None, None)]
    assert [region_label(one, several) for one, several in asked] == ["cn-hangzhou", "a,b", ""]


@pytest.mark.parametrize(
    ("name", "is_default"),
    [
        *[(name, True) for name in ("default", "default_0_1_0", "default_1_2_3_alpha_https_/host/plugins")],
        *[(name, False) for name in ("default_provider", "default_", "default_1", "default-0", "a::default", "second")],
    ],
)
def test_only_the_names_that_the_engine_gives_are_those_of_a_default_provider(name: str, is_default: bool) -> None:
    assert is_default_provider(f"urn:pulumi:dev::program::pulumi:providers:hologres::{name}") is is_default


def test_importing_ai_node_list_does_not_import_the_models() -> None:
    program = "import sys; from hologres_ai import AiNodeList; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"pydantic", "httpx", "hologres_ai.models", "difflib"} & set(done.stdout.split())
