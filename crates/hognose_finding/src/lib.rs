//! The words every part of hognose shares: finding, location, severity, fingerprint, suppression, baseline.
