"""A model of another package: installed, found by its entry point, tried, and taken or refused.

The package is the one that `docs/how-to/write-an-appraisal-model.md` builds, block by block.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "how-to" / "write-an-appraisal-model.md"
FILE = re.compile(r"^`([\w./-]+)`\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BUILD = "from hatchling.build import build_wheel; build_wheel('dist')"


def page_files() -> dict[str, str]:
    return dict(FILE.findall(PAGE.read_text(encoding="utf-8")))


def installed(place: Path) -> Path:
    """The page's package built and installed below a folder."""
    source, target = place / "source", place / "site"
    for name, text in page_files().items():
        file = source / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    subprocess.run([sys.executable, "-c", BUILD], cwd=source, check=True, capture_output=True)
    (wheel,) = (source / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def changed(site: Path, place: Path, change: tuple[str, str]) -> Path:
    """The installed package in a folder of its own, a text of its model replaced."""
    target = place / "site"
    shutil.copytree(site, target)
    model = target / "greenpledge_reed" / "__init__.py"
    text = model.read_text(encoding="utf-8")
    assert change[0] in text
    model.write_text(text.replace(*change), encoding="utf-8")
    return target


def greenpledge(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command where the folder's packages are installed too."""
    environment = {**os.environ, "PYTHONPATH": str(site), "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "app.cli", *arguments]
    return subprocess.run(
        command, env=environment, cwd=ROOT, check=False, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return installed(tmp_path_factory.mktemp("sound"))


def test_the_page_holds_every_file_of_the_package():
    assert set(page_files()) == {
        "pyproject.toml",
        "greenpledge_reed/parameters/reed_income.yaml",
        "greenpledge_reed/parameters/reed_price.yaml",
        "greenpledge_reed/__init__.py",
        "reed.json",
    }


def test_the_page_installs_into_the_environment_of_the_checkout():
    (block,) = re.findall(
        r"^```console\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    commands = [line.removeprefix("$ ") for line in block.splitlines()]
    assert commands[0].endswith("/.venv/bin/python -m pip install .")
    assert all("/.venv/bin/" in each.split()[0] for each in commands)


def test_an_installed_model_is_listed_with_the_built_in_ones(site):
    answer = greenpledge(site, "models", "--json")
    assert answer.returncode == 0, answer.stdout
    specs = {spec["id"]: spec for spec in json.loads(answer.stdout)}
    assert specs["reed-income"]["title"]["zh"] == "芦苇收割收益权"
    assert "carbon-sink-income" in specs


def test_an_installed_model_values_the_example_of_the_page(site, tmp_path):
    file = tmp_path / "reed.json"
    file.write_text(page_files()["reed.json"], encoding="utf-8")
    answer = greenpledge(site, "appraise", "reed-income", str(file), "--on", "2023-12-26", "--json")
    assert answer.returncode == 0, answer.stdout
    found = json.loads(answer.stdout)
    kept = 0.99 / 1.08
    years = (date(2033, 12, 31) - date(2023, 12, 26)).days / 365.25
    factors = sum(kept**year for year in range(1, 11)) + (years - 10) * kept**11
    net = 900 * (0.8 * 0.65 * 420 - 45)
    assert float(found["value_yuan"]) == pytest.approx(net * factors, abs=0.01)


def appraised(site: Path, folder: Path, *options: str, **changes: object):
    """The example of the page, parts of its document replaced, valued by the installed package."""
    file = folder / "reed.json"
    document = {**json.loads(page_files()["reed.json"]), **changes}
    file.write_text(json.dumps(document), encoding="utf-8")
    return greenpledge(site, "appraise", "reed-income", str(file), "--on", "2023-12-26", *options)


def test_a_missing_price_is_refused_by_its_title_not_crashed_on(site, tmp_path):
    told = appraised(site, tmp_path, prices={})
    assert told.returncode == 1
    assert "Prices: The price “Dry reeds” is not known" in told.stderr
    assert "state the price with its source" in told.stderr
    assert "Traceback" not in told.stderr
    problem = json.loads(appraised(site, tmp_path, "--json", prices={}).stdout)
    assert problem["code"] == "input-refused"
    assert problem["errors"][0]["pointer"] == "/prices"
    assert "“Dry reeds”" in problem["errors"][0]["detail"]


def test_a_price_in_another_unit_is_refused_by_its_title(site, tmp_path):
    told = appraised(site, tmp_path, prices={"dry-reed": {"yuan": 0.42, "unit": "yuan/kg"}})
    assert told.returncode == 1
    assert "The price of “Dry reeds” comes in yuan/kg; the model needs yuan/t." in told.stderr


BREAKS = (
    "        ended = batch",
    """\
        if (batch.numbers("area_mu") == 77.0).any():
            raise KeyError("lost")
        ended = batch""",
)


def test_a_model_that_breaks_on_an_asset_is_one_refusal_not_a_trace(site, tmp_path):
    site = changed(site, tmp_path, BREAKS)
    inputs = json.loads(page_files()["reed.json"])["inputs"]
    assert appraised(site, tmp_path, inputs=inputs).returncode == 0
    told = appraised(site, tmp_path, inputs={**inputs, "area_mu": 77})
    assert told.returncode == 1
    assert "The model failed on these inputs (KeyError)" in told.stderr
    assert "Traceback" not in told.stderr
    answer = appraised(site, tmp_path, "--json", inputs={**inputs, "area_mu": 77})
    assert answer.returncode == 1
    problem = json.loads(answer.stdout)
    assert problem["code"] == "input-refused"
    assert [each["pointer"] for each in problem["errors"]] == ["/inputs"]


def test_the_line_of_the_page_that_tries_the_model_holds(site):
    line = BLOCK.findall(PAGE.read_text(encoding="utf-8"))[-1]
    done = subprocess.run(
        [sys.executable, "-c", line],
        env={**os.environ, "PYTHONPATH": str(site)},
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_the_band_of_the_page_is_drawn_with_its_own_process(site, tmp_path):
    file = tmp_path / "reed.json"
    file.write_text(page_files()["reed.json"], encoding="utf-8")
    arguments = (str(file), "--on", "2023-12-26", "--paths", "2000", "--seed", "1", "--json")
    found = json.loads(greenpledge(site, "appraise", "reed-income", *arguments).stdout)
    low, mid, high = (float(found[name]) for name in ("low_yuan", "mid_yuan", "high_yuan"))
    assert low < mid < high
    assert low < float(found["value_yuan"]) < high


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("* (1.0 - drying_share)", "* (1.0 - drying_share) * 1.1"), "gives"),
        (("parameters=(DRYING, BEST)", "parameters=(DRYING,)"), "without declaring it"),
        (('id="reed-income"', 'id="forest-right"'), "two models have the id forest-right"),
        (('"芦苇销售"', '""'), "wording"),
    ],
    ids=["hidden-factor", "undeclared-parameter", "taken-id", "missing-words"],
)
def test_a_model_that_breaks_the_contract_is_refused(site, tmp_path, change, told):
    answer = greenpledge(changed(site, tmp_path, change), "models", "--json")
    assert answer.returncode == 1, answer.stderr
    problem = json.loads(answer.stdout)
    assert problem["code"] == "models-refused"
    assert told in problem["detail"]


def test_with_a_refused_model_the_service_does_not_start(site, tmp_path):
    broken = changed(site, tmp_path, ('id="reed-income"', 'id="forest-right"'))
    answer = greenpledge(broken, "serve", "--json")
    assert answer.returncode == 1, answer.stderr
    assert json.loads(answer.stdout)["code"] == "models-refused"


def test_a_refused_model_values_nothing(site, tmp_path):
    broken = changed(site, tmp_path, ("* (1.0 - drying_share)", "* (1.0 - drying_share) * 1.1"))
    file = tmp_path / "reed.json"
    file.write_text(page_files()["reed.json"], encoding="utf-8")
    answer = greenpledge(
        broken, "appraise", "reed-income", str(file), "--on", "2023-12-26", "--json"
    )
    assert answer.returncode == 1, answer.stderr
    assert json.loads(answer.stdout)["code"] == "models-refused"
