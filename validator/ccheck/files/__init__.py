"""Files read and written safely: regular files alone, whole or not at all, where others cannot interfere."""
