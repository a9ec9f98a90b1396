"""The protocol in CDISC's model: valid by the published schema, complete in its references, true to the study."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema
import pytest

from historical_controls.provenance import VERSION
from historical_controls.report.protocol.usdm import usdm_json

from .study import ROOT, small_study

STUDY = small_study()


@cache
def validator() -> jsonschema.Draft202012Validator:
    """Of Wrapper-Input, the document as a program sends it."""
    published = json.loads(gzip.decompress((ROOT / "tests/data/usdm/USDM_API.json.gz").read_bytes()))
    schema = {"$ref": "#/components/schemas/Wrapper-Input", "components": published["components"]}
    return jsonschema.Draft202012Validator(schema)


def document(language: str = "en") -> dict[str, Any]:
    return dict(json.loads(usdm_json(STUDY.page(language).printer, VERSION)))


def instances(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "instanceType" in value:
            yield value
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from instances(inner)


@pytest.mark.parametrize("language", ["en", "es"])
def test_it_is_valid_by_the_published_schema(language: str) -> None:
    made = document(language)
    assert list(validator().iter_errors(made)) == []
    made["study"]["versions"][0]["titles"][0].pop("type")
    assert not validator().is_valid(made)


def test_every_instance_has_an_id_of_its_own_and_every_reference_one_of_them() -> None:
    """The schema takes any text for an id: rule DDF00082 of the model is that references resolve."""
    every = [one for one in instances(document()) if one["instanceType"] != "Study"]
    ids = [one["id"] for one in every]
    assert len(set(ids)) == len(ids) > 60
    named = []
    for one in every:
        for key, value in one.items():
            if key.endswith("Id") and key != "id":
                named.append(value)
            elif key.endswith("Ids"):
                named += value
    assert len(named) > 15
    assert set(named) <= set(ids)


def test_codes_have_one_decode_each() -> None:
    codes = {(one["code"], one["decode"]) for one in instances(document()) if one["instanceType"] == "Code"}
    assert len({code for code, _ in codes}) == len(codes)
    assert ("C94496", "Primary Endpoint") in codes


def test_it_says_what_the_study_declares() -> None:
    version = document()["study"]["versions"][0]
    design = version["studyDesigns"][0]
    assert design["instanceType"] == "ObservationalStudyDesign"
    assert [arm["dataOriginType"]["decode"] for arm in design["arms"]] == [
        "Data Generated Within Study", "Historical Data",
    ]  # fmt: skip
    config = STUDY.config
    assert [one["name"] for one in version["eligibilityCriterionItems"]] == config.cohort.as_read().filters
    endpoints = [one["endpoints"][0] for one in design["objectives"]]
    primary = [one for one in endpoints if one["level"]["decode"] == "Primary Endpoint"]
    assert [one["name"] for one in primary] == [config.primary.outcome]
    assert primary[0]["text"].endswith(f"day {config.primary.day}")
    assert config.estimands is not None
    assert [one["name"] for one in design["estimands"]] == list(config.estimands.of(config.primary.outcome))
    first = design["estimands"][0]["intercurrentEvents"][0]
    question = next(iter(config.estimands.of(config.primary.outcome).values()))
    assert first["strategy"] == question.strategies[first["name"]].replace("_", " ")
