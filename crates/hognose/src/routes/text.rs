//! Endpoints as aligned lines, grouped by application.

use std::io::{self, Write};

use annotate_snippets::renderer::AnsiColor;
use hognose_routes::{Endpoint, Inventory, Level};

use super::{methods, sums};
use crate::output::{Paint, visible_line};

pub(crate) fn write(inventory: &Inventory, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
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
                writeln!(out)?;
            }
            writeln!(
                out,
                "{} ({})",
                paint.bold(&visible_line(&endpoint.app)),
                endpoint.framework
            )?;
            group = Some(key);
        }
        // Padded first: what colours takes no place.
        let guard = format!("{:guard_width$}", visible_line(&endpoint.guard));
        writeln!(
            out,
            "  {:method_width$}  {:path_width$}  {}  {}  {}:{}",
            visible_line(&methods(endpoint)),
            visible_line(&endpoint.path),
            paint.colored(color(endpoint.level), &guard),
            visible_line(&endpoint.handler),
            visible_line(&endpoint.file),
            endpoint.line,
        )?;
    }
    if group.is_some() {
        writeln!(out)?;
    }
    writeln!(out, "{}", sums(inventory))
}

/// The more are let in, the warmer.
const fn color(level: Level) -> AnsiColor {
    match level {
        Level::Public => AnsiColor::BrightRed,
        Level::Unknown => AnsiColor::Yellow,
        Level::Authenticated => AnsiColor::BrightBlue,
        Level::Permission | Level::Object => AnsiColor::Green,
    }
}
