"""The configuration of a project: ccheck.toml, options, policies, and the schema files of users."""
