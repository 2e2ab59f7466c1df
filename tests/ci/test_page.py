"""docs/ci.md can be copied: its YAML names inputs, variables and hooks that are there."""

from __future__ import annotations

import re
from typing import Any

from ruamel.yaml import YAML

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    """The blocks of a language."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def loaded(text: str) -> Any:
    """YAML."""
    return YAML(typ="safe").load(text)


def test_the_workflows_name_inputs_and_outputs_that_are_there() -> None:
    """GitHub: every input of the page's steps is one of the Action's; GitLab: every variable is the template's."""
    action, template = (
        loaded((ROOT / "action.yml").read_text("utf-8")),
        loaded((ROOT / "ci" / "gitlab.yml").read_text("utf-8")),
    )
    validate, gate, gitlab, hooks = blocks("yaml")
    jobs = loaded(validate)["jobs"] | loaded(gate)
    used = [
        step["with"]
        for job in jobs.values()
        for step in job["steps"]
        if "OWNER/ccheck" in step.get("uses", "")
    ]
    assert len(used) == 2
    assert all(set(given) <= set(action["inputs"]) for given in used)
    assert used[1]["command"] == "gate"
    read = loaded(gitlab)
    assert read["gate"]["extends"] in template
    assert set(read["gate"]["variables"]) <= set(template[read["gate"]["extends"]]["variables"])
    assert set(read["ccheck"]["variables"]) <= set(template["ccheck"]["variables"])
    known = {hook["id"] for hook in loaded((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
    assert {hook["id"] for repo in loaded(hooks)["repos"] for hook in repo["hooks"]} == known
