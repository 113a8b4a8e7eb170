"""What scripts/monitoring gives to Prometheus and Grafana, judged by promtool and by what the library
writes."""

import json
import re
import shutil
import subprocess

import pytest

from harness import builds

MONITORING = builds.REPOSITORY / "scripts" / "monitoring"
RULES = MONITORING / "curveshim-rules.yml"
DASHBOARD = MONITORING / "curveshim-dashboard.json"
ELSEWHERE = {"node_textfile_mtime_seconds", "curveshim:connections"}


def promtool(*arguments, cwd=MONITORING):
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed")
    done = subprocess.run(["promtool", *map(str, arguments)], cwd=cwd, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def written():
    """The names of the metrics that the library writes."""
    text = "".join((builds.REPOSITORY / "shim" / name).read_text(encoding="utf-8")
                   for name in ("metrics_table.c", "metrics_text.c"))
    return set(re.findall(r'"(curveshim_[a-z_]+)"', text))


def panels():
    return json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]


def expressions():
    return [target["expr"] for panel in panels() for target in panel["targets"]]


def named(text):
    text = re.sub(r"^#.*", "", text, flags=re.MULTILINE)
    return set(re.findall(r"\b(?:curveshim|node)[_:][a-z_]+\b", text))


def test_rules_are_well_formed():
    assert "SUCCESS" in promtool("check", "rules", RULES)


def test_alerts_fire_when_they_should():
    assert "SUCCESS" in promtool("test", "rules", "curveshim-rules-test.yml")


def test_every_alert_is_tested():
    alerts = set(re.findall(r"alert: (\w+)", RULES.read_text(encoding="utf-8")))
    tested = (MONITORING / "curveshim-rules-test.yml").read_text(encoding="utf-8")
    assert len(alerts) >= 9
    for alert in alerts:
        assert re.search(rf"alertname: {alert}\n\s+exp_alerts:\n\s+- ", tested), alert


def test_the_dashboards_expressions(tmp_path):
    """As Grafana fills them in."""
    rules = []
    for number, expression in enumerate(expressions()):
        expression = expression.replace("$__rate_interval", "5m")
        expression = re.sub(r"\$(instance|program)", ".*", expression)
        assert "$" not in expression
        rules.append({"record": f"panel:{number}", "expr": expression})
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}), encoding="utf-8")
    assert f"{len(rules)} rules found" in promtool("check", "rules", file)


def test_only_metrics_that_exist_are_used():
    used = named(RULES.read_text(encoding="utf-8")) | set().union(*map(named, expressions()))
    assert len(written()) >= 15
    assert used <= written() | ELSEWHERE
    assert all(panel["title"] and panel["type"] for panel in panels())
    assert len({panel["id"] for panel in panels()}) == len(panels())
