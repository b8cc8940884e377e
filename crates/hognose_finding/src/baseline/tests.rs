use proptest::prelude::*;

use super::*;
use crate::finding::sample;

#[test]
fn counts() {
    let old = [sample("a.py", 1, 7, "f"), sample("a.py", 5, 7, "f")];
    let baseline = Baseline::of(&old);
    let new = [
        sample("a.py", 1, 7, "f"),
        sample("a.py", 3, 7, "f"),
        sample("a.py", 5, 7, "f"),
    ];
    let matched = baseline.match_findings(&new);
    assert_eq!(matched.known.iter().flatten().count(), 2);
    assert_eq!(matched.stale, Vec::<usize>::new());
    let matched = baseline.match_findings(&new[..1]);
    assert_eq!(matched.stale.len(), 1);
}

#[test]
fn the_nearest_is_the_known_one() {
    // One defect in `f` was accepted; an equal one in another file, which sorts first, is new.
    let baseline = Baseline::of(&[sample("b.py", 1, 7, "b.f")]);
    let known = |findings: &[Finding]| {
        baseline
            .match_findings(findings)
            .known
            .iter()
            .map(Option::is_some)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        known(&[sample("a.py", 1, 7, "a.f"), sample("b.py", 9, 7, "b.f")]),
        [false, true]
    );
    assert_eq!(
        known(&[sample("b.py", 1, 7, "b.g"), sample("b.py", 9, 7, "b.f")]),
        [false, true]
    );
    assert_eq!(
        known(&[sample("a.py", 1, 7, "a.g"), sample("b.py", 9, 7, "b.g")]),
        [false, true]
    );
    assert_eq!(
        known(&[sample("a.py", 1, 7, "a.g"), sample("c.py", 9, 7, "b.f")]),
        [false, true]
    );
    assert_eq!(known(&[sample("c.py", 9, 7, "c.f")]), [true]);
    assert_eq!(known(&[sample("b.py", 1, 8, "b.f")]), [false]);
}

proptest! {
    /// Whatever moves, as many are known as both sides have in common.
    #[test]
    fn a_multiset(
        old in prop::collection::vec((0u8..3, 0u32..9, 0u128..4, 0u8..3), 0..12),
        new in prop::collection::vec((0u8..3, 0u32..9, 0u128..4, 0u8..3), 0..12),
    ) {
        let findings = |of: &[(u8, u32, u128, u8)]| -> Vec<Finding> {
            of.iter()
                .map(|(file, line, content, symbol)| {
                    sample(&format!("{file}.py"), *line, *content, &format!("s{symbol}"))
                })
                .collect()
        };
        let baseline = Baseline::of(&findings(&old));
        let matched = baseline.match_findings(&findings(&new));
        let count = |of: &[(u8, u32, u128, u8)], content| of.iter().filter(|one| one.2 == content).count();
        let common: usize = (0..4).map(|content| count(&old, content).min(count(&new, content))).sum();
        prop_assert_eq!(matched.known.iter().flatten().count(), common);
        prop_assert_eq!(matched.stale.len(), old.len() - common);
        // What did not change is known by itself.
        let itself = baseline.match_findings(&findings(&old));
        prop_assert!(itself.stale.is_empty());
        prop_assert!(itself.known.iter().all(Option::is_some));
    }
}
