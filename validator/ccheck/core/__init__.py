"""The terms of everything else: findings, checks, files and their subjects, driver builds."""
