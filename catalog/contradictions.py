"""Models whose values must also agree with one another."""

from collections.abc import Iterable, Iterator
from typing import Self

from pydantic import model_validator

from catalog.model import Model

Place = tuple[str | int, ...]
"""The keys and indices that lead to a value: `("alerting", "slack", "webhook")`."""

Contradiction = tuple[Place, str]
"""Where, below the model, something is to be mended, and a message that says how."""


class ContradictionError(ValueError):
    """All that the values of one model say against each other."""

    def __init__(self, faults: Iterable[Contradiction]) -> None:
        self.faults = list(faults)
        super().__init__("; ".join(message for _, message in self.faults))


class CheckedModel(Model):
    """A model that exists only where `contradictions` finds none; all of them are told at once."""

    def contradictions(self) -> Iterator[Contradiction]:
        """Every fault between the values, each of which is right by itself."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _agreeing(self) -> Self:
        if faults := list(self.contradictions()):
            raise ContradictionError(faults)
        return self
