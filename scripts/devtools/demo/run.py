"""Runs the story on a stack of its own and tells how it went."""

from __future__ import annotations

import json as json_format
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from devtools.demo.story import Story
from local_stack.stack import Stack
from local_stack.supervisor import StopRequestedError, stopping_by_signal
from thumbsmith.catalog.publish import publish_catalog
from thumbsmith.project.paths import STATE_DIR

DEMO_DIR = STATE_DIR / "demo"
PICTURE = DEMO_DIR / "thumbnail.png"


@dataclass(frozen=True)
class Step:
    """One step: whether it did what it says, and how long that took, in milliseconds."""

    name: str
    ok: bool
    ms: int


@dataclass
class StepRunner:
    """Runs steps one by one, says how each went, and stops at the first that did not work."""

    console: Console
    steps: list[Step] = field(default_factory=list)

    @property
    def is_ok(self) -> bool:
        """Return whether every step so far did what it says."""
        return all(step.ok for step in self.steps)

    def do(self, name: str, act: Callable[[], str]) -> None:
        """Do a step, unless an earlier one failed."""
        if not self.is_ok:
            return
        began = time.monotonic()
        try:
            with self.console.status(name):
                said = act()
        except Exception as error:
            said, mark, style = f"{type(error).__name__}: {error}", "[red]✗[/]", "red"
        else:
            mark, style = "[green]✓[/]", "dim"
        step = Step(name, style == "dim", round((time.monotonic() - began) * 1000))
        self.steps.append(step)
        self.console.print(f"{mark} {name} [dim]{step.ms} ms[/]")
        self.console.print(f"  {said}", style=style, markup=False)


def run_demo(*, json: bool = False, data_dir: Path | None = None, keep: bool = False) -> int:
    """Start a stack, play the story, stop the stack; 0 only if every step did what it says.

    `data_dir` holds the stack's data, a temporary folder by default, which `keep` leaves. With
    `json` the last line of standard output is one JSON object: ok, steps (name, ok, ms), credits,
    image.
    """
    PICTURE.unlink(missing_ok=True)
    runner = StepRunner(Console(stderr=json, highlight=False, soft_wrap=True))
    story = Story({}, PICTURE)
    balances: dict[str, int] = {}
    try:
        with stopping_by_signal(), _folder(data_dir, keep=keep) as folder:
            balances = _tell(story, runner, Stack(folder, on_started=publish_catalog))
    except StopRequestedError:
        runner.console.print("Stopped; nothing is left running.")
        return 130
    image = str(PICTURE) if PICTURE.exists() else None
    runner.console.print(f"The picture: {image}" if runner.is_ok else "The demo failed.")
    if json:
        result = {"ok": runner.is_ok, "steps": [asdict(step) for step in runner.steps]}
        print(json_format.dumps(result | {"credits": balances, "image": image}))  # noqa: T201
    return 0 if runner.is_ok else 1


def _tell(story: Story, runner: StepRunner, stack: Stack) -> dict[str, int]:
    """Play the story on a stack that ends with it; return what everybody has at the end."""
    try:
        runner.do("The stack starts: PostgreSQL, Auth, Storage, REST, sidecar", _start(stack))
        if runner.is_ok:
            story.env = stack.env
        for name, act in story.steps():
            runner.do(name, act)
        if not runner.is_ok:
            return {}
        _show_ledgers(story, runner.console)
        return {name: person.credits() for name, person in story.people.items()}
    finally:
        stack.down()


def _start(stack: Stack) -> Callable[[], str]:
    return lambda: stack.up().api_url


@contextmanager
def _folder(data_dir: Path | None, *, keep: bool) -> Iterator[Path]:
    if data_dir is not None:
        yield data_dir
        return
    DEMO_DIR.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="stack-", dir=DEMO_DIR))
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _show_ledgers(story: Story, console: Console) -> None:
    table = Table(title="The ledger", title_justify="left")
    for column in ("Who", "No", "Kind", "Credits", "Balance"):
        table.add_column(column, justify="left" if column in {"Who", "Kind"} else "right")
    for person in story.people.values():
        for entry in person.ledger():
            table.add_row(
                person.name,
                str(entry["entry_number"]),
                str(entry["kind"]),
                f"{entry['amount']:+d}",
                str(entry["balance_after"]),
            )
        table.add_section()
    console.print(table)
