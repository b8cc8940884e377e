//! Calls in pages: macros, filters, functions.

use std::sync::Arc;

use hognose_template::{
    Argument, Engine, Expr, Filter, FilterEffect, HtmlContext, Macro, Surroundings, Template,
    effect,
};
use ruff_text_size::TextSize;

use super::super::Interpreter;
use super::super::call::Arguments;
use super::{Frame, MAX_DEPTH, MAX_NESTED, Made, Origin, Page};
use crate::shape::{Alphabet, Stretch, map_holes};
use crate::state::{Kind, State};
use crate::value::{Atom, Symbol, Value, Why};

/// Where a macro stands that is called.
enum MacroHome<'t> {
    Here(usize),
    There(Origin<'t>),
}

impl<'p> Interpreter<'_, 'p> {
    pub(super) fn called_in_page(
        &mut self,
        state: &mut State,
        page: &mut Page<'p>,
        frame: usize,
        callee: &Expr,
        arguments: &[Argument],
        at: TextSize,
    ) -> Made {
        if let Some((home, name)) = self.macro_of(state, page, frame, callee, at) {
            return self.macro_called(state, page, frame, home, &name, arguments, at);
        }
        let mut given = Arguments::default();
        for argument in arguments {
            let value = self.made(state, page, frame, &argument.value, at).value;
            match &argument.name {
                Some(name) => given.keywords.push((Symbol::from(name.as_str()), value)),
                None => given.positional.push(value),
            }
        }
        let expr = page.expr;
        match callee {
            Expr::Attribute(base, name) => {
                let base = self.made(state, page, frame, base, at).value;
                let container = base.atoms().iter().any(|atom| match atom {
                    Atom::Object(id) => state.object(*id).is_some_and(|object| {
                        matches!(object.kind, Kind::Dict | Kind::List | Kind::Tuple)
                    }),
                    _ => false,
                });
                if container && matches!(name.as_str(), "items" | "values" | "keys" | "all") {
                    return Made::of(base);
                }
                let name = Symbol::from(name.as_str());
                Made::of(self.looked_at(state, |this, aside| {
                    this.call_method(aside, &base, name, &given, expr, None)
                }))
            }
            callee => {
                let value = self.made(state, page, frame, callee, at).value;
                let known = value.atoms().iter().any(|atom| {
                    matches!(
                        atom,
                        Atom::Function(..) | Atom::Object(_) | Atom::External(_)
                    )
                });
                if !known {
                    // A function of the engine or of an extension: what it is given is encoded or looked up.
                    return Made::unknown();
                }
                Made::of(self.looked_at(state, |this, aside| {
                    this.call_value(aside, &value, &given, expr)
                }))
            }
        }
    }

    /// The frame and the name of the macro that is called.
    fn macro_of(
        &mut self,
        state: &mut State,
        page: &mut Page<'p>,
        frame: usize,
        callee: &Expr,
        at: TextSize,
    ) -> Option<(MacroHome<'p>, String)> {
        let template = Arc::clone(&page.frames[frame].template);
        let has = |template: &Template, name: &str| {
            template.macros.iter().any(|found| found.name == name)
        };
        match callee {
            Expr::Name(name) => {
                if has(&template, name) {
                    return Some((MacroHome::Here(frame), name.clone()));
                }
                for import in &template.imports {
                    for (theirs, ours) in &import.names {
                        if ours == name || theirs == "*" {
                            let theirs = if theirs == "*" { name } else { theirs };
                            if let Some(origin) =
                                self.named(state, page, frame, &import.template, at)
                                && has(
                                    &self.template_at(page, origin, &Surroundings::default()),
                                    theirs,
                                )
                            {
                                return Some((MacroHome::There(origin), theirs.clone()));
                            }
                        }
                    }
                }
                // A macro of the file that includes this one, or that this one extends.
                let (around, there) = page.frames[frame].around?;
                if page.frames[frame].closed || page.depth >= MAX_DEPTH {
                    return None;
                }
                page.depth += 1;
                let found = self.macro_of(state, page, around, callee, there);
                page.depth -= 1;
                found
            }
            Expr::Attribute(base, name) => {
                let Expr::Name(alias) = &**base else {
                    return None;
                };
                if alias == "self" && has(&template, name) {
                    return Some((MacroHome::Here(frame), name.clone()));
                }
                let import = template
                    .imports
                    .iter()
                    .find(|import| import.alias.as_deref() == Some(alias.as_str()))?;
                let origin = self.named(state, page, frame, &import.template, at)?;
                has(
                    &self.template_at(page, origin, &Surroundings::default()),
                    name,
                )
                .then(|| (MacroHome::There(origin), name.clone()))
            }
            _ => None,
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what a macro is called with")]
    fn macro_called(
        &mut self,
        state: &mut State,
        page: &mut Page<'p>,
        frame: usize,
        home: MacroHome<'p>,
        name: &str,
        arguments: &[Argument],
        at: TextSize,
    ) -> Made {
        let result = Made {
            value: Value::unknown(),
            safe: true,
        };
        if page.frames.len() >= MAX_NESTED {
            self.cut = true;
            return result;
        }
        let (origin, template, around, autoescape) = match home {
            MacroHome::Here(frame) => {
                let here = &page.frames[frame];
                (
                    here.origin,
                    Arc::clone(&here.template),
                    Some(frame),
                    here.autoescape,
                )
            }
            MacroHome::There(origin) => (
                origin,
                self.template_at(page, origin, &Surroundings::default()),
                None,
                self.escapes(page, origin).unwrap_or(true),
            ),
        };
        let Some(found) = template.macros.iter().find(|found| found.name == name) else {
            return result;
        };
        let found: Macro = found.clone();
        let mut given: Vec<(String, Made)> = Vec::new();
        for (index, (parameter, default)) in found.parameters.iter().enumerate() {
            let argument = arguments
                .iter()
                .find(|argument| argument.name.as_deref() == Some(parameter.as_str()))
                .or_else(|| {
                    arguments
                        .iter()
                        .filter(|argument| argument.name.is_none())
                        .nth(index)
                });
            let made = match (argument, default) {
                (Some(argument), _) => self.made(state, page, frame, &argument.value, at),
                (None, Some(Expr::String(text))) => Made::of(Value::text(text.as_str())),
                _ => Made::unknown(),
            };
            given.push((parameter.clone(), made));
        }
        let outer = page.context.clone();
        let number = page.frames.len();
        page.frames.push(Frame {
            origin,
            text: self.source(origin),
            template,
            around: around.map(|around| (around, found.body.start())),
            given,
            closed: around.is_none(),
            autoescape,
            context: (outer != HtmlContext::Text).then(|| outer.clone()),
        });
        self.written(state, page, number, number, Some(found.body));
        page.frames.truncate(number);
        page.context = outer;
        result
    }

    pub(super) fn filtered(
        &mut self,
        state: &mut State,
        page: &mut Page<'p>,
        frame: usize,
        made: Made,
        filter: &Filter,
        at: TextSize,
    ) -> Made {
        let name = filter.name.as_str();
        let known = effect(page.engine, name);
        let Some(known) = known else {
            // A filter of the project: what it makes of it is not known.
            let given = [made.value];
            return Made::of(self.mixed(state, page, &given, 2));
        };
        match known {
            FilterEffect::MarksSafe => Made { safe: true, ..made },
            FilterEffect::EscapesHtml => {
                let again = matches!(name, "forceescape" | "force_escape");
                if made.safe && !again && page.engine != Engine::Mako {
                    return made;
                }
                self.escaped(state, page, made, name)
            }
            FilterEffect::EscapesScript => self.for_script(state, page, made, name),
            FilterEffect::UrlEncodes => {
                let value = self.each_text(state, page, &made.value, name, |hole| {
                    hole.alphabet = hole.alphabet.intersect(url_encoded());
                });
                Made::of(value)
            }
            FilterEffect::Harmless => Made::of(Atom::Scalar.into()),
            FilterEffect::PassesOn => {
                let mut arguments = Vec::new();
                for argument in &filter.arguments {
                    arguments.push((
                        argument.name.clone(),
                        self.made(state, page, frame, &argument.value, at),
                    ));
                }
                self.passed_on(state, page, frame, made, name, arguments, at)
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what a filter is applied to")]
    fn passed_on(
        &mut self,
        state: &mut State,
        page: &Page<'p>,
        frame: usize,
        made: Made,
        name: &str,
        arguments: Vec<(Option<String>, Made)>,
        at: TextSize,
    ) -> Made {
        match name {
            "d" | "default" | "default_if_none" => {
                let mut all = vec![made];
                all.extend(arguments.into_iter().take(1).map(|(_, made)| made));
                self.either(state, page, frame, all, at)
            }
            "first" | "last" | "random" | "min" | "max" => {
                let container = made
                    .value
                    .atoms()
                    .iter()
                    .any(|atom| matches!(atom, Atom::Object(_) | Atom::Input(_)));
                if container {
                    return Made::of(self.iterated(state, &made.value, page.expr));
                }
                made
            }
            "map" | "attr" => {
                let wanted = arguments.iter().find(|(key, _)| {
                    key.as_deref() == Some("attribute") || name == "attr" && key.is_none()
                });
                match wanted.and_then(|(_, made)| made.value.known_text()) {
                    Some(attribute) => {
                        let of = if name == "map" {
                            self.iterated(state, &made.value, page.expr)
                        } else {
                            made.value
                        };
                        Made::of(self.member_of(state, page, &of, attribute.as_str()))
                    }
                    None => made,
                }
            }
            "format" | "replace" | "join" | "add" | "stringformat" => {
                if arguments.is_empty() {
                    return made;
                }
                let safe = made.safe && page.engine == Engine::Jinja2;
                let mut values = vec![made.value];
                for (_, argument) in arguments {
                    // Markup escapes what is put into it.
                    let argument = if safe && !argument.safe {
                        self.escaped(state, page, argument, "autoescape")
                    } else {
                        argument
                    };
                    values.push(argument.value);
                }
                let value = if values[1..].iter().all(|value| !value.has_holes()) {
                    values.swap_remove(0)
                } else {
                    let mut parts = Vec::with_capacity(2 * values.len());
                    for value in values {
                        parts.push(value);
                        parts.push(Value::unknown());
                    }
                    self.joined_texts(state, &parts)
                };
                Made {
                    value,
                    safe: made.safe,
                }
            }
            // Plain texts come out.
            "upper" | "make_list" if page.engine == Engine::Django => Made {
                safe: false,
                ..made
            },
            "striptags" if page.engine == Engine::Jinja2 => Made {
                safe: false,
                ..made
            },
            _ => made,
        }
    }

    /// Changes the holes of all texts that a value may be.
    fn each_text(
        &mut self,
        state: &mut State,
        page: &Page<'p>,
        value: &Value,
        name: &str,
        change: impl Fn(&mut crate::shape::Hole),
    ) -> Value {
        let place = self.place(page.expr);
        let why = Why::Sanitized(Symbol::from(name));
        let mut result = Value::nothing();
        for text in self.texts_of(state, value) {
            let text = map_holes(&text, |hole| {
                change(hole);
                for taint in &mut hole.taints {
                    taint.trail = taint.trail.step(place, why);
                }
            });
            result.join(&Value::stretches(text));
        }
        result
    }

    /// Escaped for HTML.
    pub(super) fn escaped(
        &mut self,
        state: &mut State,
        page: &Page<'p>,
        made: Made,
        name: &str,
    ) -> Made {
        let mut value = self.each_text(state, page, &made.value, name, |hole| {
            hole.alphabet = hole.alphabet.without("<>&\"'");
        });
        let literal = value
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Text(_) | Atom::Str(_)));
        if literal {
            let mut all = Value::nothing();
            for text in self.texts_of(state, &value) {
                let text: Vec<Stretch> = text
                    .into_iter()
                    .map(|stretch| match stretch {
                        Stretch::Known(known) => Stretch::Known(references(known)),
                        other => other,
                    })
                    .collect();
                all.join(&Value::stretches(text));
            }
            value = all;
        }
        Made { value, safe: true }
    }

    /// As a literal of a script, or the inside of one.
    fn for_script(&mut self, state: &mut State, page: &Page<'p>, made: Made, name: &str) -> Made {
        let value = self.each_text(state, page, &made.value, name, |hole| {
            hole.alphabet = hole.alphabet.without("<>&\"'\\\n\r");
            if name != "tojson" {
                hole.alphabet = hole.alphabet.without("`=;-");
            }
        });
        if name != "tojson" || !value.has_holes() {
            return Made { value, safe: true };
        }
        // JSON brings its own quotes.
        let quote = Value::text("\"");
        Made {
            value: self.joined_texts(state, &[quote.clone(), value, quote]),
            safe: true,
        }
    }
}

fn url_encoded() -> Alphabet {
    Alphabet::of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%._~/+-")
}

/// Text with its characters written as references.
fn references(text: Symbol) -> Symbol {
    if !text.as_str().contains(['<', '>', '&', '"', '\'']) {
        return text;
    }
    let mut escaped = String::with_capacity(text.as_str().len() + 16);
    for character in text.as_str().chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    Symbol::from(escaped)
}
