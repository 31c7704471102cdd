"""The policies, over objects as rendering or the engine has them: pure, and with nothing but the standard library.

The policy pack runs in an environment of its own, without this project's packages, and imports this folder alone; hence
no import here leads out of it.
"""

from .judging import EXCEPTION, Excepted, Policy, Violation, excepted, violations
from .listed import POLICIES

__all__ = ["EXCEPTION", "POLICIES", "Excepted", "Policy", "Violation", "excepted", "violations"]
