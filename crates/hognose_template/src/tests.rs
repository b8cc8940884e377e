//! Templates in, readable text out.

mod bound;
mod django;
mod jinja2;
mod mako;
mod name;
mod place;

use std::fmt::Write;

use super::*;

/// The parse as text, one line for each thing, in the order of the fields of [`Template`].
fn rendered(text: &str, template: &Template) -> String {
    let mut out = String::new();
    let at = |range: TextRange| format!("{}..{}", u32::from(range.start()), u32::from(range.end()));
    for extends in &template.extends {
        writeln!(out, "extends {}", expr(extends)).unwrap();
    }
    for import in &template.imports {
        let names: Vec<String> = import
            .names
            .iter()
            .map(|(name, alias)| format!("{name} as {alias}"))
            .collect();
        writeln!(
            out,
            "import {} as {:?} names {names:?}",
            expr(&import.template),
            import.alias.as_deref().unwrap_or("")
        )
        .unwrap();
    }
    for found in &template.macros {
        let parameters: Vec<String> = found
            .parameters
            .iter()
            .map(|(name, default)| {
                default
                    .as_ref()
                    .map_or_else(|| name.clone(), |value| format!("{name}={}", expr(value)))
            })
            .collect();
        writeln!(
            out,
            "macro {}({}) {:?}",
            found.name,
            parameters.join(", "),
            &text[found.body]
        )
        .unwrap();
    }
    for block in &template.blocks {
        writeln!(
            out,
            "block {} {:?} in {} {:?}",
            block.name, &text[block.body], block.context, block.autoescape
        )
        .unwrap();
    }
    for binding in &template.bindings {
        let value = match &binding.value {
            Bound::Is(value) => expr(value),
            Bound::Part(value, part) => format!("part {part} of {}", expr(value)),
            Bound::Element(value, None) => format!("element of {}", expr(value)),
            Bound::Element(value, Some(part)) => {
                format!("part {part} of element of {}", expr(value))
            }
            Bound::Key(value) => format!("key of {}", expr(value)),
            Bound::Value(value) => format!("value of {}", expr(value)),
            Bound::Text(range) => format!("text {:?}", &text[*range]),
            Bound::Parameter(index) => format!("parameter {index}"),
            Bound::Given => "given".to_owned(),
            Bound::Loop => continue,
        };
        writeln!(
            out,
            "{} = {value} in {} certain {}",
            binding.name,
            at(binding.scope),
            at(binding.certain)
        )
        .unwrap();
    }
    for include in &template.includes {
        let given: Vec<String> = include
            .bindings
            .iter()
            .map(|(name, value)| format!("{name}={}", expr(value)))
            .collect();
        let only = if include.only { " only" } else { "" };
        writeln!(
            out,
            "include {} ({}){only} in {} {:?}",
            expr(&include.template),
            given.join(", "),
            include.context,
            include.autoescape
        )
        .unwrap();
    }
    for hole in &template.holes {
        write!(
            out,
            "{}: {}{}",
            hole.line,
            expr(&hole.expression),
            filters(&hole.filters)
        )
        .unwrap();
        if !hole.outer_filters.is_empty() {
            write!(out, " then{}", filters(&hole.outer_filters)).unwrap();
        }
        if hole.autoescape != Autoescape::Inherit {
            write!(out, " {:?}", hole.autoescape).unwrap();
        }
        writeln!(out, " in {}", hole.context).unwrap();
    }
    for fault in &template.faults {
        writeln!(out, "fault {} at {}", fault.message, at(fault.range)).unwrap();
    }
    out
}

fn filters(filters: &[Filter]) -> String {
    filters
        .iter()
        .map(|filter| format!(" | {}{}", filter.name, arguments(&filter.arguments)))
        .collect()
}

fn arguments(arguments: &[Argument]) -> String {
    if arguments.is_empty() {
        return String::new();
    }
    let given: Vec<String> = arguments
        .iter()
        .map(|argument| match &argument.name {
            Some(name) => format!("{name}={}", expr(&argument.value)),
            None => expr(&argument.value),
        })
        .collect();
    format!("({})", given.join(", "))
}

fn expr(value: &Expr) -> String {
    let joined = |parts: &[Expr], separator: &str| {
        parts.iter().map(expr).collect::<Vec<_>>().join(separator)
    };
    match value {
        Expr::Name(name) => name.clone(),
        Expr::Attribute(value, name) => format!("{}.{name}", expr(value)),
        Expr::Item(value, key) => format!("{}[{}]", expr(value), expr(key)),
        Expr::Call(callee, given) if given.is_empty() => format!("{}()", expr(callee)),
        Expr::Call(callee, given) => format!("{}{}", expr(callee), arguments(given)),
        Expr::String(text) => format!("{text:?}"),
        Expr::Scalar => "#".to_owned(),
        Expr::Concat(parts) => format!("({})", joined(parts, " ~ ")),
        Expr::Either(parts) => format!("<{}>", joined(parts, " or ")),
        Expr::List(parts) => format!("[{}]", joined(parts, ", ")),
        Expr::Dict(items) => {
            let items: Vec<String> = items
                .iter()
                .map(|(key, value)| format!("{}: {}", expr(key), expr(value)))
                .collect();
            format!("{{{}}}", items.join(", "))
        }
        Expr::Filter(value, filter) => format!(
            "({} | {}{})",
            expr(value),
            filter.name,
            arguments(&filter.arguments)
        ),
        Expr::Unknown(parts) => format!("?({})", joined(parts, ", ")),
    }
}

#[track_caller]
fn check(engine: Engine, text: &str, expected: &str) {
    let found = rendered(text, &parse(text, engine));
    let expected: String = expected
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(
        found == expected,
        "{text}\n--- found\n{found}--- expected\n{expected}"
    );
}
