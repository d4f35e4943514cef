"""`python -m cli`: the `assay` command where it is not on the PATH."""

from cli.main import main

main()
