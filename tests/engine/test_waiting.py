"""A list waits for resources of the same program, as Pulumi's functions do; a resource may have any name."""

import json

from hologres_ai.emulator import Emulator
from tests.conftest import OpenFolder
from tests.engine.conftest import DYNAMIC_PROVIDER

PROGRAM = (
    DYNAMIC_PROVIDER
    + """
    class Platform(pulumi.ComponentResource):
        def __init__(self, name):
            super().__init__("example:index:Platform", name)
            Made("child", {"got": 2}, pulumi.ResourceOptions(parent=self))

    def after(*depends_on):
        return pulumi.ResourceOptions(depends_on=list(depends_on))

    made, platform = Made("a::b", {"got": 1}), Platform("platform")
    lists = [
        AiNodeList("of-a-resource", opts=pulumi.ResourceOptions(depends_on=made)),
        AiNodeList("of-a-component", opts=after(platform)),
        AiNodeList("of-an-output", opts=pulumi.ResourceOptions(depends_on=pulumi.Output.from_input([platform]))),
        AiNodeList("of::an::item", opts=after(made.got.apply(lambda _: made))),
    ]
    lists[0].require(min_free_gpus=77)
    AiNodeList("of-nothing", opts=after())
    pulumi.export("sizes", [nodes.ids.apply(len) for nodes in lists])
"""
)


def test_a_list_waits_for_its_dependencies(program: OpenFolder, emulator: Emulator) -> None:
    with program(PROGRAM) as project:
        preview = project.preview()
        assert preview.code == 0, preview.text
        assert emulator.requests == 1, "the call of the list without dependencies"
        assert "77 required" not in preview.text
        run = project.up()
        assert "at least 77 required, 6 found" in run.text
        (project.folder / "__main__.py").write_text((project.folder / "__main__.py").read_text().replace("77", "6"))
        run = project.up()
        assert run.code == 0, run.text
        assert project.outputs() == {"sizes": [13, 13, 13, 13]}
        again = project.preview("--expect-no-changes")
        assert again.code == 0, again.text
        assert "read" in again.text
        assert ids_of_the_lists(project.export()) == 1, "dependencies are not part of the id of a list"
        assert project.drift().code == 0


def ids_of_the_lists(state: str) -> int:
    """The number of distinct ids."""
    resources = json.loads(state)["deployment"]["resources"]
    return len({entry["id"] for entry in resources if entry["type"].endswith(":AiNodeList")})
