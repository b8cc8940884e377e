//! Who may call what: the endpoints of a project, and the guard of each, from the code alone.
