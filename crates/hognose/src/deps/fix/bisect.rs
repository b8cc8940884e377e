//! Which of many changes break something, by delta debugging.

/// How a trial with some of the changes ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All is well.
    Pass,
    /// What is looked for happened.
    Fail,
    /// These changes cannot be made without others.
    Unresolved,
}

/// Most trials of one search. Each installs a project and runs its tests; a single culprit among a hundred changes is found
/// in some fifteen.
pub const MAX_TRIALS: usize = 48;

/// Changes that pass together, and those that had to be left out, each with what it broke together with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<T> {
    /// What passes.
    pub passing: Vec<T>,
    /// What was left out, and the other members of the smallest failing set it was found in.
    pub breaking: Vec<(T, Vec<T>)>,
}

/// Searches the largest set that passes, knowing that none of the changes passes and all of them do not. `blame` orders a
/// failing set: its first member is left out. None if the bound was met before anything passed.
///
/// # Errors
/// Those of a trial.
pub fn largest_passing<T: Clone + PartialEq, E>(
    all: &[T],
    blame: impl Fn(&mut Vec<T>),
    mut trial: impl FnMut(&[T]) -> Result<Outcome, E>,
) -> Result<Option<Found<T>>, E> {
    let mut left = MAX_TRIALS;
    let mut known: Vec<(Vec<T>, Outcome)> = vec![(all.to_vec(), Outcome::Fail)];
    let mut run = |set: &[T]| -> Result<Option<Outcome>, E> {
        if set.is_empty() {
            return Ok(Some(Outcome::Pass));
        }
        if let Some((_, outcome)) = known.iter().find(|(other, _)| other == set) {
            return Ok(Some(*outcome));
        }
        if left == 0 {
            return Ok(None);
        }
        left -= 1;
        let outcome = trial(set)?;
        known.push((set.to_vec(), outcome));
        Ok(Some(outcome))
    };
    let mut passing = all.to_vec();
    let mut breaking = Vec::new();
    loop {
        match run(&passing)? {
            Some(Outcome::Pass) => return Ok(Some(Found { passing, breaking })),
            None => return Ok(None),
            Some(outcome) => {
                let mut culprits = match outcome {
                    Outcome::Fail => smallest_failing(&passing, &mut run)?,
                    _ => passing.clone(),
                };
                blame(&mut culprits);
                let first = culprits.remove(0);
                passing.retain(|one| *one != first);
                breaking.push((first, culprits));
            }
        }
    }
}

/// Zeller's `ddmin`: a failing set of which no part that was tried fails. Without trials left it is the smallest known.
fn smallest_failing<T: Clone + PartialEq, E>(
    all: &[T],
    run: &mut impl FnMut(&[T]) -> Result<Option<Outcome>, E>,
) -> Result<Vec<T>, E> {
    let mut set = all.to_vec();
    let mut parts = 2;
    while set.len() >= 2 {
        let size = set.len().div_ceil(parts);
        let chunks: Vec<Vec<T>> = set.chunks(size).map(<[T]>::to_vec).collect();
        let without = |chunk: &Vec<T>| -> Vec<T> {
            let keep = set.iter().filter(|one| !chunk.contains(one));
            keep.cloned().collect()
        };
        let mut smaller = None;
        for chunk in &chunks {
            if run(chunk)? == Some(Outcome::Fail) {
                smaller = Some((chunk.clone(), 2));
                break;
            }
        }
        if smaller.is_none() && chunks.len() > 2 {
            for chunk in &chunks {
                let rest = without(chunk);
                if run(&rest)? == Some(Outcome::Fail) {
                    smaller = Some((rest, (parts - 1).max(2)));
                    break;
                }
            }
        }
        match smaller {
            Some((found, next)) => (set, parts) = (found, next),
            None if size == 1 => break,
            None => parts = (parts * 2).min(set.len()),
        }
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// Searches among the numbers below `count`, where a set fails that holds one of `culprits` as a whole.
    fn search(
        count: u32,
        culprits: &[&[u32]],
        needs: &[(u32, u32)],
    ) -> (Option<Found<u32>>, usize) {
        let all: Vec<u32> = (0..count).collect();
        let mut trials = 0;
        let found = largest_passing(
            &all,
            |set| set.sort_unstable(),
            |set| {
                trials += 1;
                if needs
                    .iter()
                    .any(|(one, other)| set.contains(one) && !set.contains(other))
                {
                    return Ok::<_, Infallible>(Outcome::Unresolved);
                }
                let fails = culprits
                    .iter()
                    .any(|all| all.iter().all(|one| set.contains(one)));
                Ok(if fails { Outcome::Fail } else { Outcome::Pass })
            },
        );
        (found.unwrap_or_else(|never| match never {}), trials)
    }

    #[test]
    fn one_culprit_is_found_in_few_trials() {
        for culprit in 0..20 {
            let (found, trials) = search(20, &[&[culprit]], &[]);
            let found = found.expect("something passes");
            assert_eq!(found.breaking, [(culprit, Vec::new())]);
            assert_eq!(found.passing.len(), 19);
            assert!(trials <= 12, "{trials}");
        }
    }

    #[test]
    fn of_two_that_break_together_one_stays() {
        let (found, _) = search(8, &[&[2, 5]], &[]);
        let found = found.expect("something passes");
        assert_eq!(found.breaking, [(2, vec![5])]);
        assert_eq!(found.passing, [0, 1, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn every_culprit_is_found() {
        let (found, _) = search(10, &[&[1], &[8]], &[]);
        let found = found.expect("something passes");
        assert_eq!(found.breaking.len(), 2);
        assert_eq!(found.passing, [0, 2, 3, 4, 5, 6, 7, 9]);
    }

    #[test]
    fn what_needs_a_culprit_goes_with_it() {
        let (found, _) = search(4, &[&[1]], &[(3, 1)]);
        let found = found.expect("something passes");
        assert!(!found.passing.contains(&1) && !found.passing.contains(&3));
        assert!(!found.passing.is_empty() || found.breaking.len() == 4);
    }

    #[test]
    fn a_search_ends() {
        let each: Vec<Vec<u32>> = (0..200).map(|one| vec![one]).collect();
        let culprits: Vec<&[u32]> = each.iter().map(Vec::as_slice).collect();
        let (found, trials) = search(200, &culprits, &[]);
        assert_eq!(found, None);
        assert!(trials <= MAX_TRIALS);
    }
}
