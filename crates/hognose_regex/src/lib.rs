//! What a Python regular expression can match, and how long that may take.
