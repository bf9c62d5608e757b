"""Attesters, hourly reports and the facts of an hour."""
