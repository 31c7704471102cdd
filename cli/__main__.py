"""`python -m cli` is the command `api-observability`."""

import sys

from cli import main

sys.exit(main())
