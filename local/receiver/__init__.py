"""What Slack and a mail server would have been sent, taken by `python -m local.receiver` on this machine instead.

It answers as they do, keeps the newest messages, and shows them to people and to tests.
"""
