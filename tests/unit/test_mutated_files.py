"""Whatever a file says, it is accepted and builds, or refused with lines that name a place; never a traceback."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given

from catalog.json_schema import services_schema
from catalog.stack import StackSettings
from tests.attempts import Novelty, assert_distinct, assert_refused_in_words, desk
from tests.documents import SERVICES_FILE, Document, stack_file, stacks_with_everything, with_everything
from tests.mutations import Mutant, Place, mutants, places
from tests.plausible import OWN_KEYS, PLAUSIBLE, plausible_at, shape

Words = tuple[str, ...]
ANY_KEY = "*"
ANY_INDEX = "[]"


@pytest.fixture(scope="module")
def novelty() -> Novelty:
    """What no file of this module had before: to build the same again would prove nothing."""
    return Novelty()


@given(mutant=mutants())
def test_a_mutated_file_builds_or_is_refused(novelty: Novelty, mutant: Mutant) -> None:
    with desk() as files:
        attempt = files.attempt(mutant, novelty)
    if attempt.loaded is None:
        assert_refused_in_words(attempt, mutant)
    else:
        assert_distinct(attempt)
        novelty.keep()


@pytest.mark.parametrize("stack", ["dev", "local", "prod"])
def test_the_documents_that_say_everything_are_right(stack: str) -> None:
    files = [(SERVICES_FILE, with_everything()), *((stack_file(stack), each) for each in stacks_with_everything(stack))]
    for file, document in files:
        with desk() as folder:
            attempt = folder.attempt(Mutant(stack, file, document, document))
        assert attempt.refusal is None


def test_the_documents_that_say_everything_leave_no_key_out() -> None:
    document = with_everything()
    entries = [document["defaults"], *document["services"].values()]
    entries += [layer for entry in entries for layer in entry.get("environments", {}).values()]
    assert unsaid(sayable_of_a_service(), entries) == []
    stacks = [
        {key.partition(":")[2]: value for key, value in each["config"].items()}
        for each in stacks_with_everything("dev")
    ]
    assert unsaid(sayable_of_a_stack(), stacks) == []


def test_mutations_know_the_mappings_whose_keys_people_choose() -> None:
    known = {words[-2] for words in (*sayable_of_a_service(), *sayable_of_a_stack()) if words[-1] == ANY_KEY}
    assert known <= OWN_KEYS


def unsaid(sayable: Iterable[Words], documents: list[Document]) -> list[str]:
    """The paths that none of the documents has."""
    said = {
        tuple(ANY_INDEX if isinstance(part, int) else part for part in place)
        for document in documents
        for place in places(document)
    }
    return sorted(
        ".".join(words)
        for words in set(sayable)
        if not any(
            len(place) == len(words) and all(word in (ANY_KEY, part) for word, part in zip(words, place, strict=True))
            for place in said
        )
    )


def sayable_of_a_service() -> Iterator[Words]:
    schema = services_schema()
    return sayable(schema["$defs"]["ServiceLayer"], schema["$defs"])


def sayable_of_a_stack() -> Iterator[Words]:
    schema = StackSettings.model_json_schema(by_alias=True)
    return sayable(schema, schema["$defs"])


def sayable(schema: Any, definitions: Any, at: Words = ()) -> Iterator[Words]:
    """Every path for which a schema has words."""
    if at:
        yield at
    if "$ref" in schema:
        yield from sayable(definitions[schema["$ref"].rpartition("/")[2]], definitions, at)
    for kind in ("anyOf", "oneOf", "allOf"):
        for member in schema.get(kind, []):
            yield from sayable(member, definitions, at)
    for key, inner in schema.get("properties", {}).items():
        yield from sayable(inner, definitions, (*at, key))
    for inner in schema.get("patternProperties", {}).values():
        yield from sayable(inner, definitions, (*at, ANY_KEY))
    for kind, word in (("items", ANY_INDEX), ("additionalProperties", ANY_KEY)):
        if isinstance(schema.get(kind), dict):
            yield from sayable(schema[kind], definitions, (*at, word))


def test_every_plausible_value_has_a_place() -> None:
    paths = [
        ".".join(["", *shape(place)])
        for document in (with_everything(), *stacks_with_everything("dev"))
        for place in places(document)
    ]
    assert [end for end in PLAUSIBLE if not any(path.endswith(f".{end}") for path in paths)] == []


def test_every_text_has_others_that_people_would_write() -> None:
    without = {
        ".".join(shape(place))
        for document in (with_everything(), *stacks_with_everything("dev"))
        for place, value in texts(document)
        if plausible_at(place, value) is None
    }
    assert without == set()


def texts(document: Document) -> Iterator[tuple[Place, str]]:
    """The texts of a document, but for what is passed on as it is."""
    for place in places(document):
        value: Any = document
        for key in place:
            value = value[key]
        if isinstance(value, str) and "patch" not in place:
            yield place, value
