"""A calculation as a page of working that can be checked line by line, and changed.

``page`` holds the page, ``arithmetic`` its tiny language, ``page.js`` the same language for a
browser. Explained in the chapter "By hand".
"""

from attnrec_lite.working.page import Working

__all__ = ["Working"]
