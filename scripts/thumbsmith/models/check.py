"""What of the catalog a model's own schema does not bear out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from thumbsmith.models.schema import Rule, Schema, UnreadableError, refusal

# A model of the catalog with what its type sells; `options` are rows of generation_options.
CATALOG = """
    select
        m.type_key, m.preference, m.model, m.input_template, m.prompt_field, m.user_image_field,
        m.user_image_is_list, m.option_fields, m.output_pointer, t.user_image,
        coalesce(
            (
                select jsonb_object_agg(o.option_key, to_jsonb(o))
                from public.generation_options as o
                where o.type_key = m.type_key
            ),
            '{}'
        ) as options
    from private.generation_models as m
    inner join public.generation_types as t on m.type_key = t.type_key
    where m.is_enabled and t.is_enabled
    order by m.type_key, m.preference
"""
_OPTION_TYPES = {"integer": {"integer", "number"}, "boolean": {"boolean"}, "choice": {"string"}}


@dataclass(frozen=True)
class Finding:
    """One thing that does not fit: a slug for programs, the key, a sentence for people."""

    problem: str
    field: str
    detail: str


def findings(row: dict[str, Any], document: object) -> list[Finding]:
    """Compare a row of the catalog with the openapi document of its model."""
    try:
        schema = Schema(document)
        return [
            *_template(row, schema),
            *_prompt(row, schema),
            *_face(row, schema),
            *_options(row, schema),
            *_required(row, schema),
            *_output(row, schema),
        ]
    except UnreadableError as error:
        return [Finding("schema_unreadable", "", f"the model's schema makes no sense: {error}")]


def _unknown(field: str, part: str) -> Finding:
    return Finding("key_unknown", field, f"the model has no such input ({part})")


def _template(row: dict[str, Any], schema: Schema) -> Iterator[Finding]:
    for key, value in row["input_template"].items():
        if key not in schema.inputs:
            yield _unknown(key, "template")
        elif problem := refusal(value, schema.inputs[key]):
            yield Finding("value_refused", key, f"{value} is not taken: {problem}")


def _prompt(row: dict[str, Any], schema: Schema) -> Iterator[Finding]:
    field = row["prompt_field"]
    if field not in schema.inputs:
        yield _unknown(field, "prompt")
    elif schema.inputs[field].get("type", "string") != "string" or "enum" in schema.inputs[field]:
        yield Finding("type_differs", field, "the prompt is free text, and this input is not")


def _face(row: dict[str, Any], schema: Schema) -> Iterator[Finding]:
    field = row["user_image_field"]
    if field is None:
        if row["user_image"] != "none":
            yield Finding("face_left_out", "", "the type takes a face, and this model gets none")
        return
    if field not in schema.inputs:
        yield _unknown(field, "face")
        return
    wanted = "array" if row["user_image_is_list"] else "string"
    found = schema.inputs[field].get("type", wanted)
    if found != wanted:
        yield Finding("type_differs", field, f"the face is sent as {wanted}, and taken as {found}")


def _options(row: dict[str, Any], schema: Schema) -> Iterator[Finding]:
    for option_key, field in row["option_fields"].items():
        option = row["options"].get(option_key)
        if option is None:
            detail = f"the type has no option {option_key}: nothing ever reaches this input"
            yield Finding("option_undeclared", field, detail)
        elif field not in schema.inputs:
            yield _unknown(field, f"option {option_key}")
        elif problem := _option_problem(option, schema.inputs[field]):
            yield Finding("option_refused", field, f"the option {option_key}: {problem}")


def _option_problem(option: dict[str, Any], rule: Rule) -> str | None:
    kinds = _OPTION_TYPES[option["value_type"]]
    if rule.get("type", next(iter(kinds))) not in kinds:
        return f"is {option['value_type']}, and the model takes {rule['type']}"
    values = [option["minimum"], option["maximum"]] if option["value_type"] == "integer" else []
    for value in values + (option["choices"] or []):
        if problem := refusal(value, rule):
            return f"{value} is not taken: {problem}"
    return None


def _required(row: dict[str, Any], schema: Schema) -> Iterator[Finding]:
    sent = {*row["input_template"], row["prompt_field"]}
    if row["user_image"] == "required":
        sent.add(row["user_image_field"])
    for field in schema.required:
        if field not in sent:
            yield Finding("key_required", field, "the model wants it, and it may be missing")


def _output(row: dict[str, Any], schema: Schema) -> Iterator[Finding]:
    if row["output_pointer"] is None and not schema.holds_picture():
        yield Finding("output_unknown", "", "no URL is where it is looked for in the output")
