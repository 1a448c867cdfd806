"""The configuration of a brat server names every label and value, and the map goes back."""

import re

import yaml

from tests.conftest import Project


def test_brat_configuration_names_all_labels_and_values(project: Project) -> None:
    assert project.annotate("export", "--format", "brat", "--out", "out").exit_code == 0
    conf = project.path("out/annotation.conf").read_text()
    sections = [line for line in conf.splitlines() if line.startswith("[")]
    assert sections == ["[entities]", "[relations]", "[events]", "[attributes]"]
    assert "<OVERLAP>\tArg1:<ENTITY>, Arg2:<ENTITY>, <OVL-TYPE>:<ANY>\n" in conf
    assert "wording\tArg:Load, Value:exact|at_least|at_most|range|vague\n" in conf
    # As brat's server splits its configuration: a term, white space, arguments of KEY:VALUES between commas.
    lines = [line for line in conf.splitlines() if line and not line.startswith("[")]
    assert [line for line in lines if not re.fullmatch(r"\S+(\s+[^\s:,]+:[^\s:,]+(, [^\s:,]+:[^\s:,]+)*)?", line)] == []
    map_ = yaml.safe_load(project.path("out/map.yaml").read_text())
    assert map_["attributes"]["wording"]["values"] == {"at_least": "at least", "at_most": "at most"}
