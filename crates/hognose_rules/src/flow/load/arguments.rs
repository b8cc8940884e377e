//! Arguments, conditions and classes of characters, from their written form.

use std::sync::Arc;

use super::form::{ArgumentFile, OneOrMore, PickFile, WhenFile};
use crate::expression::Expression;
use crate::matcher::expand;
use hognose_python::Symbol;
use hognose_taint::model::{Argument, Asks, Conditions, Elements, Literal, Stored, TextTest, When};
use hognose_taint::shape::Alphabet;

impl OneOrMore {
    fn expanded(&self) -> Vec<Symbol> {
        let all = match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::More(more) => more,
        };
        all.iter()
            .flat_map(|path| expand(path))
            .map(Symbol::from)
            .collect()
    }
}

/// The arguments that a table names; the first if it names none.
pub(super) fn or_first(file: Option<&ArgumentFile>) -> Result<Vec<Argument>, String> {
    let first = Argument {
        at: Some(0),
        ..Argument::default()
    };
    file.map_or_else(|| Ok(vec![first]), arguments)
}

/// A character class.
pub(super) fn class_of(class: &str) -> Result<Alphabet, String> {
    Alphabet::class(class).ok_or_else(|| format!("not a character class: `{class}`"))
}

pub(super) fn pick(file: &PickFile) -> Result<Argument, String> {
    Ok(Argument {
        at: file.at,
        name: file.name.as_deref().map(Symbol::from),
        rest: file.rest,
        key: file.key.as_deref().map(Symbol::from),
        element: match (&file.element, file.elements.as_deref()) {
            (Some(index), _) => Some(Elements::At(*index)),
            (None, Some("rest")) => Some(Elements::Rest),
            (None, Some(other)) => return Err(format!("no such elements: `{other}`")),
            (None, None) => None,
        },
        until: file.until.iter().map(Symbol::from).collect(),
        flags: file.flags.iter().map(Symbol::from).collect(),
        ..Argument::default()
    })
}

pub(super) fn arguments(file: &ArgumentFile) -> Result<Vec<Argument>, String> {
    Ok(match file {
        ArgumentFile::Pick(file) => vec![pick(file)?],
        ArgumentFile::List(list) => {
            let mut all = Vec::new();
            for file in list {
                all.extend(arguments(file)?);
            }
            all
        }
        ArgumentFile::Word(word) => {
            let mut argument = Argument::default();
            match word.as_str() {
                "receiver" => argument.receiver = true,
                "any" => argument.any = true,
                "**" => argument.mapping = true,
                "value" => argument.stored = Some(Stored::Value),
                "key" => argument.stored = Some(Stored::Key),
                other => return Err(format!("no such argument: `{other}`")),
            }
            vec![argument]
        }
    })
}

pub(super) fn conditions(hold: &[WhenFile], unless: &[WhenFile]) -> Result<Conditions, String> {
    Ok(Conditions {
        hold: hold.iter().map(when).collect::<Result<_, _>>()?,
        fail: unless.iter().map(when).collect::<Result<_, _>>()?,
    })
}

pub(super) fn when(file: &WhenFile) -> Result<When, String> {
    let argument = Argument {
        at: file.at,
        name: file.arg.as_deref().map(Symbol::from),
        receiver: file.receiver,
        key: file.key.as_deref().map(Symbol::from),
        element: file.element.map(Elements::At),
        ..Argument::default()
    };
    let asks = if let Some(missing) = file.missing {
        Asks::Missing(missing)
    } else if let Some(given) = file.given {
        Asks::Missing(!given)
    } else if let Some(value) = &file.is {
        Asks::Is(literals(value)?)
    } else if let Some(value) = &file.is_not {
        Asks::IsNot(literals(value)?)
    } else if let Some(none) = file.none {
        Asks::None(none)
    } else if let Some(truthy) = file.truthy {
        Asks::Truthy(truthy)
    } else if let Some(path) = &file.path {
        Asks::Path(path.expanded())
    } else if let Some(display) = file.display {
        Asks::Display(display)
    } else if let Some(pattern) = &file.matches {
        let pattern = Expression::new(pattern)?;
        Asks::Contains(TextTest(Arc::new(move |text: &str| pattern.is_match(text))))
    } else if let Some(name) = &file.defines {
        Asks::Defines(Symbol::from(name))
    } else {
        return Err("a condition asks nothing".to_owned());
    };
    Ok(When { argument, asks })
}

fn literals(value: &toml::Value) -> Result<Vec<Literal>, String> {
    Ok(match value {
        toml::Value::Array(values) => {
            let mut all = Vec::new();
            for value in values {
                all.extend(literals(value)?);
            }
            all
        }
        toml::Value::Boolean(truth) => vec![Literal::Bool(*truth)],
        toml::Value::Integer(number) => vec![Literal::Int(*number)],
        toml::Value::String(text) if text == "None" => vec![Literal::None],
        toml::Value::String(text) => vec![Literal::Str(text.clone())],
        other => return Err(format!("not a constant: {other}")),
    })
}
