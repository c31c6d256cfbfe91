"""`thumbsmith models check`: the catalog against what the provider shows."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner, Result

from stand_ins.replicate.models import MODELS
from tests.support.canaries import runs
from tests.support.local_stack.stack_process import thumbsmith
from thumbsmith.cli import app
from thumbsmith.project import state
from thumbsmith.project.ports import HOST, free_ports

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.database import Database
    from tests.support.stand_ins.replicate.stand_in import StandIn


@pytest.fixture
def stand_in(replicate_stand_in: StandIn) -> StandIn:
    return replicate_stand_in


COMMUNITY = "tencentarc/photomaker"


@dataclass
class Operator:
    """Runs the command on one database and one provider."""

    db: Database
    provider: StandIn

    @property
    def env(self) -> dict[str, str | None]:
        """Return what the command finds in its environment."""
        empty = dict.fromkeys(("DB_URL", "DATABASE_URL", "THUMBSMITH_DATA_DIR"))
        own = {"REPLICATE_API_TOKEN": self.provider.token, "REPLICATE_BASE_URL": self.provider.url}
        return empty | own

    def run(self, *more: str, **env: str | None) -> Result:
        """Run the command in this process; no token is shown, whatever happens."""
        found = self.env | env
        words = ["models", "check", f"--db-url={self.db.url}", *more]
        done = CliRunner().invoke(app, words, env=found)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        for token in (self.provider.token, found["REPLICATE_API_TOKEN"]):
            assert not (token or "").strip() or str(token) not in done.output
        return done

    def report(self, *more: str, code: int = 0, **env: str | None) -> Any:
        """Run it, and return its JSON."""
        done = self.run("--json", *more, **env)
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)

    def found(self) -> list[tuple[str, str, str]]:
        """Return model, problem and key of all that is found, of which there must be something."""
        return [
            (one["model"], finding["problem"], finding["field"])
            for one in self.report(code=1)["models"]
            for finding in one["findings"]
        ]

    def change(self, model: str, /, **columns: Any) -> None:
        """Change the row of a model."""
        values = [json.dumps(one) if isinstance(one, dict) else one for one in columns.values()]
        names = ", ".join(f"{name} = %s" for name in columns)
        update = f"update private.generation_models set {names} where model = %s"
        self.db.rows(update, *values, model)


@pytest.fixture
def operator(db: Database, stand_in: StandIn) -> Operator:
    return Operator(db, stand_in)


def test_the_seed_agrees_with_the_provider(operator: Operator) -> None:
    report = operator.report()
    assert report["ok"]
    assert {one["model"]: one["version"] for one in report["models"]} == {
        name: model.version for name, model in MODELS.items() if name != COMMUNITY
    }
    done = operator.run()
    assert (done.exit_code, done.stdout.count("✓")) == (0, 6)
    assert done.stderr == f"Replicate: {operator.provider.url}\n"


def test_what_the_provider_does_not_take_is_reported(operator: Operator) -> None:
    nano, kontext = "google/nano-banana-2", "black-forest-labs/flux-kontext-pro"
    character = "ideogram-ai/ideogram-character"
    operator.change(nano, input_template={"resolution": "2 MP", "steps": 4}, prompt_field="text")
    operator.change(kontext, user_image_is_list=True, input_template={"safety_tolerance": 7})
    operator.db.rows(
        "update public.generation_options set choices = '{Auto,Manga}' where option_key = 'style'"
    )
    assert sorted(operator.found()) == sorted(
        [
            (nano, "value_refused", "resolution"),
            (nano, "key_unknown", "steps"),
            (nano, "key_unknown", "text"),
            (nano, "key_required", "prompt"),
            (kontext, "value_refused", "safety_tolerance"),
            (kontext, "type_differs", "input_image"),
            (character, "option_refused", "style_type"),
        ]
    )
    done = operator.run()
    assert (done.exit_code, done.stdout.count("✗"), done.stdout.count("✓")) == (1, 3, 3)
    assert "  value_refused resolution: 2 MP is not taken: must be one of 1K, 2K, 4K" in done.stdout


def test_a_model_that_is_gone_is_reported_unless_it_is_disabled(operator: Operator) -> None:
    operator.change("google/nano-banana-2", model="google/nano-banana-0")
    assert operator.found() == [("google/nano-banana-0", "model_missing", "")]
    operator.change("google/nano-banana-0", is_enabled=False)
    assert operator.report()["ok"]


def test_a_pinned_model_is_held_against_its_own_version(operator: Operator) -> None:
    pinned = f"{COMMUNITY}:{MODELS[COMMUNITY].version}"
    operator.change(
        "google/nano-banana-2",
        model=pinned,
        user_image_field="input_image",
        user_image_is_list=False,
    )
    expected = [(key, "key_unknown") for key in ("aspect_ratio", "output_format", "resolution")]
    # It wants a face, and the type can go without.
    expected += [("input_image", "key_required")]
    found = [(field, problem) for _, problem, field in operator.found()]
    assert sorted(found) == sorted(expected)
    operator.change(pinned, model=f"{COMMUNITY}:{'0' * 64}")
    assert [problem for _, problem, _ in operator.found()] == ["model_missing"]


@pytest.mark.parametrize(
    "token",
    [
        *("", " ", "a word of mine", "r8_short", "r8_" + "kept" * 9 + "\n", "R8_" + "kept" * 9),
        *("r8_" + "x" * 37, "r8_your_token_here_0123456", "r8_" + "kept" * 8 + "kepü"),
        *('"r8_' + "kept" * 9 + '"', "sk_test_" + "kept" * 9, "whsec_" + "kept" * 8),
        *("Bearer r8_" + "kept" * 9, "r8_" + "kept" * 4 + " " + "kept" * 4),
    ],
)
def test_what_is_no_token_is_refused_without_showing_it(operator: Operator, token: str) -> None:
    report = operator.report(code=2, REPLICATE_API_TOKEN=token)
    assert report["error"] == "replicate_token_malformed"
    assert report["detail"].startswith("REPLICATE_API_TOKEN ")
    assert not runs(token) & runs(report["detail"])


def test_a_token_that_replicate_does_not_know_is_refused(operator: Operator) -> None:
    report = operator.report(code=2, REPLICATE_API_TOKEN="r8_" + "west" * 9)
    assert report["error"] == "replicate_token_refused"


@pytest.mark.parametrize(
    "base",
    ["http://api.replicate.com", "https://a:b@replicate.com", "ftp://127.0.0.1", "https://["],
)
def test_a_token_does_not_go_to_an_odd_address(operator: Operator, base: str) -> None:
    report = operator.report(code=2, REPLICATE_BASE_URL=base)
    assert report["error"] == "replicate_base_malformed"


def test_a_provider_that_is_away_is_worth_another_try(operator: Operator) -> None:
    (port,) = free_ports(1)
    report = operator.report(code=3, REPLICATE_BASE_URL=f"http://{HOST}:{port}")
    assert report["error"] == "replicate_unreachable"


def test_the_token_of_a_running_stack_is_for_its_own_database_only(
    operator: Operator, tmp_path: Path
) -> None:
    folder = f"--data-dir={tmp_path}"
    env = {name: str(value) for name, value in operator.env.items() if value}
    none: dict[str, Any] = dict.fromkeys(env)
    assert operator.report(folder, code=2, **none)["error"] == "replicate_token_missing"
    own = state.ProcessState.of("supervisor", os.getpid())
    state.StackState(own, env=env | {"DB_URL": operator.db.url}, ready=True).save(tmp_path)
    assert operator.report(folder, **none)["ok"]
    state.StackState(own, env=env | {"DB_URL": operator.db.url + "2"}, ready=True).save(tmp_path)
    assert operator.report(folder, code=2, **none)["error"] == "replicate_token_missing"


def test_the_program_itself_checks_and_shows_no_token(operator: Operator) -> None:
    env = {name: str(value) for name, value in operator.env.items() if value}
    done = thumbsmith("models", "check", f"--db-url={operator.db.url}", env=env)
    assert done.returncode == 0, done.stderr
    assert operator.provider.token not in done.stdout + done.stderr
