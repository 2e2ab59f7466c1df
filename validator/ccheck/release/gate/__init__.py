"""The release gate: evidence about a release, stage by stage, and a verdict that others can verify."""
