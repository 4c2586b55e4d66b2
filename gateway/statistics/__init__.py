"""Decisions counted, never people: what is counted, and what of it may be told (R-150 to R-158)."""
