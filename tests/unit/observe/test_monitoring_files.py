"""The example dashboard and alert rules are valid, and ask for nothing that syncd does not give."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.system.service import METRICS

FILES = Path(__file__).parents[3] / "docs" / "monitoring"
METRIC = re.compile(r"\bsyncd_[a-z_]+")
#: a scrape renames our label, since Prometheus has one of that name
LABELS = {"exported_job" if label == "job" else label for labels in METRICS.values() for label in labels} | {"instance"}


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((FILES / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    return group["rules"]


def panels() -> list[dict[str, Any]]:
    return json.loads((FILES / "grafana-dashboard.json").read_text(encoding="utf-8"))["panels"]


def expressions() -> list[str]:
    return [rule["expr"] for rule in rules()] + [ask["expr"] for panel in panels() for ask in panel["targets"]]


@pytest.mark.parametrize("expression", expressions())
def test_each_question_is_about_metrics_and_labels_that_exist(expression: str) -> None:
    families = {re.sub(r"_(count|sum|bucket)$", "", name) for name in METRICS}
    for metric in METRIC.findall(expression):
        assert re.sub(r"_(count|sum|bucket)$", "", metric) in families, metric
    for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", expression):
        assert label in LABELS | {"job"}, label
    assert expression.count("(") == expression.count(")")
    assert expression.count("{") == expression.count("}")


def test_every_metric_stands_in_the_dashboard() -> None:
    shown = {re.sub(r"_(count|sum|bucket)$", "", name) for one in expressions() for name in METRIC.findall(one)}
    assert {re.sub(r"_(count|sum|bucket)$", "", name) for name in METRICS} <= shown


def test_each_alert_tells_what_to_do() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert re.search(r"syncd|config\.toml", rule["annotations"]["description"]), rule["alert"]


def test_no_panel_covers_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        fields = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not fields & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= fields
