"""The generated SDKs: each language accepts them, installed and used as by a user."""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tools import outputs, sdk
from tools.schema.examples import FUNCTION_EXAMPLES, RESOURCE_EXAMPLES

ROOT = Path(__file__).parents[2]
GO_SDK = ROOT / "sdk" / "go" / "hologres"
EXAMPLES = {"function": FUNCTION_EXAMPLES, "resource": RESOURCE_EXAMPLES}

# Undocumented values: open enums must accept and return them unchanged.
UNKNOWN_VALUES = {
    "typescript": """
        import * as hologres from "pulumi-hologres";

        const nodes = new hologres.AiNodeList("nodes", { statuses: ["Resting", hologres.NodeStatus.ResourceReady] });
        export const status = nodes.instanceModelList.apply((listed): string | undefined => listed[0].status);
        export const found = hologres.getAiNodeList({ chargeTypes: ["Spot"] }).then((list): string => list.region);
    """,
    "python": """
        import pulumi
        import pulumi_hologres as hologres

        nodes = hologres.AiNodeList("nodes", statuses=["Resting", hologres.NodeStatus.RESOURCE_READY])
        status: pulumi.Output[str] = nodes.instance_model_list.apply(lambda listed: listed[0].status or "")
        found: str = hologres.get_ai_node_list(charge_types=["Spot"]).region
    """,
    "go": """
        package main

        import (
            "hologres-ai/sdk/go/hologres"

            "github.com/pulumi/pulumi/sdk/v3/go/pulumi"
        )

        func main() {
            pulumi.Run(func(ctx *pulumi.Context) error {
                nodes, err := hologres.NewAiNodeList(ctx, "nodes", &hologres.AiNodeListArgs{
                    Statuses: pulumi.StringArray{pulumi.String("Resting"), hologres.NodeStatusResourceReady},
                })
                if err != nil {
                    return err
                }
                var status pulumi.StringPtrOutput = nodes.InstanceModelList.Index(pulumi.Int(0)).Status()
                ctx.Export("status", status)
                return nil
            })
        }
    """,
}
A_MISTAKE = {
    "typescript": """
        import * as hologres from "pulumi-hologres";

        export const nodes = new hologres.AiNodeList("nodes", { statuzes: ["ResourceReady"] });
    """,
    "python": """
        import pulumi_hologres as hologres

        nodes = hologres.AiNodeList("nodes", statuzes=["ResourceReady"])
    """,
    "go": """
        package main

        import "hologres-ai/sdk/go/hologres"

        func main() {
            _ = hologres.AiNodeListArgs{Statuzes: nil}
        }
    """,
}


def programs(language: str) -> dict[str, str]:
    """The schema's examples in a language, and the program with unknown values."""
    pattern = re.compile(rf"^```{language}\n(.*?)^```", re.MULTILINE | re.DOTALL)
    found = {name: code for name, text in EXAMPLES.items() for code in pattern.findall(text)}
    assert set(found) == set(EXAMPLES)
    return found | {"unknown": textwrap.dedent(UNKNOWN_VALUES[language])}


# --- The schema and what is generated from it ------------------------------------------------------------------------


def test_the_binder_of_pulumi_accepts_the_schema_without_a_warning() -> None:
    sdk.sdkgen("check", str(ROOT / "schema.json"))


def test_a_schema_with_a_warning_is_refused(tmp_path: Path) -> None:
    schema = json.loads((ROOT / "schema.json").read_text())
    schema["resources"]["hologres:index:AiNodeList"]["properties"]["id"] = {"type": "string"}
    (tmp_path / "schema.json").write_text(json.dumps(schema))
    with pytest.raises(SystemExit, match="id is a reserved property name"):
        sdk.sdkgen("check", str(tmp_path / "schema.json"))


def test_schema_and_sdks_are_up_to_date() -> None:
    found = CliRunner().invoke(sdk.main, ["check"])
    assert found.exit_code == 0, found.output


def test_the_check_names_differing_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edited = shutil.copytree(ROOT / "sdk", tmp_path / "sdk", ignore=shutil.ignore_patterns(*sdk.LEAVINGS))
    (edited / "go" / "hologres" / "doc.go").unlink()
    (edited / "nodejs" / "extra.ts").write_text("")
    (edited / "python" / "pyproject.toml").write_text("")
    (edited / "nodejs" / "node_modules").mkdir()
    (edited / "nodejs" / "node_modules" / "installed").write_text("")
    (tmp_path / "schema.json").write_text((ROOT / "schema.json").read_text().replace("GiB", "GB"))
    monkeypatch.setattr(sdk, "SDK", edited)
    monkeypatch.setattr(sdk, "SCHEMA", tmp_path / "schema.json")
    (tmp_path / "outputs.py").write_text(outputs.TARGET.read_text().replace("GiB", "GB"))
    monkeypatch.setattr(outputs, "TARGET", tmp_path / "outputs.py")
    found = CliRunner().invoke(sdk.main, ["check"])
    assert found.exit_code == 1
    named = found.output.splitlines()
    files = {"sdk/go/hologres/doc.go", "sdk/nodejs/extra.ts", "sdk/python/pyproject.toml", "schema.json", "outputs.py"}
    assert files <= set(named)
    assert [line for line in named if "node_modules" in line] == []


def test_every_source_file_says_that_it_is_generated() -> None:
    files = [path for suffix in ("py", "ts", "go", "mod") for path in (ROOT / "sdk").rglob(f"*.{suffix}")]
    committed = [path for path in files if not sdk.LEAVINGS & set(path.relative_to(ROOT).parts)]
    sources = [path for path in committed if path.name != "doc.go"]  # the package's description and nothing else
    assert len(sources) > 20
    assert [path for path in sources if "generated by `make sdk`" not in path.read_text()] == []
    assert "sdk/** linguist-generated=true" in (ROOT / ".gitattributes").read_text()


def test_the_sdks_ask_for_the_plugin_of_their_version() -> None:
    plugins = [
        json.loads((ROOT / "sdk" / "python" / "pulumi_hologres" / "pulumi-plugin.json").read_text()),
        json.loads((ROOT / "sdk" / "nodejs" / "package.json").read_text())["pulumi"],
        json.loads((GO_SDK / "pulumi-plugin.json").read_text()),
    ]
    assert plugins == [{"resource": True, "name": "hologres", "version": sdk.version()}] * 3


def test_the_go_module_of_the_tools_is_tidy() -> None:
    sdk.run(ROOT / "tools" / "go", "go", "mod", "tidy", "-diff")


# --- Node.js ---------------------------------------------------------------------------------------------------------

STRICTLY = (
    *("--noEmit", "--strict", "--skipLibCheck", "--target", "es2022"),
    *("--module", "nodenext", "--moduleResolution", "nodenext", "--types", "node"),
)


def type_check(folder: Path, sources: dict[str, str]) -> None:
    (folder / "node_modules").symlink_to(sdk.node_packages())
    for name, code in sources.items():
        (folder / f"{name}.ts").write_text(code)
    sdk.run(folder, str(sdk.node_packages() / ".bin" / "tsc"), *STRICTLY, *(f"{name}.ts" for name in sources))


def test_node_programs_type_check_against_the_installed_sdk(tmp_path: Path) -> None:
    type_check(tmp_path, programs("typescript"))


def test_a_mistake_in_a_node_program_is_found(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="statuzes"):
        type_check(tmp_path, {"mistake": A_MISTAKE["typescript"]})


def test_the_node_sdk_type_checks_by_itself(tmp_path: Path) -> None:
    source = shutil.copytree(ROOT / "sdk" / "nodejs", tmp_path / "sdk", ignore=shutil.ignore_patterns(*sdk.LEAVINGS))
    (tmp_path / "node_modules").symlink_to(sdk.node_packages())
    sdk.run(source, str(sdk.node_packages() / ".bin" / "tsc"), "--noEmit", "--project", ".")


def test_the_node_lock_pins_every_package_and_names_no_registry() -> None:
    lock = json.loads((sdk.NODE_PACKAGES / "package-lock.json").read_text())
    packages: dict[str, dict[str, Any]] = {name: found for name, found in lock["packages"].items() if name}
    assert {found["resolved"] for found in packages.values() if "resolved" in found} == {"file:../../sdk/nodejs"}
    unpinned = [name for name, found in packages.items() if "integrity" not in found]
    assert unpinned == ["node_modules/pulumi-hologres"]


# --- Go --------------------------------------------------------------------------------------------------------------


def vet(folder: Path, sources: dict[str, str]) -> None:
    """Run `go vet` as a user does, with the SDK's folder as a replacement of its module."""
    requirements = re.sub(r"^module .*", "module programs", (GO_SDK / "go.mod").read_text(), flags=re.MULTILINE)
    module = "hologres-ai/sdk/go/hologres"
    (folder / "go.mod").write_text(f"{requirements}\nrequire {module} v0.0.0\nreplace {module} => {GO_SDK}\n")
    shutil.copy(GO_SDK / "go.sum", folder)
    for name, code in sources.items():
        (folder / name).mkdir()
        (folder / name / "main.go").write_text(code)
    sdk.run(folder, "go", "vet", "-mod=mod", "./...")


def test_go_vet_finds_nothing_in_the_sdk() -> None:
    sdk.run(GO_SDK, "go", "vet", "-mod=readonly", "./...")


def test_go_programs_pass_go_vet(tmp_path: Path) -> None:
    vet(tmp_path, programs("go"))


def test_a_mistake_in_a_go_program_is_found(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="Statuzes"):
        vet(tmp_path, {"mistake": A_MISTAKE["go"]})


# --- Python ----------------------------------------------------------------------------------------------------------

# The generator annotates the public API; the bodies of its functions have these errors.
INSIDE = ("arg-type", "assignment", "return-value")


def mypy(tmp_path: Path, *arguments: str) -> None:
    environment = {**os.environ, "MYPYPATH": str(ROOT / "sdk" / "python")}
    command = [sys.executable, "-m", "mypy", "--config-file=", f"--cache-dir={ROOT / '.mypy_cache' / 'sdk'}"]
    done = subprocess.run(
        [*command, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def check_programs(folder: Path, sources: dict[str, str]) -> None:
    for name, code in sources.items():
        (folder / f"{name}.py").write_text(code)
    mypy(folder, "--strict", "--follow-imports=silent", *(f"{name}.py" for name in sources))


def test_python_programs_type_check_strictly(tmp_path: Path) -> None:
    check_programs(tmp_path, programs("python"))


def test_a_mistake_in_a_python_program_is_found(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="statuzes"):
        check_programs(tmp_path, {"mistake": textwrap.dedent(A_MISTAKE["python"])})


def test_the_python_sdk_type_checks(tmp_path: Path) -> None:
    mypy(tmp_path, "--package", "pulumi_hologres", *(f"--disable-error-code={code}" for code in INSIDE))


def test_the_python_sdk_is_installed_and_imported(tmp_path: Path) -> None:
    script = (
        "import pulumi_hologres as hologres\n"
        "from pulumi_hologres import _utilities, config, outputs\n"
        "print(_utilities.get_version(), hologres.NodeStatus('ResourceReady').value, hologres.AiNodeList.__name__)\n"
        "print(outputs.AiNode(status='Resting').status)"
    )
    environment = {**os.environ, "PYTHONPATH": str(sdk.python_package())}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == [f"{sdk.version()} ResourceReady AiNodeList", "Resting"], done.stderr
