"""Files read and written safely: only regular files, whole or not at all, without interference."""
