"""What is said of a release, as templates of Argo Rollouts' notification engine: for Slack, for email, and in one line.

The engine (notifications-engine v0.5) executes each text as a Go template with the functions of Sprig. A template sees
the Rollout as it was just before the event, so that what the event itself changes is not in its status yet, and the
AnalysisRuns of its revision as they are. A text cannot include another one: what several need is put together here.
"""

import json
from dataclasses import dataclass
from typing import Any

RUNNING, GOOD, BAD = "#439FE0", "#2EB67D", "#E01E5A"
"""The colours of the bar beside a message in Slack."""


@dataclass(frozen=True)
class Message:
    """What is said at one event: `headline` is an expression of Go templates, and each of the `statements` may append
    lines to `$lines`, which are the body."""

    event: str
    headline: str
    statements: tuple[str, ...]
    colour: str


_OF_A_HEADLINE = """\
{{- $ro := .rollout }}
{{- $status := $ro.status }}
{{- $name := $ro.metadata.name }}
{{- $first := empty (dig "stableRS" "" $status) }}
{{- $steps := dig "spec" "strategy" "canary" "steps" (list) $ro }}
{{- $index := int (dig "currentStepIndex" 0 $status) }}
"""
"""What every text begins with; a missing field is no error in it."""

_OF_A_BODY = """\
{{- $canary := dig "canary" (dict) $status }}
{{- $current := list (dig "currentStepAnalysisRunStatus" "name" "" $canary) }}
{{- $current = append $current (dig "currentBackgroundAnalysisRunStatus" "name" "" $canary) | compact }}
{{- $lines := list }}
"""
"""`$current` are the AnalysisRuns of this attempt; those of one that was retried have the same revision."""


def _line(text: str, *values: str) -> str:
    """A statement that appends a line: `text` with a verb of Go for each of the `values`."""
    return f"{{{{- $lines = append $lines (printf {' '.join([_literal(text), *values])}) }}}}\n"


def _literal(text: str) -> str:
    """A string of Go, whose escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False)


_WHERE = '{{- $revision := dig "annotations" "rollout.argoproj.io/revision" "?" $ro.metadata }}\n' + _line(
    "Namespace %s, revision %s", "$ro.metadata.namespace", "$revision"
)

_IMAGES = (
    '{{- range dig "spec" "template" "spec" "containers" (list) $ro }}\n'
    + _line("%s: %s", ".name", ".image")
    + "{{- end }}\n"
)

_SHARE = (
    '{{- $weight := dig "weights" "canary" "weight" "" $canary }}\n{{- if ne (toString $weight) "" }}\n'
    + _line("The canary gets %d %% of the requests.", "(int $weight)")
    + "{{- else }}\n"
    + _line(
        "The canary is %d of %d pods.",
        '(int (dig "updatedReplicas" 0 $status))',
        '(int (dig "spec" "replicas" 1 $ro))',
    )
    + "{{- end }}\n"
)


def _measured(*phases: str) -> str:
    """Statements that append a line for each metric of the current AnalysisRuns in one of these phases.

    Those that are only measured (`dryRun`) decide nothing and are left out. The value is that of the last measurement
    which ended so. The limit is cut out of the condition, whose other half is about missing data.
    """
    wanted = " ".join(map(_literal, phases))
    return (
        f"""\
{{{{- $found := false }}}}
{{{{- range $run := .analysisRuns }}}}
{{{{- if has $run.metadata.name $current }}}}
{{{{- range $metric := dig "status" "metricResults" (list) $run }}}}
{{{{- if and (has (dig "phase" "" $metric) (list {wanted})) (not (dig "dryRun" false $metric)) }}}}
"""
        """\
{{- $found = true }}
{{- $value := "" }}
{{- range dig "measurements" (list) $metric }}
{{- if eq .phase $metric.phase }}
{{- $value = trimAll "[]" (dig "value" "" .) | default (dig "message" "" .) }}
{{- end }}
{{- end }}
{{- $limit := "" }}
{{- range $run.spec.metrics }}
{{- if eq .name $metric.name }}
{{- $limit = regexFind "result\\\\[0\\\\] [<>]=? [-+.0-9e]+" (dig "failureCondition" "" .) | trimPrefix "result[0] " }}
{{- end }}
{{- end }}
{{- $fails := ternary (printf " (fails at %s)" $limit) "" (ne $limit "") }}
"""
        + _line("%s %s: %s%s", "$metric.name", "(lower $metric.phase)", '($value | default "no data")', "$fails")
        + """\
{{- end }}
{{- end }}
{{- end }}
{{- end }}
"""
    )


_FAILED = _measured("Failed", "Error")

_WHY_ABORTED = (
    _FAILED
    + "{{- if not $found }}\n"
    + _line("No measurement failed: a person aborted it, or its pods were not ready within the deadline.")
    + "{{- end }}\n"
)

_WHY_PAUSED = (
    "{{- $step := dict }}\n{{- if lt $index (len $steps) }}\n{{- $step = index $steps $index }}\n{{- end }}\n"
    '{{- $duration := dig "pause" "duration" "" $step }}\n'
    '{{- if not (hasKey $step "pause") }}\n'
    + _measured("Inconclusive")
    + _line("An analysis could not decide, so a person must:")
    + '{{- else if ne (toString $duration) "" }}\n'
    + _line("It goes on by itself after %v.", "$duration")
    + "{{- else }}\n"
    + _line("It waits for a person:")
    + '{{- end }}\n{{- if eq (toString $duration) "" }}\n'
    + _line("kubectl argo rollouts promote %s -n %s", "$name", "$ro.metadata.namespace")
    + _line("kubectl argo rollouts abort %s -n %s", "$name", "$ro.metadata.namespace")
    + "{{- end }}\n"
)

_STEP = "(min (add $index 1) (len $steps)) (len $steps)"

MESSAGES = (
    Message(
        "rollout-updated",
        'printf "%s: %s" $name (ternary "first version" "release of a new version begins" $first)',
        (_WHERE, _IMAGES),
        RUNNING,
    ),
    Message(
        "rollout-step-completed",
        f'printf "%s: step %d of %d completed" $name {_STEP}',
        (_WHERE, _SHARE),
        RUNNING,
    ),
    Message(
        "rollout-paused",
        f'printf "%s: release paused at step %d of %d" $name {_STEP}',
        (_WHERE, _SHARE, _WHY_PAUSED),
        RUNNING,
    ),
    Message(
        "rollout-aborted",
        'printf "%s: release aborted, the stable version gets every request" $name',
        (_WHERE, _IMAGES, _WHY_ABORTED),
        BAD,
    ),
    Message(
        "rollout-completed",
        'printf "%s: %s" $name (ternary "first version runs" "release completed" $first)',
        (_WHERE, _IMAGES),
        GOOD,
    ),
    Message("analysis-run-failed", 'printf "%s: analysis failed" $name', (_WHERE, _FAILED), BAD),
)
"""One for each event that somebody may want to hear of; the trigger of an event is called `on-` and its name."""


def template(message: Message, slack: str, dashboard: str | None = None) -> dict[str, Any]:
    """A template of the engine; `slack` is the name of the webhook service that stands for Slack.

    `dashboard` is an address with `{{namespace}}` and `{{rollout}}` where those of the release belong.
    """
    headline = f"{_OF_A_HEADLINE}{{{{- $headline := {message.headline} }}}}\n"
    body = "".join([headline, _OF_A_BODY, *message.statements, _link(dashboard) if dashboard else ""])
    return {
        # For services that a user adds: they know no better.
        "message": f"{headline}{{{{- $headline }}}}",
        "email": {
            "subject": f"{headline}{{{{- $headline }}}}",
            "body": f'{body}{{{{- join "\\n" $lines }}}}\n',
        },
        "webhook": {slack: {"method": "POST", "body": f"{body}{_slack(message.colour)}"}},
    }


def _link(address: str) -> str:
    before, namespace, rest = address.replace("%", "%%").partition("{{namespace}}")
    between, rollout, after = rest.partition("{{rollout}}")
    assert namespace
    assert rollout
    return _line(f"{before}%s{between}%s{after}", "$ro.metadata.namespace", "$name")


def _slack(colour: str) -> str:
    """What an incoming webhook takes; the webhook of a Slack app has a channel of its own and ignores this one.

    docs.slack.dev, "Formatting message text": the three characters that are replaced control the text.
    """
    escaped = 'replace "&" "&amp;" | replace "<" "&lt;" | replace ">" "&gt;" | toJson'
    return f"""\
{{
  "channel": {{{{ toJson .recipient }}}},
  "text": {{{{ printf "*%s*" $headline | {escaped} }}}},
  "attachments": [{{
    "color": "{colour}",
    "mrkdwn_in": ["text"],
    "text": {{{{ join "\\n" $lines | {escaped} }}}}
  }}]
}}
"""
