"""The secrets in the config of a stack: found in a file or told by the engine, and refused where they would show."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.config_keys import config_set
from catalog.contradictions import Place
from catalog.faults import dotted
from catalog.secrets import EACH, SecretText, credential_places
from catalog.stack import StackSettings

_CREDENTIALS = tuple(credential_places(StackSettings))


def is_credential(place: Place) -> bool:
    """Whether a credential can stand at `place`."""
    return any(_leads_to(place, credential) and len(place) == len(credential) for credential in _CREDENTIALS)


def may_hold_one(place: Place) -> bool:
    """Whether a credential stands at `place` or below: what somebody wrote there instead may well be the secret."""
    return any(_leads_to(place, credential) for credential in _CREDENTIALS)


def how_to_set(place: Place, stack: str) -> str:
    """How the credential at `place` is given."""
    command = config_set(dotted(place), stack, secret=True)
    return f"set it with `{command}`, or name the key of an existing Secret: {{secret: …, key: …}}"


@dataclass(frozen=True)
class SettingFault:
    """What is wrong with the value at `place`, and how to mend it."""

    place: Place
    message: str
    is_unknown_key: bool = False

    def covers(self, other: "SettingFault") -> bool:
        """Whether `other` is about the same value, or one within it."""
        return _leads_to(self.place, other.place)


@dataclass(frozen=True)
class Sealed:
    """A stack's own config whose secrets are SecretTexts; `opaque` are the keys the engine told to hold some."""

    settings: Mapping[str, Any]
    opaque: frozenset[str] = frozenset()

    def misplaced(self, stack: str, faults: Collection[SettingFault]) -> Iterator[SettingFault]:
        """The secrets that the program would show; not those whose place is wrong for another reason (`faults`).

        Within a key that the engine told to be secret, nobody can see which value it is: where a credential was found,
        it is taken to be that.
        """
        for place in _secrets_in(self.settings, ()):
            wrong_place = any(_leads_to(each.place, place) and each.place != place for each in faults)
            unknown = any(each.is_unknown_key and each.place == place for each in faults)
            if not is_credential(place) and not wrong_place and not unknown:
                yield SettingFault(place, _refusal(place, stack))
        for key in sorted(self.opaque):
            holds_one = any(True for _ in _secrets_in(self.settings[key], (key,)))
            if not holds_one and not any(each.place[:1] == (key,) for each in faults):
                yield SettingFault((key,), _refusal((), stack))


def sealed_in_file(own: Mapping[str, Any]) -> Sealed:
    """The config as a file has it: the engine writes `secure: <ciphertext>` in the place of a secret."""
    return Sealed({key: _sealed(value) for key, value in own.items()})


def sealed_by_engine(own: Mapping[str, Any], secret_keys: Collection[str]) -> Sealed:
    """The config as the engine gives it: all in clear text, and known of each key whether there is a secret in it."""
    opaque = frozenset(key for key in own if key in secret_keys)
    settings = {key: _claimed(value, (key,)) if key in opaque else value for key, value in own.items()}
    return Sealed(settings, opaque)


def _sealed(value: Any) -> Any:
    if isinstance(value, dict):
        encrypted = set(value) == {"secure"} and isinstance(value["secure"], str)
        return SecretText() if encrypted else {key: _sealed(inner) for key, inner in value.items()}
    return [_sealed(inner) for inner in value] if isinstance(value, list) else value


def _claimed(value: Any, place: Place) -> Any:
    """`value` in which the text of each credential is a SecretText."""
    if isinstance(value, dict):
        return {key: _claimed(inner, (*place, key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [_claimed(inner, (*place, index)) for index, inner in enumerate(value)]
    return SecretText(value) if isinstance(value, str) and is_credential(place) else value


def _secrets_in(value: Any, place: Place) -> Iterator[Place]:
    if isinstance(value, SecretText):
        yield place
    inner = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from _secrets_in(each, (*place, key))


def _leads_to(place: Place, further: Place) -> bool:
    """Whether `further` is `place`, or below it."""
    return len(place) <= len(further) and all(b in (a, EACH) for a, b in zip(place, further, strict=False))


def _refusal(place: Place, stack: str) -> str:
    within = [credential for credential in _CREDENTIALS if place and _leads_to(place, credential)]
    if not within:
        return "is a secret, and this setting would show it; set it anew without --secret"
    example = dotted(0 if part == EACH else part for part in within[0])
    return (
        "is encrypted as a whole, so that nobody can check it; encrypt each secret in it by itself, such as: "
        f"{config_set(example, stack, secret=True)}"
    )
