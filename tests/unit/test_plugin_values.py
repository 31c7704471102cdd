"""Property values on the wire: nothing is lost, secrets and unknowns stay what they are."""

from typing import Any

from google.protobuf.struct_pb2 import Struct
from hypothesis import given
from hypothesis import strategies as st

from local.plugin.values import (
    COMPUTED,
    SIGNATURE,
    Secret,
    annotate_computed,
    annotate_secrets,
    from_struct,
    has_computed,
    has_secret,
    plain,
    to_struct,
)

_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.just(COMPUTED),
)
_KEYS = st.text().filter(lambda key: key != SIGNATURE)
_VALUES: st.SearchStrategy[Any] = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(_KEYS, inner, max_size=4),
        st.builds(Secret, inner.filter(lambda value: not isinstance(value, Secret))),
    ),
    max_leaves=20,
)


@given(st.dictionaries(_KEYS, _VALUES, max_size=5))
def test_every_value_comes_back_from_the_wire_as_it_went(properties: dict[str, Any]) -> None:
    assert from_struct(Struct.FromString(to_struct(properties).SerializeToString())) == properties


def test_a_whole_number_is_an_integer_again() -> None:
    port = from_struct(to_struct({"port": 80.0}))["port"]
    assert isinstance(port, int)
    assert from_struct(to_struct({"ratio": 0.5})) == {"ratio": 0.5}


def test_an_empty_object_and_an_empty_list_are_not_lost() -> None:
    assert from_struct(to_struct({"labels": {}, "args": [], "none": None})) == {"labels": {}, "args": [], "none": None}


def test_plain_takes_off_every_secret_marking_and_keeps_what_is_unknown() -> None:
    assert plain({"a": Secret({"b": [Secret("c"), COMPUTED]})}) == {"a": {"b": ["c", COMPUTED]}}


def test_secrets_and_unknowns_are_found_wherever_they_are() -> None:
    assert has_secret({"a": [{"b": Secret("c")}]})
    assert not has_secret({"a": ["b"]})
    assert has_computed({"a": Secret([COMPUTED])})
    assert not has_computed({"a": Secret(["b"])})


def test_only_the_part_that_was_secret_becomes_secret() -> None:
    outs = {"data": {"token": "t", "colour": "red"}, "list": [1, 2]}
    annotate_secrets(outs, {"data": {"token": Secret("t")}, "list": [Secret(1)]})
    assert outs == {"data": {"token": Secret("t"), "colour": "red"}, "list": Secret([1, 2])}


def test_all_data_of_a_kubernetes_secret_is_secret() -> None:
    outs: dict[str, Any] = {"kind": "Secret", "data": {"a": "Yg=="}, "metadata": {"name": "x"}}
    annotate_secrets(outs, {})
    assert outs["data"] == Secret({"a": "Yg=="})
    assert outs["metadata"] == {"name": "x"}


def test_what_was_unknown_is_unknown_again() -> None:
    given_values = {"a": COMPUTED, "b": {"c": Secret(COMPUTED)}, "d": ["x", COMPUTED]}
    out = annotate_computed({"a": "", "b": {"c": "", "e": 1}, "d": ["x", ""], "f": 2}, given_values)
    assert out == {"a": COMPUTED, "b": {"c": COMPUTED, "e": 1}, "d": ["x", COMPUTED], "f": 2}
