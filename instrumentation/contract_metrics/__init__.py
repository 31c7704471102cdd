"""The metrics contract for a FastAPI or Starlette application, in two lines:

from contract_metrics import expose_metrics
expose_metrics(app, service="univprepai-api")
"""

from contract_metrics.exposing import expose_metrics
from contract_metrics.recording import BUCKETS

__all__ = ["BUCKETS", "expose_metrics"]
