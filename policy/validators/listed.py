"""All policies, each with the name that messages and exceptions call it by."""

from .exposure import exposure_faults, secret_faults
from .judging import Policy
from .pods import image_faults, resource_faults, security_faults
from .releases import analysis_faults
from .watching import alert_faults, scrape_faults

POLICIES = (
    Policy("fixed-images", "Images have a digest, or a tag that is pushed once.", image_faults),
    Policy(
        "analysed-releases", "No Rollout gives all traffic to a version that no analysis has judged.", analysis_faults
    ),
    Policy("restricted-pods", "Pods keep to Kubernetes' security level `restricted`.", security_faults),
    Policy("bounded-resources", "Containers request CPU and memory, and have a limit of memory.", resource_faults),
    Policy("bounded-scrapes", "ServiceMonitors limit what a target may expose.", scrape_faults),
    Policy("no-plaintext-secrets", "Secrets are Pulumi's or in Secrets, and never in clear text.", secret_faults),
    Policy("actionable-alerts", "Alerts have a severity and a runbook.", alert_faults),
    Policy("no-surprising-load-balancer", "No Service is reachable from outside unless that is said.", exposure_faults),
)
