"""The page that the real command writes, beside the JSON of the same read."""

import json
from pathlib import Path
from typing import Any

from hologres_ai.emulator import Emulator
from tests.browser.conftest import Open
from tests.support.command_line import environment, run_process


def test_list_writes_an_html_page_with_the_data_of_the_json(
    emulator: Emulator, open_report: Open, tmp_path: Path
) -> None:
    page, data = tmp_path / "nodes.html", tmp_path / "nodes.json"
    done = run_process("list", f"--report=html={page}", f"--report=json={data}", env=environment(emulator.url))
    assert (done.returncode, done.stderr) == (0, "")
    wire: dict[str, Any] = json.loads(data.read_text(encoding="utf-8"))
    opened = open_report(page)
    assert (opened.requests, opened.reports) == ([], [])
    assert f"{len(wire['instanceModelList'])} AI instances" in opened.texts(".headline")[0]
    gpu = wire["totals"]["gpu"]
    assert opened.texts(".card")[0].startswith(
        f"GPU cards {gpu['free']} free {gpu['used']} of {gpu['capacity']} in use"
    )
    names = [text.split()[0] for text in opened.texts(".nodes tbody th[scope=row]")]
    assert names == [node["aiInstanceId"] for node in wire["instanceModelList"]]
    assert "AccessKey ID" in opened.texts(".facts")[0]


def test_failed_read_writes_a_page_with_the_failure(emulator: Emulator, open_report: Open, tmp_path: Path) -> None:
    emulator.arm("denied")
    page = tmp_path / "nodes.html"
    assert run_process("list", f"--report=html={page}", env=environment(emulator.url)).returncode == 1
    opened = open_report(page)
    assert (opened.requests, opened.reports) == ([], [])
    assert opened.texts(".headline") == ["✗ The run failed"]
    assert "403" in opened.texts("#failure")[0]
