"""`python -m local.receiver`: the receiver of the embedded cluster's messages, as `local.cluster` starts it."""

import argparse
import sys
import threading
from collections.abc import Sequence
from functools import partial

from local import logs
from local.receiver.messages import Messages
from local.receiver.server import ReceiverServer, take_mail
from local.receiver.smtp import SmtpServer
from local.state import State


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until ended by a signal."""
    parser = argparse.ArgumentParser(prog="python -m local.receiver", description="takes Slack webhooks and mail")
    for port in ("listen", "smtp"):
        parser.add_argument(f"--{port}-port", type=int, required=True)
    options = parser.parse_args(arguments)
    logs.to_standard_error()
    messages = Messages(State.current().cluster_data / "messages.jsonl")
    smtp = SmtpServer(options.smtp_port, partial(take_mail, messages))
    threading.Thread(target=smtp.serve_forever, daemon=True).start()
    ReceiverServer(options.listen_port, messages).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
