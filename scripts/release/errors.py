"""What keeps a version from being released."""


class ReleaseError(Exception):
    """Something that a maintainer mends; the message says how."""
