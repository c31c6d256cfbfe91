"""What we build on: no known weakness, and no license that we did not agree to."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from devtools.gates.outcome import Findings, NotRunError
from local_stack.paths import NODE_DIR, PROJECT

# By what a license is called in the metadata of packages. What is copyleft beyond its own files is
# not here, but for the packages below.
LICENSES = {
    "0BSD",
    "3-Clause BSD License",
    "Apache Software License",
    "Apache-2.0",
    "BSD License",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CNRI-Python",
    "DFSG approved",
    "ISC",
    "ISC License (ISCL)",
    "MIT",
    "MIT License",
    "MIT-0",
    "MIT-CMU",
    "MPL-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)",
    "PSF-2.0",
    "Python Software Foundation License",
    "Unlicense",
}
# Used as a library, unchanged, and linked at run time: that is what the LGPL allows.
ALLOWED = {
    "psycopg": "LGPL-3.0-only",
    "psycopg-binary": "LGPL-3.0-only",
    "psycopg-pool": "LGPL-3.0-only",
}


def audit(requirements: str = "requirements.lock") -> Findings:
    """Ask PyPI's advisories about every locked version."""
    options = ["--require-hashes", "--disable-pip", "--progress-spinner=off", "--format=json"]
    done = _python("pip_audit", "--requirement", requirements, *options)
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise NotRunError(_last_line(done.stderr)) from None
    return weaknesses(report)


def weaknesses(report: dict[str, Any]) -> Findings:
    """Read what pip-audit found; what it knows nothing about is no reason to be calm."""
    packages = report["dependencies"]
    unknown = [package for package in packages if "skip_reason" in package]
    if packages and len(unknown) == len(packages):
        raise NotRunError(f"no advisories here: {unknown[0]['skip_reason']}")
    found = [f"{package['name']}: {package['skip_reason']}" for package in unknown]
    for package in packages:
        for weakness in package.get("vulns", []):
            fixed = ", ".join(weakness["fix_versions"]) or "no version"
            which = f"{package['name']} {package['version']}"
            found.append(f"{which}: {weakness['id']}, mended in {fixed}")
    return found


def licenses() -> Findings:
    """Compare the licenses of all that is installed, for Python and for Node.js, with the list."""
    done = _python("piplicenses", "--format=json", "--from=mixed", "--with-system")
    python = {package["Name"]: package["License"] for package in json.loads(done.stdout)}
    lock = json.loads((NODE_DIR / "package-lock.json").read_text())
    node = {
        name.removeprefix("node_modules/"): package.get("license", "unknown")
        for name, package in lock["packages"].items()
        if name
    }
    return [*surprises(python), *surprises(node)]


def surprises(packages: dict[str, str]) -> Iterator[str]:
    """Yield the packages whose license is not on the list; `packages` gives licenses by name."""
    for name, name_of_license in packages.items():
        short = _short(name_of_license)
        if ALLOWED.get(name) != short and not _is_agreed(short):
            yield f"{name}: its license is {short!r}"


def _short(name_of_license: str) -> str:
    """Return the name of a license of which a package carries the whole text."""
    first = " ".join(name_of_license.split())[:100]
    return "Apache-2.0" if first.startswith("Apache License Version 2.0") else first


def _is_agreed(name_of_license: str) -> bool:
    """Return whether one side of every OR, and every part of an AND, is on the list."""
    for separator, enough in ((";", any), (" AND ", all), (" OR ", any)):
        if separator in name_of_license:
            return enough(
                _is_agreed(part.strip(" ()")) for part in name_of_license.split(separator)
            )
    return name_of_license in LICENSES


def _python(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", module, *arguments]
    return subprocess.run(argv, cwd=PROJECT, capture_output=True, text=True, check=False)  # noqa: S603


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["pip-audit said nothing"])[-1][:300]
