"""A campaign: processes that search, one file that remembers, and findings that are made presentable."""
