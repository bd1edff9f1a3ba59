"""The publication metadata: one source, and empty values are left out."""

import json
from pathlib import Path

import pytest

from tools import release, sdk
from tools.publication import Publication, publication
from tools.schema.build import build

EMPTY = Publication("The hologres_ai authors")
FILLED = Publication(
    "The hologres_ai authors",
    home="https://example.com/hologres-ai",
    contact="authors@example.com",
    logo="https://example.com/logo.png",
)
README = "See [the guide](docs/guards.md), [here](#start) and [Pulumi](https://www.pulumi.com)."


def test_the_values_of_pyproject_are_read() -> None:
    assert publication().publisher == "The hologres_ai authors"


def test_an_empty_home_is_left_out() -> None:
    assert EMPTY.urls == {}
    assert EMPTY.authors == [{"name": "The hologres_ai authors"}]
    assert EMPTY.schema == {"publisher": "The hologres_ai authors"}
    assert EMPTY.readme(README, "1.2.3") == "See the guide, [here](#start) and [Pulumi](https://www.pulumi.com)."


def test_a_home_completes_urls_authors_readme_and_go_module() -> None:
    assert FILLED.urls["Repository"] == "https://example.com/hologres-ai"
    assert FILLED.authors == [{"name": "The hologres_ai authors", "email": "authors@example.com"}]
    assert "[the guide](https://example.com/hologres-ai/blob/v1.2.3/docs/guards.md)" in FILLED.readme(README, "1.2.3")
    assert FILLED.go_module == "example.com/hologres-ai/sdk/go/hologres"


def test_the_schema_has_what_a_registry_shows() -> None:
    schema = build(FILLED)
    assert {name: schema[name] for name in ("publisher", "homepage", "repository", "logoUrl", "pluginDownloadURL")} == {
        "publisher": "The hologres_ai authors",
        "homepage": "https://example.com/hologres-ai",
        "repository": "https://example.com/hologres-ai",
        "logoUrl": "https://example.com/logo.png",
        "pluginDownloadURL": "https://example.com/hologres-ai/releases/download/v${VERSION}",
    }
    assert schema["language"]["go"]["importBasePath"] == "example.com/hologres-ai/sdk/go/hologres"
    assert "hologres-ai/sdk/go/hologres" in json.dumps(build(EMPTY)["language"])


def write_project(root: Path, *, home: str = "", version: str = "0.1.0") -> Path:
    contact, logo = ("authors@example.com", f"{home}/logo.png") if home else ("", "")
    (root / "pyproject.toml").write_text(
        f'[project]\nversion = "{version}"\n[tool.hatch.metadata.hooks.custom]\n'
        f'publisher = "us"\nhome = "{home}"\ncontact = "{contact}"\nlogo = "{logo}"\n'
    )
    (root / "CHANGELOG.md").write_text("# Changelog\n\n## 0.1.0\n\n- First.\n")
    return root


def test_a_release_stops_while_the_home_is_empty(tmp_path: Path) -> None:
    problems = release.release_problems("v0.1.0", write_project(tmp_path))
    assert [problem.split(" is ")[0] for problem in problems] == ["home", "contact", "logo"]
    assert "[tool.hatch.metadata.hooks.custom] of pyproject.toml" in problems[0]


@pytest.mark.parametrize(
    ("tag", "version", "problem"),
    [("v0.1.0", "0.1.0", None), ("v0.2.0", "0.1.0", "the tag is v0.2.0"), ("v0.2.0", "0.2.0", "CHANGELOG.md has no")],
)
def test_tag_version_and_changelog_agree(tmp_path: Path, tag: str, version: str, problem: str | None) -> None:
    root = write_project(tmp_path, home="https://example.com/x", version=version)
    problems = release.release_problems(tag, root)
    assert [found.startswith(problem or "") for found in problems] == ([True] if problem else [])


def test_the_node_package_is_published_compiled_and_without_scripts() -> None:
    package = json.loads((sdk.SDK / "nodejs" / "package.json").read_text())
    published = release.published_package(package)
    assert "scripts" not in published
    assert published["files"] == ["bin"]
    assert published["version"] == package["version"]
    assert list(published["dependencies"]) == ["@pulumi/pulumi", "@types/node"]  # type: ignore[call-overload]
