"""What fuzzing adds to ccheck through entry points: commands, and stages of the release gate."""
