"""The seed's models against what each model takes, as the stand-in knows it."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from stand_ins.replicate.models import MODELS
from tests.support.catalog import SEED_MODELS
from tests.support.database import Database
from thumbsmith.models.check import CATALOG, findings

FACE = "https://storage.example.com/face.png?token=x"


def strict(model: str) -> Draft202012Validator:
    """Return a validator of the model's inputs that knows no others: another check than our own."""
    inputs = {
        name: {key: part for key, part in rule.items() if key not in {"default", "format"}}
        for name, rule in MODELS[model].inputs.items()
    }
    return Draft202012Validator(
        {
            "type": "object",
            "properties": inputs,
            "required": list(MODELS[model].required),
            "additionalProperties": False,
        }
    )


def extremes(option: dict[str, Any]) -> list[Any]:
    """Return the values at the edges of what a person may choose."""
    ranges = [option["minimum"], option["maximum"]]
    return option["choices"] or ([True, False] if option["value_type"] == "boolean" else ranges)


def inputs_of(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the inputs that people can bring about, with a face and without."""
    said = {row["prompt_field"]: "a cat"}
    faces: list[dict[str, Any]] = [{}] if row["user_image"] != "required" else []
    if row["user_image_field"]:
        faces.append({row["user_image_field"]: [FACE] if row["user_image_is_list"] else FACE})
    chosen: list[dict[str, Any]] = [{}]
    for option, field in row["option_fields"].items():
        chosen += [{field: value} for value in extremes(row["options"][option])]
    return [row["input_template"] | said | face | choice for face in faces for choice in chosen]


def test_every_model_of_the_seed_is_looked_at(db: Database) -> None:
    rows = db.rows(CATALOG)
    assert [(row["type_key"], row["preference"], row["model"]) for row in rows] == SEED_MODELS


@pytest.mark.parametrize(("type_key", "preference", "model"), SEED_MODELS)
def test_a_model_of_the_seed_takes_all_that_it_is_sent(
    db: Database, type_key: str, preference: int, model: str
) -> None:
    (row,) = [one for one in db.rows(CATALOG) if one["model"] == model]
    assert findings(row, MODELS[model].openapi()) == []
    validator = strict(model)
    for given in inputs_of(row):
        assert [error.message for error in validator.iter_errors(given)] == [], given
    # Positive control: the validator knows what is wrong.
    assert not validator.is_valid(row["input_template"] | {"prompt": "a cat", "steps": 3})


def test_a_thumbnail_is_asked_for_in_its_own_shape_and_as_a_png(db: Database) -> None:
    for row in db.rows(CATALOG):
        assert row["input_template"]["aspect_ratio"] == "16:9"
        formats = MODELS[row["model"]].inputs.get("output_format")
        assert formats is None or row["input_template"]["output_format"] == "png"


def test_nothing_switches_a_safety_filter_off(db: Database) -> None:
    for row in db.rows(CATALOG):
        keys = {*row["input_template"], *row["option_fields"].values()}
        assert "disable_safety_checker" not in keys
        assert row["input_template"].get("safety_tolerance", 0) <= 2
