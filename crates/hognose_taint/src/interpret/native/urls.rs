//! Functions on addresses: `urllib.parse`.

use hognose_python::ir::*;

use super::super::Interpreter;
use super::super::call::Arguments;
use crate::shape::{Alphabet, Facts, Part, Stretch, holes, map_holes, prefix};
use crate::state::{Kind, Object, State};
use crate::value::{Atom, Symbol, Value, hash_id};

impl Interpreter<'_, '_> {
    pub(super) fn url_function(
        &mut self,
        state: &mut State,
        path: Symbol,
        function: &str,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Option<Value> {
        let first = arguments.position(0)?;
        Some(match function {
            "quote" | "quote_plus" | "quote_from_bytes" => {
                let safe = arguments.either(1, "safe").map_or(
                    Some(if function == "quote_plus" { "" } else { "/" }.to_owned()),
                    |safe| safe.known_text().map(|text| text.as_str().to_owned()),
                );
                let alphabet = Alphabet::class("[A-Za-z0-9_.~%+-]").unwrap_or(Alphabet::ALL);
                let alphabet =
                    alphabet.union(Alphabet::of(&safe.unwrap_or_else(|| "/".to_owned())));
                let mut value = Value::nothing();
                for text in self.texts_of(state, &first) {
                    let text = map_holes(&text, |hole| {
                        hole.alphabet = hole.alphabet.union(Alphabet::of("%")).intersect(alphabet);
                        hole.part = None;
                        hole.id = hash_id(&(hole.id, expr.0, 22u8));
                    });
                    value.join(&Value::stretches(text));
                }
                value
            }
            "urlencode" => {
                // The `&` between parameters is the program's.
                let alphabet = Alphabet::class("[A-Za-z0-9_.~%+=-]").unwrap_or(Alphabet::ALL);
                self.transformed(state, path, &first, alphabet, Facts::NONE, expr)
            }
            "urljoin" => {
                let second = arguments.position(1).unwrap_or_else(Value::unknown);
                let mut value = Value::nothing();
                for text in self.texts_of(state, &second) {
                    match text.first() {
                        // An absolute URL replaces the base; a path keeps its host.
                        Some(Stretch::Known(known))
                            if is_path_of_host(known.as_str())
                                || !known.as_str().contains(':')
                                    && !known.as_str().starts_with("//")
                                    && !known.as_str().is_empty()
                                    && !"/\\".contains(known.as_str()) =>
                        {
                            let joined = self.joined_texts(
                                state,
                                &[first.clone(), Value::text("/"), Value::stretches(text)],
                            );
                            value.join(&joined);
                        }
                        _ => {
                            value.join(&Value::stretches(text.clone()));
                            if holes(&text).next().is_none() {
                                let joined = self.joined_texts(
                                    state,
                                    &[first.clone(), Value::text("/"), Value::stretches(text)],
                                );
                                value.join(&joined);
                            }
                        }
                    }
                }
                if first.has_holes() {
                    value.join(&first);
                }
                value
            }
            "urlparse" | "urlsplit" => {
                let mut object = Object::new(Kind::Holder(Symbol::from("urllib.parse.urlsplit()")));
                object.set_field(Symbol::from("\u{0}text"), first.clone());
                for (name, part) in [
                    ("scheme", Some(Part::Scheme)),
                    ("netloc", Some(Part::Host)),
                    ("hostname", Some(Part::Host)),
                    ("path", None),
                    ("query", None),
                    ("fragment", None),
                    ("params", None),
                    ("username", None),
                    ("password", None),
                ] {
                    let value = self.url_part(state, &first, name, part);
                    object.set_field(Symbol::from(name), value);
                }
                object.set_field(Symbol::from("port"), Atom::Scalar.into());
                self.make(state, expr, object)
            }
            "urlunparse" | "urlunsplit" => {
                let at = |this: &mut Self, state: &mut State, index: i64| {
                    this.item(state, &first, &Atom::Int(index).into(), expr)
                };
                if let Some(Atom::Object(id)) = first.only()
                    && let Some(object) = state.object(*id)
                    && matches!(object.kind, Kind::Holder(_))
                {
                    return object.field(Symbol::from("\u{0}text")).cloned();
                }
                let parts = [
                    at(self, state, 0),
                    Value::text("://"),
                    at(self, state, 1),
                    at(self, state, 2),
                    at(self, state, 3),
                    at(self, state, 4),
                ];
                self.joined_texts(state, &parts)
            }
            "parse_qs" | "parse_qsl" => {
                let value = self.transformed(state, path, &first, Alphabet::ALL, Facts::NONE, expr);
                let mut inner = Object::new(Kind::List);
                inner.exact = false;
                inner.rest = value.clone();
                let site = self.site(expr);
                let inner_id = self.object_at(site, 61);
                state.allocate(inner_id, inner);
                let mut object = Object::new(if function == "parse_qs" {
                    Kind::Dict
                } else {
                    Kind::List
                });
                object.exact = false;
                object.rest = Atom::Object(inner_id).into();
                self.make(state, expr, object)
            }
            _ => return None,
        })
    }

    pub(in crate::interpret) fn url_part(
        &mut self,
        state: &mut State,
        url: &Value,
        name: &str,
        part: Option<Part>,
    ) -> Value {
        let mut value = Value::nothing();
        for text in self.texts_of(state, url) {
            if let Some(fixed) = fixed_url_part(prefix(&text), name) {
                value.join(&Value::text(&fixed));
                continue;
            }
            let mut any = false;
            for hole in holes(&text) {
                any = true;
                let id = hash_id(&(hole.id, name, 23u8));
                let mut found = hole.derive(id, part);
                if name == "path" {
                    found.alphabet = found.alphabet.without("?#");
                } else if part == Some(Part::Host) {
                    found.alphabet = found.alphabet.without("/?#");
                } else if part == Some(Part::Scheme) {
                    found.alphabet = Alphabet::word("+.-");
                }
                value.join(&Value::hole(found));
                if part.is_some() {
                    break;
                }
            }
            if !any {
                value.add(Atom::Unknown);
            }
        }
        value
    }
}

/// `/x…`: a path of whatever host stands in front.
pub(crate) fn is_path_of_host(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next() == Some('/')
        && characters
            .next()
            .is_some_and(|second| !matches!(second, '/' | '\\'))
}

/// A part of a URL that its beginning fixes.
fn fixed_url_part(front: &str, name: &str) -> Option<String> {
    let (scheme, rest) = front.split_once("://")?;
    match name {
        "scheme" => Some(scheme.to_owned()),
        "netloc" | "hostname" => {
            let end = rest.find(['/', '?', '#'])?;
            let host = &rest[..end];
            let host = host.rsplit('@').next().unwrap_or(host);
            Some(if name == "hostname" {
                host.split(':').next().unwrap_or(host).to_owned()
            } else {
                host.to_owned()
            })
        }
        _ => None,
    }
}
