"""The data that the sandbox serves by is what Amazon's models say, and every operation keeps to it."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from acorn_sandbox.app import Sandbox
from acorn_sandbox.model import DATA, SERVED, operations_of, read_models
from acorn_sandbox.operations import _converted, operations
from acorn_sandbox.state import State

OPERATIONS = sorted(operations())


def test_the_data_is_read_out_of_the_models(models):
    assert json.loads(DATA.read_text(encoding="utf-8")) == read_models(models.folder / "models")


def test_every_operation_has_a_handler_and_no_other_is_there():
    served = [name for names in SERVED.values() for name in names]
    assert len(served) == len(set(served))
    assert set(Sandbox(State())._handlers) == set(served) == set(OPERATIONS)


def test_every_model_of_amazons_can_be_read(models):
    files = sorted((models.folder / "models").glob("*.json"))
    assert len(files) >= 17
    for file in files:
        found = operations_of(json.loads(file.read_text(encoding="utf-8")))
        assert found, file
        if file.name in SERVED:
            assert set(SERVED[file.name]) <= {one["operation"] for one in found}


def test_a_model_without_a_usage_plan_is_refused(models, tmp_path):
    for file in SERVED:
        text = (models.folder / "models" / file).read_text(encoding="utf-8")
        (tmp_path / file).write_text(text.replace("| 0.5 |", "| some |"), encoding="utf-8")
    with pytest.raises(ValueError, match="no usage plan"):
        read_models(tmp_path)


def test_query_values_have_the_types_of_the_model():
    assert _converted("1.10", "number") == Decimal("1.10")
    assert _converted("x", "number") == "x"
    assert _converted("NaN", "number") == "NaN"
    assert (_converted("-7", "integer"), _converted("1.5", "integer")) == (-7, "1.5")
    assert (_converted("True", "boolean"), _converted("yes", "boolean")) == (True, "yes")


def path_of(operation):
    return "/" + "/".join("x" if part.startswith("{") else part for part in operation.segments)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_keeps_its_model_when_it_cannot_answer(server, connect, name):
    operation = operations()[name]
    seller = connect(server)
    body = {"json": {}} if operation.body is not None else {}
    refused = seller.call(operation.method, path_of(operation), headers={"x-amz-access-token": "none"}, **body)
    assert refused.status_code == 403
    for kind in ("429", "500", "503"):
        server.add_faults({"operation": name, "kind": kind, "times": 1})
        struck = seller.call(operation.method, path_of(operation), **body)
        assert struck.status_code == int(kind)
    assert [one["operation"] for one in server.log() if one["operation"] != "token"] == [name] * 4


@pytest.mark.parametrize("name", [name for name in OPERATIONS if operations()[name].body is not None])
@pytest.mark.parametrize(
    ("content", "content_type"), [("{", "application/json"), ("{}", "text/plain"), ("7", "application/json")]
)
def test_a_body_outside_the_model_is_refused(refusing, connect, name, content, content_type):
    operation, seller = operations()[name], connect(refusing)
    path = path_of(operation)
    if name in {"patchListingsItem", "putListingsItem"}:
        path += "?marketplaceIds=A1PA6795UKMFR9"
    headers = {"x-amz-access-token": seller.token, "content-type": content_type}
    answer = seller.call(operation.method, path, content=content, headers=headers)
    wrong_type = content_type == "text/plain" and 415 in operation.statuses
    assert answer.status_code == (415 if wrong_type else 400)


@pytest.mark.parametrize("name", ["createFeed", "createFeedDocument", "getMyFeesEstimates"])
def test_a_body_that_is_too_large_is_refused_as_the_model_has_it(refusing, connect, name):
    operation, seller = operations()[name], connect(refusing)
    headers = {"x-amz-access-token": seller.token, "content-type": "application/json"}
    content = b" " * (10 * 1024 * 1024 + 1)
    answer = seller.call(operation.method, path_of(operation), content=content, headers=headers)
    assert answer.status_code == (413 if 413 in operation.statuses else 400)
