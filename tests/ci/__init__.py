"""ccheck where people work: pipelines, hooks, test runners."""
