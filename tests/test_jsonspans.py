"""JSON with places: the same values as Python reads, and replacing one changes nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parallel_agents.worklists.jsonspans import Node, NotJson, parse, replaced

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(VALUES, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_what_python_writes_is_read_as_python_reads_it(
    value: Any, indent: Any, ascii: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii)
    node = parse(f" \n{text}\r\n")
    assert node.value == json.loads(text)
    assert f" \n{text}\r\n"[node.start : node.end] == text


@given(VALUES)
def test_every_value_is_where_it_is_said_to_be(value: Any) -> None:
    text = json.dumps({"here": value, "there": [value]})

    def check(node: Node) -> None:
        assert json.loads(text[node.start : node.end]) == node.value
        for inner in (*node.members.values(), *node.items):
            check(inner)

    check(parse(text))


def test_a_value_is_replaced_alone() -> None:
    text = '{"a" : [1,\t{"status":"open" , "x":"\\u00e9"}], "b":1.50}'
    status = parse(text).members["a"].items[1].members["status"]
    assert replaced(text, [(status, '"done"')]) == text.replace('"open"', '"done"')
    assert replaced(text, []) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "line 1, column 1: no value begins here"),
        ("{", "line 1, column 2: a key in quotes is missing"),
        ('{"a" 1}', "a colon is missing"),
        ('{"a":1 "b":2}', "a comma or } is missing"),
        ("[1,\n2", "line 2, column 2: a comma or ] is missing"),
        ("[1]\n[2]", "line 2, column 1: there is more behind the end"),
        ('["a\nb"]', "Invalid control character"),
        ("[nope]", "no value begins here"),
        ("[" * 200, "nested too deeply"),
    ],
)
def test_what_is_no_json_is_told_with_its_place(text: str, why: str) -> None:
    with pytest.raises(NotJson, match=why.replace("]", r"\]").replace("}", r"\}")):
        parse(text)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert parse("\ufeff{}").value == {}
