"""The commands that fuzzing adds to `ccheck`, through the entry-point group `ccheck.commands`."""
