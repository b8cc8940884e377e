//! Advisories: OSV records, the compact index of their facts, and the one matcher.
