"""The documentation as a whole: generated tables are current, links are valid, every message is explained."""

import inspect
import re
from operator import attrgetter
from pathlib import Path
from types import ModuleType

import pytest

import hologres_ai
import hologres_ai.outputs
from hologres_ai import emulator, errors, testing
from tests.support.pages import anchors, blocks, headings, links
from tools import messages, registry, tables
from tools.schema.examples import FUNCTION_EXAMPLES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md"), *(ROOT / "examples").rglob("*.md")])
SOURCE = """
NEXT = "Set hologres:region."
def check(name):
    raise ConfigurationError(f"no {name} is set: {name!r}", NEXT)
def call():
    raise errors.ApiError("refused" + " twice", "Wait. " + NEXT)
    raise ValueError("not ours", "no remedy")
"""


@pytest.mark.parametrize("page", tables.pages(), ids=lambda page: page.name)
def test_the_tables_of_a_page_are_current(page: Path) -> None:
    assert tables.rendered(page.read_text()) == page.read_text(), "run `make format`"


def test_every_table_is_in_a_page() -> None:
    text = "".join(page.read_text() for page in tables.pages())
    assert [name for name in tables.tables() if f"<!-- {name} -->" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_links_of_a_page_lead_to_a_file_and_a_heading(page: Path) -> None:
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_site_has_every_page() -> None:
    listed = "".join(blocks(DOCS / "index.md", "{toctree}")).split()
    assert sorted(path.stem for path in DOCS.glob("*.md")) == sorted(
        {"index", "_index", *(name for name in listed if (DOCS / f"{name}.md").exists())}
    )


@pytest.mark.parametrize(
    "module", [hologres_ai, hologres_ai.outputs, errors, emulator, testing], ids=attrgetter("__name__")
)
def test_every_public_name_has_a_docstring(module: ModuleType) -> None:
    names = getattr(module, "__all__", None) or [name for name in vars(module) if name[0].isupper()]
    public = {name: getattr(module, name) for name in names}
    objects = {name: value for name, value in public.items() if inspect.isclass(value) or inspect.isfunction(value)}
    own = {name: value for name, value in objects.items() if value.__module__.startswith("hologres_ai")}
    assert own
    assert [name for name, value in own.items() if not _is_documented(value)] == []


def _is_documented(value: object) -> bool:
    """Whether a class or function and all its own public methods have docstrings."""
    members = vars(value).items() if inspect.isclass(value) else ()
    methods = [item for name, item in members if not name.startswith("_") and inspect.isfunction(item)]
    return all(inspect.getdoc(item) for item in (value, *methods))


# ------------------------------------------------------------------------------------------------------- the messages


def test_messages_are_read_from_the_sources() -> None:
    assert list(messages.in_source(SOURCE)) == [
        ("no … is set: …", "Set hologres:region."),
        ("refused twice", "Wait. Set hologres:region."),
    ]


def test_every_message_and_error_code_is_in_troubleshooting() -> None:
    page = (DOCS / "troubleshooting.md").read_text()
    assert len(messages.messages()) > 40
    for row in [*messages.messages(), *messages.error_codes()]:
        assert tables.row(row) in page, "run `make format`"


def test_a_heading_that_quotes_a_message_is_one_of_the_package() -> None:
    """A heading in small letters with `…` or with "is set" quotes a message."""
    found = [text for tag, text in headings(DOCS / "troubleshooting.md") if tag == "h3"]
    quoted = [text for text in found if "…" in text or "is set" in text]
    titles = [title for title, _ in messages.messages()]
    assert quoted
    assert [text for text in quoted if not any(_is_same(text, title) for title in titles)] == []


def _is_same(heading: str, title: str) -> bool:
    return any(re.match(_pattern(one), other) for one, other in ((heading, title), (title, heading)))


def _pattern(text: str) -> str:
    return ".*".join(re.escape(part) for part in text.split("…"))


# ------------------------------------------------------------------------------------------------------- the registry


@pytest.mark.parametrize("language", ["typescript", "python", "go", "yaml"])
def test_the_overview_has_the_examples_of_the_schema(language: str) -> None:
    [example] = blocks(DOCS / "_index.md", language)
    [expected] = re.findall(rf"^```{language}\n(.*?)^```", FUNCTION_EXAMPLES, re.MULTILINE | re.DOTALL)
    assert example.endswith(expected)


def test_the_registry_page_has_one_choice_for_each_language() -> None:
    page = registry.rendered((DOCS / "_index.md").read_text())
    assert page.count('{{< chooser language "typescript,python,go,yaml" >}}') == 1
    assert re.findall(r"choosable language (\w+)", page) == ["typescript", "python", "go", "yaml"]
    assert page.startswith("---\ntitle: ")


# ------------------------------------------------------------------------------------------------------- the examples


@pytest.mark.parametrize("folder", sorted((ROOT / "examples").iterdir()), ids=lambda folder: folder.name)
def test_an_example_says_what_it_shows_how_to_run_it_and_what_it_prints(folder: Path) -> None:
    title, *lines = [line for line in (folder / "README.md").read_text().splitlines() if line]
    assert title.startswith("# ")
    assert len(lines) <= 6
    assert any(line.startswith("Run") for line in lines)
    assert any(line.startswith("It prints") for line in lines)
