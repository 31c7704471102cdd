"""What a person is told at the end of a release, or where it goes on without being followed."""

from dataclasses import dataclass

from cli.release_state import Outcome, ReleaseState
from cli.release_view import spelled
from components.observable_api import rollout_commands
from local.state import EMBEDDED_STACK


@dataclass(frozen=True)
class Advice:
    """The commands for one service of a stack, whose cluster a kubeconfig knows as `context`."""

    service: str
    namespace: str
    stack: str
    context: str

    def ended(self, state: ReleaseState) -> str:
        """What became of the release in one line, and what to do where that is something to mend."""
        name, image = self.service, state.image
        match state.outcome:
            case Outcome.PROMOTED:
                return f"{name}: promoted: {image} serves all requests"
            case Outcome.ROLLED_BACK:
                return "\n".join(
                    [
                        f"{name}: rolled back: {state.reason}",
                        f"{state.stable_image or 'the version before'} serves; {self._named} names {image} until "
                        "another one is released:",
                        *self._commands(
                            ("a mended one", self._release("IMAGE")),
                            ("the one that serves", self._release(state.stable_image or "IMAGE")),
                            ("the same once more", self._kubectl("retry")),
                        ),
                    ]
                )
            case Outcome.WAITS:
                return "\n".join(
                    [f"{name}: waits for a person: {state.reason}", *self._commands(*self._by_hand(), self._follow())]
                )
            case Outcome.STANDS_STILL:
                again = ("look why", self._kubectl("watch")), ("another image", self._release("IMAGE"))
                aborted = ("take it back", self._kubectl("abort"))
                return "\n".join(
                    [f"{name}: does not come up: {state.reason}", *self._commands(*again, aborted, self._follow())]
                )
            case _:
                return f"{name}: not followed any longer: {state.reason}"

    def interrupted(self) -> str:
        """For whoever has had enough of looking."""
        return "\n".join(
            [f"{self.service}: the release goes on by itself", *self._commands(self._follow(), *self._by_hand())]
        )

    def not_ended(self, seconds: float) -> str:
        """For whoever did not want to wait for longer."""
        head = f"{self.service}: the release has not ended after {spelled(seconds)}, and goes on by itself"
        return "\n".join([head, *self._commands(self._follow(), *self._by_hand())])

    @property
    def _named(self) -> str:
        return "its setting" if self.stack == EMBEDDED_STACK else f"Pulumi.{self.stack}.yaml"

    def _by_hand(self) -> tuple[tuple[str, str], tuple[str, str]]:
        return ("let it go on", self._kubectl("promote")), ("take it back", self._kubectl("abort"))

    def _follow(self) -> tuple[str, str]:
        return ("follow it", "run the same command again")

    def _release(self, image: str) -> str:
        stack = "" if self.stack == EMBEDDED_STACK else f" --stack {self.stack}"
        return f"api-observability release {self.service} {image}{stack}"

    def _kubectl(self, name: str) -> str:
        return f"{rollout_commands(self.service, self.namespace)[name]} --context {self.context}"

    @staticmethod
    def _commands(*rows: tuple[str, str]) -> list[str]:
        width = max(len(name) for name, _ in rows)
        return [f"  {name:<{width}}  {command}" for name, command in rows]
