"""`ccheck gate --report` in a real browser: March, July, and content that tries to inject markup."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.validator.gate.story import DAY, JULY, Call, recorded
from tests.validator.report.test_gate_html import CHROMIUM, FLAGS

SCRIPT = "<script>document.title='hacked'</script><img src=x onerror=\"document.title='hacked'\">"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


def seen(page: Path) -> str:
    """What a browser of a phone's width makes of a page."""
    assert CHROMIUM is not None
    profile = page.with_name("profile")
    command = [
        CHROMIUM,
        *FLAGS,
        f"--user-data-dir={profile}",
        "--window-size=390,844",
        "--dump-dom",
        page.as_uri(),
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ | {"HOME": str(page.parent)},
    )
    shutil.rmtree(profile, ignore_errors=True)
    assert done.returncode == 0, done.stderr[-1000:]
    return done.stdout


def test_march_and_july_are_shown_as_they_ended(cc: Call, tmp_path: Path) -> None:
    """March's page says pass and July's fail, with the stages that stopped it, its first use and its bytes."""
    recorded(cc)
    assert cc("gate", "march", "--on", DAY, "--report", "march.html")[0] == 0
    assert cc("gate", "july", "--on", DAY, "--last-good", "march", "--report", "july.html")[0] == 1
    march, july = seen(tmp_path / "march.html"), seen(tmp_path / "july.html")
    assert "<title>ccheck gate: march: pass</title>" in march
    assert '<p class="verdict " id="verdict"><strong>pass</strong>' in march
    assert "<title>ccheck gate: july: fail</title>" in july
    assert '<p class="verdict bad" id="verdict"><strong>fail</strong>' in july
    assert "fail: validate, exercise, first_use, faults" in july
    assert "IPC field 21: first non-wildcard criterion ever" in july
    assert "14 00 07 00 41 03 00 00" in july


def test_content_that_injects_markup_is_shown_as_text(cc: Call, tmp_path: Path) -> None:
    """Markup in a criterion's text, in the file's name and in the release's is text on the page, and runs nothing."""
    recorded(cc)
    recipe = YAML(typ="safe").load(JULY.with_suffix(".yaml").read_text(encoding="utf-8"))
    criteria = recipe["content"]["instances"][1]["criteria"]
    criteria[0]["text"] = criteria[20]["text"] = SCRIPT
    with Path("recipe.yaml").open("w", encoding="utf-8") as out:
        YAML(typ="safe", pure=True).dump(recipe, out)
    Path("hostile").mkdir()
    file = Path("hostile") / f"{SCRIPT.replace('/', '')}.bin"
    assert cc("build", "recipe.yaml", "-o", file)[0] == 0
    options = ("--last-good", "march", "--name", SCRIPT, "--report", "page.html")
    assert cc("gate", "hostile", "--on", DAY, *options)[0] == 1
    dom = seen(tmp_path / "page.html")
    assert "<title>ccheck gate: &lt;script&gt;" in dom
    assert "<title>hacked" not in dom
    assert "<script" not in dom
    assert "<img" not in dom
    assert dom.count("&lt;script&gt;") > 5
