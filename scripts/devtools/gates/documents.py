"""Documents that keep up with the code: error slugs are explained, links lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from local_stack.paths import PROJECT

README_LINES = 200
_SLUG = re.compile(r"message = '([a-z_]+)'")
_SIDECAR_SLUG = re.compile(r'(?:(?:Rejected|Transient)Error\(\s*|missing=)"([a-z_]+)"')
_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def check(folder: Path = PROJECT) -> list[str]:
    """Check docs/errors.md, the size of the README and the links of all documents."""
    errors = (folder / "docs" / "errors.md").read_text()
    found = [
        f"docs/errors.md: nothing on {slug} of {name}"
        for name, slug in _slugs(folder)
        if f"`{slug}`" not in errors
    ]
    if (lines := (folder / "README.md").read_text().count("\n")) >= README_LINES:
        found.append(f"README.md: {lines} lines, under {README_LINES} are allowed")
    for document in [*folder.glob("*.md"), *folder.glob("docs/**/*.md")]:
        found += [
            f"{document.relative_to(folder)}: {target} does not exist"
            for target in _LINK.findall(document.read_text())
            if not (document.parent / target).exists()
        ]
    return found


def _slugs(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield every slug that the database or the sidecar may answer with, and its file."""
    sources = [*(folder / "supabase").glob("migrations/*.sql")]
    sources += (folder / "supabase").glob("functions_py/*.py")
    for file in sorted(sources):
        content = file.read_text()
        for slug in sorted({*_SLUG.findall(content), *_SIDECAR_SLUG.findall(content)}):
            yield file.name, slug
