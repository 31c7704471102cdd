"""The page on the embedded cluster names what the simulator plays and where messages go, and nothing else."""

import json
import re

from cli.local_receiver import CHANNEL, RECIPIENT
from local.receiver.messages import MOST
from local.simulator.behaviour import BEHAVIOURS, Behaviour, Changes
from local.state import CHECKOUT

PAGE = (CHECKOUT / "docs" / "local.md").read_text(encoding="utf-8")


def test_every_tag_is_in_the_table_and_none_that_is_not_there() -> None:
    rows = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `")]
    assert sorted(tag for row in rows for tag in re.findall(r"`([^`]+)`", row)) == sorted(BEHAVIOURS)


def test_the_scenarios_of_the_examples_can_be_played() -> None:
    examples = re.findall(r"-d '(.+)'", PAGE)
    assert len(examples) == 2
    assert [set(Changes.validate_json(example)) for example in examples] == [{"apis/seedtest-api"}] * 2
    behaviours = [each for each in re.findall(r"`(\{\"[^`]+\})`", PAGE) if "_ratio" in each]
    assert [bool(Behaviour.model_validate(json.loads(each))) for each in behaviours] == [True, True]


def test_the_channels_and_the_number_of_messages_are_the_true_ones() -> None:
    for told in (f"`{CHANNEL}`", f"`{RECIPIENT}`", f"{MOST:,} messages"):
        assert told in PAGE
