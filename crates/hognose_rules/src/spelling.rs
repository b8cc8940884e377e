//! The nearest right spelling of a wrong word.

/// The shortest beginning that is taken for the word it begins.
const MIN_PREFIX: usize = 3;

/// The known word nearest to a wrong one, if one is near enough to be what was meant: by few letters, or because the
/// wrong one is how it begins. Of two equally near the first in alphabetical order, so that messages are the same on
/// every run.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase().replace('_', "-");
    let length = word.chars().count();
    // A third of the letters may be wrong; of very short words one.
    let bound = (length / 3).max(1);
    let rank = |candidate: &str| match strsim::damerau_levenshtein(&word, &candidate.to_lowercase())
    {
        distance if distance <= bound => Some(distance),
        distance if length >= MIN_PREFIX && candidate.starts_with(&word) => Some(distance),
        _ => None,
    };
    known
        .into_iter()
        .filter_map(|c| Some((rank(c)?, c)))
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
        assert_eq!(nearest("audit", ["regular", "auditor"]), Some("auditor"));
    }
}
