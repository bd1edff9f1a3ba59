"""The pages in docs/: every command in them runs here and gives the output beside it."""

import json
import os
import re
import shutil
import subprocess
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks

from hologres_ai import AiNode
from hologres_ai.emulator import Emulator
from hologres_ai.emulator.faults import KINDS
from hologres_ai.testing import HologresMocks, run_program
from tests.conftest import OpenFolder
from tests.repo.test_docs import CONFIGS, PROGRAMS, SCRIPTS, VERSION, a_project, shell
from tests.support import pages
from tools import sdk
from tools.project import ROOT, Project

DOCS = Path(__file__).parents[2] / "docs"

REFRESH = "pulumi refresh --preview-only --expect-no-changes"
PREVIEW = "pulumi preview --diff --expect-no-changes"
ACCEPT = "hologres-ai drift --baseline baseline.json --accept"
COMPARE = "hologres-ai drift --baseline baseline.json"
IGNORE = [
    "hologres-ai drift --baseline baseline.json --ignore renamed --ignore 'resized=hologram_aicombo_*'",
    "hologres-ai drift --baseline baseline.json --ignore-file expected-drift.txt",
]
EMULATE = "hologres-ai emulate"
REPORT = "hologres-ai drift --baseline baseline.json --report html=drift.html --report junit=drift.xml"
REPORT_OF_CHECK = "hologres-ai check --min-free-gpus 2 --report json=check.json --quiet"
PAGE = "hologres-ai list --report html=nodes.html"
NAGIOS = "hologres-ai check --min-free-gpus 2 --not-expiring-within 5 --report nagios"
PROMETHEUS = "hologres-ai list --report prometheus=hologres.prom --quiet"
OF_A_STACK = ["hologres-ai drift --stack dev", "pulumi stack export | hologres-ai drift --baseline -"]
OF_AN_OUTPUT = "pulumi stack output --json | hologres-ai drift --baseline -"
PRINTED = ["pulumi stack output --json > outputs.json", "pulumi stack output aiNodes --json > nodes.json"]
PYTEST = "pytest"
INSTALL = "pip install '.[emulator]'"  # tests/repo/test_docs.py
ARCHIVE = f"dist/pulumi-resource-hologres-v{VERSION}-linux-amd64.tar.gz"
PLUGIN = f"pulumi plugin install resource hologres {VERSION} --file {ARCHIVE}"  # tests/engine/test_install.py
EXPORTS = [
    "export ALIBABA_CLOUD_REGION=cn-hangzhou",
    "export ALIBABA_CLOUD_ACCESS_KEY_ID=...",
    "export ALIBABA_CLOUD_ACCESS_KEY_SECRET=...",
]
ROLE = "pulumi config set --path hologres:assumeRole.roleArn acs:ram::1234567890123456:role/hologres-reader"
DOCTOR = "hologres-ai doctor"
EMULATOR_COMMANDS = [
    "hologres-ai emulate",
    "hologres-ai emulate --port 8080 --fleet fleet.json",
    "hologres-ai emulate --fault 503:3",
    "hologres-ai emulate --fault slow:1:2.5 --fault cn-beijing=denied",
]

CHECKS = {  # each of the page's commands, and how it ends with the emulator's fleet
    "hologres-ai check --min-free-gpus 2 --min-free-gpu-memory 48": 0,
    "hologres-ai check --ai-spec small-8core-30G-24G --min-free-gpus 3 --min-nodes-ready 4 "
    "--require-status ResourceReady": 2,
    "hologres-ai check --charge-type PrePaid --not-expiring-within 5 --json": 0,
}


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a page in a language."""
    return pages.blocks(DOCS / page, language)


def commands(page: str) -> list[str]:
    """The commands of a page."""
    return pages.commands(DOCS / page)


def run(command: str, project: Project) -> "subprocess.CompletedProcess[str]":
    return shell(command, dict(project.environment), folder=project.folder)


def change(emulator: Emulator, ai_instance_id: str, **fields: object) -> None:
    """Give one node of the fleet other values."""
    document = json.loads(emulator.fleet_path.read_text())
    [node] = [node for node in document["nodes"] if node["aiInstanceId"] == ai_instance_id]
    node.update(fields)
    emulator.fleet_path.write_text(json.dumps(document))


def a_program(folder: Path, name: str, text: str) -> Path:
    made = folder / name
    made.mkdir()
    (made / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n")
    (made / "__main__.py").write_text(text)
    return made


def test_every_command_is_run_by_a_test() -> None:
    assert commands("drift.md") == [ACCEPT, COMPARE, *IGNORE, *OF_A_STACK, OF_AN_OUTPUT, REFRESH, PREVIEW]
    assert commands("cli.md") == [EMULATE]  # run by test_docs.py
    assert commands("reports.md") == [REPORT, REPORT_OF_CHECK, PAGE, NAGIOS, PROMETHEUS]
    assert commands("stack-references.md") == PRINTED
    assert commands("testing.md") == [PYTEST]
    assert commands("guards.md") == list(CHECKS)
    assert commands("installation-configuration.md") == [INSTALL, "make dist", PLUGIN, *CONFIGS, *EXPORTS, ROLE, DOCTOR]
    assert commands("emulator.md") == EMULATOR_COMMANDS
    assert commands("troubleshooting.md") == [DOCTOR]


def test_the_checks_end_and_print_as_the_page_says(environment: dict[str, str]) -> None:
    done = {command: shell(command, environment) for command in CHECKS}
    assert {command: run_.returncode for command, run_ in done.items()} == CHECKS
    _told, printed = blocks("guards.md", "text")
    assert done[list(CHECKS)[1]].stdout == printed


def test_the_guarded_programs_end_as_the_page_says(tmp_path: Path, open_folder: OpenFolder) -> None:
    program, [native_program] = blocks("guards.md", "python")[0], blocks("guards.md", "yaml")
    message, _printed = blocks("guards.md", "text")
    with open_folder(a_program(tmp_path, "guarded", program)) as project:
        preview = project.preview()
        assert preview.code != 0
        assert textwrap.indent(message, "    ") in preview.text
    folder = tmp_path / "native"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(native_program)
    with open_folder(folder) as project:
        preview = project.preview()
        assert preview.code == 0, preview.text
        assert "deployOn" in preview.text


GUARDS_THAT_WAIT = ("AiNodeList", "get_ai_node_list_output", "hologres.AiNodeList")  # in the order of the page


class AlicloudMocks(Mocks):
    """Creates resources of pulumi-alicloud; at a preview their ids are unknown."""

    def __init__(self, *, preview: bool) -> None:
        self.preview = preview

    def call(self, args: MockCallArgs) -> tuple[dict[str, object], None]:
        """No function is called."""
        raise AssertionError(args.token)

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, object]]:
        """The id and the inputs."""
        return "" if self.preview else "hgpostcn-cn-yi34hlzdx003", args.inputs


@pytest.mark.parametrize("interface", GUARDS_THAT_WAIT)
def test_a_guard_waits_for_what_the_same_program_creates(
    interface: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(sdk.python_package()))
    programs = dict(zip(GUARDS_THAT_WAIT, blocks("guards.md", "python")[1:], strict=True))
    folder = a_program(tmp_path, "waits", programs[interface])
    fleet = [AiNode(ai_instance_id="a", holo_instance_id="hgpostcn-cn-yi34hlzdx003", gpu=1, node_count=1, gpu_used=0)]
    mocks = HologresMocks(fleet, others=AlicloudMocks(preview=True))
    assert run_program(folder, mocks, preview=True) == {}
    mocks.others = AlicloudMocks(preview=False)
    with pytest.raises(Exception, match="at least 2 required, 1 found"):
        run_program(folder, mocks)


def test_the_report_is_what_the_command_prints(tmp_path: Path, emulator: Emulator, environment: dict[str, str]) -> None:
    grown, ending = "hologram_aipostpay_public_cn-77a02", "hologram_aicombo_public_cn-77a04"
    change(emulator, ending, expirationTime="2030-03-01T00:00:00.000Z")
    assert shell(ACCEPT, environment, folder=tmp_path).returncode == 0
    change(emulator, ending, expirationTime="2030-01-30T00:00:00.000Z", autoRenewal=False)
    change(emulator, grown, nodeCount=3)
    done = shell(COMPARE, environment, folder=tmp_path)
    report, ignored = blocks("drift.md", "text")
    assert (done.returncode, done.stdout) == (2, report)
    (tmp_path / "expected-drift.txt").write_text(ignored)
    for command, kinds in zip(IGNORE, ({"resized", "expiry"}, {"expiry"}), strict=True):
        done = shell(command, environment, folder=tmp_path)
        assert done.returncode == 2
        assert {kind for kind in ("resized", "expiry") if kind in done.stdout} == kinds


def test_the_reports_are_written_and_printed(tmp_path: Path, environment: dict[str, str]) -> None:
    assert shell(ACCEPT, environment, folder=tmp_path).returncode == 0
    done = {
        command: shell(command, environment, folder=tmp_path)
        for command in (REPORT, REPORT_OF_CHECK, PAGE, NAGIOS, PROMETHEUS)
    }
    assert {run_.returncode for run_ in done.values()} == {0}
    assert {path.name for path in tmp_path.iterdir()} >= {
        "drift.html",
        "drift.xml",
        "nodes.html",
        "check.json",
        "hologres.prom",
    }
    assert [done[NAGIOS].stdout] == blocks("reports.md", "text")
    assert done[REPORT_OF_CHECK].stdout == done[PROMETHEUS].stdout == ""


@pytest.fixture
def native(tmp_path: Path, open_folder: OpenFolder) -> Iterator[Project]:
    """A stack of the native provider that is up."""
    folder = tmp_path / "native"
    folder.mkdir()
    program = {"name": "native", "runtime": "yaml", "resources": {"nodes": {"type": "hologres:AiNodeList"}}}
    (folder / "Pulumi.yaml").write_text(json.dumps(program))
    with open_folder(folder) as project:
        up = project.up()
        assert up.code == 0, up.text
        yield project


@pytest.fixture
def dynamic(tmp_path: Path, open_folder: OpenFolder) -> Iterator[Project]:
    """The stack of the page on stack references: one of the dynamic provider, with an export, that is up."""
    writer, _reader, _script = blocks("stack-references.md", "python")
    with open_folder(a_program(tmp_path, "fleet", writer), backend=tmp_path / "backend") as project:
        up = project.up()
        assert up.code == 0, up.text
        yield project


def test_the_drift_commands_detect_a_change_with_the_native_provider(native: Project, emulator: Emulator) -> None:
    every = [*OF_A_STACK, REFRESH, PREVIEW]
    assert [(run(command, native).returncode, command) for command in every] == [(0, command) for command in every]
    change(emulator, "hologram_aipostpay_public_cn-77a02", nodeCount=3)
    for command in OF_A_STACK:
        done = run(command, native)
        assert (done.returncode, "nodeCount 1 -> 3" in done.stdout) == (2, True), done.stderr
    for command in (f"{REFRESH} --diff", PREVIEW):
        done = run(command, native)
        assert done.returncode != 0
        assert re.search(r"nodeCount *: 1 => 3", done.stdout), done.stdout
        assert "no changes were expected" in done.stdout + done.stderr


def test_the_drift_commands_detect_a_change_with_the_dynamic_provider(dynamic: Project, emulator: Emulator) -> None:
    every = [*OF_A_STACK, OF_AN_OUTPUT, REFRESH]
    assert [(run(command, dynamic).returncode, command) for command in every] == [(0, command) for command in every]
    change(emulator, "hologram_aipostpay_public_cn-77a02", nodeCount=3)
    for command in [*OF_A_STACK, OF_AN_OUTPUT]:
        done = run(command, dynamic)
        assert (done.returncode, "nodeCount 1 -> 3" in done.stdout) == (2, True), done.stderr
    assert run(REFRESH, dynamic).returncode != 0
    preview = dynamic.preview("--diff", "--expect-no-changes")
    assert preview.code == 0, preview.text
    assert "1 => 3" in preview.text


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("--stack nowhere", "`pulumi stack export` failed with exit code 6: no stack named 'nowhere' found"),
        ("--stack dev --resource node", 'did you mean "nodes"?'),
        ("--stack dev --output aiNode", 'did you mean "aiNodes"?'),
    ],
)
def test_a_stack_that_has_no_baseline_is_reported(dynamic: Project, options: str, says: str) -> None:
    done = run(f"hologres-ai drift {options}", dynamic)
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr


def test_an_output_of_a_stack_is_taken_by_its_name(dynamic: Project) -> None:
    done = run("hologres-ai drift --stack dev --output aiNodes --json", dynamic)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["drift"] is False


def test_the_programs_with_a_stack_reference_run(tmp_path: Path, dynamic: Project, open_folder: OpenFolder) -> None:
    _writer, reader, script = blocks("stack-references.md", "python")
    exported = dynamic.outputs()["aiNodes"]
    assert isinstance(exported, dict)
    free = exported["totals"]["gpu"]["free"]
    largest = max(node["gpuMemory"] for node in exported["instanceModelList"])
    with open_folder(a_program(tmp_path, "reader", reader), backend=tmp_path / "backend") as project:
        preview = project.preview()
        assert re.search(rf"freeGpus *: {free}\n", preview.text), preview.text
        assert project.up().code == 0
        assert project.outputs() == {"freeGpus": free, "largest": largest}
    for command in PRINTED:
        assert run(command, dynamic).returncode == 0
    for text in (script, script.replace("outputs.json", "nodes.json")):
        (dynamic.folder / "script.py").write_text(text)
        done = run("python script.py", dynamic)
        assert done.stdout == f"{free} free GPUs in cn-hangzhou\n", done.stderr


@pytest.mark.parametrize("conftest", ["plugins", "imports"])
def test_the_tests_of_a_program_pass(conftest: str, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(DOCS.parent / "examples" / "tested-program", tmp_path / "program"))
    (folder / "test_program.py").unlink()
    *tests, plugins, fixtures, imports = blocks("testing.md", "python")
    (folder / "conftest.py").write_text(plugins if conftest == "plugins" else imports)
    for number, text in enumerate([*tests, fixtures]):
        (folder / f"test_{number}.py").write_text(text)
    done = shell(PYTEST, {}, folder=folder)
    assert (done.returncode, "6 passed in" in done.stdout) == (0, True), done.stdout


# ---------------------------------------------------------------------------------------------- the scheduled drift job

# Replaces GitHub's command line, and records its arguments.
GH = """#!/bin/sh
echo "$*" >> "$CALLS"
[ "$1 $2" != "issue list" ] || echo "$OPEN"
[ "$1 $2" != "issue view" ] || cat "$REPORTED"
"""


class Job:
    """The job's scripts, run as a runner runs them, in a checkout with a baseline."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        [text] = blocks("drift.md", "yaml")
        self.workflow = yaml.safe_load(text)
        self.steps = {step["name"]: step for step in self.workflow["jobs"]["drift"]["steps"] if "name" in step}
        self.folder = folder
        gh = folder / "bin" / "gh"
        gh.parent.mkdir()
        gh.write_text(GH)
        gh.chmod(0o755)
        names = ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "CALLS")
        self.environment = {**environment, **{name: str(folder / name) for name in names}}
        self.environment["PATH"] = f"{gh.parent}:{SCRIPTS}:{os.environ['PATH']}"

    def run(self, step: str, **environment: str) -> int:
        """The exit code of a step's script, in the shell that a runner takes."""
        script = self.folder / "script.sh"
        script.write_text(self.steps[step]["run"])
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        done = subprocess.run(
            command, cwd=self.folder, env={**self.environment, **environment}, timeout=60, check=False
        )
        return done.returncode

    def read(self, name: str) -> str:
        """A file that a step wrote; empty where none did."""
        path = self.folder / name
        return path.read_text() if path.exists() else ""


@pytest.fixture
def job(tmp_path: Path, emulator: Emulator, environment: dict[str, str]) -> Job:
    folder = tmp_path / "checkout"
    folder.mkdir()
    assert shell(ACCEPT, environment, folder=folder).returncode == 0
    del environment["ALIBABA_CLOUD_REGION"]  # it is in the baseline
    return Job(folder, environment)


def test_the_job_runs_on_a_schedule_and_may_open_issues(job: Job) -> None:
    assert job.workflow[True]["schedule"]  # YAML takes `on` for true
    assert job.workflow["permissions"]["issues"] == "write"
    given = set(job.steps["Compare"]["env"])
    assert given == {"ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"} <= set(job.environment)
    assert job.steps["Open an issue"]["if"] == f"steps.{job.steps['Compare']['id']}.outputs.code == '2'"


def test_the_job_is_quiet_without_drift(job: Job) -> None:
    assert job.run("Compare") == 0
    assert job.read("GITHUB_OUTPUT") == "code=0\n"


def test_the_job_opens_an_issue_on_drift(job: Job, emulator: Emulator) -> None:
    change(emulator, "hologram_aipostpay_public_cn-77a02", nodeCount=3)
    assert job.run("Compare") == 0
    assert job.read("GITHUB_OUTPUT") == "code=2\n"
    assert "nodeCount `1` → `3`" in job.read("drift.md")
    assert job.read("GITHUB_STEP_SUMMARY") == job.read("drift.md")
    assert job.run("Open an issue", OPEN="") == 0
    assert job.read("CALLS").splitlines()[-1].startswith("issue create --title Hologres AI nodes have changed")


def test_the_job_comments_on_an_open_issue_only_if_the_drift_has_changed(job: Job, emulator: Emulator) -> None:
    reported = job.folder / "reported.md"
    comment = "issue comment 7 --body-file drift.md"
    change(emulator, "hologram_aipostpay_public_cn-77a02", nodeCount=3)
    assert job.run("Compare") == 0
    shutil.copy(job.folder / "drift.md", reported)
    assert job.run("Open an issue", OPEN="7", REPORTED=str(reported)) == 0
    assert comment not in job.read("CALLS")
    change(emulator, "hologram_aipostpay_public_cn-77a02", nodeCount=4)
    assert job.run("Compare") == 0
    assert job.run("Open an issue", OPEN="7", REPORTED=str(reported)) == 0
    assert job.read("CALLS").splitlines()[-1] == comment


@pytest.mark.skipif(shutil.which("jq") is None, reason="gh has a jq of its own; this test needs the command")
def test_the_job_picks_the_last_report_among_other_comments(job: Job) -> None:
    [jq] = re.findall(r"--jq '(\[.*)'\)", job.steps["Open an issue"]["run"])
    issue = {"body": "Fingerprint: `1`", "comments": [{"body": "Fingerprint: `2`"}, {"body": "I look at it"}]}
    done = subprocess.run(["jq", "-r", jq], input=json.dumps(issue), capture_output=True, text=True, check=True)
    assert done.stdout == "Fingerprint: `2`\n"


def test_the_job_fails_and_says_why_when_the_drift_is_unknown(job: Job, emulator: Emulator) -> None:
    emulator.arm("denied")
    assert job.run("Compare") != 0
    assert job.read("GITHUB_OUTPUT") == "code=1\n"
    assert job.read("GITHUB_STEP_SUMMARY").startswith("### hologres-ai drift failed")
    (job.folder / "baseline.json").unlink()
    assert job.run("Compare") != 0


def test_the_job_fails_on_a_mistyped_command(job: Job) -> None:
    job.steps["Compare"]["run"] = job.steps["Compare"]["run"].replace("hologres-ai drift", "hologres-ai drfit")
    assert job.run("Compare") != 0
    assert job.read("GITHUB_OUTPUT") == "code=1\n"
    assert job.read("GITHUB_STEP_SUMMARY") == ""


# ---------------------------------------------------------------------------------------------------- the emulator


@pytest.mark.parametrize("command", EMULATOR_COMMANDS)
def test_the_emulator_starts_as_the_page_says(command: str, fleet: Path) -> None:
    arguments = command.replace("--port 8080", "--port 0").split()[1:]
    process = subprocess.Popen(
        [SCRIPTS / "hologres-ai", *arguments],
        cwd=fleet.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    process.terminate()
    _, introduction = process.communicate(timeout=60)
    assert process.returncode == 0
    _, port = url.rsplit(":", 1)
    [said, _output] = blocks("emulator.md", "text")
    assert introduction.replace(port, "PORT") == said


def test_the_program_with_an_emulator_prints_what_the_page_says(tmp_path: Path) -> None:
    [program] = blocks("emulator.md", "python")
    [_said, output] = blocks("emulator.md", "text")
    (tmp_path / "program.py").write_text(program)
    done = shell("python program.py", {}, folder=tmp_path)
    assert (done.stdout, done.stderr) == (output, "")


def test_the_page_names_every_fault() -> None:
    page = (DOCS / "emulator.md").read_text()
    assert [kind for kind in KINDS if f"`{kind}`" not in page] == []


# ------------------------------------------------------------------------------------------------- the configuration


def test_a_role_is_set_as_the_page_says(dynamic: Project) -> None:
    assert run(ROLE, dynamic).returncode == 0
    assert "roleArn" in run("pulumi config get hologres:assumeRole", dynamic).stdout


def test_the_policy_of_the_page_is_that_of_readme() -> None:
    [policy] = map(json.loads, blocks("installation-configuration.md", "json"))
    assert [policy] == [json.loads(block) for block in pages.blocks(DOCS.parent / "README.md", "json")]


def test_doctor_shows_the_source_of_the_credentials(environment: dict[str, str]) -> None:
    done = shell(DOCTOR, {**environment, "PATH": f"{SCRIPTS}:{os.environ['PATH']}"})
    assert done.returncode == 0, done.stderr
    assert "ALIBABA_CLOUD_ACCESS_KEY_ID" in done.stdout


# ------------------------------------------------------------------------------------------------------ the overview


@pytest.mark.parametrize("language", PROGRAMS)  # tests/repo/test_sdk.py compiles the one in Go
def test_an_example_of_the_overview_shows_the_free_gpus(language: str, tmp_path: Path, open_folder: OpenFolder) -> None:
    folder = a_project(tmp_path / "readme", language, DOCS / "_index.md")
    installed = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(sdk.python_package())])} if language == "python" else {}
    with open_folder(folder) as project:
        preview = replace(project, environment={**project.environment, **installed}).preview()
    assert re.search(r"freeGpus *: 5\n", preview.text), preview.text
