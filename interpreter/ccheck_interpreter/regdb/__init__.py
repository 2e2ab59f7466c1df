"""Regulatory databases, queried by country."""
