"""What people read when an alert fires and when it ends: one wording for Slack, email and pagers.

The texts are Alertmanager's templates. They stand in the fields of a receiver, as an AlertmanagerConfig brings no
template files, and call only functions that every Alertmanager since 0.22 has. Links are part of the text: operators up
to 0.88 refuse a template where a button or a title wants an address, and later ones know none of these functions there.

An alert of somebody else's (a pod that crashes) may lack any of the annotations, and any label but `alertname`.
"""

_STATE = (
    '{{ if eq .Status "firing" }}'
    "{{ with .CommonLabels.severity }}{{ . | toUpper }}{{ else }}FIRING{{ end }}"
    "{{ else }}RESOLVED{{ end }}"
)
_WHAT = (
    "{{ with .CommonAnnotations.summary }}{{ . }}{{ else }}"
    "{{ .CommonLabels.alertname }}{{ with .CommonLabels.service }} of {{ . }}{{ end }}{{ end }}"
)
"""A summary names its service already. Alerts of a group may have different ones, or none."""

_HOW_MANY = "{{ if gt (len .Alerts.Firing) 1 }} ({{ len .Alerts.Firing }} alerts){{ end }}"

_DESCRIPTION = (
    "{{ with .Annotations.description }}{{ . }}{{ else }}"
    "{{ range .Labels.SortedPairs }}{{ .Name }}={{ .Value }} {{ end }}{{ end }}"
)
"""Of one alert: what it says, or else its labels."""

_SINCE = '{{ .StartsAt.UTC.Format "2 Jan 15:04 MST" }}'
_UNTIL = '{{ .EndsAt.UTC.Format "2 Jan 15:04 MST" }}'

_SLACK_ESCAPES = ' | reReplaceAll "&" "&amp;" | reReplaceAll "<" "&lt;" | reReplaceAll ">" "&gt;"'
"""Slack takes these three for markup of its own."""

_MOST = 10
"""So many alerts of a group are described: a hundred pods with one fault say nothing more."""

_SILENCE = (
    "{{ .ExternalURL }}/#/silences/new?filter=%7B"
    '{{ range .GroupLabels.SortedPairs }}{{ if ne .Name "alertname" }}'
    "{{ .Name }}%3D%22{{ .Value | urlquery }}%22%2C%20"
    "{{ end }}{{ end }}alertname%3D%22{{ .CommonLabels.alertname | urlquery }}%22%7D"
)
"""The page of Alertmanager's where a silence for just this group waits to be confirmed."""

SLACK_COLOR = (
    '{{ if eq .Status "resolved" }}good'
    '{{ else if eq .CommonLabels.severity "critical" }}danger{{ else }}warning{{ end }}'
)
"""Green, red or yellow, by Slack's names for them."""


def title(environment: str) -> str:
    """`[prod] CRITICAL: Nobody asks seedtest-api any more`; with the environment, as several may share a channel."""
    return f"[{environment}] {_STATE}: {_WHAT}{_HOW_MANY}"


def slack_text() -> str:
    """What each alert says, which one it is, and the links."""
    description = _DESCRIPTION.replace("{{ . }}", f"{{{{ .{_SLACK_ESCAPES} }}}}")
    firing = _each(".Alerts.Firing", f"• {description} _(since {_SINCE})_\n")
    resolved = _each(".Alerts.Resolved", f"• Resolved: {description} _(until {_UNTIL})_\n")
    return f"{firing}{resolved}{_facts('*{}:* ')}\n{_links('<{address}|{name}>')}"


def plain_text() -> str:
    """The same without markup, for pagers and for mail programs that show no HTML."""
    firing = _each(".Alerts.Firing", f"- {_DESCRIPTION} (since {_SINCE})\n")
    resolved = _each(".Alerts.Resolved", f"- Resolved: {_DESCRIPTION} (until {_UNTIL})\n")
    return f"{firing}{resolved}{_facts('{}: ')}\n{_links('{name}: {address}', between=chr(10))}"


def email_html(environment: str) -> str:
    """The same for mail; every mail program draws a list, paragraphs and links."""
    firing = _each(".Alerts.Firing", f"<li>{_DESCRIPTION} <small>(since {_SINCE})</small></li>")
    resolved = _each(".Alerts.Resolved", f"<li>Resolved: {_DESCRIPTION} <small>(until {_UNTIL})</small></li>")
    links = _links('<a href="{address}">{name}</a>')
    return f"<h3>{title(environment)}</h3><ul>{firing}{resolved}</ul><p>{_facts('<b>{}:</b> ')}</p><p>{links}</p>"


def _each(alerts: str, line: str) -> str:
    """`line` for each of the first alerts."""
    chosen = f"{{{{ if lt $index {_MOST} }}}}{{{{ with $alert }}}}{line}{{{{ end }}}}{{{{ end }}}}"
    return f"{{{{ range $index, $alert := {alerts} }}}}{chosen}{{{{ end }}}}"


def _facts(name: str) -> str:
    """Which alerts these are, and whose; `name` is how the name of a label is written."""
    shown = {"Alert": "alertname", "Service": "service", "Namespace": "namespace", "Team": "team"}
    return "".join(
        f"{{{{ with .CommonLabels.{label} }}}}{name.format(told)}{{{{ . }}}}  {{{{ end }}}}"
        for told, label in shown.items()
    )


def _links(link: str, between: str = " · ") -> str:
    """Where to look on, each written as `link` says.

    Where a stack names neither its Grafana nor its runbooks, an annotation has but the path below them: no address.
    """
    known = "".join(
        f"{{{{ with .CommonAnnotations.{annotation} }}}}"
        f'{{{{ if match "^https?://" . }}}}{link.format(address="{{ . }}", name=name)}'
        f"{{{{ else }}}}{name}: {{{{ . }}}}{{{{ end }}}}{between}{{{{ end }}}}"
        for name, annotation in {"Dashboard": "dashboard_url", "Runbook": "runbook_url"}.items()
    )
    silence = f'{{{{ if eq .Status "firing" }}}}{link.format(address=_SILENCE, name="Silence")}{between}{{{{ end }}}}'
    return f"{known}{silence}{link.format(address='{{ .ExternalURL }}', name='Alertmanager')}"
