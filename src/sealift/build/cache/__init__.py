"""What builds keep on this machine: blobs, packs and records by key, the hashes of files, and what is thrown away."""
