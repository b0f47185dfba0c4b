"""Lists that others keep, read into what the rule set takes: text in, entries and refusals out.

One format a file. Nothing here fetches or opens anything, and nothing here is trusted: a list is text from somewhere
else, so it never brings a regular expression of its own, and what it says that cannot be used is counted and told.
"""
