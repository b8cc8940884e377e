//! The inventory as tables for people.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::{Endpoint, Inventory, Level};

/// The methods in one word.
pub(crate) fn methods(endpoint: &Endpoint) -> String {
    endpoint.methods.join(",")
}

/// Makes what stands in a path or name safe to show on a line.
pub(crate) fn visible(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

/// Aligned lines, grouped by application.
pub fn text(inventory: &Inventory) -> String {
    let mut out = String::new();
    let mut group: Option<(&str, &str)> = None;
    let width =
        |part: fn(&Endpoint) -> usize| inventory.endpoints.iter().map(part).max().unwrap_or(0);
    let method_width = width(|endpoint| methods(endpoint).len()).min(30);
    let path_width = width(|endpoint| endpoint.path.chars().count()).min(60);
    let guard_width = width(|endpoint| endpoint.guard.chars().count()).min(40);
    for endpoint in &inventory.endpoints {
        let key = (endpoint.framework, endpoint.app.as_str());
        if group != Some(key) {
            if group.is_some() {
                out.push('\n');
            }
            let _ = writeln!(out, "{} ({})", visible(&endpoint.app), endpoint.framework);
            group = Some(key);
        }
        let _ = writeln!(
            out,
            "  {:method_width$}  {:path_width$}  {:guard_width$}  {}  {}:{}",
            methods(endpoint),
            visible(&endpoint.path),
            visible(&endpoint.guard),
            visible(&endpoint.handler),
            visible(&endpoint.file),
            endpoint.line,
        );
    }
    let _ = writeln!(
        out,
        "{}{} endpoints, {} public, {} with a guard that is not known",
        if out.is_empty() { "" } else { "\n" },
        inventory.endpoints.len(),
        count(inventory, Level::Public),
        count(inventory, Level::Unknown),
    );
    out
}

pub(crate) fn count(inventory: &Inventory, level: Level) -> usize {
    inventory
        .endpoints
        .iter()
        .filter(|endpoint| endpoint.level == level)
        .count()
}

/// Makes a text safe in a cell of a Markdown table.
pub(crate) fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        if matches!(
            c,
            '|' | '\\' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '&'
        ) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A Markdown table.
pub fn markdown(inventory: &Inventory) -> String {
    let mut out = String::from(
        "| app | methods | path | guard | level | verdict | layer | handler | place |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for endpoint in &inventory.endpoints {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {}:{} |",
            cell(&endpoint.app),
            cell(&methods(endpoint)),
            cell(&endpoint.path),
            cell(&endpoint.guard),
            endpoint.level.as_str(),
            endpoint.verdict.as_str(),
            endpoint.layer,
            cell(&endpoint.handler),
            cell(&endpoint.file),
            endpoint.line,
        );
    }
    out
}

/// A field of a CSV file. A spreadsheet must not take it for a formula.
fn field(text: &str) -> String {
    let text = visible(text);
    let guarded = if text.starts_with(['=', '+', '-', '@']) {
        format!("'{text}")
    } else {
        text
    };
    format!("\"{}\"", guarded.replace('"', "\"\""))
}

/// Comma-separated values with a head line.
pub fn csv(inventory: &Inventory) -> String {
    let mut out = String::from(
        "app,framework,path,methods,handler,file,line,guard,level,verdict,layer,roles,permissions\n",
    );
    for endpoint in &inventory.endpoints {
        let fields = [
            field(&endpoint.app),
            field(endpoint.framework),
            field(&endpoint.path),
            field(&methods(endpoint)),
            field(&endpoint.handler),
            field(&endpoint.file),
            endpoint.line.to_string(),
            field(&endpoint.guard),
            field(endpoint.level.as_str()),
            field(endpoint.verdict.as_str()),
            field(endpoint.layer),
            field(&endpoint.roles.join(" ")),
            field(&endpoint.permissions.join(" ")),
        ];
        out.push_str(&fields.join(","));
        out.push('\n');
    }
    out
}

/// A Markdown table with a column for each role and permission, next to those for everybody and every user.
pub fn matrix(inventory: &Inventory) -> String {
    let names: BTreeSet<&str> = inventory
        .endpoints
        .iter()
        .flat_map(|endpoint| endpoint.roles.iter().chain(&endpoint.permissions))
        .map(String::as_str)
        .collect();
    let mut out = String::from("| endpoint | anyone | any user |");
    for name in &names {
        let _ = write!(out, " {} |", cell(name));
    }
    out.push_str(" not known |\n|---|---|---|");
    out.push_str(&"---|".repeat(names.len() + 1));
    out.push('\n');
    for endpoint in &inventory.endpoints {
        let mark = |yes: bool| if yes { "yes" } else { "" };
        let _ = write!(
            out,
            "| {} {} | {} | {} |",
            cell(&methods(endpoint)),
            cell(&endpoint.path),
            mark(endpoint.level == Level::Public),
            mark(matches!(
                endpoint.level,
                Level::Public | Level::Authenticated
            )),
        );
        for name in &names {
            let needed = endpoint
                .roles
                .iter()
                .chain(&endpoint.permissions)
                .any(|known| known == name);
            let _ = write!(
                out,
                " {} |",
                mark(needed || matches!(endpoint.level, Level::Public | Level::Authenticated))
            );
        }
        let _ = writeln!(out, " {} |", mark(endpoint.level == Level::Unknown));
    }
    out
}
