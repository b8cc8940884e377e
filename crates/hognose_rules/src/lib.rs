//! What is dangerous: rule folders, library models, registry.
