"""Conversion of pydantic's validation errors into paths and reasons."""

import pytest
from pydantic import TypeAdapter, ValidationError

from hologres_ai.errors.validation import Problem, all_problems, first_problem
from hologres_ai.models import AiNode


@pytest.mark.parametrize(
    ("location", "text"),
    [
        ((), ""),
        (("instanceModelList",), "instanceModelList"),
        (("instanceModelList", 3, "cpu"), "instanceModelList[3].cpu"),
        ((3, "cpu"), "[3].cpu"),
    ],
)
def test_a_location_is_formatted_as_a_path(location: tuple[int | str, ...], text: str) -> None:
    assert Problem(location, "", None).place == text


def error_of(*nodes: object) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(list[AiNode]).validate_python(list(nodes), by_alias=True, by_name=False)
    return caught.value


def test_the_reason_for_a_union_is_that_of_its_most_tolerant_type() -> None:
    problem = first_problem(error_of({}, {"gpuUsed": "many"}), 2)
    assert (problem.place, problem.reason, problem.value) == ("[1].gpuUsed", "not a whole number", "many")


def test_the_first_place_is_reported() -> None:
    assert first_problem(error_of({"cpu": "x"}, {"gpu": "y"}), 2).place == "[0].cpu"


def test_all_problems_are_reported_in_order() -> None:
    places = [problem.location[:2] for problem in all_problems(error_of({"status": 1}, {"aiSpec": []}))]
    assert places == [(0, "status"), (1, "aiSpec")]
