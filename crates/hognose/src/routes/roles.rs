//! Roles and permissions: who defines and grants each, and which endpoints ask for it.

use std::io::{self, Write};

use hognose_routes::{Role, Sort};

use crate::output::visible_line;

pub(crate) fn write(roles: &[Role], out: &mut dyn Write) -> io::Result<()> {
    for (sort, title) in [(Sort::Role, "Roles"), (Sort::Permission, "Permissions")] {
        let of_sort: Vec<&Role> = roles.iter().filter(|role| role.sort == sort).collect();
        if of_sort.is_empty() {
            continue;
        }
        writeln!(out, "{title}")?;
        for role in of_sort {
            let remark = role.remark();
            let colon = if remark.is_empty() { "" } else { ": " };
            writeln!(out, "  {}{colon}{remark}", visible_line(&role.name))?;
            for (word, places) in [("defined", &role.defined), ("granted", &role.granted)] {
                for place in places {
                    writeln!(
                        out,
                        "    {word} at {}:{}",
                        visible_line(&place.file),
                        place.line
                    )?;
                }
            }
            for endpoint in &role.endpoints {
                writeln!(out, "    asked for by {}", visible_line(endpoint))?;
            }
        }
        writeln!(out)?;
    }
    let with = |remark: &str| roles.iter().filter(|role| role.remark() == remark).count();
    writeln!(
        out,
        "{} roles and permissions, {} that no endpoint asks for, {} that nothing defines",
        roles.len(),
        with("no endpoint asks for it"),
        with("nothing defines it"),
    )
}
