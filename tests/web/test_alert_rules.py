"""The alert rules and the dashboard in deploy/ speak of what /metrics says."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from publisher.app import Application
from publisher.ledger.heartbeats import ProcessKind
from publisher.ledger.reading.lateness import Cause
from publisher.model.states import State
from publisher.web.routes.metrics import _Figures
from tests.support.system import missing, program

ROOT = Path(__file__).parents[2]
_LABELS = {"cause": Cause, "kind": ProcessKind, "state": State}


def expressions() -> Iterator[str]:
    rules = yaml.safe_load((ROOT / "deploy/prometheus/publisher.rules.yml").read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            yield rule["expr"]
    board: dict[str, Any] = json.loads((ROOT / "deploy/grafana/publisher.json").read_text())
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield target["expr"]
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["query"]["query"]


def test_every_figure_that_they_name_is_there(app: Application) -> None:
    there = set()
    for family in _Figures(app).collect():
        there |= {family.name, *(sample.name for sample in family.samples)}
    named = {name for text in expressions() for name in re.findall(r"\bpublisher_\w+", text)}
    assert len(named) >= 10
    assert named - there == set()


def test_every_value_of_a_label_is_one_that_there_is() -> None:
    found = [
        (label, value)
        for text in expressions()
        for label, values in re.findall(r'\b(cause|kind|state)[=!]~?"([^"]+)"', text)
        for value in values.split("|")
    ]
    assert {label for label, _value in found} == set(_LABELS)
    assert [(label, value) for label, value in found if value not in set(_LABELS[label])] == []


def test_panels_have_their_own_place() -> None:
    """24 columns, and no panel over another one."""
    panels = json.loads((ROOT / "deploy/grafana/publisher.json").read_text())["panels"]
    taken = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _y in taken) == 23
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_prometheus_can_read_every_query_of_the_dashboard(tmp_path: Path) -> None:
    """As rules, for its tool reads no dashboards; Grafana fills in the variables."""
    promtool = program("promtool") or missing("promtool", "prometheus")
    panels = json.loads((ROOT / "deploy/grafana/publisher.json").read_text())["panels"]
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    rules = [{"record": f"panel:{n}", "expr": query} for n, query in enumerate(queries)]
    file = tmp_path / "dashboard.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = subprocess.run(
        [promtool, "check", "rules", file], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, f"{len(queries)} rules found" in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize("what", ["check", "test"])
def test_prometheus_accepts_the_rules(what: str) -> None:
    """And each is raised when it should be, by publisher.test.yml."""
    promtool = program("promtool") or missing("promtool", "prometheus")
    file = {"check": "publisher.rules.yml", "test": "publisher.test.yml"}[what]
    done = subprocess.run(
        [promtool, what, "rules", file],
        cwd=ROOT / "deploy/prometheus", capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
