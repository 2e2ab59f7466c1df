"""Rings: plans, evidence, decisions, estimates."""
