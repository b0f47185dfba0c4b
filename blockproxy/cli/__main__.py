"""`python -m blockproxy.cli`, for where no script is installed."""

from blockproxy.cli import main

if __name__ == "__main__":
    main()
