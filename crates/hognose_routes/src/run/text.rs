//! Texts as registering code makes them: joined, formatted, and changed by methods.

use super::native::MAX_LIST;
use super::*;

/// Longest text that is put together, in bytes.
const MAX_TEXT: usize = 16 * 1024;

impl Machine<'_> {
    /// Appends what a value prints as.
    pub fn print(&self, v: V, text: &mut String) {
        match self.get(v) {
            Value::Str(part) if text.len() + part.len() <= MAX_TEXT => text.push_str(part),
            Value::Int(value) => text.push_str(&value.to_string()),
            Value::Bool(true) => text.push_str("True"),
            Value::Bool(false) => text.push_str("False"),
            Value::None => text.push_str("None"),
            // What holds unless something is set.
            Value::Union(all) => match self.unless_set_text(all) {
                Some(default) => self.print(default, text),
                None => text.push(HOLE),
            },
            _ => text.push(HOLE),
        }
    }

    /// The text among alternatives that holds unless something is set: the one that is known, beside what comes from
    /// outside.
    pub(super) fn unless_set_text(&self, all: &[V]) -> Option<V> {
        let mut defaults = all.iter().copied().filter(|v| match self.get(*v) {
            Value::Str(text) => !text.contains(HOLE),
            Value::None => false,
            _ => !self.is_from_outside(*v),
        });
        let default = defaults.next()?;
        let only = defaults.next().is_none() && matches!(self.get(default), Value::Str(_));
        only.then_some(default)
    }

    pub(super) fn binary(&mut self, op: Operator, left: V, right: V) -> V {
        match (op, self.get(left).clone(), self.get(right).clone()) {
            (Operator::Add, Value::List(mut a), Value::List(b)) => {
                a.extend(b);
                a.truncate(MAX_LIST);
                self.make(Value::List(a))
            }
            (Operator::Add, Value::List(mut a), other)
                if !matches!(other, Value::Str(_) | Value::Int(_)) =>
            {
                // What is added is not a display, but may be something a framework knows.
                a.push(right);
                self.make(Value::List(a))
            }
            (Operator::Add, other, Value::List(mut b))
                if !matches!(other, Value::Str(_) | Value::Int(_)) =>
            {
                b.insert(0, left);
                self.make(Value::List(b))
            }
            (Operator::Add, Value::Int(a), Value::Int(b)) => {
                self.make(Value::Int(a.wrapping_add(b)))
            }
            (Operator::Add, Value::Str(_), _) | (Operator::Add, _, Value::Str(_)) => {
                let mut text = String::new();
                self.print(left, &mut text);
                self.print(right, &mut text);
                self.text(text)
            }
            // `HERE / "specs" / "v1.yml"`.
            (
                Operator::Div,
                Value::Str(_) | Value::Call { .. } | Value::Attribute { .. } | Value::Unknown,
                Value::Str(name),
            ) => {
                let mut text = String::new();
                self.print(left, &mut text);
                text.push('/');
                text.push_str(&name);
                self.text(text)
            }
            (Operator::Mod, Value::Str(format), _) => self.percent(&format, right),
            (
                Operator::BitOr | Operator::BitAnd,
                Value::Class { .. } | Value::External(_) | Value::Call { .. },
                _,
            ) => {
                let name = if op == Operator::BitAnd {
                    "operator.and_"
                } else {
                    "operator.or_"
                };
                let callee = self.external(Symbol::from(name));
                let args = Args {
                    positional: vec![left, right],
                    ..Args::default()
                };
                let site = (ModuleId(0), ExprId(0));
                self.make(Value::Call { callee, args, site })
            }
            // Of sets. What is taken away and not known is taken for nothing.
            (Operator::BitOr, Value::List(mut a), Value::List(b)) => {
                a.extend(b);
                a.truncate(MAX_LIST);
                self.make(Value::List(a))
            }
            (Operator::Sub, Value::List(a), Value::List(b)) => {
                let left = a
                    .into_iter()
                    .filter(|v| !b.iter().any(|other| self.same(*v, *other)))
                    .collect();
                self.make(Value::List(left))
            }
            (Operator::BitOr | Operator::Sub, Value::List(_), _) => left,
            (Operator::BitOr, _, Value::List(_)) => right,
            (Operator::BitOr, Value::Dict(_), _) => {
                let dict = self.make(Value::Dict(Vec::new()));
                self.update(dict, left);
                self.update(dict, right);
                dict
            }
            _ => Self::UNKNOWN,
        }
    }

    fn percent(&mut self, format: &str, right: V) -> V {
        let mut values: Vec<V> = match self.get(right) {
            Value::List(items) => items.clone(),
            _ => vec![right],
        };
        values.reverse();
        let mut text = String::new();
        let mut characters = format.chars();
        while let Some(character) = characters.next() {
            if character != '%' {
                text.push(character);
                continue;
            }
            match characters.next() {
                Some('%') => text.push('%'),
                Some('s' | 'd' | 'r') => match values.pop() {
                    Some(v) => self.print(v, &mut text),
                    None => text.push(HOLE),
                },
                Some('(') => {
                    let name: String = characters.by_ref().take_while(|c| *c != ')').collect();
                    characters.next();
                    let key = self.text(name);
                    let v = self.item(right, key);
                    self.print(v, &mut text);
                }
                _ => text.push(HOLE),
            }
        }
        self.text(text)
    }

    fn format(&mut self, format: &str, args: &Args) -> V {
        let mut text = String::new();
        let mut next = 0;
        let mut rest = format;
        while let Some(at) = rest.find(['{', '}']) {
            text.push_str(&rest[..at]);
            let found = &rest[at..];
            if found.starts_with("{{") || found.starts_with("}}") {
                text.push_str(&found[..1]);
                rest = &found[2..];
                continue;
            }
            let Some(end) = found.find('}') else {
                text.push_str(found);
                rest = "";
                break;
            };
            let name = if end == 0 { "" } else { &found[1..end] };
            let value = if name.is_empty() {
                next += 1;
                args.positional.get(next - 1).copied()
            } else if let Ok(index) = name.parse::<usize>() {
                args.positional.get(index).copied()
            } else {
                args.keyword(name)
            };
            match value {
                Some(v) => self.print(v, &mut text),
                None => text.push(HOLE),
            }
            rest = &found[end + 1..];
        }
        text.push_str(rest);
        self.text(text)
    }

    pub(super) fn text_method(&mut self, text: &str, method: &str, args: &Args) -> V {
        let texts: Vec<Option<Rc<str>>> = args
            .positional
            .iter()
            .map(|v| match self.get(*v) {
                Value::Str(text) => Some(text.clone()),
                _ => None,
            })
            .collect();
        let first = texts.first().cloned().flatten();
        let blank = |c: char| c.is_whitespace();
        let strip: Box<dyn Fn(char) -> bool> = match first.clone() {
            Some(set) => Box::new(move |c| set.contains(c)),
            None => Box::new(blank),
        };
        let result = match (method, first.as_deref()) {
            ("format", _) => return self.format(text, args),
            ("join", _) => {
                let Some(list) = args.positional.first().copied() else {
                    return Self::UNKNOWN;
                };
                let (elements, complete) = self.elements(list);
                if !complete {
                    return Self::UNKNOWN;
                }
                let mut joined = String::new();
                for (index, v) in elements.into_iter().enumerate() {
                    if index > 0 {
                        joined.push_str(text);
                    }
                    self.print(v, &mut joined);
                    if joined.len() > MAX_TEXT {
                        return Self::UNKNOWN;
                    }
                }
                joined
            }
            ("strip", _) => text.trim_matches(strip).to_owned(),
            ("lstrip", _) => text.trim_start_matches(strip).to_owned(),
            ("rstrip", _) => text.trim_end_matches(strip).to_owned(),
            ("lower", _) => text.to_lowercase(),
            ("upper", _) => text.to_uppercase(),
            ("title" | "capitalize", _) => {
                let mut characters = text.chars();
                match characters.next() {
                    Some(c) => c.to_uppercase().chain(characters).collect(),
                    None => String::new(),
                }
            }
            ("removeprefix", Some(prefix)) => text.strip_prefix(prefix).unwrap_or(text).to_owned(),
            ("removesuffix", Some(suffix)) => text.strip_suffix(suffix).unwrap_or(text).to_owned(),
            ("replace", Some(from)) => match texts.get(1).cloned().flatten() {
                Some(to) if !from.is_empty() && text.len() * (to.len() + 1) <= MAX_TEXT => {
                    text.replace(from, &to)
                }
                _ => return Self::UNKNOWN,
            },
            ("startswith", Some(prefix)) if !text.contains(HOLE) => {
                let found = text.starts_with(prefix);
                return self.make(Value::Bool(found));
            }
            ("endswith", Some(suffix)) if !text.contains(HOLE) => {
                let found = text.ends_with(suffix);
                return self.make(Value::Bool(found));
            }
            ("split", separator) => {
                let parts: Vec<String> = match separator {
                    Some("") => return Self::UNKNOWN,
                    Some(separator) => text.split(separator).map(str::to_owned).collect(),
                    None => text.split_whitespace().map(str::to_owned).collect(),
                };
                let parts = parts.into_iter().map(|part| self.text(part)).collect();
                return self.make(Value::List(parts));
            }
            _ => return Self::UNKNOWN,
        };
        self.text(result)
    }
}
