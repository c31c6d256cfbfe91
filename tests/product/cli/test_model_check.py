"""What is found when a row of the catalog and a model's schema differ."""

from __future__ import annotations

from typing import Any

import pytest

from thumbsmith.models.check import Finding, findings

ROW: dict[str, Any] = {
    "type_key": "thumbnail",
    "preference": 1,
    "model": "a/b",
    "input_template": {"size": "2K", "steps": 4},
    "prompt_field": "prompt",
    "user_image_field": "photo",
    "user_image_is_list": False,
    "option_fields": {"style": "style", "seed": "seed", "raw": "raw"},
    "output_pointer": None,
    "user_image": "required",
    "options": {
        "style": {"value_type": "choice", "minimum": None, "maximum": None, "choices": ["a", "b"]},
        "seed": {"value_type": "integer", "minimum": 0, "maximum": 9, "choices": None},
        "raw": {"value_type": "boolean", "minimum": None, "maximum": None, "choices": None},
    },
}
URI = {"type": "string", "format": "uri"}
INPUTS: dict[str, Any] = {
    "prompt": {"type": "string"},
    "photo": URI,
    "size": {"allOf": [{"$ref": "#/components/schemas/size"}], "default": "1K"},
    "steps": {"type": "integer", "minimum": 1, "maximum": 4},
    "style": {"$ref": "#/components/schemas/style"},
    "seed": {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]},
    "raw": {"type": "boolean"},
}


def document(
    inputs: dict[str, Any] | None = None, output: Any = None, required: Any = None
) -> dict[str, Any]:
    """Write a schema as the provider does."""
    schemas = {
        "Input": {
            "properties": INPUTS | (inputs or {}),
            "required": ["prompt", "photo"] if required is None else required,
        },
        "Output": output or URI,
        "size": {"type": "string", "enum": ["1K", "2K"]},
        "style": {"type": "string", "enum": ["a", "b", "c"]},
    }
    return {"components": {"schemas": schemas}}


def problems(found: list[Finding]) -> list[tuple[str, str]]:
    return [(one.problem, one.field) for one in found]


def test_a_row_that_fits_has_no_finding() -> None:
    assert findings(ROW, document()) == []


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"input_template": {"sise": "2K"}}, ("key_unknown", "sise")),
        ({"input_template": {"size": "4K"}}, ("value_refused", "size")),
        ({"input_template": {"size": 2}}, ("value_refused", "size")),
        ({"input_template": {"steps": 0}}, ("value_refused", "steps")),
        ({"input_template": {"steps": 5}}, ("value_refused", "steps")),
        ({"input_template": {"steps": True}}, ("value_refused", "steps")),
        ({"input_template": {"steps": 2.5}}, ("value_refused", "steps")),
        ({"user_image_field": "image"}, ("key_unknown", "image")),
        ({"user_image_is_list": True}, ("type_differs", "photo")),
        ({"option_fields": {"style": "look"}}, ("key_unknown", "look")),
        ({"option_fields": {"style": "raw"}}, ("option_refused", "raw")),
        ({"option_fields": {"raw": "seed"}}, ("option_refused", "seed")),
        ({"option_fields": {"seed": "steps"}}, ("option_refused", "steps")),
        ({"option_fields": {"mood": "style"}}, ("option_undeclared", "style")),
        ({"user_image": "optional"}, ("key_required", "photo")),
    ],
)
def test_what_the_model_does_not_take_is_found(
    changes: dict[str, Any], found: tuple[str, str]
) -> None:
    assert found in problems(findings(ROW | changes, document()))
    assert found not in problems(findings(ROW, document()))


@pytest.mark.parametrize(
    ("inputs", "found"),
    [
        ({"prompt": {"type": "array", "items": {"type": "string"}}}, ("type_differs", "prompt")),
        ({"photo": {"type": "array", "items": URI}}, ("type_differs", "photo")),
        ({"style": {"type": "string", "enum": ["a"]}}, ("option_refused", "style")),
        ({"seed": {"type": "integer", "maximum": 8}}, ("option_refused", "seed")),
        ({"steps": {"type": "string", "enum": ["4"]}}, ("value_refused", "steps")),
    ],
)
def test_what_the_provider_changed_is_found(inputs: dict[str, Any], found: tuple[str, str]) -> None:
    assert problems(findings(ROW, document(inputs))) == [found]


def test_a_new_key_that_the_model_wants_is_found() -> None:
    changed = document({"license": {"type": "string"}}, required=["prompt", "photo", "license"])
    assert problems(findings(ROW, changed)) == [("key_required", "license")]
    # With a default nothing is missing.
    assert findings(ROW, document({"license": {"type": "string"}})) == []


def test_a_model_without_a_face_in_a_type_that_takes_one_is_found() -> None:
    row = ROW | {"user_image_field": None, "user_image": "optional"}
    found = problems(findings(row, document(required=["prompt"])))
    assert found == [("face_left_out", "")]
    assert findings(row | {"user_image": "none"}, document(required=["prompt"])) == []


@pytest.mark.parametrize(
    ("output", "is_fine"),
    [
        (URI, True),
        ({"type": "array", "items": URI}, True),
        ({"type": "object", "properties": {"url": URI}}, True),
        ({"type": "array", "items": {"type": "object", "properties": {"url": URI}}}, True),
        ({"title": "Output"}, True),
        ({"type": "object", "properties": {"image": URI}}, False),
        ({"type": "number"}, False),
    ],
)
def test_an_output_without_a_url_is_found(output: dict[str, Any], *, is_fine: bool) -> None:
    found = problems(findings(ROW, document(output=output)))
    assert found == ([] if is_fine else [("output_unknown", "")])
    pointed = ROW | {"output_pointer": ["image"]}
    assert findings(pointed, document(output=output)) == []


@pytest.mark.parametrize(
    "strange",
    [
        None,
        [],
        {},
        {"components": None},
        {"components": {"schemas": {"Input": {}}}},
        {"components": {"schemas": {"Input": {"properties": {"prompt": 3}}}}},
        {"components": {"schemas": {"Input": {"properties": {}, "required": 3}}}},
        document({"size": {"$ref": "#/components/schemas/gone"}}),
        document({"size": {"$ref": "#/components/schemas/Input/../loop"}}),
    ],
)
def test_a_schema_that_makes_no_sense_is_a_finding_and_no_crash(strange: object) -> None:
    assert problems(findings(ROW, strange)) == [("schema_unreadable", "")]


def test_a_schema_that_leads_in_a_circle_is_a_finding() -> None:
    circle = document()
    circle["components"]["schemas"]["size"] = {"$ref": "#/components/schemas/size"}
    assert problems(findings(ROW, circle)) == [("schema_unreadable", "")]
