"""`python -m sealift` is the `sealift` command."""

from sealift.cli.main import main

if __name__ == "__main__":
    main()
