"""A second account in a Python program: read in updates, refreshes and drift, separately from the first."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hologres_ai.baselines import read_baseline
from hologres_ai.credentials import Credentials
from hologres_ai.emulator import Emulator
from tests.conftest import OpenFolder
from tools.project import Project

OTHER = Credentials("other-access-key-id", "other-access-key-secret")
PROGRAM = """
    import pulumi
    from hologres_ai import AiNodeList

    for name in ("first", "second"):
        nodes = AiNodeList(name, profile=pulumi.Output.from_input("other") if name == "second" else None)
        pulumi.export(name, nodes.ids)
        nodes.export(f"{name}Nodes")
"""


@pytest.fixture
def other_fleet(tmp_path: Path) -> Path:
    """The fleet of the other account."""
    path = tmp_path / "other-fleet.json"
    path.write_text(json.dumps({"nodes": [{"aiInstanceId": "of-the-other-account", "nodeCount": 1}]}))
    return path


@pytest.fixture
def emulator(fleet: Path, other_fleet: Path) -> Iterator[Emulator]:
    """An emulator with two accounts."""
    with Emulator(fleet=fleet, accounts={OTHER: other_fleet}) as running:
        yield running


@pytest.fixture
def accounts(program: OpenFolder, tmp_path: Path, environment: dict[str, str]) -> Iterator[Project]:
    """The program, with the keys of one account in the environment and those of the other in a profile."""
    profile = {"name": "other", "mode": "AK", "access_key_id": OTHER.access_key_id}
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"profiles": [{**profile, "access_key_secret": OTHER.access_key_secret}]}))
    environment["ALIBABA_CLOUD_CREDENTIALS_FILE"] = str(file)
    with program(PROGRAM, environment=environment) as project:
        yield project


def state_of(project: Project, name: str) -> dict[str, object]:
    """The list of that name in the state."""
    resources: list[dict[str, object]] = json.loads(project.export())["deployment"]["resources"]
    return next(entry for entry in resources if str(entry["urn"]).endswith(f"::{name}"))


def drift_of(project: Project, state: str, resource: str) -> int:
    """The exit code of `hologres-ai drift` against the state."""
    command = [sys.executable, "-m", "hologres_ai.cli", "drift", "--baseline", "-", "--resource", resource]
    return subprocess.run(command, input=state, text=True, env=project.environment, timeout=60, check=False).returncode


def test_a_list_with_a_profile_reads_another_account_in_updates_and_refreshes(
    accounts: Project, other_fleet: Path
) -> None:
    run = accounts.up()
    assert run.code == 0, run.text
    outputs = accounts.outputs()
    assert outputs["second"] == ["of-the-other-account"]
    assert isinstance(outputs["first"], list)
    assert len(outputs["first"]) == 13
    first, second = (state_of(accounts, name) for name in ("first", "second"))
    assert "/other/" in str(second["id"])
    assert second["outputs"]["__profile"] == "other"  # type: ignore[index]
    assert "__profile" not in json.dumps(first)
    assert OTHER.access_key_secret not in accounts.export()

    assert accounts.drift().code == 0
    other_fleet.write_text(other_fleet.read_text().replace(": 1}", ": 2}"))
    drift = accounts.drift("--diff")
    assert (drift.code != 0, "1 => 2" in drift.text) == (True, True), drift.text
    assert accounts.refresh().code == 0
    assert state_of(accounts, "second")["outputs"]["__profile"] == "other"  # type: ignore[index]
    assert accounts.drift().code == 0

    state = accounts.export()
    assert drift_of(accounts, state, "second") == drift_of(accounts, state, "first") == 0
    other_fleet.write_text(other_fleet.read_text().replace(": 2}", ": 3}"))
    assert (drift_of(accounts, state, "second"), drift_of(accounts, state, "first")) == (2, 0)
    assert read_baseline(state, resource="second").profile == "other"
    assert read_baseline(state, resource="first").profile is None
    assert read_baseline(json.dumps(outputs), output="secondNodes").profile == "other"
    assert read_baseline(state, output="firstNodes").profile is None


DECLARED = """\
name: declared
runtime: yaml
resources:
  provider:
    type: pulumi:providers:hologres
    properties: {profile: PROFILE, region: cn-hangzhou}
  theirs:
    type: hologres:AiNodeList
    options: {provider: "${provider}"}
  ours:
    type: hologres:AiNodeList
outputs:
  theirs: ${theirs.ids}
  ours: ${ours.ids}
"""


@pytest.mark.parametrize(
    ("profile", "account"), [("other", ("other", None)), ("{'fn::secret': other}", (None, "provider"))]
)
def test_a_declared_provider_reads_its_account_whatever_keys_are_in_the_environment(
    accounts: Project, open_folder: OpenFolder, tmp_path: Path, profile: str, account: tuple[str | None, str | None]
) -> None:
    """The state does not show a secret profile, so the baseline names the provider."""
    folder = tmp_path / "declared"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(DECLARED.replace("PROFILE", profile))
    with open_folder(folder, environment=accounts.environment) as project:
        for run in (project.preview(), project.up(), project.refresh(), project.up("--expect-no-changes")):
            assert run.code == 0, run.text
        outputs = project.outputs()
        assert outputs["theirs"] == ["of-the-other-account"]
        assert len(str(outputs["ours"]).split(",")) == 13
        state = project.export()
        theirs = read_baseline(state, resource="theirs")
        assert (theirs.profile, theirs.provider) == account
        assert drift_of(project, state, "ours") == 0
        assert (drift_of(project, state, "theirs") == 0) is (theirs.profile == "other")


NAMED_DEFAULT = """\
name: named
runtime: yaml
resources:
  NAME:
    type: pulumi:providers:hologres
    defaultProvider: true
    properties: {profile: other, region: cn-hangzhou}
  nodes:
    type: hologres:AiNodeList
outputs:
  ids: ${nodes.ids}
"""


@pytest.mark.parametrize(("name", "ids", "warns"), [("default_provider", 1, False), ("default", 13, True)])
def test_a_declared_provider_with_the_name_of_the_default_one_is_never_ignored_silently(
    accounts: Project, open_folder: OpenFolder, tmp_path: Path, name: str, ids: int, warns: bool
) -> None:
    folder = tmp_path / "named"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(NAMED_DEFAULT.replace("NAME", name))
    with open_folder(folder, environment=accounts.environment) as project:
        run = project.up()
        assert run.code == 0, run.text
        assert len(str(project.outputs()["ids"]).split(",")) == ids
    assert ("give it a different name" in run.text) is warns


REFUSED = """
    import pulumi
    from hologres_ai import AiNodeList

    provider = pulumi.ProviderResource("hologres", "far", {"region": "cn-shanghai"})

    class Platform(pulumi.ComponentResource):
        def __init__(self, name, opts):
            super().__init__("example:index:Platform", name, None, opts)
            AiNodeList("nodes", opts=pulumi.ResourceOptions(parent=self))

    Platform("platform", pulumi.ResourceOptions(providers=[provider]))
"""


def test_an_inherited_provider_is_refused_before_any_call(program: OpenFolder, emulator: Emulator) -> None:
    with program(REFUSED) as project:
        run = project.preview()
    assert run.code != 0
    assert 'Set profile="NAME"' in run.text
    assert "AiNodeList of pulumi_hologres" in run.text
    assert "Traceback" not in run.text
    assert emulator.requests == 0
