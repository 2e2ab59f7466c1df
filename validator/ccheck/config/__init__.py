"""What a project says: ccheck.toml, options, policies, and the schema files of users."""
