"""The table of outcomes: for each command and outcome, every format on stdout and in a file, and the exit code.

The commands run in this process, for speed; `test_errors.py` has the cases that need a separate process.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from prometheus_client.parser import text_string_to_metric_families

from hologres_ai.cli import main
from hologres_ai.emulator import Emulator
from tests.conftest import write_a_node_in_each

PEOPLE = ("text", "json", "markdown", "junit", "html")
FORMATS = {"list": (*PEOPLE, "prometheus"), "drift": PEOPLE, "check": (*PEOPLE, "nagios", "prometheus")}
REGIONS = ("cn-hangzhou", "cn-shanghai")
BOTH = ("--region", "cn-hangzhou", "--region", "cn-shanghai", "--on-region-error", "partial")


class Scenario:
    """An emulator with a node in each of two regions, a baseline of them, and a folder for reports."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self.emulator = emulator
        self.fleet = emulator.fleet_path
        self.baseline = folder / "baseline.json"
        self.reports = folder / "reports"
        self.reports.mkdir()
        self.settings: dict[str, str | None] = {
            **emulator.environment,
            "ALIBABA_CLOUD_ENDPOINT_HOLOGRAM": emulator.endpoint,
            "MAX_RETRY_TIMEOUT": "3",
        }
        assert self.run("drift", "--baseline", str(self.baseline), *BOTH[:4], "--accept").exit_code == 0

    def run(self, *arguments: str) -> Result:
        given = [argument.replace("BASELINE", str(self.baseline)) for argument in arguments]
        return CliRunner().invoke(main, given, env=self.settings)

    def deny(self, region: str) -> None:
        self.emulator.arm("denied", 100, region=region)

    def change(self) -> None:
        self.fleet.write_text(self.fleet.read_text().replace('"nodeCount": 1', '"nodeCount": 2', 1))


@pytest.fixture
def scenario(tmp_path: Path) -> Iterator[Scenario]:
    fleet = write_a_node_in_each(tmp_path / "fleet.json", REGIONS)
    with Emulator(fleet) as emulator:
        yield Scenario(emulator, tmp_path)


@dataclass(frozen=True)
class Row:
    """A command and its outcome.

    Attributes:
        arguments: of the command.
        code: its exit code.
        prepare: sets the emulator and the files up.
        text: whether text is printed where no format is asked for.
        says: what stderr says; empty where it says nothing.
        junit: the numbers of failures, errors and skipped testcases.
        error: whether the reports are those of a failure.
        written: whether there are reports at all.
        nagios: the exit code with ``--report nagios``.
    """

    arguments: tuple[str, ...]
    code: int
    prepare: Callable[[Scenario], object] = lambda scenario: None
    text: bool = True
    says: str = ""
    junit: tuple[int, int, int] = (0, 0, 0)
    error: bool = False
    written: bool = True
    nagios: int = 3


def unset(name: str) -> Callable[[Scenario], object]:
    return lambda scenario: scenario.settings.update({name: None})


def unread_region(scenario: Scenario) -> None:
    scenario.deny("cn-shanghai")


def unread_region_and_drift(scenario: Scenario) -> None:
    unread_region(scenario)
    scenario.change()


def failed(*arguments: str, says: str, prepare: Callable[[Scenario], object] = lambda scenario: None) -> Row:
    return Row(arguments, 1, prepare, text=False, says=says, junit=(0, 1, 0), error=True)


def refused(*arguments: str, says: str) -> Row:
    return Row(arguments, 1, text=False, says=says, written=False)


DRIFT = ("drift", "--baseline", "BASELINE")
PARTIAL = ("--on-region-error", "partial")
CHECK = ("check", *BOTH, "--min-nodes-ready", "0")
UNMET = ("check", *BOTH, "--require-status", "Paused")

TABLE: dict[str, Row] = {
    "list: nodes": Row(("list", *BOTH), 0),
    "list: no nodes": Row(("list", "--id", "none"), 0, text=False, says="warning: no AI nodes in cn-hangzhou"),
    "list: a region unread": Row(
        ("list", *BOTH), 0, unread_region, says="warning: cn-shanghai could not", junit=(0, 1, 0)
    ),
    "list: denied": failed("list", prepare=lambda scenario: scenario.deny("cn-hangzhou"), says="HTTP 403"),
    "list: no key": failed("list", prepare=unset("ALIBABA_CLOUD_ACCESS_KEY_SECRET"), says="Set ALIBABA_CLOUD_ACCESS"),
    "list: wrong option": refused("list", "--bogus", says="No such option"),
    "list: wrong value": refused("list", "--name-regex", "(", says="--name-regex: not a regular expression"),
    "list: empty value": refused("list", "--region", "", says="must not be empty"),
    "drift: none": Row(DRIFT, 0),
    "drift: an event": Row(DRIFT, 2, Scenario.change, junit=(1, 0, 0)),
    "drift: ignored": Row((*DRIFT, "--ignore", "resized=ai-*"), 0, Scenario.change),
    "drift: ignored in vain": Row((*DRIFT, "--ignore", "added"), 0, says="note: --ignore added matches no event"),
    "drift: a region unread": Row(
        (*DRIFT, *PARTIAL), 1, unread_region, says="cn-shanghai could not be read", junit=(0, 1, 0)
    ),
    "drift: an event, a region unread": Row(
        (*DRIFT, *PARTIAL), 2, unread_region_and_drift, says="cn-shanghai could not be read", junit=(1, 1, 0)
    ),
    "drift: accepted": Row((*DRIFT, "--accept"), 0, Scenario.change, says="is the new baseline", junit=(1, 0, 0)),
    "drift: first baseline": Row(
        (*DRIFT, "--accept"), 0, lambda scenario: scenario.baseline.unlink(), text=False, says="is the first baseline"
    ),
    "drift: denied": failed(*DRIFT, prepare=unread_region, says="1 of 2 regions could not be read"),
    "drift: not acceptable": failed(*DRIFT, "--accept", *PARTIAL, prepare=unread_region, says="no new baseline"),
    "drift: no baseline": failed("drift", "--baseline", "nowhere.json", says="--baseline nowhere.json --accept"),
    "drift: a baseline that is none": failed(
        *DRIFT, prepare=lambda scenario: scenario.baseline.write_text("{"), says="not JSON"
    ),
    "drift: another query": failed(*DRIFT, "--region", "cn-beijing", says="--region: the baseline was read in"),
    "drift: neither": refused("drift", says="Give either --baseline or --stack."),
    "drift: empty stack": refused("drift", "--stack", "", says="must not be empty"),
    "drift: unknown class": refused(*DRIFT, "--classes", "usge", says="'usge' is not one of"),
    "drift: unknown kind": refused(*DRIFT, "--ignore", "resize", says='did you mean "resized"'),
    "check: met": Row(CHECK, 0, nagios=0),
    "check: not met": Row(UNMET, 2, junit=(1, 0, 0), nagios=2),
    "check: not met, warning": Row((*UNMET, "--warn"), 0, junit=(0, 0, 1), nagios=1),
    "check: met, a region unread": Row(
        CHECK, 0, unread_region, says="cn-shanghai could not be read", junit=(0, 1, 0), nagios=0
    ),
    "check: unknown, a region unread": Row(
        ("check", *BOTH, "--min-nodes-ready", "9"),
        1,
        unread_region,
        says="cn-shanghai could not be read",
        junit=(0, 2, 0),
    ),
    "check: denied": failed(*CHECK[:3], *CHECK[-2:], prepare=lambda w: w.deny("cn-hangzhou"), says="HTTP 403"),
    "check: no region": failed("check", *CHECK[-2:], prepare=unset("ALIBABA_CLOUD_REGION"), says="Give --region"),
    "check: nothing required": refused("check", says="Specify at least one requirement"),
    "check: wrong figure": refused("check", "--min-free-gpus", "some", says="--min-free-gpus: not a whole number"),
}


def check_report(name: str, text: str, row: Row) -> None:
    """The report is valid in its format, and contains the failure if there was one."""
    CHECKS[name](text, row)


def check_text(text: str, row: Row) -> None:
    assert text.strip()
    assert text.startswith("error: ") == row.error


def check_json(text: str, row: Row) -> None:
    document = json.loads(text)
    assert (document.get("kind") == "hologres-ai/Error") == row.error
    if row.error:
        assert {"title", "facts", "remedy"} <= set(document)


def check_markdown(text: str, row: Row) -> None:
    assert text.startswith("### ")
    assert text.splitlines()[0].endswith("failed") == row.error


def check_junit(text: str, row: Row) -> None:
    root = ElementTree.fromstring(text)
    counted = tuple(len(list(root.iter(tag))) for tag in ("failure", "error", "skipped"))
    assert counted == row.junit
    assert tuple(int(root.get(name, "")) for name in ("failures", "errors", "skipped")) == row.junit
    assert int(root.get("tests", "")) == len(list(root.iter("testcase"))) > 0


def check_html(text: str, row: Row) -> None:
    assert text.lower().startswith("<!doctype html>")
    assert text.rstrip().endswith("</html>")


def check_nagios(text: str, row: Row) -> None:
    words = {0: "OK", 1: "WARNING", 2: "CRITICAL", 3: "UNKNOWN"}[row.nagios]
    assert re.fullmatch(rf"HOLOGRES_AI {words} - [^|\n]+( \| [^|\n]+)?\n", text)


def check_prometheus(text: str, row: Row) -> None:
    families = {family.name: family for family in text_string_to_metric_families(text)}
    up = families["hologres_ai_up"].samples
    assert all(sample.labels.keys() == {"region"} for sample in up)
    assert up
    if row.error:
        assert {sample.value for sample in up} == {0}


CHECKS: Mapping[str, Callable[[str, Row], None]] = {
    "text": check_text,
    "json": check_json,
    "markdown": check_markdown,
    "junit": check_junit,
    "html": check_html,
    "nagios": check_nagios,
    "prometheus": check_prometheus,
}


@pytest.mark.parametrize("name", TABLE)
def test_report_files_of_every_format_are_written_in_addition_to_text_on_stdout(scenario: Scenario, name: str) -> None:
    row = TABLE[name]
    row.prepare(scenario)
    files = {form: scenario.reports / form for form in FORMATS[row.arguments[0]]}
    files["text"].write_text("as before")
    done = scenario.run(*row.arguments, *(f"--report={form}={file}" for form, file in files.items()))
    assert done.exit_code == row.code, done.stderr
    assert bool(done.stdout) == row.text
    assert row.says in done.stderr
    assert bool(row.says) == bool(done.stderr)
    if not row.written:
        assert {path.name: path.read_text() for path in scenario.reports.iterdir()} == {"text": "as before"}
        return
    for form, file in files.items():
        if name == "list: no nodes" and form == "text":
            continue
        check_report(form, file.read_text(encoding="utf-8"), row)


@pytest.mark.parametrize(
    ("name", "form"),
    [(name, form) for name, row in TABLE.items() for form in FORMATS[row.arguments[0]] if form not in ("text", "html")],
)
def test_each_format_is_printed_alone_on_stdout(scenario: Scenario, name: str, form: str) -> None:
    row = TABLE[name]
    row.prepare(scenario)
    done = scenario.run(*row.arguments, "--report", form)
    assert done.exit_code == (row.nagios if form == "nagios" else row.code), done.stderr
    assert row.says in done.stderr
    if row.written or form == "nagios":
        check_report(form, done.stdout, row)
    else:
        assert done.stdout == ""


@pytest.mark.parametrize("name", TABLE)
def test_quiet_prints_nothing_when_a_report_is_written(scenario: Scenario, name: str) -> None:
    row = TABLE[name]
    row.prepare(scenario)
    file = scenario.reports / "json"
    done = scenario.run(*row.arguments, "--quiet", f"--report=json={file}")
    assert (done.exit_code, done.stdout) == (row.code, "")
    assert file.exists() == row.written


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("list: nodes", False),
        ("drift: none", False),
        ("drift: ignored", False),
        ("drift: an event", True),
        ("drift: a region unread", True),
        ("check: met", False),
        ("check: not met", True),
        ("check: not met, warning", True),
        ("check: met, a region unread", True),
    ],
)
def test_quiet_prints_text_only_for_a_finding(scenario: Scenario, name: str, printed: bool) -> None:
    row = TABLE[name]
    row.prepare(scenario)
    done = scenario.run(*row.arguments, "--quiet")
    assert (done.exit_code, bool(done.stdout)) == (row.code, printed)


def test_quiet_prints_a_machine_format_completely(scenario: Scenario) -> None:
    assert json.loads(scenario.run(*DRIFT, "--quiet", "--json").stdout)["drift"] is False


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--json", "--junit"), "Only one report can be printed on stdout, not json and junit"),
        (("--json", "--report", "json"), "Only one report can be printed on stdout"),
        (("--report", "text", "--report", "html=-"), "Only one report can be printed on stdout"),
        (("--report", "xml=x"), "no such format: 'xml'; give one of text, json, markdown, junit, html\n"),
        (("--report", "jsn"), "no such format: 'jsn'; did you mean \"json\"?\n"),
        (("--ignore", "resize"), "no such event or class: 'resize'; did you mean \"resized\"?\n"),
        (("--report", "json="), "the name of the file is empty"),
        (("--report", "json=x", "--report", "junit=x"), "Two reports can't be written to the same file: x"),
        (("--report", "nagios"), "no such format: 'nagios'"),
        (("--report", "json=BASELINE"), "A report can't replace"),
        (("--report", "json=./x", "--report", "junit=x"), "Two reports can't be written to the same file: ./x"),
        (("--report", "json=/dev/stdout", "--junit"), "Only one report can be printed on stdout"),
    ],
)
def test_invalid_combinations_of_reports_are_refused(scenario: Scenario, arguments: tuple[str, ...], says: str) -> None:
    before, requests = scenario.baseline.read_text(), scenario.emulator.requests
    done = scenario.run(*DRIFT, *arguments)
    assert (done.exit_code, done.stdout, says in done.stderr) == (1, "", True), done.stderr
    assert (scenario.baseline.read_text(), scenario.emulator.requests) == (before, requests)


@pytest.mark.parametrize("name", ["list: nodes", "drift: an event", "check: not met"])
def test_a_report_that_cannot_be_written_fails_the_run_and_keeps_other_reports(scenario: Scenario, name: str) -> None:
    row = TABLE[name]
    row.prepare(scenario)
    file, nowhere = scenario.reports / "json", scenario.reports / "nowhere" / "junit"
    done = scenario.run(*row.arguments, f"--report=junit={nowhere}", f"--report=json={file}")
    assert (done.exit_code, done.stderr) == (
        1,
        f"error: cannot write {nowhere}: No such file or directory\nCheck the file, or correct --report junit=FILE.\n",
    )
    check_json(file.read_text(), row)
    assert done.stdout


def test_a_report_that_cannot_be_written_is_unknown_with_the_nagios_report(scenario: Scenario) -> None:
    done = scenario.run(*CHECK, "--report", "nagios", "--report", f"json={scenario.reports}/nowhere/json")
    assert done.exit_code == 3
    assert done.stdout.startswith("HOLOGRES_AI UNKNOWN - a report could not be written | ")


@pytest.mark.parametrize("arguments", [("list",), DRIFT])
def test_only_check_has_the_exit_codes_of_a_monitoring_plugin(scenario: Scenario, arguments: tuple[str, ...]) -> None:
    done = scenario.run(*arguments, "--report", "nagios")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "no such format: 'nagios'" in done.stderr


def test_the_nagios_report_names_the_regions_if_none_could_be_read(scenario: Scenario) -> None:
    for region in REGIONS:
        scenario.deny(region)
    done = scenario.run(*CHECK, "--report", "nagios")
    assert (done.exit_code, done.stdout) == (
        3,
        "HOLOGRES_AI UNKNOWN - 2 of 2 regions could not be read: cn-hangzhou (denied), cn-shanghai (denied)\n",
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", None),
        ("MAX_RETRY_TIMEOUT", "soon"),
        ("ALIBABA_CLOUD_IMDSV1_DISABLED", "perhaps"),
        ("ALIBABA_CLOUD_CREDENTIALS_FILE", "/nowhere/config.json"),
    ],
)
def test_the_report_of_a_run_with_an_invalid_setting_has_the_regions(
    scenario: Scenario, name: str, value: str | None
) -> None:
    scenario.settings[name] = value
    profile = ("--profile", "prod") if name.endswith("FILE") else ()
    done = scenario.run("list", "--region", "cn-hangzhou", *profile, "--report", "prometheus")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (1, 'hologres_ai_up{region="cn-hangzhou"} 0')


def test_the_report_of_a_failed_comparison_has_the_regions_in_the_options(scenario: Scenario) -> None:
    page = scenario.reports / "page.html"
    failed = ("drift", "--baseline", "nowhere.json", f"--report=html={page}")
    assert scenario.run(*failed, *BOTH[:4]).exit_code == 1
    assert "cn-hangzhou, cn-shanghai" in page.read_text()
    assert scenario.run(*failed).exit_code == 1
    assert "cn-hangzhou" not in page.read_text(), "the regions of a comparison are in the baseline"


def test_a_report_is_written_if_the_regions_are_unknown(scenario: Scenario) -> None:
    settings = {"ALIBABA_CLOUD_REGION": None, "ALICLOUD_PROFILE": "prod", "ALIBABA_CLOUD_CREDENTIALS_FILE": "/nowhere"}
    scenario.settings.update(settings)
    done = scenario.run("list", "--report", "prometheus")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (1, 'hologres_ai_up{region=""} 0')


def test_ignored_events_are_counted_and_are_no_drift(scenario: Scenario) -> None:
    scenario.change()
    ignored: dict[str, Any] = json.loads(scenario.run(*DRIFT, "--ignore", "inventory", "--json").stdout)
    assert (ignored["drift"], ignored["events"], len(ignored["ignored"])) == (False, [], 1)
    for form in ("text", "markdown"):
        assert "1 event ignored" in scenario.run(*DRIFT, "--ignore", "inventory", "--report", form).stdout
    assert 'name="ignored" value="1"' in scenario.run(*DRIFT, "--ignore", "inventory", "--junit").stdout
    assert scenario.run(*DRIFT, "--ignore", "resized=ai-cn-shang*").exit_code == 2
    assert scenario.run(*DRIFT, "--ignore", "added", "--accept").exit_code == 0
    assert scenario.run(*DRIFT).exit_code == 0


def test_an_ignore_file_has_entries_and_comments(scenario: Scenario, tmp_path: Path) -> None:
    scenario.change()
    file = tmp_path / "ignore"
    file.write_text("\ufeff# expected\n\n  resized=ai-*  # until Monday\r\nrenamed\n", encoding="utf-8")
    done = scenario.run(*DRIFT, "--ignore-file", str(file))
    assert done.exit_code == 0
    assert done.stderr.startswith("note: --ignore renamed matches no event\n")
    file.write_text("resized\nresize\n")
    done = scenario.run(*DRIFT, "--ignore-file", str(file))
    assert (done.exit_code, f"{file}, line 2: no such event or class: 'resize'" in done.stderr) == (1, True)


def test_an_unmatched_ignore_entry_is_not_reported_while_a_region_is_unread(scenario: Scenario) -> None:
    unread_region(scenario)
    assert "matches no event" not in scenario.run(*DRIFT, *PARTIAL, "--ignore", "added").stderr


def test_every_format_shows_the_same_fingerprint_of_the_drift(scenario: Scenario) -> None:
    def fingerprints() -> set[str]:
        arguments = (*DRIFT, *PARTIAL)
        found = {json.loads(scenario.run(*arguments, "--json").stdout)["fingerprint"]}
        for form in ("text", "markdown", "junit"):
            found |= set(re.findall(r"\b[0-9a-f]{64}\b", scenario.run(*arguments, "--report", form).stdout))
        return found

    [unchanged] = {json.loads(scenario.run(*DRIFT, "--json").stdout)["fingerprint"]}
    scenario.change()
    [changed] = fingerprints()
    unread_region(scenario)
    [with_unread_region] = fingerprints()
    assert len({unchanged, changed, with_unread_region}) == 3
    scenario.emulator.disarm()
    assert fingerprints() == {changed}
