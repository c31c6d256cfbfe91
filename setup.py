"""The part of the build that pyproject.toml cannot say: SQL in the package, and no second copy."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path
from typing import Any

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py
from setuptools.command.editable_wheel import editable_wheel

ROOT = Path(__file__).parent
# The packages of a checkout alone.
WORKSHOP = ("local_stack", "stand_ins", "devtools")


def data_sources() -> dict[str, Path]:
    """Read from the ground which folders and files travel in the package, under which names.

    Read and not imported: the package and what it needs are not installed yet.
    """
    tree = ast.parse((ROOT / "scripts" / "thumbsmith" / "project" / "paths.py").read_text())
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "DATA":
            return {name: ROOT / folder for name, folder in ast.literal_eval(node.value).items()}
    message = "scripts/project/paths.py does not say which folders are data"
    raise RuntimeError(message)


class BuildWithData(build_py):
    """Copy modules and the SQL that they read, into a folder that holds nothing older."""

    def run(self) -> None:
        """Build; an editable installation reads the SQL where it is."""
        if self.editable_mode:
            super().run()
            return
        shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()
        for source, target in self._data():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)

    def get_outputs(self, *arguments: Any, **options: Any) -> list[str]:
        """Name the copied files too."""
        outputs = super().get_outputs(*arguments, **options)
        return [*outputs, *(str(target) for _, target in self._data())]

    def _data(self) -> list[tuple[Path, Path]]:
        found = []
        for name, source in data_sources().items():
            into = Path(self.build_lib) / "thumbsmith" / "data" / name
            if source.is_file():
                found.append((source, into))
                continue
            files = sorted(source.glob("*.sql"))
            if not files:
                message = f"{source} holds no SQL"
                raise RuntimeError(message)
            found += [(file, into / file.name) for file in files]
        return found


class EditableWithWorkshop(editable_wheel):
    """Let a checkout import its workshop as well."""

    def run(self) -> None:
        """Add the packages of a checkout to those of the package."""
        distribution = self.distribution
        wanted = [f"{name}{rest}" for name in WORKSHOP for rest in ("", ".*")]
        more = find_packages("scripts", include=wanted)
        distribution.packages = [*(distribution.packages or []), *more]
        folders = {name: f"scripts/{name.replace('.', '/')}" for name in more}
        distribution.package_dir = {**(distribution.package_dir or {}), **folders}
        super().run()


setup(cmdclass={"build_py": BuildWithData, "editable_wheel": EditableWithWorkshop})
