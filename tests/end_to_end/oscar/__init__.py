"""A django-oscar shop on SQLite with trackers nobody asked about, for the end-to-end test."""
