"""Problems as people read them."""

from __future__ import annotations

from acorn_engine.problems import AcornError, Place, Problem, did_you_mean, stopping


def test_the_caret_stands_under_the_sign_on_a_terminal_also_after_chinese():
    problem = Problem("x", "wrong", place=Place("a.yaml", 2, 5, text="价格: x"), hint="try y")
    assert problem.render() == "a.yaml:2:5: wrong\n    价格: x\n          ^\n    try y"


def test_tabs_stay_tabs_under_the_line():
    assert Problem("x", "wrong", place=Place("a", 1, 2, text="\tx")).render() == "a:1:2: wrong\n    \tx\n    \t^"


def test_rows_and_columns_of_data():
    assert str(Place("p.csv", row=7, field="cost")) == "p.csv, row 7, column 'cost'"
    assert str(Place(row=7)) == "row 7"
    assert str(Place(field="cost")) == "column 'cost'"


def test_an_error_shows_all_its_problems():
    error = AcornError([Problem("a", "first"), Problem("b", "second", effect="warns")])
    assert str(error) == "first\nwarning: second"
    assert [problem.code for problem in stopping(error.problems)] == ["a"]
    assert AcornError("just this").problems[0].message == "just this"


def test_did_you_mean():
    assert did_you_mean("cst", ["cost", "stock"]) == "did you mean 'cost'?"
    assert did_you_mean("zzz", ["cost"]) is None


def test_a_problem_is_ready_for_json():
    found = Problem("x", "wrong", place=Place("a", 1, 2), params={"n": 1}).to_dict()
    assert found == {
        "code": "x",
        "effect": "stops",
        "message": "wrong",
        "hint": None,
        "file": "a",
        "line": 1,
        "column": 2,
        "row": None,
        "field": None,
        "params": {"n": 1},
    }
