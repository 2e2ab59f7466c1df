"""A record of what ccheck says, as digests, against which a change that must not change it is compared."""
