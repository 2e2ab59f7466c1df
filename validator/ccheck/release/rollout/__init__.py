"""Rings: how a release reaches a fleet, the evidence of each step, and whether the next may start.

ccheck does not deploy. It plans, stores the evidence in a chain, and evaluates it.
"""
