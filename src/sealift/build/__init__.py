"""Building: from source folders and declared dependencies to zips, each byte once."""
