"""How a request ends where PHP's answer is not what the client gets; each is counted under its status."""

from legacy_php_adapter.headers import Headers

LEFT = 499
"""The client went away before it had its answer; nobody gets to see it. nginx's number for the same."""


class RefusalError(Exception):
    """What the adapter answers itself: a status, one line for the client, and more words for the log.

    Where PHP's answer has begun already, it is broken off instead, so that the client sees that it is not whole.
    """

    def __init__(self, status: int, text: str, detail: str = "", headers: Headers = ()) -> None:
        super().__init__(text)
        self.status, self.text, self.detail, self.headers = status, text, detail, headers
