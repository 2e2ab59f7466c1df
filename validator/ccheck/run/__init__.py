"""Many files judged: on worker processes, with progress, through crashes and Ctrl-C."""
