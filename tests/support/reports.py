"""Reports to render: of the emulator's fleet, of a changed fleet, of hostile names, of many nodes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hologres_ai
from hologres_ai.cli.reports import Report, ReportedError
from hologres_ai.core.result import build_result
from hologres_ai.drift import compare
from hologres_ai.models import AiNode, AiNodeListResult, NodeList, RegionOutcome, build_query
from hologres_ai.requirements import assess, build_requirements
from hologres_ai.testing.fleets import load_nodes

NOW = datetime(2026, 1, 19, 12, tzinfo=UTC)
REGION = "cn-hangzhou"
READ = RegionOutcome(region=REGION, outcome="ok")
DENIED = RegionOutcome(region="cn-shanghai", outcome="denied", reason="HTTP 403, Forbidden.RAM, request 2C2E")

# Names that a page or a terminal could interpret as markup or control characters.
SCRIPT = "<script>alert(1)</script>"
IMAGE = "\"'><img src=x onerror=alert(1)>"
STYLE = "</style><style>*{display:none}</style>"
HOSTILE_NAMES = {
    "script": SCRIPT,
    "image": IMAGE,
    "style": STYLE,
    "template": "{{ 7 * 7 }}{% raw %}",
    "entity": "&lt;b&gt;&amp;&#x202e;",
    "right to left": "שם של מופע " * 25,
    "override": "safe\u202egnp.exe",
    "long word": "N" * 300,
    "many accents": "Z\u0300\u0301\u0302\u0303\u0304\u0305" * 40,
    "control": "a\x00b\x1b[31mc\nd",
    "link": "javascript:alert(1)",
}


def emulator_nodes() -> tuple[AiNode, ...]:
    """The nodes of the emulator's fleet, read at `NOW`."""
    path = Path(hologres_ai.__file__).parent / "emulator" / "fleet.json"
    return load_nodes(path, clock=lambda: NOW)


def result(nodes: Sequence[AiNode], *outcomes: RegionOutcome, **query: object) -> AiNodeListResult:
    """The result of a read that lists `nodes`."""
    listed = NodeList(nodes=tuple(nodes), request_id="2C2E")
    return build_result(REGION, build_query(query), listed, region_outcomes=outcomes or (READ,))


def changed_nodes() -> list[AiNode]:
    """The fleet after some days: one event of most kinds."""
    nodes = list(emulator_nodes())
    nodes[1] = replace(nodes[1], node_count=3)
    nodes[3] = replace(nodes[3], auto_renewal=False, expiration_time="2026-03-01T00:00:00Z")
    nodes[4] = replace(nodes[4], expiration_time="2026-08-01T00:00:00Z")
    nodes[5] = replace(nodes[5], status="Paused")
    nodes.pop(6)
    return [*nodes, replace(nodes[0], ai_instance_id="hologram_aipostpay_public_cn-new01")]


def report(command: str = "list", **fields: object) -> Report:
    """A report at `NOW`, of the emulator's fleet where nothing else is given."""
    known: dict[str, object] = {
        "read_at": NOW,
        "credentials_from": "the environment",
        "access_key_id": "LTAI",
        "result": result(emulator_nodes()),
    }
    return Report(command=command, **{**known, **fields})  # type: ignore[arg-type] # checked by the dataclass's users


def drift_report() -> Report:
    """A comparison with events of each class but usage."""
    current = result(changed_nodes())
    return report("drift", result=current, drift=compare(result(emulator_nodes()), current))


def check_report() -> Report:
    """Requirements that are met, not met, and not known because of a region that could not be read."""
    partial = result(emulator_nodes(), READ, DENIED)
    required = {
        "min_free_gpus": 3,
        "min_nodes_ready": 40,
        "statuses": ["ResourceReady"],
        "ai_specs": ["small-8core-30G-24G"],
        "not_expiring_within_days": 30,
    }
    requirements = build_requirements(required, prefix="")
    verdicts = assess(requirements, partial, NOW)
    return report("check", result=partial, requirements=requirements, verdicts=verdicts)


def error_report() -> Report:
    """A run that failed."""
    error = ReportedError(
        title="the AccessKey may not list AI nodes",
        remedy="Grant the RAM action hologram:ListInstanceModel to the user or role.",
        status=403,
        code="NoPermission",
        request_id="2C2E-77",
    )
    return report("list", result=None, error=error, regions=(REGION,))


def hostile_nodes() -> list[AiNode]:
    """A node for each hostile name, which has it in every text."""
    node = emulator_nodes()[0]
    return [
        replace(
            node,
            ai_instance_id=name,
            holo_instance_id=name,
            holo_instance_name=name,
            ai_spec=name,
            status=name,
            charge_type=name,
            expiration_time=name,
        )
        for name in HOSTILE_NAMES.values()
    ]


def hostile_report() -> Report:
    """Hostile names in every place that a name can reach."""
    current = replace(result(hostile_nodes()), region_outcomes=(READ, replace(DENIED, reason=SCRIPT)))
    drift = compare(result(emulator_nodes()), current)
    return report("drift", result=current, drift=drift, credentials_from=IMAGE, access_key_id="<b>x", notes=(SCRIPT,))


def many_nodes(number: int) -> list[AiNode]:
    """Nodes of 20 to a Hologres instance, of which most have an expiry."""
    nodes = emulator_nodes()
    return [_numbered(nodes[index % len(nodes)], index) for index in range(number)]


def _numbered(node: AiNode, index: int) -> AiNode:
    end = NOW + timedelta(days=index * 37 % 420 - 5)
    return replace(
        node,
        ai_instance_id=f"hologram_aicombo_public_cn-{index:06}",
        holo_instance_id=f"hgpostcn-cn-{index // 20:05}",
        holo_instance_name=f"team-{index // 20}",
        expiration_time=end.isoformat() if index % 4 else None,
        auto_renewal=index % 3 == 0,
    )
