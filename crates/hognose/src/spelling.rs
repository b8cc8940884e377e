//! The nearest right spelling of a wrong word.

/// The known word nearest to a wrong one, if one is near enough to be what was meant. Of two equally near the first in
/// alphabetical order, so that messages are the same on every run.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase().replace('_', "-");
    // A third of the letters may be wrong; of very short words one.
    let bound = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&word, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, _)| *distance <= bound)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        assert_eq!(nearest("persna", ["persona", "select"]), Some("persona"));
        assert_eq!(
            nearest("min_severity", ["min-severity", "min-confidence"]),
            Some("min-severity")
        );
        assert_eq!(nearest("frobnicate", ["persona", "select"]), None);
        assert_eq!(nearest("ab", ["ac", "aa"]), Some("aa"));
    }
}
