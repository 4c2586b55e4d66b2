"""Visits a shop and lists what the gateway would have to do with: cookies, services, unknown third parties."""
