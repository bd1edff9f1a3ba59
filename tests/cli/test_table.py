"""The table on a terminal."""

import io
import re
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from hologres_ai.cli.table import SLIM, WIDE, Look, build_table, render_table, utilisation
from hologres_ai.models import AiNodeListResult, Usage
from hologres_ai.requirements import assess, build_requirements
from tests.support.command_line import NODE, NOW, OTHER, plain_lines, result_of


def draw(result: AiNodeListResult, width: int = 80, encoding: str = "utf-8", colour: bool = False) -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")
    console = Console(
        file=file,
        width=width,
        color_system="standard" if colour else None,
        force_terminal=colour,
        highlight=False,
    )
    console.print(build_table(result, Look(width, encoding, NOW)))
    file.seek(0)
    return file.read()


def test_the_table_at_80_columns() -> None:
    unknown = replace(OTHER, gpu_used=None, cpu_used=17, node_count=2, status="Odd", charge_type="PostPaid")
    paid_as_it_goes = replace(unknown, expiration_time=None, auto_renewal=None)

    assert [line.rstrip() for line in draw(result_of(NODE, paid_as_it_goes)).splitlines()] == [
        "AI instance                        GPU        CPU         Free Status",
        "Nodes x specification              GPU memory Memory           Billing",
        "Expiry (UTC)                                                   Renewal",
        "─" * 76,
        "AI节点List测试",
        "hgpostcn-cn-other",
        "hologram_aipostpay_public_cn-88yyy ?/2        17/16      ? GPU Odd",
        "2 x small-8core-30G-24G            ████░  75% █████ 100% 12 GB PostPaid",
        "",
        "AI节点List测试",
        "hgpostcn-cn-yi34hlzdx003",
        "hologram_aicombo_public_cn-77xxx   ██░░░  50% █░░░░  25% 1 GPU ResourceReady",
        "2 x small-8core-30G-24G            ████░  75% █████ 100% 12 GB PrePaid",
        "2026-01-28, in 8 days                                          no renewal",
        "─" * 76,
        "Total in cn-hangzhou               ?/4        21/32      ? GPU",
        "4 nodes                            ████░  75% █████ 100% 24 GB",
    ]


def test_the_table_at_160_columns_has_a_column_for_each_figure() -> None:
    lines = draw(result_of(NODE), width=160).splitlines()
    row = next(line for line in lines if NODE.ai_instance_id and NODE.ai_instance_id in line)

    assert row.split() == [
        "hologram_aicombo_public_cn-77xxx",
        "2",
        *("████░░░░", "50%"),
        *("██████░░", "75%"),
        *("██░░░░░░", "25%"),
        *("████████", "100%"),
        "1",
        "12",
        "ResourceReady",
        "2026-01-28",
    ]


@pytest.mark.parametrize("width", [60, SLIM, 80, 99, 100, 120, WIDE, 160, 240])
@pytest.mark.parametrize("usage", [True, False])
def test_nothing_is_cut_at_any_width(width: int, usage: bool) -> None:
    long = replace(NODE, ai_instance_id="hologram_aicombo_public_cn-" + "0123456789" * 5, ai_spec="s" * 70)
    text = draw(result_of(NODE, long, include_usage=usage), width)
    squeezed = re.sub(r"\s", "", "".join(line[: column_end(text)] for line in text.splitlines()))

    assert max(map(cell_len, text.splitlines())) <= width
    assert "…" not in text
    for value in (long.ai_instance_id, long.ai_spec, NODE.ai_instance_id, NODE.holo_instance_id):
        assert value
        assert value in squeezed
    assert ("Free" in text) == usage


def column_end(text: str) -> int:
    """The end of the first column, by the first line of the heading."""
    heading = next(line for line in text.splitlines() if "GPU" in line)
    return heading.index("Nodes") if "Nodes  " in heading else heading.index("GPU")


def test_columns_stay_aligned_with_every_name() -> None:
    names = ["AI节点List测试", "שלום עולם", "مرحبا", "🇨🇳👍🏽", "e\u0301", "\x1b[2J\x07\u202e\u200d", "a\nb\tc", ""]
    spoilt = [replace(NODE, ai_instance_id=name, holo_instance_id=str(i)) for i, name in enumerate(names)]
    text = draw(result_of(*spoilt))

    rows = [line for line in text.splitlines() if "ResourceReady" in line]
    assert len(rows) == len(names)
    assert len({cell_len(row[: row.index("ResourceReady")]) for row in rows}) == 1
    assert r"\x1b[2J\x07\u202e\u200d" in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]", text)


@pytest.mark.parametrize("encoding", ["ascii", "gbk"])
def test_encodings_without_block_characters_get_ascii_bars(encoding: str) -> None:
    text = draw(result_of(NODE), encoding=encoding)

    assert ("AI节点List测试" if encoding == "gbk" else r"AI\u8282\u70b9List\u6d4b\u8bd5") in text
    assert "##... " in text
    assert not set(text) & set("█░─")


@pytest.mark.parametrize(
    ("used", "capacity", "free", "shown"),
    [
        (0, 4, 4, "░░░░░   0%"),
        (1, 1000, 999, "█░░░░   0%"),
        (2, 4, 2, "██░░░  50%"),
        (999, 1000, 1, "████░  99%"),
        (29, 100, 71, "█░░░░  29%"),
        (4, 4, 0, "█████ 100%"),
        (0, 0, 0, "0/0"),
        (None, 4, None, "?/4"),
        (4, None, None, "4/?"),
        (None, None, None, "?/?"),
        (32, 2, None, "32/2"),
        (-1, 2, 3, "-1/2"),
    ],
)
def test_a_bar_shows_the_share_in_use(used: int | None, capacity: int | None, free: int | None, shown: str) -> None:
    usage = Usage(used=used, capacity=capacity, free=free)

    assert utilisation(usage, Look(80, "utf-8", NOW)).plain == shown


@pytest.mark.parametrize(("used", "colour"), [(0, "green"), (69, "green"), (70, "yellow"), (89, "yellow"), (90, "red")])
def test_bars_are_coloured_by_utilisation(used: int, colour: str) -> None:
    bar = utilisation(Usage(used=used, capacity=100, free=100 - used), Look(80, "utf-8", NOW))

    assert [str(span.style) for span in bar.spans] == [colour]


@pytest.mark.parametrize(
    ("expiry", "renews", "shown", "red"),
    [
        ("2026-01-28T07:44:27.535Z", False, "2026-01-28, in 8 days", True),
        ("2026-01-28T07:44:27.535Z", None, "2026-01-28, in 8 days", True),
        ("2026-01-28T07:44:27.535Z", True, "2026-01-28, in 8 days", False),
        ("2026-01-20T00:00:00.000Z", False, "2026-01-20, in 12 hours", True),
        ("2026-01-19T23:00:00.000Z", False, "2026-01-19, in 11 hours", True),
        ("2026-01-17T23:00:00.000Z", False, "2026-01-17, 37 hours ago", True),
        ("2026-02-18T00:00:00.000Z", False, "2026-02-18, in 29 days", True),
        ("2026-02-19T00:00:00.000Z", False, "2026-02-19, in 30 days", False),
        ("never\x1b", False, r"never\x1b", False),
    ],
)
def test_an_expiry_within_30_days_without_renewal_is_red(
    expiry: str, renews: bool | None, shown: str, red: bool
) -> None:
    node = replace(NODE, expiration_time=expiry, auto_renewal=renews)
    coloured = draw(result_of(node), colour=True)
    line = next(line for line in coloured.splitlines() if shown.split(",", maxsplit=1)[0] in line)

    assert shown in plain_lines(line)[0]
    assert ("\x1b[1;31m" in line) == red


@pytest.mark.parametrize(("charge_type", "shown"), [("PostPaid", False), ("POSTPAID", False), ("PrePaid", True)])
def test_a_pay_as_you_go_node_has_no_renewal(charge_type: str, shown: bool) -> None:
    node = replace(NODE, charge_type=charge_type, auto_renewal=None)
    assert ("renewal ?" in draw(result_of(node))) == shown


def test_a_node_of_another_region_is_shown_with_its_region() -> None:
    text = draw(result_of(NODE, replace(OTHER, region_id="cn-beijing")))

    assert text.count("in cn-beijing") == 1
    assert "in cn-hangzhou" in text


@pytest.mark.parametrize("hour", [0, 7, 8, 12, 23])
def test_list_and_check_count_the_same_days(hour: int) -> None:
    now = NOW.replace(hour=hour)
    result = result_of(NODE)
    [verdict] = assess(build_requirements({"not_expiring_within_days": 1}, prefix=""), result, now)
    assert f"in {verdict.figure} days" in render_table(result, now)
