"""Where this project is published: one source for the metadata of the package, the schema and the SDKs.

The values are under `[tool.hatch.metadata.hooks.custom]` in pyproject.toml. An empty value is left out everywhere.
Hatchling loads this file by its path when it builds, so it must not import other modules of this repository.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

ROOT = Path(__file__).resolve().parents[1]
GO_SDK = "sdk/go/hologres"
LINK = re.compile(r"\[([^\]]+)\]\((?!https?:|#|mailto:)([^)]+)\)")


@dataclass(frozen=True)
class Publication:
    """Publisher and addresses of the project.

    Attributes:
        publisher: name of the authors.
        home: URL of the repository, without a slash at its end.
        contact: e-mail address.
        logo: URL of an image.
    """

    publisher: str
    home: str = ""
    contact: str = ""
    logo: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of empty values that a release needs."""
        return tuple(name for name in ("home", "contact", "logo") if not getattr(self, name))

    @property
    def authors(self) -> list[dict[str, str]]:
        """The value of `project.authors`."""
        return [{"name": self.publisher} | ({"email": self.contact} if self.contact else {})]

    @property
    def urls(self) -> dict[str, str]:
        """The value of `project.urls`."""
        if not self.home:
            return {}
        changelog, issues = f"{self.home}/blob/main/CHANGELOG.md", f"{self.home}/issues"
        return {"Homepage": self.home, "Repository": self.home, "Changelog": changelog, "Issues": issues}

    @property
    def schema(self) -> dict[str, str]:
        """The fields at the top of schema.json."""
        fields = {"publisher": self.publisher, "logoUrl": self.logo}
        if self.home:
            download = f"{self.home}/releases/download/v${{VERSION}}"
            fields |= {"homepage": self.home, "repository": self.home, "pluginDownloadURL": download}
        return {name: value for name, value in fields.items() if value}

    @property
    def go_module(self) -> str:
        """The import path of the Go SDK; without `home`, a path that cannot be fetched."""
        return f"{self.home.partition('://')[2] or 'hologres-ai'}/{GO_SDK}"

    def readme(self, text: str, version: str) -> str:
        """Return the README for a package index: links into the repository are absolute, or text without `home`."""
        target = rf"[\1]({self.home}/blob/v{version}/\2)" if self.home else r"\1"
        return LINK.sub(target, text)


def publication(root: Path = ROOT) -> Publication:
    """Return the values in pyproject.toml."""
    hooks = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["metadata"]["hooks"]
    return from_config(hooks["custom"])


def from_config(config: Mapping[str, Any]) -> Publication:
    """Return the values in the configuration of the hook."""
    return Publication(**{name: config[name] for name in ("publisher", "home", "contact", "logo")})


class PublicationHook(MetadataHookInterface):
    """The build hook that sets the dynamic metadata of a wheel or an sdist."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set authors, URLs and README."""
        published = from_config(self.config)
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": published.readme(text, metadata["version"]),
        }
        metadata["authors"] = published.authors
        if published.urls:
            metadata["urls"] = published.urls
