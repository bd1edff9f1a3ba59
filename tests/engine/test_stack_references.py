"""A list of AI nodes that one stack exports and another reads, on one engine."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from hologres_ai import AiNodes
from hologres_ai.baselines import read_baseline
from hologres_ai.emulator import Emulator
from hologres_ai.errors import DocumentError
from tests.conftest import OpenFolder
from tests.engine.conftest import Fleet
from tools import sdk
from tools.project import ROOT, Project

NODE = "hologram_aipostpay_public_cn-77a02"

WRITER = """
    import pulumi
    from hologres_ai import AiNodeList

    AiNodeList("nodes", statuses=["ResourceReady"]).export("aiNodes")
    pulumi.export("other", {"kind": "something else"})
"""

READER = """
    import pulumi
    from hologres_ai import AiNodes

    nodes = AiNodes.from_stack(pulumi.StackReference("organization/writer/dev"), "aiNodes")
    pulumi.export("types", nodes.apply(lambda known: [
        type(value).__name__
        for node in known.instance_model_list
        for value in (node.node_count, node.cpu, node.gpu, node.memory, node.gpu_memory, node.gpu_memory_used)
    ]))
    pulumi.export("ids", nodes.ids)
    pulumi.export("free", nodes.totals.gpu.free.apply(lambda free: f"{type(free).__name__} {free}"))
    pulumi.export("again", nodes.instance_model_list)
    pulumi.export("totals", nodes.totals)
    pulumi.export("region", nodes.region)
    pulumi.export("fingerprint", nodes.fingerprint)
"""

TYPESCRIPT = ROOT / "examples" / "typescript-stack-reference"

OpenBeside = Callable[..., AbstractContextManager[Project]]


@pytest.fixture
def beside(program: OpenFolder, tmp_path: Path) -> OpenBeside:
    """Opens programs whose stacks are in one backend."""

    def open_(source: str, *, name: str) -> AbstractContextManager[Project]:
        return program(source, name=name, backend=tmp_path / "backend")

    return open_


def test_another_stack_reads_the_exported_nodes_unchanged(beside: OpenBeside, emulator: Emulator) -> None:
    with beside(WRITER, name="writer") as writer:
        run = writer.up()
        assert run.code == 0, run.text
        written = writer.outputs()["aiNodes"]
        whole = AiNodes.from_json(writer.pulumi("stack", "output", "--json").text)
        alone = AiNodes.from_json(writer.pulumi("stack", "output", "aiNodes", "--json").text)
    assert isinstance(written, dict)
    requests = emulator.requests
    with beside(READER, name="reader") as reader:
        run = reader.up()
        assert run.code == 0, run.text
        outputs = reader.outputs()
    assert emulator.requests == requests
    types = outputs.pop("types")
    assert isinstance(types, list)
    assert set(types) == {"int"}
    assert len(types) == 6 * len(written["instanceModelList"]) > 0
    assert outputs == {
        "ids": written["ids"],
        "free": f"int {written['totals']['gpu']['free']}",
        "again": written["instanceModelList"],
        "totals": {name: without_null(total) for name, total in written["totals"].items()},
        "region": "cn-hangzhou",
        "fingerprint": written["fingerprint"],
    }
    assert written["query"] == {"statuses": ["ResourceReady"], "includeUsage": True}
    assert whole == alone
    assert whole.fingerprint == written["fingerprint"]
    assert [as_dict(node) for node in whole.instance_model_list] == written["instanceModelList"]


def without_null(total: object) -> object:
    """On the engine's wire null and absent are one."""
    return {name: value for name, value in total.items() if value is not None} if isinstance(total, dict) else total


def as_dict(node: object) -> dict[str, object]:
    """A node as Pulumi sees it: a dict with the field names of the API."""
    assert isinstance(node, dict)
    return dict(node)


def test_nodes_of_another_stack_are_known_at_preview(beside: OpenBeside, served_fleet: Fleet) -> None:
    with beside(WRITER, name="writer") as writer:
        preview = writer.preview()
        assert "hologres-ai/AiNodeList" in preview.text
        assert "[unknown]" not in preview.text
        assert writer.up().code == 0
        with beside(READER, name="reader") as reader:
            assert reader.up().code == 0
            served_fleet.change(NODE, nodeCount=3)
            assert writer.up().code == 0
            run = reader.preview("--diff")
    assert run.code == 0, run.text
    assert "1 => 3" in run.text
    assert "output<" not in run.text


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("aiNode", 'there is no output "aiNode" of the stack organization/writer/dev; did you mean "aiNodes"?'),
        ("other", 'the output "other" of the stack organization/writer/dev is not a list of AI nodes'),
        ("newer", 'the output "newer" of the stack organization/writer/dev has version 2'),
    ],
)
def test_an_invalid_export_is_reported_without_a_traceback(beside: OpenBeside, name: str, says: str) -> None:
    writer = """
        import pulumi

        envelope = {"kind": "hologres-ai/AiNodeList", "version": 1}
        pulumi.export("aiNodes", envelope)
        pulumi.export("newer", {**envelope, "version": 2})
        pulumi.export("other", {"kind": "something else"})
    """
    reader = f"""
        import pulumi
        from hologres_ai import AiNodes

        nodes = AiNodes.from_stack(pulumi.StackReference("organization/writer/dev"), "{name}")
        pulumi.export("ids", nodes.ids)
    """
    with beside(writer, name="writer") as first:
        assert first.up().code == 0
    with beside(reader, name="reader") as second:
        run = second.preview()
    assert run.code != 0
    assert says in run.text
    assert "Traceback" not in run.text


def test_a_secret_export_stays_secret(beside: OpenBeside) -> None:
    writer = """
        import pulumi
        from hologres_ai import AiNodeList

        query, node = {"nameRegex": "canary"}, {"aiInstanceId": "a", "holoInstanceName": "canary", "gpu": 1}
        envelope = {"kind": "hologres-ai/AiNodeList", "version": 1, "region": "cn-hangzhou", "query": query}
        pulumi.export("aiNodes", pulumi.Output.secret({**envelope, "instanceModelList": [node]}))
    """
    with beside(writer, name="writer") as first:
        assert first.up().code == 0
        printed = first.pulumi("stack", "output", "--json").text
        shown = first.pulumi("stack", "output", "--json", "--show-secrets").text
    with pytest.raises(DocumentError, match="is a secret and was not shown"):
        AiNodes.from_json(printed, "aiNodes")
    assert AiNodes.from_json(shown).ids == ["a"]
    with beside(READER, name="reader") as second:
        run = second.up()
        assert run.code == 0
        assert "canary" not in run.text + second.export()
        assert second.outputs()["ids"] == "[secret]"


SECRET_WRITER = """
    import pulumi
    from hologres_ai import AiNodeList

    opts = pulumi.ResourceOptions(additional_secret_outputs=["{output}"])
    AiNodeList("nodes", opts=opts).export("aiNodes")
"""
REQUIRING_READER = """
    import pulumi
    from hologres_ai import AiNodes

    def check(nodes):
        return nodes.require(min_free_gpus=77, statuses=["ResourceReady"], mode="{mode}").region

    nodes = AiNodes.from_stack(pulumi.StackReference("organization/writer/dev"), "aiNodes")
    pulumi.export("region", nodes.apply(check))
"""


@pytest.mark.parametrize("output", ["ids", "names", "totals", "fingerprint", "instance_model_list"])
def test_an_export_is_secret_if_an_output_is(beside: OpenBeside, output: str) -> None:
    with beside(SECRET_WRITER.format(output=output), name="writer") as writer:
        assert writer.up().code == 0
        assert writer.outputs()["aiNodes"] == "[secret]"
        assert "hologram_" not in writer.pulumi("stack", "output", "--json").text


@pytest.mark.parametrize("mode", ["error", "warn"])
def test_an_unmet_requirement_of_a_secret_export_shows_no_value(beside: OpenBeside, mode: str) -> None:
    with beside(SECRET_WRITER.format(output="ids"), name="writer") as writer:
        assert writer.up().code == 0
    with beside(REQUIRING_READER.format(mode=mode), name="reader") as reader:
        run = reader.up()
    assert (run.code == 0) is (mode == "warn")
    assert "minFreeGpus: not met; details are hidden" in run.text
    assert "hologram_" not in run.text
    assert "found" not in run.text


def test_another_secret_output_does_not_make_the_nodes_secret(beside: OpenBeside) -> None:
    with beside(WRITER + '    pulumi.export("password", pulumi.Output.secret("canary"))\n', name="writer") as writer:
        assert writer.up().code == 0
        written = writer.outputs()["aiNodes"]
        state = writer.export()
    assert isinstance(written, dict)
    assert list(read_baseline(state, output="aiNodes").result.ids) == written["ids"]
    with beside(READER, name="reader") as reader:
        assert reader.up().code == 0
        read = reader.outputs()
    assert read["ids"] == written["ids"] != []
    assert "[secret]" not in read.values()


# ---------------------------------------------------------------------------------------------------------- TypeScript


@pytest.fixture
def typescript(open_folder: OpenFolder, tmp_path: Path) -> Iterator[Project]:
    """The example that reads the stack of `WRITER`, in the same backend."""
    config = {"typescript-stack-reference:fleet": "organization/writer/dev"}
    with open_folder(TYPESCRIPT, config=config, backend=tmp_path / "backend") as project:
        yield project


def test_a_typescript_program_reads_what_a_python_program_exported(
    beside: OpenBeside, typescript: Project, emulator: Emulator
) -> None:
    with beside(WRITER, name="writer") as writer:
        assert writer.up().code == 0
        written = writer.outputs()["aiNodes"]
        assert isinstance(written, dict)
        requests, free = emulator.requests, written["totals"]["gpu"]["free"]
        preview = typescript.preview().text
        assert (f"freeGpus: {free}" in preview, "[unknown]" in preview) == (True, False), preview
        assert typescript.up().code == 0
        assert emulator.requests == requests
        assert typescript.outputs() == {
            "region": written["region"],
            "freeGpus": free,
            "room": {node["aiInstanceId"]: room(node) for node in written["instanceModelList"]},
        }
        assert written["instanceModelList"]
        assert writer.destroy().code == 0
        run = typescript.preview()
    assert run.code != 0
    assert 'the output "aiNodes" of the stack organization/writer/dev is not a list of AI nodes' in run.text
    assert "at " not in run.text.partition("is not a list")[2]


def room(node: dict[str, int]) -> int:
    """GPU memory left, in GB."""
    return node["gpuMemory"] * node["nodeCount"] - node["gpuMemoryUsed"]


ENVELOPE: dict[str, object] = {"kind": "hologres-ai/AiNodeList", "version": 1, "instanceModelList": []}
NEITHER_KIND = "the output is not a list of AI nodes"
CHANGED = "the output is invalid"
READINGS: list[tuple[object, str]] = [
    (ENVELOPE, "read"),
    ({**ENVELOPE, "instanceModelList": [{"cpu": 8, "gpu": None}], "novelty": 1}, "read"),
    (None, NEITHER_KIND),
    ([ENVELOPE], NEITHER_KIND),
    ({**ENVELOPE, "kind": "something else"}, NEITHER_KIND),
    ({**ENVELOPE, "version": 2}, "the output has version 2; this program reads version 1"),
    ({**ENVELOPE, "version": None}, "the output has version null"),
    ({**ENVELOPE, "version": "1"}, "the output has version 1; this program"),
    ({**ENVELOPE, "instanceModelList": None}, CHANGED),
    ({**ENVELOPE, "instanceModelList": [{"cpu": 8}, {"gpuMemoryUsed": 7.5}]}, CHANGED),
    ({**ENVELOPE, "instanceModelList": [{"nodeCount": "2"}]}, CHANGED),
    ({**ENVELOPE, "instanceModelList": [7]}, CHANGED),
]


def test_the_typescript_reader_accepts_only_valid_envelopes(typescript: Project) -> None:
    script = """
        const { fromEnvelope } = require("./bin/envelope.js");
        const say = value => {
            try { fromEnvelope(value, "the output"); } catch (error) { return error.message; }
            return "read";
        };
        console.log(JSON.stringify(JSON.parse(process.argv[1]).map(say)));
    """
    values = json.dumps([value for value, _ in READINGS])
    said: list[str] = json.loads(sdk.run(typescript.folder, "node", "-e", script, values))
    for (value, expected), text in zip(READINGS, said, strict=True):
        assert expected in text, value
