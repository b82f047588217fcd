"""Names that somebody was to fill in: `<warehouse id>`, `YOUR_SPACE_ID`, `xxx`, `TODO`."""

import re

# No name of a resource can hold these.
_CERTAIN = re.compile(r"<[^<>]*\w[^<>]*>")
_LIKELY = re.compile(
    r"""
    (?:.*\W)? (?: \{+[^{}]*\}+ | \[[^\[\]]*\] | %\w+% ) .*   # {{ name }}, {name}, [name], %NAME%
    | \$\w+                                                  # $NAME
    | (?:.*[\W_])? (?:
        (?-i:TODO|TBD|FIXME) | placeholder | x{3,} | \?{2,} | \.{3}
        | change[-_ ]?me | replace[-_ ]?(?:me|this|with) | fill[-_ ]?(?:me|in) | insert[-_ ].*here
      ) (?:[\W_].*)?
    | (?:.*\.)? (?:todo|tbd|fixme) (?:[.:\s].*)?
    | (?:.*[./\s])? (?:your|the[-_]name[-_]of) [-_ ].*       # your-endpoint, catalog.your_schema.x
    | 0{8,}
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


def is_certain(name: str) -> bool:
    """Whether a text can't be a name, for it holds `<...>`."""
    return _CERTAIN.search(name) is not None


def is_likely(name: str) -> bool:
    """Whether a text may be a name, and is none that anybody would choose."""
    return is_certain(name) or _LIKELY.fullmatch(name) is not None
