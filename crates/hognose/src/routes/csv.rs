//! Endpoints as comma-separated values.

use std::io::{self, Write};

use hognose_routes::Inventory;

use super::methods;
use crate::output::{csv_row, visible_line};

const HEADER: [&str; 13] = [
    "app",
    "framework",
    "path",
    "methods",
    "handler",
    "file",
    "line",
    "guard",
    "level",
    "verdict",
    "layer",
    "roles",
    "permissions",
];

pub(crate) fn write(inventory: &Inventory, out: &mut dyn Write) -> io::Result<()> {
    csv_row(&HEADER, out)?;
    for endpoint in &inventory.endpoints {
        csv_row(
            &[
                &*visible_line(&endpoint.app),
                endpoint.framework,
                &*visible_line(&endpoint.path),
                &*visible_line(&methods(endpoint)),
                &*visible_line(&endpoint.handler),
                &*visible_line(&endpoint.file),
                &endpoint.line.to_string(),
                &*visible_line(&endpoint.guard),
                endpoint.level.as_str(),
                endpoint.verdict.as_str(),
                endpoint.layer,
                &*visible_line(&endpoint.roles.join(" ")),
                &*visible_line(&endpoint.permissions.join(" ")),
            ],
            out,
        )?;
    }
    Ok(())
}
