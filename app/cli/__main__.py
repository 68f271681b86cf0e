"""`python -m app.cli`: the command where it is not on the path, as for the children of `serve`."""

from app.cli import main

main(prog_name="greenpledge")
