//! Markdown files as tests.
