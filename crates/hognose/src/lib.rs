//! A security auditor for Python projects.
