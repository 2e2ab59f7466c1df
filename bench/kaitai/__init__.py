"""The importer of Kaitai Struct descriptions, measured on descriptions and files that others wrote."""
