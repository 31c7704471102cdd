"""Wrong and odd files: mutations of the real services.yaml and stack files."""

import copy
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.documents import SERVICES_FILE, Document, stack_file, stacks_with_everything, with_everything
from tests.plausible import ODD_VALUES, plausible_at, shape

Place = tuple[str | int, ...]


@dataclass(frozen=True, repr=False)
class Mutant:
    """A file that somebody may have written: the stack it counts in, its name, what it was made from, what it says."""

    stack: str
    file: str
    original: Document
    document: Document

    def __repr__(self) -> str:
        """What is other than in the original, in one line, so that a person can do the same."""
        return (
            f"{self.file} (stack {self.stack}): {'; '.join(_differences(self.original, self.document)) or 'as it is'}"
        )


def places(node: object, at: Place = ()) -> list[Place]:
    """Every place of a document, its root left out."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    found = []
    for key, value in inner:
        found += [(*at, key), *places(value, (*at, key))]
    return found


@st.composite
def mutated(draw: st.DrawFn, document: Document) -> Document:
    """The document after one to three mutations."""
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3]))):
        if known := places(document):
            document = _mutated_at(draw, document, draw(_a_place(known)))
    return document


@st.composite
def mutants(draw: st.DrawFn) -> Mutant:
    """A services.yaml as one stack reads it, or the file of a stack.

    Where only the layers of one environment were changed, that is the environment which shows it.
    """
    stack = draw(st.sampled_from(["dev", "prod"]))
    if draw(st.sampled_from([True, True, False])):
        document = draw(mutated(original := with_everything()))
        touched = re.findall(r"environments\.(dev|local|prod)\.", " ".join(_differences(original, document)))
        return Mutant(touched[0] if touched else stack, SERVICES_FILE, original, document)
    original = draw(st.sampled_from(stacks_with_everything(stack)))
    return Mutant(stack, stack_file(stack), original, draw(mutated(original)))


@st.composite
def _a_place(draw: st.DrawFn, known: list[Place]) -> Place:
    """One of the places: each key is as likely as any other, however deep it is and however many services have it."""
    alike: dict[tuple[str, ...], list[Place]] = {}
    for place in known:
        alike.setdefault(shape(place), []).append(place)
    return draw(st.sampled_from(alike[draw(st.sampled_from(sorted(alike)))]))


def _mutated_at(draw: st.DrawFn, document: Document, at: Place) -> Document:
    """The document after one mutation at a place: the one that a plausible value or a copy makes, or one of the odd."""
    plausible = plausible_at(at, _value(document, at))
    layers = _other_layers(document, at)
    likely = ["replace"] * 8 * (plausible is not None) + ["copy"] * 4 * bool(layers) + ["remove"]
    unlikely = ["near", "near", "odd", "rename", "sibling"] * (not _is_raw(at))
    kind = draw(st.sampled_from([*likely, *unlikely]))
    result = copy.deepcopy(document)
    parent, key = _value(result, at[:-1]), at[-1]
    if kind == "replace" and plausible is not None:
        parent[key] = draw(plausible)
    elif kind == "copy":
        _copy(draw, result, at, layers)
    elif kind == "near":
        parent[key] = draw(st.sampled_from(_near(parent[key])))
    elif kind == "odd":
        parent[key] = draw(ODD_VALUES)
    elif kind == "sibling" and isinstance(parent, list):
        parent.append(copy.deepcopy(parent[int(key)]))
    elif kind == "sibling":
        parent[draw(_a_name_beside(str(key)))] = copy.deepcopy(parent[key])
    else:
        value = parent.pop(key)
        if kind == "rename" and isinstance(parent, dict):
            parent[draw(_a_name_beside(str(key)))] = value
    return result


def _is_raw(place: Place) -> bool:
    """Whether what stands there goes into an object as it is: no catalog knows what Kubernetes says to it."""
    return "patch" in place[:-1]


_OF_LAYERS = (("services",), ("environments",))


def _layer_of(at: Place) -> Place:
    """The layer of a services.yaml that a place is in: the defaults, a service, or an environment of either."""
    ends = [end for end in range(1, len(at) + 1) if at[:end] == ("defaults",) or at[end - 2 : end - 1] in _OF_LAYERS]
    return at[: max(ends, default=0)]


def _other_layers(document: Document, at: Place) -> list[Place]:
    """Where else the same key may stand."""
    own = _layer_of(at)
    return [place for place in places(document) if own and place == _layer_of(place) != own]


def _copy(draw: st.DrawFn, document: Document, at: Place, layers: list[Place]) -> None:
    """Have another layer say the same: one key, or more of what it stands in; a list as a whole."""
    own = _layer_of(at)
    keys = [*itertools.takewhile(lambda part: isinstance(part, str), at[len(own) :])]
    inner = tuple(keys[: draw(st.integers(1, len(keys)))]) if keys else ()
    value = copy.deepcopy(_value(document, own + inner))
    if not inner and isinstance(value, dict):
        value.pop("environments", None)  # environments have none of their own
    _put(document, draw(st.sampled_from(layers)) + inner, value)


_SLIPS = [*' \n\t\x00-./:_$"0Aé٣', "{{", "x" * 64, "a." * 127]
"""What slips into a text: signs with a meaning somewhere, letters and digits beyond ASCII, and too much of them."""

_TEXTS = ["", "0", "-1", "1e9", "9" * 30, "0.0000001s", "400d", "null", "a" * 63, "a" * 254]
"""What looks like something else, or is at an end of what is allowed."""


def _near(value: Any) -> list[Any]:
    """What is nearly right instead of a value, as slips of the keyboard and of units leave it."""
    if isinstance(value, bool) or value is None:
        return [None, "true", "yes", 0, 1]
    if isinstance(value, int | float):
        return [value + 1, value - 1, -value, value * 10**9, value / 10**9, 2**31, 2**63, str(value), [value]]
    if isinstance(value, str):
        ends = [0, len(value) // 2, len(value)]
        slipped = [value[: ends[index % 3]] + slip + value[ends[index % 3] :] for index, slip in enumerate(_SLIPS)]
        return [*slipped, *_TEXTS, value[: ends[1]], value.upper(), [value]]
    twice = [[*value, *value]] if isinstance(value, list) else []
    return [None, {}, [], [value], {"a": value}, str(value)[:40], *twice]


def slips() -> Iterator[Mutant]:
    """Every key of the product once with each value that is nearly right, and every key of people's own misspelt."""
    documents = [(SERVICES_FILE, "dev", with_everything())]
    documents += [(stack_file("prod"), "prod", document) for document in stacks_with_everything("prod")]
    slipped: set[tuple[str, ...]] = set()
    for file, stack, original in documents:
        alike = {shape(place): place for place in places(original) if not _is_raw(place)}
        for at in (place for words, place in alike.items() if words not in slipped):
            key, value = at[-1], _value(original, at)
            others = [(key, near) for near in _near(value)]
            if isinstance(key, str) and shape(at)[-1] == "*":
                others += [(str(near), value) for near in _near(key)]
            for name, near in others:
                document = copy.deepcopy(original)
                parent = _value(document, at[:-1])
                if name != key:
                    del parent[key]
                parent[name] = near
                yield Mutant(stack, file, original, document)
        slipped |= alike.keys()


def _a_name_beside(key: str) -> st.SearchStrategy[str]:
    """Another key of the same mapping."""
    return st.one_of(
        st.sampled_from([f"{key}x", f"{key}2", "a"]), st.sampled_from(_near(key)).map(str), st.text(max_size=40)
    )


def _value(document: Document, at: Place) -> Any:
    node: Any = document
    for key in at:
        node = node[key]
    return node


def _put(document: Document, at: Place, value: Any) -> None:
    """Have `value` at a place; whatever is missing or in the way above it becomes a mapping."""
    node = document
    for key in at[:-1]:
        if not isinstance(node.get(str(key)), dict):
            node[str(key)] = {}
        node = node[str(key)]
    node[str(at[-1])] = value


def _differences(before: object, after: object, at: str = "") -> Iterator[str]:
    """Where two documents differ, and what the second one has there."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            where = f"{at}.{key}" if at else str(key)
            if key not in after:
                yield f"{where} removed"
            elif key not in before:
                yield f"{where} added: {after[key]!r}"
            else:
                yield from _differences(before[key], after[key], where)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _differences(one, other, f"{at}[{index}]")
    elif repr(before) != repr(after):
        yield f"{at}: {after!r}"
