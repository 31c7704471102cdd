"""Asking a running receiver what has come."""

import http.client

from local.cluster import ports
from local.cluster.api import ask
from local.errors import LocalError
from local.receiver.messages import Message
from local.receiver.server import MESSAGE_LIST, MESSAGES_PATH
from local.state import State


def messages(state: State, after: int = 0) -> list[Message]:
    """What has come after the message of that number, the oldest first. Raises LocalError where no receiver runs."""
    port = ports.recorded(state).get("receiver")
    if port is None:
        raise LocalError("no receiver is running: run `make up`, or `python -m local.cluster start`")
    try:
        answer = ask(f"http://{ports.LOOPBACK}:{port}{MESSAGES_PATH}?after={after}")
    except (OSError, http.client.HTTPException) as error:
        raise LocalError(f"the receiver does not answer: {error}; `make up` starts it again") from error
    return MESSAGE_LIST.validate_json(answer.body)
