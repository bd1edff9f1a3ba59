"""Write docs/_index.md in the form that the Pulumi registry renders: `python -m tools.registry`, part of `make docs`.

In the repository the example of each language is under its own heading. The registry shows only the language that a
reader chooses, and has its own markup for that.
"""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "_index.md"
TARGET = ROOT / "dist" / "registry" / "_index.md"

_EXAMPLE = re.compile(r"^### [^\n]+\n\n(```([a-z]+)\n.*?^```\n)\n?", re.MULTILINE | re.DOTALL)


def main() -> None:
    """Write the page."""
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(rendered(PAGE.read_text()))


def rendered(page: str) -> str:
    """Return the page with all examples in one chooser, instead of one under each heading."""
    examples = list(_EXAMPLE.finditer(page))
    choices = "".join(_choice(language, code) for code, language in (example.groups() for example in examples))
    languages = ",".join(example[2] for example in examples)
    chooser = f'{{{{< chooser language "{languages}" >}}}}\n{choices}{{{{< /chooser >}}}}\n\n'
    return page[: examples[0].start()] + chooser + page[examples[-1].end() :]


def _choice(language: str, code: str) -> str:
    return f"{{{{% choosable language {language} %}}}}\n\n{code}\n{{{{% /choosable %}}}}\n"


if __name__ == "__main__":
    main()
