//! The two shops of `examples/`: one breaks the practices, its twin is mended.

#![allow(clippy::disallowed_methods, reason = "tests read the examples")]

use std::collections::BTreeSet;
use std::path::Path;

use hognose::discovery::{DiscoveryOptions, DiskSources};
use hognose::{AuditOptions, audit};
use hognose_finding::{Persona, Report};

fn report(example: &str) -> Report {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(example);
    let root = root.canonicalize().expect("the example is there");
    let sources = DiskSources::find(
        &root,
        std::slice::from_ref(&root),
        &DiscoveryOptions::default(),
    );
    let options = AuditOptions {
        suppressions: true,
        ..AuditOptions::default()
    };
    audit(&sources, &options)
}

#[test]
fn the_shop_breaks_the_practices_hognose_assesses() {
    let report = report("bookshop");
    assert!(report.failures.is_empty(), "{:?}", report.failures);
    let found: BTreeSet<&str> = report
        .findings
        .iter()
        .filter(|finding| finding.persona == Persona::Regular)
        .map(|finding| &*finding.rule)
        .collect();
    for rule in [
        "cipher-in-ecb-mode",
        "constant-framework-secret-key",
        "cors-any-origin-with-credentials",
        "guard-above-route",
        "password-with-fast-hash",
        "permissive-file-mode",
        "state-change-by-get",
        "tempfile-mktemp",
        "tls-verification-disabled",
        "token-from-input-not-verified",
        "unguarded-among-guarded",
        "unsafe-deserialization",
        "weak-random-for-secret",
        "xml-external-entities-enabled",
    ] {
        assert!(found.contains(rule), "{rule} is not among {found:?}");
    }
}

#[test]
fn the_hardened_shop_is_silent() {
    let report = report("bookshop-hardened");
    let shown: Vec<String> = report
        .findings
        .iter()
        .filter(|finding| finding.persona == Persona::Regular && finding.suppressed.is_none())
        .map(|finding| {
            format!(
                "{}:{} {} {}",
                finding.location.file, finding.location.start.line, finding.rule, finding.message
            )
        })
        .collect();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
}
