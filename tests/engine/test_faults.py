"""Faults on a real engine: the message, the exit code, and the unchanged state.

The rows are those of `tests/faults`. One stack of each interface is deployed once. Each fault is tested with a preview,
one with an update, and one with a refresh.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.test_ai_node_list import forms
from tests.faults import package_client
from tests.faults.families import Row
from tests.faults.report import observe
from tests.faults.table import ROWS
from tests.faults.testbed import SECRETS, Job, Scenario, start_testbed
from tools.engine import Engine
from tools.project import Project, Run, opened

CASES = {
    "wrong key": ("secret", "in the echo of a signature"),
    "denied": ("refusal", "Forbidden.RAM"),
    "throttled forever": ("refusal", "Throttling.User"),
    "503 forever": ("refusal", "ServiceUnavailable"),
    "a page of HTML": ("unreadable", "a page of HTML"),
    "a redirect": ("redirect", "302"),
    "connection refused": ("connection", "connection refused"),
    "DNS failure": ("connection", "DNS failure"),
    "self-signed": ("tls", "self-signed"),
    "no reply": ("bounds", "no reply, ever"),
    "an item is null": ("malformed", "an item is null"),
    "a wrong region": ("argument", "a misspelt region"),
}
ROW_OF = {name: next(row for row in ROWS if row.key == key) for name, key in CASES.items()}
# Both interfaces have the core's messages. Cases in which the interfaces differ run on both.
BY_BOTH = ("wrong key", "a wrong region")
BY_PLUGIN = ("throttled forever", "a page of HTML", "a redirect", "DNS failure", *BY_BOTH)
BY_DYNAMIC = tuple(name for name in CASES if name not in BY_PLUGIN or name in BY_BOTH)
UPDATED = (("up", "no reply"), ("drift", "denied"))

# The environment variables for the arguments of a job.
VARIABLES = {
    "region": "ALIBABA_CLOUD_REGION",
    "access_key": "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "secret_key": "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    "security_token": "ALIBABA_CLOUD_SECURITY_TOKEN",
    "endpoint": "ALIBABA_CLOUD_ENDPOINT_HOLOGRAM",
}
PROGRAMS = {
    "dynamic": {
        "Pulumi.yaml": "name: faults\nruntime: python\n",
        "__main__.py": """import pulumi
from hologres_ai import AiNodeList
pulumi.export("ids", AiNodeList("nodes").ids)
""",
    },
    "plugin": {
        "Pulumi.yaml": json.dumps(
            {
                "name": "faults",
                "runtime": "yaml",
                "resources": {"nodes": {"type": "hologres:AiNodeList"}},
                "outputs": {"ids": "${nodes.ids}"},
            }
        )
    },
}


def variables(job: Job) -> dict[str, str]:
    """The job as a user's environment."""
    given = {VARIABLES[name]: value for name, value in job.arguments.items() if value is not None}
    return {
        **given,
        **job.environment,
        "MAX_RETRY_TIMEOUT": str(job.deadline),
        "CLIENT_READ_TIMEOUT": str(job.read_timeout),
        "SSL_CERT_FILE": job.authority,
    }


class DeployedStack:
    """A deployed stack, the environment of a fault, and the folder of the run."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.folder = project.folder.parents[1]
        self.state = self.resources()

    def resources(self) -> object:
        """The stored state, without the record of an operation."""
        [path] = (self.folder / "backend").rglob("stacks/faults/dev.json")
        return json.loads(path.read_text())["checkpoint"]["latest"]["resources"]

    def run(self, command: str, environment: Mapping[str, str]) -> Run:
        """A command of the engine in another environment."""
        kept = {name: value for name, value in self.project.environment.items() if name not in VARIABLES.values()}
        project = replace(self.project, environment={**kept, **environment})
        run: Run = getattr(project, command)()
        return run


@pytest.fixture(scope="module")
def stacks(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, DeployedStack]]:
    """The stack of each interface."""
    with start_testbed(Scenario()) as testbed:
        environment = variables(testbed.job)
        folders = {interface: written(tmp_path_factory.mktemp(interface), interface) for interface in PROGRAMS}
        with (
            opened(engine, folders["dynamic"], environment=environment) as dynamic,
            opened(engine, folders["plugin"], environment=environment) as plugin,
        ):
            for project in (dynamic, plugin):
                up = project.up()
                assert up.code == 0, up.text
            yield {"dynamic": DeployedStack(dynamic), "plugin": DeployedStack(plugin)}


def written(folder: Path, interface: str) -> Path:
    for name, text in PROGRAMS[interface].items():
        (folder / name).write_text(text)
    return folder


def run_with_fault(stack: DeployedStack, row: Row, command: str) -> tuple[Run, str]:
    """The run of a command with the fault of the row, and the message of the core for it."""
    with start_testbed(row.scenario) as testbed:
        run = stack.run(command, variables(testbed.job))
    with start_testbed(row.scenario) as testbed:
        return run, observe(
            package_client.ask, replace(testbed.job, arguments={}, environment=variables(testbed.job))
        ).message


def assert_reported_and_unchanged(stack: DeployedStack, run: Run, message: str) -> None:
    assert run.code != 0, run.text
    for line in message.splitlines():
        assert line in run.text
    assert "panic" not in run.text
    assert stack.resources() == stack.state
    assert not [*stack.folder.glob("backend/.pulumi/locks/**/*.json")], "the stack is locked"
    assert secrets_in(run.text.encode()) == []


def secrets_in(text: bytes) -> list[str]:
    return [form for secret in SECRETS for form in forms(secret) if form.encode() in text]


@pytest.mark.parametrize("name", BY_DYNAMIC)
def test_a_preview_of_the_dynamic_resource_reports_a_fault(stacks: dict[str, DeployedStack], name: str) -> None:
    run, message = run_with_fault(stacks["dynamic"], ROW_OF[name], "preview")
    assert_reported_and_unchanged(stacks["dynamic"], run, message)
    assert run.text.count('File "') <= 2 * 3, "the trace is longer than the engine makes it"


@pytest.mark.parametrize(("command", "name"), UPDATED)
def test_an_update_and_a_refresh_report_a_fault(stacks: dict[str, DeployedStack], command: str, name: str) -> None:
    run, message = run_with_fault(stacks["dynamic"], ROW_OF[name], command)
    assert_reported_and_unchanged(stacks["dynamic"], run, message)


@pytest.mark.parametrize("name", BY_PLUGIN)
def test_a_preview_of_the_plugin_reports_a_fault(stacks: dict[str, DeployedStack], name: str) -> None:
    run, message = run_with_fault(stacks["plugin"], ROW_OF[name], "preview")
    assert_reported_and_unchanged(stacks["plugin"], run, message)
    assert 'File "' not in run.text
    assert "Traceback" not in run.text


def test_a_preview_succeeds_after_the_faults_and_no_file_contains_a_secret(stacks: dict[str, DeployedStack]) -> None:
    """No file of the runs (plugin logs, state, backups) contains a secret."""
    for stack in stacks.values():
        with start_testbed(Scenario()) as testbed:
            run = stack.run("preview", variables(testbed.job))
        assert run.code == 0, run.text
        files = [path for path in stack.folder.rglob("*") if path.is_file() and not path.is_symlink()]
        assert len(files) > 5
        assert [path for path in files if secrets_in(path.read_bytes())] == []
