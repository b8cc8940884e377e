//! Endpoints as Markdown tables.

use std::collections::BTreeSet;
use std::io::{self, Write};

use hognose_routes::{Inventory, Level};

use super::methods;
use crate::output::markdown_code as code;

pub(crate) fn write(inventory: &Inventory, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "| app | methods | path | guard | level | verdict | layer | handler | place |\n\
         |---|---|---|---|---|---|---|---|---|"
    )?;
    for endpoint in &inventory.endpoints {
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            code(&endpoint.app),
            code(&methods(endpoint)),
            code(&endpoint.path),
            code(&endpoint.guard),
            endpoint.level.as_str(),
            endpoint.verdict.as_str(),
            endpoint.layer,
            code(&endpoint.handler),
            code(&format!("{}:{}", endpoint.file, endpoint.line)),
        )?;
    }
    Ok(())
}

/// A column for each role and permission, next to those for everybody and every user.
pub(crate) fn write_matrix(inventory: &Inventory, out: &mut dyn Write) -> io::Result<()> {
    let names: BTreeSet<&str> = inventory
        .endpoints
        .iter()
        .flat_map(|endpoint| endpoint.roles.iter().chain(&endpoint.permissions))
        .map(String::as_str)
        .collect();
    write!(out, "| endpoint | anyone | any user |")?;
    for name in &names {
        write!(out, " {} |", code(name))?;
    }
    writeln!(
        out,
        " not known |\n|---|---|---|{}",
        "---|".repeat(names.len() + 1)
    )?;
    for endpoint in &inventory.endpoints {
        let mark = |yes: bool| if yes { "yes" } else { "" };
        let is_open = endpoint.level == Level::Public;
        let is_for_all = is_open || endpoint.level == Level::Authenticated;
        write!(
            out,
            "| {} | {} | {} |",
            code(&format!("{} {}", methods(endpoint), endpoint.path)),
            mark(is_open),
            mark(is_for_all),
        )?;
        for name in &names {
            let needed = endpoint
                .roles
                .iter()
                .chain(&endpoint.permissions)
                .any(|known| known == name);
            write!(out, " {} |", mark(needed || is_for_all))?;
        }
        writeln!(out, " {} |", mark(endpoint.level == Level::Unknown))?;
    }
    Ok(())
}
