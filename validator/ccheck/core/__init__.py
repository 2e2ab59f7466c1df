"""What everything else speaks of: findings, checks, files and their subjects, driver builds."""
