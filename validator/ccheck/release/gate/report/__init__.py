"""The gate's result, shown: on the terminal, as Markdown and as a page."""
