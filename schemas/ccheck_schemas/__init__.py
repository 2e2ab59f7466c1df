"""Construct descriptions of content that kernels read: the single source of truth."""
