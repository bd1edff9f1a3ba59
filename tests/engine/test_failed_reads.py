"""The outputs of a list that could not be read: absent, never None or a marker."""

import json
from pathlib import Path

from hologres_ai.emulator import Emulator
from tests.conftest import OpenFolder
from tests.engine.conftest import DYNAMIC_PROVIDER, names_in_state

NODE = "hologram_aipostpay_public_cn-77a02"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # how the engine marks a value that is unknown

WRITER = (
    DYNAMIC_PROVIDER
    + f"""
    nodes = AiNodeList("nodes", ids=["{NODE}"], region="cn-hangzhou")
    ready = nodes.require(min_free_gpus=1)
    nodes.export("aiNodes")
    pulumi.export("ids", nodes.ids)
    pulumi.export("region", nodes.region)
    pulumi.export("count", nodes.ids.apply(len))
    pulumi.export("free", nodes.totals.gpu.free)
    pulumi.export("first", nodes.instance_model_list[0].ai_spec)
    pulumi.export("ready", ready.ids)
    pulumi.export("plain", 1)
    Made("of-ids", {{"got": nodes.ids}})
    Made("of-region", {{"got": nodes.region}})
    Made("of-totals", {{"got": nodes.totals}})
    Made("of-some", {{"got": {{"free": nodes.totals.gpu.free, "n": 1}}}})
    Made("after", {{"got": 1}}, pulumi.ResourceOptions(depends_on=[nodes]))
    Made("guarded", {{"got": 1}}, pulumi.ResourceOptions(depends_on=[ready]))
    Made("unrelated", {{"got": 1}})
"""
)
READER = """
    import pulumi

    writer = pulumi.StackReference("organization/writer/dev")
    for name in ("ids", "region", "count", "free", "first", "ready", "plain"):
        pulumi.export(name, writer.get_output(name).apply(repr))
"""
DEPENDENTS = ["after", "guarded", "of-ids", "of-region", "of-some", "of-totals"]


def test_a_failed_read_gives_no_values(program: OpenFolder, emulator: Emulator, tmp_path: Path) -> None:
    backend = tmp_path / "backend"
    with program(WRITER, name="writer", backend=backend) as writer:
        emulator.arm("denied", times=1)
        run = writer.up("--continue-on-error")
        assert run.code != 0
        diagnostics = run.text.partition("Diagnostics:")[2]
        assert diagnostics.count("the API refused to list the AI nodes") == 1, run.text
        assert "DocumentError" not in run.text
        assert writer.outputs() == {"plain": 1}
        assert names_in_state(writer) == ["unrelated"]

        run = writer.up()
        assert run.code == 0, run.text
        assert names_in_state(writer) == [*DEPENDENTS, "unrelated"]
        before = writer.outputs()
        assert before["ids"] == [NODE]

        emulator.arm("denied", times=1)
        assert writer.up("--continue-on-error").code != 0
        assert writer.outputs() == before, "the values of the last good read stay"
        assert names_in_state(writer) == [*DEPENDENTS, "unrelated"]
        assert UNKNOWN not in writer.export()
    with program(READER, name="reader", backend=backend) as reader:
        assert reader.up().code == 0
        read = reader.outputs()
    assert read["ids"] == repr([NODE])
    assert UNKNOWN not in json.dumps(read)
    assert "None" not in read.values()


def test_a_list_that_depends_on_a_failed_resource_is_not_read(program: OpenFolder, emulator: Emulator) -> None:
    source = (
        DYNAMIC_PROVIDER
        + """
    broken = Made("broken", {"got": 1}, provider=Broken)
    waiting = AiNodeList("waiting", opts=pulumi.ResourceOptions(depends_on=[broken]))
    pulumi.export("ids", waiting.ids)
    pulumi.export("plain", 1)
    """
    )
    with program(source) as project:
        run = project.up("--continue-on-error")
        assert run.code != 0
        assert (emulator.requests, project.outputs()) == (0, {"plain": 1})
        assert "AiNodeList" not in run.text.partition("Diagnostics:")[2]
