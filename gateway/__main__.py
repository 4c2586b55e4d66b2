"""`python -m gateway` is `consent-gateway`."""

import sys

from gateway.cli import main

sys.exit(main())
