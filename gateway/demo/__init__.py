"""`consent-gateway demo`: a small tracked shop on this machine, with the gateway in front of it."""

from gateway.demo.command import run as run
from gateway.demo.command import run_preview as run_preview
