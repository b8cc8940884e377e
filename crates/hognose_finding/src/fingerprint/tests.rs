use super::*;

#[test]
fn words_do_not_run_together() {
    let hash = |words: &[&str]| {
        let mut builder = FingerprintBuilder::new("r");
        for word in words {
            builder.word(word);
        }
        builder.finish()
    };
    assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
    assert_ne!(hash(&["ab"]), hash(&["ab", ""]));
    // The scheme is part of what users keep in baselines: this number changes only together with `SCHEME`.
    assert_eq!(SCHEME, 1);
    assert_eq!(
        format!("{:032x}", hash(&["$0", "=", "$1", "(", "'a", ")"])),
        "9442db5696d580c3d4bf0ffc4b242899"
    );
}

#[test]
fn ordinals() {
    let mut findings: Vec<Finding> = [
        ("b.py", 2, 7),
        ("a.py", 9, 7),
        ("a.py", 1, 8),
        ("a.py", 3, 7),
    ]
    .into_iter()
    .map(|(file, line, content)| crate::finding::sample(file, line, content, ""))
    .collect();
    assign_ordinals(&mut findings);
    let ordinals: Vec<u32> = findings
        .iter()
        .map(|finding| finding.fingerprint.ordinal)
        .collect();
    assert_eq!(ordinals, [2, 1, 0, 0]);
}
