//! Names that are nearly those of popular packages.

use rustc_hash::FxHashSet;

use super::facts;
use super::projects::{Projects, is_of_index};
use super::{Defect, Rule};
use crate::inputs::Relation;
use crate::modules;
use crate::name::Name;

/// The fewest letters of a word in which one letter that is wrong is a slip rather than another word: `click` and
/// `clock` are both words, and so are `black` and `block`.
const MIN_WORD: usize = 6;

/// The same where two letters changed places, which hardly ever makes another word.
const MIN_SWAPPED: usize = 5;

/// Judges the names that people wrote.
pub fn judge(projects: &Projects<'_>, is_known: &dyn Fn(&Name) -> bool, defects: &mut Vec<Defect>) {
    let inventory = projects.inventory;
    let written = inventory
        .packages
        .iter()
        .chain(&inventory.asked)
        .filter(|package| {
            projects.is_manifest(&package.place.file)
                && matches!(package.relation, Relation::Direct | Relation::Unknown)
                && is_of_index(package)
        });
    let all = || inventory.packages.iter().chain(&inventory.asked);
    let popular = &facts::all().popular;
    let asked_for: FxHashSet<(&str, &Name)> = all()
        .filter(|package| popular.contains(&package.name))
        .map(|package| (&*package.place.file, &package.name))
        .collect();
    for package in written {
        let Some(popular) = imitated(&package.name) else {
            continue;
        };
        // Who asks for both knows that they are two.
        let has_both = asked_for.contains(&(&*package.place.file, popular));
        if is_known(&package.name) || has_both {
            continue;
        }
        let name = package.name.as_str();
        let message = format!("`{name}` is one letter away from `{popular}`");
        defects.push(Defect::new(Rule::Lookalike, &package.place, name, message));
    }
}

/// Whether a package of that name is known to be on the public index, so that nobody else can take the name there.
pub fn is_taken(name: &Name) -> bool {
    let facts = facts::all();
    facts.popular.contains(name)
        || facts.known.contains(name)
        || facts.brought.contains(name)
        || facts.branches.contains_key(name)
        || facts.yanked.contains_key(name)
        || facts.abandoned.contains_key(name)
        || modules::is_listed(name)
}

/// The popular name that a name which nobody knows looks like.
fn imitated(name: &Name) -> Option<&'static Name> {
    if is_taken(name) {
        return None;
    }
    let facts = facts::all();
    // A slip changes the length by one letter at most.
    let length = name.as_str().len();
    let near = facts.popular_of(length.saturating_sub(1)..=length + 1);
    near.filter(|popular| is_slip(name.as_str(), popular.as_str()))
        .min()
}

/// Whether a name is another one with a slip of the pen: a letter too much, too few, wrong, or two that changed places.
/// Digits tell versions apart, and names that differ in hyphens alone are one and the same to the index.
fn is_slip(name: &str, popular: &str) -> bool {
    let (a, b) = (name.as_bytes(), popular.as_bytes());
    if a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let before = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let shorter = a.len().min(b.len()) - before;
    let after = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take(shorter)
        .take_while(|(a, b)| a == b)
        .count();
    let (wrong, right) = (&a[before..a.len() - after], &b[before..b.len() - after]);
    let letters = |text: &[u8]| text.iter().all(u8::is_ascii_lowercase);
    if !letters(wrong) || !letters(right) {
        return false;
    }
    let least = match (wrong, right) {
        ([a, b], [c, d]) if a == d && b == c => MIN_SWAPPED,
        ([_], [_]) | ([], [_]) | ([_], []) => MIN_WORD,
        _ => return false,
    };
    // The word of the popular name in which the slip is.
    let begin = b[..before]
        .iter()
        .rposition(|byte| *byte == b'-')
        .map_or(0, |at| at + 1);
    let end = b[before..]
        .iter()
        .position(|byte| *byte == b'-')
        .map_or(b.len(), |at| before + at);
    end - begin >= least
}

#[cfg(test)]
mod tests {
    use super::{imitated, is_slip};
    use crate::hygiene::facts;
    use crate::name::Name;

    #[test]
    fn slips_are_seen() {
        for (name, popular) in [
            ("reqeusts", "requests"),
            ("request", "requests"),
            ("requessts", "requests"),
            ("djanga", "django"),
            ("falsk", "flask"),
            ("djangorestframewrok", "djangorestframework"),
            ("python-dateutils", "python-dateutil"),
        ] {
            assert!(is_slip(name, popular), "{name}");
        }
        for (name, popular) in [
            ("requests", "requests"),
            ("clock", "click"),
            ("jinja", "jinja2"),
            ("boto", "boto3"),
            ("urllib4", "urllib3"),
            ("pytest-env", "pytest-cov"),
            ("pytest-dev", "pytest-env"),
            ("python-dateutil", "pythondateutil"),
            ("requests-aws", "requests"),
        ] {
            assert!(!is_slip(name, popular), "{name}");
        }
    }

    #[test]
    fn popular_and_known_names_imitate_nobody() {
        let facts = facts::all();
        for name in facts.popular.iter().chain(&facts.known) {
            assert_eq!(imitated(name), None, "{name}");
        }
        // Every known name is there because it would be taken for another one.
        for name in &facts.known {
            let near = facts
                .popular
                .iter()
                .any(|popular| is_slip(name.as_str(), popular.as_str()));
            assert!(near, "{name} needs no mention");
        }
        assert!(imitated(&Name::new("Reqeusts").unwrap()).is_some());
    }
}
