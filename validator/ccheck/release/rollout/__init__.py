"""Rings: how a release reaches a fleet, the evidence of each step, and whether the next may come.

ccheck does not deploy. It makes the plan, keeps the evidence in a chain, and says what it means.
"""
