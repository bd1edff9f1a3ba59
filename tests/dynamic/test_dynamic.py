"""`AiNodeList` in a program on mocks: the behaviour that needs no engine."""

from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks

from hologres_ai import AiNode, AiNodeList
from hologres_ai.dynamic import ArgumentError
from hologres_ai.dynamic.arguments import derive_id
from hologres_ai.testing import HologresMocks, run_program

QUERY: dict[str, Any] = {"instance_id": None, "region": None, "include_usage": True}


class PlainMocks(Mocks):
    """Mocks as Pulumi's documentation has them: inputs are outputs."""

    def call(self, args: MockCallArgs) -> tuple[dict[str, object], None]:
        """The arguments."""
        return args.args, None

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, object]]:
        """The inputs."""
        return f"{args.name}-id", args.inputs


# ---------------------------------------------------------------------------------------------------------- the id


def test_the_id_is_the_same_for_the_same_query() -> None:
    """It is stored in the states of users: another id for the same query would change every list."""
    assert derive_id(QUERY) == "default-region/all-instances/0dceb616"
    assert derive_id({**QUERY, "profile": None}) == derive_id(QUERY)
    assert derive_id({**QUERY, "ids": None}) == derive_id(QUERY)


def test_the_id_names_what_is_read() -> None:
    named = derive_id({**QUERY, "regions": ["cn-a", "cn-b"], "instance_id": "hg", "profile": "other"})
    assert named.startswith("cn-a,cn-b/hg/other/")
    assert derive_id({**QUERY, "profile": "other"}) != derive_id({**QUERY, "profile": "another"})


# --------------------------------------------------------------------------------------------------- explicit providers


class Platform(pulumi.ComponentResource):
    """A component with a list."""

    def __init__(self, opts: pulumi.ResourceOptions, **arguments: Any) -> None:
        super().__init__("example:index:Platform", "platform", None, opts)
        AiNodeList("nodes", opts=pulumi.ResourceOptions(parent=self), **arguments)


def provider(package: str = "hologres") -> pulumi.ProviderResource:
    return pulumi.ProviderResource(package, "far", {"region": "cn-shanghai"})


def with_transformation() -> None:
    def give_provider(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not args.type_.endswith(":AiNodeList"):
            return None
        opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(providers=[provider()]))
        return pulumi.ResourceTransformationResult(args.props, opts)

    AiNodeList("nodes", opts=pulumi.ResourceOptions(transformations=[give_provider]))


WAYS: dict[str, Callable[[], object]] = {
    "provider": lambda: AiNodeList("nodes", opts=pulumi.ResourceOptions(provider=provider())),
    "a list of providers": lambda: AiNodeList("nodes", opts=pulumi.ResourceOptions(providers=[provider()])),
    "a map of providers": lambda: AiNodeList("nodes", opts=pulumi.ResourceOptions(providers={"hologres": provider()})),
    "a component's providers": lambda: Platform(pulumi.ResourceOptions(providers=[provider()])),
    "a component's provider": lambda: Platform(pulumi.ResourceOptions(provider=provider())),
    "a component's component": lambda: Platform(
        pulumi.ResourceOptions(
            parent=pulumi.ComponentResource("a:b:C", "c", None, pulumi.ResourceOptions(providers=[provider()]))
        )
    ),
    "the neighbour's provider": lambda: AiNodeList("nodes", opts=pulumi.ResourceOptions(provider=provider("alicloud"))),
    "a transformation": with_transformation,
}


@pytest.mark.parametrize("way", WAYS)
def test_an_explicit_provider_is_refused(way: str) -> None:
    with pytest.raises(ArgumentError, match=r'Set profile="NAME".* or use AiNodeList of pulumi_hologres'):
        run_program(WAYS[way], HologresMocks())


def test_an_explicit_provider_is_accepted_with_a_profile() -> None:
    def program() -> None:
        nodes = AiNodeList("nodes", profile="other", opts=pulumi.ResourceOptions(provider=provider()))
        Platform(pulumi.ResourceOptions(providers=[provider("aws")]))
        pulumi.export("ids", nodes.ids)

    assert run_program(program, HologresMocks([AiNode(ai_instance_id="a")])) == {"ids": ["a"]}


@pytest.mark.parametrize("profile", ["", 7, ["other"]])
def test_a_profile_that_is_not_a_name_is_refused(profile: Any) -> None:
    programs = (
        lambda: AiNodeList("nodes", profile=profile),
        lambda: AiNodeList("nodes", profile=pulumi.Output.from_input(profile)),
    )
    for program in programs:
        with pytest.raises(ArgumentError, match="profile: the name of a profile is expected"):
            run_program(program, HologresMocks())


# ---------------------------------------------------------------------------------------------------------- arguments


@pytest.mark.parametrize("name", ["region", "instance_id", "statuses"])
def test_the_value_of_an_output_is_checked_as_a_plain_value(name: str) -> None:
    def program() -> None:
        arguments: dict[str, Any] = {name: pulumi.Output.from_input(7)}
        AiNodeList("nodes", **arguments)

    with pytest.raises(ArgumentError, match=f"{name}: must be a "):
        run_program(program, HologresMocks())


def test_options_of_another_type_are_refused() -> None:
    options: Any = {"parent": None}
    with pytest.raises(ArgumentError, match=r"opts: pulumi\.ResourceOptions is expected"):
        run_program(lambda: AiNodeList("nodes", opts=options), HologresMocks())


def test_a_secret_argument_is_refused_by_its_name() -> None:
    with pytest.raises(ArgumentError, match="argument ids: is a secret, which the outputs would show"):
        run_program(lambda: AiNodeList("nodes", ids=["a", pulumi.Output.secret("b")]), HologresMocks())


def changing(**arguments: object) -> pulumi.ResourceTransformation:
    """A transformation that changes arguments of lists."""

    def change(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not args.type_.endswith(":AiNodeList"):
            return None
        return pulumi.ResourceTransformationResult({**args.props, **arguments}, args.opts)

    return change


def transformed_by_the_list(change: pulumi.ResourceTransformation) -> AiNodeList:
    return AiNodeList("nodes", opts=pulumi.ResourceOptions(transformations=[change]))


def transformed_by_a_component(change: pulumi.ResourceTransformation) -> AiNodeList:
    component = pulumi.ComponentResource("a:b:C", "c", None, pulumi.ResourceOptions(transformations=[change]))
    return AiNodeList("nodes", opts=pulumi.ResourceOptions(parent=component))


def transformed_by_the_stack(change: pulumi.ResourceTransformation) -> AiNodeList:
    pulumi.runtime.register_stack_transformation(change)
    return AiNodeList("nodes")


@pytest.mark.parametrize("place", [transformed_by_the_list, transformed_by_a_component, transformed_by_the_stack])
def test_arguments_are_checked_after_all_transformations(place: Callable[..., AiNodeList]) -> None:
    with pytest.raises(ArgumentError, match="argument name_regex: is a secret"):
        run_program(lambda: place(changing(name_regex=pulumi.Output.secret("canary"))), HologresMocks())
    with pytest.raises(ArgumentError, match="argument region: must be a string"):
        run_program(lambda: place(changing(region=7)), HologresMocks())
    outputs = run_program(lambda: place(changing(profile="other")).export("nodes"), HologresMocks())
    assert isinstance(outputs["nodes"], dict)
    assert outputs["nodes"]["profile"] == "other"


def failing(_args: pulumi.ResourceTransformationArgs) -> None:
    raise ValueError("the program's own error")


@pytest.mark.parametrize(
    ("name", "opts", "error"),
    [
        ("", None, "Missing resource name"),
        ("nodes", pulumi.ResourceOptions(transformations=[failing]), "the program's own error"),
        ("nodes", pulumi.ResourceOptions(parent="x"), "'str' object has no attribute"),  # type: ignore[arg-type]
    ],
)
def test_an_error_of_the_constructor_is_the_only_error(
    name: str, opts: pulumi.ResourceOptions | None, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises((TypeError, ValueError, AttributeError), match=error):
        run_program(lambda: AiNodeList(name, opts=opts), HologresMocks())
    assert "_providers" not in caplog.text


# --------------------------------------------------------------------------------------------- dependencies and exports


class UnknownAtPreview(PlainMocks):
    """Resources without an id, as at a first preview."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, object]]:
        """No id, and no outputs."""
        return "", {}


FORMS: dict[str, Callable[[pulumi.Resource], Any]] = {
    "a resource": lambda made: made,
    "a list": lambda made: [made],
    "a tuple": lambda made: (made,),
    "an output": pulumi.Output.from_input,
    "an output of a list": lambda made: pulumi.Output.from_input([made]),
    "a list with an output": lambda made: [pulumi.Output.from_input(made)],
    "an output with None": lambda made: pulumi.Output.from_input([None, made]),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("preview", [True, False])
def test_a_list_waits_for_each_form_of_depends_on(form: str, preview: bool) -> None:
    def program() -> None:
        made = pulumi.CustomResource("other:index:Thing", "thing", {"name": None})
        opts = pulumi.ResourceOptions(depends_on=FORMS[form](made))
        pulumi.export("region", AiNodeList("nodes", opts=opts).region)

    mocks = HologresMocks(others=UnknownAtPreview() if preview else PlainMocks())
    assert run_program(program, mocks, preview=preview) == ({} if preview else {"region": "cn-hangzhou"})


@pytest.mark.parametrize("depends_on", [[], (), None])
def test_a_list_without_dependencies_waits_for_nothing(depends_on: Any) -> None:
    def program() -> None:
        opts = pulumi.ResourceOptions(depends_on=depends_on)
        pulumi.export("region", AiNodeList("nodes", opts=opts).region)

    assert run_program(program, HologresMocks(), preview=True) == {"region": "cn-hangzhou"}


def test_an_export_names_the_profile_that_was_read() -> None:
    def program() -> None:
        AiNodeList("first").export("first")
        AiNodeList("second", profile=pulumi.Output.from_input("other")).export("second")

    outputs = run_program(program, HologresMocks())
    profiles = {name: value.get("profile") for name, value in outputs.items() if isinstance(value, dict)}
    assert profiles == {"first": None, "second": "other"}


def test_outputs_are_unknown_with_mocks_that_do_not_read() -> None:
    """Otherwise inputs such as `ids` would look like results."""

    def program() -> None:
        nodes = AiNodeList("nodes", ids=["a"], region="cn-hangzhou")
        for name in ("ids", "region", "names", "totals"):
            pulumi.export(name, getattr(nodes, name))
        pulumi.export("count", nodes.ids.apply(len))
        pulumi.export("plain", 1)

    assert run_program(program, PlainMocks()) == {"plain": 1}


def test_a_resource_name_may_contain_a_double_colon() -> None:
    def program() -> None:
        far = pulumi.ProviderResource("hologres", "a::b", {"region": "cn-shanghai"})
        pulumi.export("plain", AiNodeList("c::d").region)
        opts = pulumi.InvokeOptions(provider=far)
        pulumi.export(
            "region",
            pulumi.runtime.invoke_output("hologres:index:getAiNodeList", {}, opts).apply(lambda r: r["region"]),
        )

    assert run_program(program, HologresMocks()) == {"plain": "cn-hangzhou", "region": "cn-shanghai"}
