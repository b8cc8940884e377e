//! What would be done, what was done and what is left, for people.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::ops::Range;
use std::path::Path;

use anyhow::Result;
use hognose_deps::fix::edit;
use hognose_deps::fix::mend::Mend;
use hognose_deps::fix::step::Step;
use hognose_deps::name::Name;
use imara_diff::{Algorithm, Diff, Hunk, InternedInput, Token};

use super::Judged;
use super::make::{Made, by_file};
use super::plan::{Plan, Upgrade};
use super::tools::Aim;
use super::undo::Change;
use crate::deps::disk::read_whole;
use crate::output::{Paint, plural, visible_line};

/// Other packages whose versions changed that are listed; the rest is counted.
const MAX_LISTED: usize = 40;

/// The upgrades, the edits as a diff, the commands, and what is left.
pub fn plan(root: &Path, plan: &Plan, paint: Paint, out: &mut dyn Write) -> Result<()> {
    changes_of(plan, paint, out)?;
    let files = by_file(plan);
    for (file, edits) in &files {
        let before = read_whole(&root.join(file))?;
        let after = edit::apply(file, &before, edits)?;
        diff(file, &before, &after, out)?;
    }
    if !files.is_empty() {
        writeln!(out)?;
    }
    let jobs = plan.jobs();
    if !jobs.is_empty() {
        writeln!(
            out,
            "{}",
            paint.bold("Would run, in a copy of the project:")
        )?;
        for (path, targets) in &jobs {
            if let Some(lock) = plan.locks.get(*path) {
                for call in lock.calls(targets, Aim::Exactly) {
                    command(&lock.directory, &lock.shown(&call), out)?;
                }
            }
        }
        writeln!(out)?;
    }
    left(plan, paint, out)
}

fn command(directory: &str, command: &str, out: &mut dyn Write) -> Result<()> {
    let place = if directory.is_empty() {
        String::new()
    } else {
        format!("  # in {}", visible_line(directory))
    };
    Ok(writeln!(out, "  {}{place}", visible_line(command))?)
}

/// What is upgraded and mended, by file, and what a person should know of it.
fn changes_of(plan: &Plan, paint: Paint, out: &mut dyn Write) -> Result<()> {
    let mut lines: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for upgrade in &plan.upgrades {
        let file = lines.entry(&upgrade.place.file).or_default();
        file.push(line(upgrade));
    }
    for mend in &plan.mends {
        let file = lines.entry(&mend.place().file).or_default();
        file.push(visible_line(&mend.to_string()).into());
    }
    for (file, lines) in &lines {
        writeln!(out, "{}", paint.bold(&visible_line(file)))?;
        for line in lines {
            writeln!(out, "  {line}")?;
        }
    }
    if !lines.is_empty() {
        writeln!(out)?;
    }
    let any = |is: fn(&Mend) -> bool| plan.mends.iter().any(is);
    let notes = [
        (
            any(|mend| matches!(mend, Mend::Encrypt { .. })),
            "The addresses have to answer over HTTPS; nobody has asked them.",
        ),
        (
            any(|mend| matches!(mend, Mend::Verify(_))),
            "The hosts have to show a certificate, since they are no longer trusted without one.",
        ),
        (
            any(|mend| matches!(mend, Mend::Interpreter { to: Some(_), .. })),
            "The code has to run on the other Python: `--test` runs it on the `python3` of the search path, not on this one.",
        ),
    ];
    for (_, note) in notes.iter().filter(|(is_said, _)| *is_said) {
        writeln!(out, "{note}")?;
    }
    if notes.iter().any(|(is_said, _)| *is_said) {
        writeln!(out)?;
    }
    Ok(())
}

fn line(upgrade: &Upgrade) -> String {
    let mut line = format!(
        "{} {} → {}",
        upgrade.name,
        visible_line(&upgrade.from),
        upgrade.to
    );
    if upgrade.step == Some(Step::Major) {
        line.push_str("  a major step");
    }
    if let Some(direct) = upgrade.path.first() {
        let path: Vec<&str> = upgrade.path.iter().map(Name::as_str).collect();
        line += &format!("  brought by {direct} ({})", path.join(" → "));
    }
    line
}

/// Findings that stay.
pub fn left(plan: &Plan, paint: Paint, out: &mut dyn Write) -> Result<()> {
    if plan.left.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", paint.bold("Not fixed:"))?;
    for left in &plan.left {
        writeln!(
            out,
            "  {}  {}:{}",
            visible_line(&left.what),
            visible_line(&left.place.file),
            left.place.line
        )?;
        for line in left.obstacle.to_string().lines() {
            writeln!(out, "    {}", visible_line(line))?;
        }
    }
    Ok(writeln!(out)?)
}

/// What was done.
pub fn done(
    plan: &Plan,
    before: &Judged,
    made: &Made,
    changes: &[Change],
    memory: &Path,
    paint: Paint,
    out: &mut dyn Write,
) -> Result<()> {
    changes_of(plan, paint, out)?;
    let by_hand = || {
        changes
            .iter()
            .filter(|change| !plan.locks.contains_key(&change.path))
    };
    for change in by_hand() {
        diff(&change.path, &change.before, &change.after, out)?;
    }
    if by_hand().next().is_some() {
        writeln!(out)?;
    }
    if !made.commands.is_empty() {
        writeln!(out, "{}", paint.bold("Ran, in a copy of the project:"))?;
        for (directory, line) in &made.commands {
            command(directory, line, out)?;
        }
        writeln!(out)?;
    }
    others(plan, before, &made.judged, paint, out)?;
    for note in &made.notes {
        writeln!(out, "{}\n", visible_line(note))?;
    }
    let files: Vec<String> = changes
        .iter()
        .map(|change| visible_line(&change.path).into())
        .collect();
    writeln!(
        out,
        "Changed {}: {}",
        plural(files.len(), "file"),
        files.join(", ")
    )?;
    writeln!(
        out,
        "`hognose deps --undo` takes it back ({})\n",
        visible_line(&memory.display().to_string())
    )?;
    Ok(())
}

/// What changed in lock files besides what was asked for.
fn others(
    plan: &Plan,
    before: &Judged,
    after: &Judged,
    paint: Paint,
    out: &mut dyn Write,
) -> Result<()> {
    let pins = |judged: &'_ Judged| -> BTreeMap<(String, Name), BTreeSet<String>> {
        let mut pins: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
        for (file, name, version) in &judged.pins {
            if plan.locks.contains_key(file) {
                let versions = pins.entry((file.clone(), name.clone())).or_default();
                versions.insert(version.clone());
            }
        }
        pins
    };
    let (old, new) = (pins(before), pins(after));
    let joined = |versions: Option<&BTreeSet<String>>| {
        let versions: Vec<&str> = versions.into_iter().flatten().map(String::as_str).collect();
        versions.join(", ")
    };
    let keys: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let asked = |file: &str, name: &Name| {
        plan.upgrades
            .iter()
            .any(|upgrade| upgrade.name == *name && &*upgrade.place.file == file)
    };
    let lines: Vec<String> = keys
        .into_iter()
        .filter(|key| old.get(*key) != new.get(*key) && !asked(&key.0, &key.1))
        .map(|key| {
            let (was, is) = (joined(old.get(key)), joined(new.get(key)));
            match (was.as_str(), is.as_str()) {
                ("", is) => format!("  {} {is} is new  {}", key.1, key.0),
                (was, "") => format!("  {} {was} is gone  {}", key.1, key.0),
                (was, is) => format!("  {} {was} → {is}  {}", key.1, key.0),
            }
        })
        .collect();
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", paint.bold("The lock tool changed besides:"))?;
    for line in lines.iter().take(MAX_LISTED) {
        writeln!(out, "{}", visible_line(line))?;
    }
    if lines.len() > MAX_LISTED {
        writeln!(out, "  and {} more", lines.len() - MAX_LISTED)?;
    }
    Ok(writeln!(out)?)
}

/// Lines shown around a change.
const CONTEXT: u32 = 3;

/// A unified diff. Text that is no UTF-8 is shown as far as it is.
fn diff(path: &str, before: &[u8], after: &[u8], out: &mut dyn Write) -> Result<()> {
    let (old, new) = (
        String::from_utf8_lossy(before),
        String::from_utf8_lossy(after),
    );
    let input = InternedInput::new(&*old, &*new);
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let path = visible_line(path);
    writeln!(out, "--- a/{path}\n+++ b/{path}")?;
    let end = u32::try_from(input.before.len()).unwrap_or(u32::MAX);
    // Changes whose surroundings touch are shown together.
    let mut groups: Vec<Vec<Hunk>> = Vec::new();
    for hunk in diff.hunks() {
        match groups.last_mut() {
            Some(group)
                if group
                    .last()
                    .is_some_and(|last| hunk.before.start - last.before.end <= 2 * CONTEXT) =>
            {
                group.push(hunk);
            }
            _ => groups.push(vec![hunk]),
        }
    }
    for group in groups {
        let (Some(first), Some(last)) = (group.first(), group.last()) else {
            continue;
        };
        let above = first.before.start.min(CONTEXT);
        let below = (end - last.before.end).min(CONTEXT);
        let (from, to) = (first.before.start - above, last.before.end + below);
        let (new_from, new_to) = (first.after.start - above, last.after.end + below);
        writeln!(
            out,
            "@@ -{},{} +{},{} @@",
            from + 1,
            to - from,
            new_from + 1,
            new_to - new_from
        )?;
        let mut lines = |sign, tokens: &[Token], range: Range<u32>| {
            let tokens = tokens.get(range.start as usize..range.end as usize);
            tokens
                .unwrap_or_default()
                .iter()
                .try_for_each(|token| line_of_diff(sign, input.interner[*token], out))
        };
        let mut at = from;
        for hunk in &group {
            lines(' ', &input.before, at..hunk.before.start)?;
            lines('-', &input.before, hunk.before.clone())?;
            lines('+', &input.after, hunk.after.clone())?;
            at = hunk.before.end;
        }
        lines(' ', &input.before, at..to)?;
    }
    Ok(())
}

/// A line of a diff, with what a terminal would obey made visible.
fn line_of_diff(sign: char, text: &str, out: &mut dyn Write) -> Result<()> {
    let line = text
        .trim_end_matches(['\n', '\r'])
        .trim_start_matches('\u{feff}');
    writeln!(out, "{sign}{}", visible_line(line))?;
    if !text.ends_with('\n') {
        writeln!(out, "\\ No newline at end of file")?;
    }
    Ok(())
}
