"""pydantic's errors about a stack's settings -> faults at their places, without a secret in any of them."""

from collections.abc import Iterator

from pydantic import ValidationError

from catalog.contradictions import ContradictionError, Place
from catalog.faults import problems_of
from catalog.secrets import CredentialError
from catalog.stack import StackSettings
from catalog.stack_secrets import Sealed, SettingFault, how_to_set, is_credential, may_hold_one
from catalog.texts import hidden


def validated(sealed: Sealed, stack: str) -> tuple[StackSettings | None, list[SettingFault]]:
    """The settings, or None and all that is wrong with them.

    What stands below a key that the engine told to be secret appears in no message: nobody can see which of it is the
    secret. Nor does what stands where a mapping with a credential belongs. Faults of both are those of a second
    validation, which shows no value at all.
    """
    settings, faults = _validated(sealed, stack)
    if faults:
        with hidden():
            _, unshown = _validated(sealed, stack)
        faults = [
            dark if light.place[0] in sealed.opaque or may_hold_one(light.place) else light
            for light, dark in zip(faults, unshown, strict=True)
        ]
    misplaced = list(sealed.misplaced(stack, faults))
    others = [fault for fault in faults if not any(each.covers(fault) for each in misplaced)]
    return (None if misplaced else settings), misplaced + others


def _validated(sealed: Sealed, stack: str) -> tuple[StackSettings | None, list[SettingFault]]:
    try:
        return StackSettings.model_validate(sealed.settings, context={"stack": stack}), []
    except ValidationError as error:
        return None, list(_faults(error, stack))


def _faults(error: ValidationError, stack: str) -> Iterator[SettingFault]:
    problems = problems_of(error, StackSettings, "")
    for fault, problem in zip(error.errors(include_url=False), problems, strict=True):
        place: Place = tuple(part for part in fault["loc"] if part != "[key]")
        cause = fault.get("ctx", {}).get("error")
        if isinstance(cause, ContradictionError):
            yield from (_at((*place, *below), message, stack) for below, message in cause.faults)
        elif isinstance(cause, CredentialError):
            yield _at(place, str(cause), stack)
        elif fault["type"] == "missing" and is_credential(place):
            yield _at(place, "is missing", stack)
        else:
            yield SettingFault(place, problem.message, is_unknown_key=fault["type"] == "extra_forbidden")


def _at(place: Place, message: str, stack: str) -> SettingFault:
    """The fault at `place`; that of a credential also tells the command that sets it."""
    return SettingFault(place, f"{message}; {how_to_set(place, stack)}" if is_credential(place) else message)
