"""A release: from a tag that a maintainer pushed to the tags that users name.

Needs nothing but Python and git, for it runs in the one job that may write to the repository.
"""
