//! What is known against what a project installs, as OpenVEX 0.2.0.
//!
//! A statement is as strong as what was seen. *Affected* is what the code uses, and what somebody accepted. Whatever else
//! is known against an installed version is *under investigation*: that the project's own code does not import a package
//! does not prove that nothing does. *Not affected* is for people to say.

use std::io::{self, Write};

use hognose_deps::inputs::package_url;
use hognose_finding::FingerprintBuilder;
use serde_json::{Value, json};

use super::bom::{Subject, uuid};
use super::reach::Reach;
use super::{Answer, Answers, Known};
use crate::output::{timestamp, write_json};

/// Writes the document.
///
/// # Errors
/// Those of `out`.
pub fn write(
    answers: &Answers,
    subject: &Subject,
    made: u64,
    out: &mut dyn Write,
) -> io::Result<()> {
    let statements: Vec<Value> = answers
        .packages
        .iter()
        .flat_map(|answer| answer.advisories.iter().map(move |known| (answer, known)))
        .map(|(answer, known)| statement(answer, known))
        .collect();
    let mut identity = FingerprintBuilder::new(&subject.name);
    for statement in &statements {
        identity.word(&statement.to_string());
    }
    let time = format!("{}Z", timestamp(made));
    identity.word(&time);
    write_json(
        &json!({
            "@context": "https://openvex.dev/ns/v0.2.0",
            "@id": format!("urn:uuid:{}", uuid(identity.finish())),
            "author": subject.name,
            "role": "automated scan",
            "timestamp": time,
            "version": 1,
            "tooling": concat!("hognose ", env!("CARGO_PKG_VERSION")),
            "statements": statements,
        }),
        out,
    )
}

fn statement(answer: &Answer, known: &Known) -> Value {
    let mut products: Vec<String> = answer
        .entries
        .iter()
        .map(|entry| package_url(entry))
        .collect();
    products.sort();
    products.dedup();
    let mut object = json!({
        "vulnerability": {
            "name": known.finding.id,
            "aliases": known.finding.aliases(),
        },
        "products": products.iter().map(|purl| json!({
            "@id": purl,
            "identifiers": {"purl": purl},
        })).collect::<Vec<_>>(),
    });
    let used = matches!(known.reach, Reach::SymbolUsed(_));
    if let Some(accepted) = &known.accepted {
        let reason = accepted.reason.as_deref().unwrap_or("no reason is given");
        object["status"] = "affected".into();
        object["status_notes"] = notes(&known.reach).into();
        object["action_statement"] = format!("The risk is accepted: {reason}").into();
    } else if used {
        object["status"] = "affected".into();
        object["status_notes"] = notes(&known.reach).into();
        object["action_statement"] = match answer.clears_all {
            Some(version) => format!("Upgrade {} to {version}.", answer.name),
            None => format!("No version of {} without it is known.", answer.name),
        }
        .into();
    } else {
        object["status"] = "under_investigation".into();
        object["status_notes"] = notes(&known.reach).into();
    }
    object
}

/// What was seen, as a sentence.
fn notes(reach: &Reach) -> String {
    match reach {
        Reach::NotImported => "The project's own code does not import the package.".to_owned(),
        Reach::Imported(evidence) => format!(
            "The project's code imports the package at {}:{}.",
            evidence.file, evidence.line
        ),
        Reach::SymbolUsed(evidence) => format!(
            "The project's code uses `{}` at {}:{}.",
            evidence.name, evidence.file, evidence.line
        ),
        Reach::Unknown(why) => format!("Whether the code uses the package is unknown: {why}."),
    }
}
