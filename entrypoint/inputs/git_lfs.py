"""Git LFS: a checkout without it has a small text, the pointer, in the place of each large file.

https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
"""

import re

MAX_POINTER_BYTES = 1_024
"""No pointer is larger."""
FIX = (
    "Let the step that checks the repository out fetch the files:\n\n"
    "    - uses: actions/checkout@v7\n      with:\n        lfs: true"
)

_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\r?\n"
    rb"(?:[\w.-]+ .*\n)*oid sha256:[0-9a-f]{64}\r?\n"
)


def is_pointer(content: bytes) -> bool:
    """Whether a file's content is a pointer and not what the file should hold."""
    return len(content) < MAX_POINTER_BYTES and _POINTER.match(content) is not None
