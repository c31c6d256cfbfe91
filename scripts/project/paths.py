"""Where things are: in a checkout of the repository, or beside an installed package."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def _checkout() -> Path | None:
    """Return the checkout that this file is part of, or None where it was installed."""
    root = Path(__file__).resolve().parents[2]
    is_checkout = (root / "pyproject.toml").is_file() and (root / "supabase").is_dir()
    return root if is_checkout else None


PROJECT = _checkout()
# Outside a checkout: in the folder one works in.
STATE_DIR = (PROJECT or Path()) / ".thumbsmith"
DEFAULT_DATA_DIR = STATE_DIR / "stack"

# What the build copies into the package, as thumbsmith/data/<name>, a file or the SQL of a folder:
# setup.py reads this too.
DATA = {
    "checks": "sql/checks",
    "reports": "sql/reports",
    "migrations": "supabase/migrations",
    "table_classes.csv": "sql/table_classes.csv",
}


def checks_dir() -> Path:
    """Return the folder of the questions that `thumbsmith check` asks."""
    return _data("checks")


def reports_dir() -> Path:
    """Return the folder of the questions that `thumbsmith report` asks."""
    return _data("reports")


def migrations_dir(workdir: Path | None = None) -> Path:
    """Return the folder of the migrations: of `workdir`, or of this version of Thumbsmith."""
    return _data("migrations") if workdir is None else workdir / DATA["migrations"]


def table_classes_file() -> Path:
    """Return the file that says of each table whose rows it holds."""
    return _data("table_classes.csv")


def _data(name: str) -> Path:
    if PROJECT is not None:
        return PROJECT / DATA[name]
    # An installed package is files in a folder: pip never leaves it in an archive.
    return Path(str(files("thumbsmith") / "data" / name))
