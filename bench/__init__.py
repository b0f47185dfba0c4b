"""How fast and how small: ratios within one run. `python -m bench --help`."""
