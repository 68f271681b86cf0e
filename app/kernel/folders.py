"""Where templates, migrations and examples lie: beside the package in a checkout, inside it in a wheel."""

from pathlib import Path


def find_folder(name: str) -> Path:
    """The folder `templates`, `migrations` or `docs/examples` of this installation, whatever the working directory."""
    package = Path(__file__).resolve().parent.parent
    for candidate in (package / name, package.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"the folder {name} belongs to the installation and is missing")
