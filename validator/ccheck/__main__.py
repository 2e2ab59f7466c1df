"""The command `ccheck`, and `python -m ccheck`: Ctrl-C is heeded from the first import on."""

import os


def main() -> None:
    """Run the command line."""
    try:
        from ccheck.run.process_end import heed_interrupts

        heed_interrupts()
        from ccheck.cli.main import main as run

        run()
    except KeyboardInterrupt:
        # The import was interrupted half-way: nothing of it is run again on the way out.
        try:
            os.write(2, b"interrupted\n")
        finally:
            os._exit(130)


if __name__ == "__main__":
    main()
