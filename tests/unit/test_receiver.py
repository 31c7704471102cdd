"""What the receiver takes, as Slack and a mail server would, and what it shows of it."""

import http.client
import json
import smtplib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from local.cluster.ports import LOOPBACK
from local.receiver.messages import Messages
from local.receiver.server import MESSAGE_LIST, ReceiverServer, take_mail
from local.receiver.smtp import SmtpServer
from local.state import CHECKOUT

RELEASE = {
    "text": "*bad-api: analysis failed*",
    "channel": "#deployments",
    "attachments": [
        {
            "color": "#E01E5A",
            "text": "Namespace apis\nerror-rate failed: 0.35 (fails at &gt;= 0.02)\n"
            "<https://grafana.example.com/d/canary?var-service=bad-api|Dashboard>",
        }
    ],
}
ALERT = {
    "channel": "#deployments",
    "attachments": [
        {
            "title": "[local] CRITICAL: bad-api burns its budget",
            "color": "danger",
            "text": "• 5 % failed &amp; more. _(since 22 Nov 10:00 UTC)_\n*Alert:* Burn  *Service:* bad-api",
        }
    ],
}
ALERT_MAIL = """<html><head><style>p { margin: 0 }</style></head><body><p>bad-api</p><ul>
<li>5 % failed &amp; more. <small>(since 22 Nov)</small></li></ul>
<p><a href="https://grafana.example.com/d/api?a=b&amp;c=d">Dashboard</a></p></body></html>"""


@dataclass
class Receiver:
    """A running one."""

    messages: Messages
    http: ReceiverServer
    smtp: SmtpServer
    logins: list[tuple[str, str]]

    def ask(self, path: str, body: bytes | None = None, content_type: str = "application/json") -> tuple[int, str]:
        connection = http.client.HTTPConnection(LOOPBACK, self.http.server_port, timeout=60)
        try:
            connection.request("POST" if body else "GET", path, body, {"Content-Type": content_type})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def post(self, path: str, body: Any) -> tuple[int, str]:
        return self.ask(path, json.dumps(body).encode())

    def client(self) -> smtplib.SMTP:
        return smtplib.SMTP(LOOPBACK, self.smtp.server_address[1], timeout=60)


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    messages, logins = Messages(tmp_path / "messages.jsonl"), list[tuple[str, str]]()
    with (
        ReceiverServer(0, messages) as http_server,
        SmtpServer(0, partial(take_mail, messages), lambda *login: logins.append(login)) as smtp,
    ):
        servers = (http_server, smtp)
        for server in servers:
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield Receiver(messages, http_server, smtp, logins)
        finally:
            for server in servers:
                server.shutdown()


def mail(subject: str, content: str, subtype: str = "plain") -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "alerts@example.com", "a@example.com, b@example.com"
    message.set_content(content, subtype=subtype)
    return message


def test_a_message_about_a_release_is_read_as_slack_shows_it(receiver: Receiver) -> None:
    assert receiver.post("/services/T0/B0/secret", RELEASE) == (200, "ok")
    (message,) = receiver.messages.after()
    assert (message.channel, message.to, message.title) == ("slack", "#deployments", "bad-api: analysis failed")
    assert message.text.splitlines() == [
        "Namespace apis",
        "error-rate failed: 0.35 (fails at >= 0.02)",
        "Dashboard: https://grafana.example.com/d/canary?var-service=bad-api",
    ]
    assert message.body == RELEASE


def test_an_alert_is_read_as_slack_shows_it(receiver: Receiver) -> None:
    receiver.post("/services/local", ALERT)
    (message,) = receiver.messages.after()
    assert message.title == "[local] CRITICAL: bad-api burns its budget"
    assert message.text.splitlines() == [
        "• 5 % failed & more. (since 22 Nov 10:00 UTC)",
        "Alert: Burn  Service: bad-api",
    ]


def test_names_with_underscores_and_stars_stay_as_they_are(receiver: Receiver) -> None:
    receiver.post("/services/local", {"text": "rate\nhttp_requests_total * job_name * 2"})
    assert receiver.messages.after()[0].text == "http_requests_total * job_name * 2"


@pytest.mark.parametrize(
    ("body", "content_type", "refusal"),
    [
        (b"{", "application/json", "invalid_payload"),
        (b"[]", "application/json", "invalid_payload"),
        (json.dumps(RELEASE).encode(), "text/plain", "invalid_payload"),
        (b'{"channel": "#deployments"}', "application/json", "no_text"),
    ],
)
def test_what_slack_would_refuse_is_refused_in_its_words(
    receiver: Receiver, body: bytes, content_type: str, refusal: str
) -> None:
    assert receiver.ask("/services/local", body, content_type) == (400, refusal)
    assert receiver.messages.after() == []


def test_what_is_posted_elsewhere_is_a_plain_webhook(receiver: Receiver) -> None:
    receiver.post("/pager", {"status": "firing"})
    (message,) = receiver.messages.after()
    assert (message.channel, message.to, message.body) == ("webhook", "/pager", {"status": "firing"})


def test_a_mail_is_taken_from_who_logs_in_and_for_all_it_is_to(receiver: Receiver) -> None:
    with receiver.client() as client:
        client.login("alerts", "a password")
        client.send_message(mail("bad-api: release aborted", "Namespace apis\n.5 s\n"))
        client.send_message(mail("another", "one"), to_addrs=["c@example.com"])
    assert receiver.logins == [("alerts", "a password")]
    first, second = receiver.messages.after()
    assert (first.channel, first.to, first.title) == (
        "mail",
        "a@example.com, b@example.com",
        "bad-api: release aborted",
    )
    assert first.text == "Namespace apis\n.5 s"
    assert first.body["from"] == "alerts@example.com"
    assert (second.to, second.text) == ("c@example.com", "one")


def test_a_mail_of_html_is_read_without_its_markup(receiver: Receiver) -> None:
    with receiver.client() as client:
        client.send_message(mail("[local] CRITICAL", ALERT_MAIL, "html"))
    (message,) = receiver.messages.after()
    assert message.text.splitlines() == [
        "bad-api",
        "• 5 % failed & more. (since 22 Nov)",
        "Dashboard: https://grafana.example.com/d/api?a=b&c=d",
    ]
    assert "<li>" in message.body["html"]


def test_a_client_that_is_wrong_is_told_and_may_go_on(receiver: Receiver) -> None:
    with receiver.client() as client:
        client.ehlo()
        assert client.docmd("DATA")[0] == 503
        assert client.docmd("STARTTLS")[0] == 502
        assert client.docmd("AUTH", "LOGIN")[0] == 504
        assert client.docmd("AUTH", "PLAIN nothing")[0] == 501
        assert client.docmd("NOOP")[0] == 250
        client.send_message(mail("after all", "text"))
    assert [message.title for message in receiver.messages.after()] == ["after all"]


def test_what_has_come_is_json_and_what_came_after_a_message_too(receiver: Receiver) -> None:
    for number in range(3):
        receiver.post("/services/local", {"text": f"message {number}"})
    assert MESSAGE_LIST.validate_json(receiver.ask("/messages")[1]) == receiver.messages.after()
    assert [each["title"] for each in json.loads(receiver.ask("/messages?after=2")[1])] == ["message 2"]
    assert receiver.ask("/messages?after=x")[0] == 400


def test_the_page_shows_the_newest_first_with_links_and_lets_no_markup_through(receiver: Receiver) -> None:
    assert "Nothing has come yet" in receiver.ask("/")[1]
    receiver.post("/services/local", RELEASE)
    receiver.post("/services/local", {"text": "<script>alert(1)</script>", "attachments": [{"color": "red;x:y"}]})
    _, shown = receiver.ask("/")
    assert "<script>" not in shown
    assert "x:y" not in shown
    assert shown.index("alert(1)") < shown.index("bad-api: analysis failed")
    url = "https://grafana.example.com/d/canary?var-service=bad-api"
    assert f"<a href='{url}'>{url}</a>" in shown
    assert "border-color:#E01E5A" in shown


def test_links_in_messages_lead_to_the_runbooks_and_to_where_a_dashboard_would_be(receiver: Receiver) -> None:
    page = CHECKOUT / "docs" / "runbooks" / "RolloutFailed.md"
    assert receiver.ask("/runbooks/RolloutFailed.md") == (200, page.read_text(encoding="utf-8"))
    assert "grafana.url" in receiver.ask("/d/api-observability-canary?var-service=bad-api")[1]
    for nothing in ("/runbooks/Nothing.md", "/runbooks/../alerting.md", "/other"):
        assert receiver.ask(nothing)[0] == 404


def test_messages_and_their_numbers_outlive_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "messages.jsonl"
    before = Messages(file)
    for title in ("one", "two"):
        before.take("webhook", to="/a", title=title, text="", body={})
    with file.open("a", encoding="utf-8") as cut_short:
        cut_short.write('{"number": 3, "rec')
    after = Messages(file)
    assert after.after() == before.after()
    assert after.take("webhook", to="/a", title="three", text="", body={}).number == 3
    assert [message.title for message in Messages(file).after()] == ["one", "two", "three"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_only_the_newest_are_kept_in_memory_and_on_disk(tmp_path: Path) -> None:
    file = tmp_path / "messages.jsonl"
    messages = Messages(file, most=10)
    for number in range(50):
        messages.take("webhook", to="/a", title=str(number), text="", body={})
        assert len(file.read_text(encoding="utf-8").splitlines()) <= 20
    assert [message.title for message in messages.after()] == [str(number) for number in range(40, 50)]
    assert Messages(file, most=10).after() == messages.after()
