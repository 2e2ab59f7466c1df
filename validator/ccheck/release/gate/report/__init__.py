"""What the gate found out, shown: on the terminal, as Markdown and as a page."""
