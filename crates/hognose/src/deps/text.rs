//! The answers for people.

use std::fmt::Write as _;
use std::io::{self, Write};

use hognose_deps::advisories::severity::Level;
use hognose_deps::inputs::{Inventory, Wanted};
use hognose_finding::{Finding, Severity};
use pep440_rs::Version;

use super::answers::Accepted;
use super::interpreter::role_word;
use super::json::DatabaseFacts;
use super::reach::Reach;
use super::{Answer, Answers, InterpreterAnswer, Known, Permission, STALE_AFTER_DAYS};
use crate::output::{Paint, plural, visible_line};

/// Unpinned names that are listed; the rest is counted.
const MAX_LISTED: usize = 40;

/// Vulnerabilities of an interpreter that are named; the rest is counted.
const MAX_NAMED: usize = 3;

/// Writes the findings by package, then those on how packages are asked for, then what could not be judged, then the interpreters, then a summary.
///
/// # Errors
/// Those of `out`.
pub fn write(
    answers: &Answers,
    findings: &[&Finding],
    interpreters: &[InterpreterAnswer],
    database: &DatabaseFacts,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let vulnerable = answers
        .packages
        .iter()
        .filter(|answer| !answer.advisories.is_empty());
    for answer in vulnerable {
        package(answers, answer, paint, out)?;
    }
    hygiene(findings, paint, out)?;
    unpinned(answers.inventory, paint, out)?;
    unreadable(answers.inventory, paint, out)?;
    for answer in interpreters {
        interpreter(answer, paint, out)?;
    }
    summary(answers, interpreters, database, paint, out)
}

fn package(
    answers: &Answers,
    answer: &Answer,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let place = answer.place();
    write!(
        out,
        "{} {}  {}:{}",
        paint.bold(answer.name.as_str()),
        visible_line(answer.version),
        visible_line(&place.file),
        place.line
    )?;
    if answer.entries.len() > 1 {
        write!(
            out,
            " and {}",
            plural(answer.entries.len() - 1, "other place")
        )?;
    }
    if let Some(marker) = &answer.marker {
        write!(out, "  if {}", visible_line(marker))?;
    }
    writeln!(out)?;
    match answer.path.as_slice() {
        [] => {}
        [_] => writeln!(out, "  the project asks for it")?,
        path => {
            let names: Vec<&str> = path.iter().map(|name| name.as_str()).collect();
            writeln!(out, "  brought by {}", names.join(" → "))?;
        }
    }
    for known in &answer.advisories {
        advisory(known, paint, out)?;
    }
    match answer.clears_all {
        Some(version) => writeln!(
            out,
            "  {} {version}{}",
            paint.bold("clears all:"),
            allowed(answers, answer, version)
        )?,
        None => writeln!(out, "  no known version clears all")?,
    }
    if let Some(reach) = answer.advisories.first().map(|known| &known.reach) {
        match reach {
            Reach::Unknown(why) => writeln!(
                out,
                "  whether it is imported is unknown: {}",
                visible_line(why)
            )?,
            Reach::NotImported => writeln!(out, "  not imported by the project's code")?,
            Reach::Imported(_) | Reach::SymbolUsed(_) => {}
        }
    }
    writeln!(out)
}

fn advisory(known: &Known, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let word = format!("{:<8}", known.level().map_or("unknown", Level::as_str));
    let word = match known.level() {
        Some(Level::Critical) => paint.severity(Severity::Critical, &word),
        Some(Level::High) => paint.severity(Severity::High, &word),
        Some(Level::Medium) => paint.severity(Severity::Medium, &word),
        Some(Level::Low) => paint.severity(Severity::Low, &word),
        Some(Level::None) | None => word,
    };
    let mut line = format!("  {word} {}", visible_line(known.finding.id));
    if let Some(alias) = known.finding.aliases().first() {
        let _ = write!(
            line,
            " {}",
            paint.dim(&format!("({})", visible_line(alias)))
        );
    }
    match known.fixed_in {
        Some(version) => {
            let _ = write!(line, "  fixed in {version}");
        }
        None => line.push_str("  no fix is known"),
    }
    match &known.reach {
        Reach::Imported(evidence) => {
            let _ = write!(
                line,
                "  imported at {}:{}",
                visible_line(&evidence.file),
                evidence.line
            );
        }
        Reach::SymbolUsed(evidence) => {
            let used = format!(
                "`{}` is used at {}:{}",
                visible_line(&evidence.name),
                visible_line(&evidence.file),
                evidence.line
            );
            let _ = write!(line, "  {}", paint.bold(&used));
        }
        Reach::NotImported | Reach::Unknown(_) => {}
    }
    if known.finding.is_malicious() {
        line.push_str("  published to do harm");
    }
    if let Some(exploited) = known.exploited {
        let since = exploited.since.map(|day| format!(" since {day}"));
        let ransomware = if exploited.ransomware {
            ", by ransomware"
        } else {
            ""
        };
        let text = format!("exploited{}{ransomware}", since.unwrap_or_default());
        let _ = write!(line, "  {}", paint.bold(&text));
    } else if let Some(score) = known.likelihood {
        let _ = write!(line, "  EPSS {:.1} %", score.probability * 100.0);
    }
    if let Some(accepted) = &known.accepted {
        let _ = write!(line, "  {}", why(accepted, paint));
    }
    writeln!(out, "{line}")
}

/// Why somebody decided to live with something.
fn why(accepted: &Accepted, paint: Paint) -> String {
    let reason = accepted.reason.as_deref().unwrap_or("no reason given");
    paint.dim(&format!("accepted: {}", visible_line(reason)))
}

/// Whether the project's constraints let a version in, in words.
fn allowed(answers: &Answers, answer: &Answer, version: &Version) -> String {
    match answers.permission(answer, version) {
        Permission::Allowed => ", which the project's constraints allow".to_owned(),
        Permission::Refused(constraint) => format!(
            ", which `{}` at {}:{} does not allow",
            visible_line(&constraint.wanted.to_string()),
            visible_line(&constraint.place.file),
            constraint.place.line
        ),
        Permission::Unknown => String::new(),
    }
}

/// The findings that are not of a version.
fn hygiene(findings: &[&Finding], paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", paint.bold("How packages are asked for:"))?;
    for finding in findings {
        let word = format!("{:<8}", finding.severity);
        let at = &finding.location;
        writeln!(
            out,
            "  {} {}  {}:{} {}",
            paint.severity(finding.severity, &word),
            visible_line(&finding.message),
            visible_line(&at.file),
            at.start.line,
            paint.dim(&format!("[{}]", finding.rule))
        )?;
    }
    writeln!(out)
}

fn unpinned(inventory: &Inventory, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let mut lines: Vec<String> = inventory
        .unpinned()
        .map(|package| {
            let wanted = match &package.wanted {
                Wanted::Anything => String::new(),
                wanted => format!(" {}", visible_line(&wanted.to_string())),
            };
            let (file, line) = (visible_line(&package.place.file), package.place.line);
            format!("  {}{wanted}  {file}:{line}", package.name)
        })
        .collect();
    lines.extend(inventory.unnamed.iter().map(|unnamed| {
        let (file, line) = (visible_line(&unnamed.place.file), unnamed.place.line);
        format!(
            "  {}  {file}:{line}",
            visible_line(&unnamed.origin.to_string())
        )
    }));
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", paint.bold("Not pinned, so not judged:"))?;
    for line in lines.iter().take(MAX_LISTED) {
        writeln!(out, "{line}")?;
    }
    if lines.len() > MAX_LISTED {
        writeln!(out, "  and {} more", lines.len() - MAX_LISTED)?;
    }
    writeln!(out)
}

fn unreadable(inventory: &Inventory, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    if inventory.unreadable.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "{}",
        paint.bold("Not understood, so nothing is known of it:")
    )?;
    for unreadable in inventory.unreadable.iter().take(MAX_LISTED) {
        let place = &unreadable.place;
        let reason = visible_line(&unreadable.reason);
        writeln!(
            out,
            "  {}:{}  {reason}",
            visible_line(&place.file),
            place.line
        )?;
    }
    if inventory.unreadable.len() > MAX_LISTED {
        writeln!(
            out,
            "  and {} more",
            inventory.unreadable.len() - MAX_LISTED
        )?;
    }
    writeln!(out)
}

fn interpreter(answer: &InterpreterAnswer, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    // What somebody has to do something about comes first.
    let open = answer.places.iter().find(|named| named.accepted.is_none());
    let Some(shown) = open.or(answer.places.first()) else {
        return Ok(());
    };
    let findings = &answer.verdict.findings;
    if !answer.is_ended && findings.is_empty() {
        return Ok(());
    }
    write!(
        out,
        "{}  {}:{} ({})",
        paint.bold(&format!("Python {}", answer.release)),
        visible_line(&shown.place.file),
        shown.place.line,
        role_word(shown.role)
    )?;
    if answer.places.len() > 1 {
        write!(
            out,
            " and {}",
            plural(answer.places.len() - 1, "other place")
        )?;
    }
    writeln!(out)?;
    if let (true, Some(day)) = (answer.is_ended, answer.end_of_life) {
        let text = format!("  gets no fixes since {day}");
        write!(out, "{}", paint.severity(Severity::High, &text))?;
        if let Some(accepted) = &shown.accepted {
            write!(out, "  {}", why(accepted, paint))?;
        }
        writeln!(out)?;
    }
    if let (false, Some(release)) = (findings.is_empty(), &answer.verdict.release) {
        let named: Vec<String> = findings
            .iter()
            .take(MAX_NAMED)
            .map(|finding| format!("{} (fixed in {})", finding.advisory.id, finding.fixed_in))
            .collect();
        let more = findings.len().saturating_sub(named.len());
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let count = plural(findings.len(), "known vulnerability");
        writeln!(out, "  {release} has {count}: {}{more}", named.join(", "))?;
    }
    let undecided = answer.verdict.undecided.len();
    if undecided > 0 {
        writeln!(
            out,
            "  of {undecided} more it is not known whether they affect it"
        )?;
    }
    writeln!(out)
}

fn summary(
    answers: &Answers,
    interpreters: &[InterpreterAnswer],
    database: &DatabaseFacts,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let all = || {
        answers
            .packages
            .iter()
            .flat_map(|answer| &answer.advisories)
    };
    let open = all().filter(|known| known.accepted.is_none()).count();
    let known = all().count();
    let accepted = known - open + interpreters.iter().filter(|one| one.is_accepted()).count();
    let vulnerable = answers
        .packages
        .iter()
        .filter(|answer| !answer.advisories.is_empty())
        .count();
    let judged = plural(answers.packages.len(), "pinned package");
    let inputs = plural(answers.inventory.inputs.len(), "input");
    let head = if answers.packages.is_empty() {
        format!("Nothing is pinned in {inputs}, so nothing was judged")
    } else if known == 0 {
        format!("No known vulnerability in {judged} of {inputs}")
    } else {
        let known = plural(open, "known vulnerability");
        format!("{known} in {vulnerable} of {judged} of {inputs}")
    };
    write!(out, "{}", paint.bold(&head))?;
    let ended = interpreters.iter().filter(|one| one.is_open()).count();
    if ended > 0 {
        let verb = if ended == 1 { "is" } else { "are" };
        write!(
            out,
            "; {} {verb} out of support",
            plural(ended, "interpreter")
        )?;
    }
    if accepted > 0 {
        write!(out, "; {accepted} accepted")?;
    }
    writeln!(out)?;
    let status = database.status;
    let records = plural(
        usize::try_from(status.records).unwrap_or(usize::MAX),
        "record",
    );
    let source = visible_line(&database.source);
    match status.snapshot {
        Some(day) => writeln!(out, "Advisories as of {day}: {records}, {source}")?,
        None => writeln!(out, "Advisories of an unknown day: {records}, {source}")?,
    }
    if database.is_stale {
        writeln!(
            out,
            "They are older than {STALE_AFTER_DAYS} days; `hognose db update` fetches newer ones"
        )?;
    }
    Ok(())
}
