"""Lists that the user subscribed to: fetched when a person or the clock says so, kept, and read into the rule set.

The one place of the program that fetches anything. No message can cause it, and nothing of a message goes with it.

    fetch   one list over HTTPS: whole, of a sane size, or not at all
    store   the last good copy of each, and what its server said about it
    update  fetch, read, and only then replace; what was wrong otherwise
    load    the shipped rules, the user's own and the copies, as one rule set
"""
