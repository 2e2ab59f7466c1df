"""The fast path of channel files: a pass without the schema and checks being loaded."""
