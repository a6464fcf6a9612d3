"""Alerts over HTTP: who reads them, and who acts on them."""
