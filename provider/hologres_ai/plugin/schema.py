"""The package schema that the plugin serves. `make schema` writes the file from the models."""

import json
from importlib.metadata import version
from pathlib import Path

FUNCTION = "hologres:index:getAiNodeList"
RESOURCE = "hologres:index:AiNodeList"

_PACKAGE = Path(__file__).parents[1]
# In a wheel and in an archive of the plugin, the file is inside the package; in a clone, it is in the top folder.
_PLACES = (_PACKAGE / "schema.json", _PACKAGE.parents[1] / "schema.json")


def schema_text() -> str:
    """Return the text of `schema.json`.

    Raises:
        FileNotFoundError: the file is in neither place; the installation is broken.
    """
    for place in _PLACES:
        if place.is_file():
            return place.read_text(encoding="utf-8")
    raise FileNotFoundError("schema.json is not part of this installation; install hologres_ai again")


def served_schema_text() -> str:
    """Return the schema with the version of this package.

    `pulumi package add` requires a version. The file has none, so that a release does not change it.
    """
    return json.dumps({"version": version("hologres_ai"), **json.loads(schema_text())}, ensure_ascii=False)
