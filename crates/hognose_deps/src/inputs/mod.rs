//! Manifests, lock files, environments and bills of materials.
