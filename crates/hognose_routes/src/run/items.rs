//! Items: of lists, of dicts and of what is not known; and whether a value is true.

use super::*;

/// Elements that are looked at for what one whose key is not known may be.
const MAX_LOOKED: usize = 64;

impl Machine<'_> {
    pub(super) fn store_item(&mut self, object: V, key: V, v: V) {
        match self.get(object) {
            Value::Dict(items) => {
                let place = items.iter().position(|(known, _)| self.same(*known, key));
                self.charge(items.len());
                if let Value::Dict(items) = &mut self.values[object.0 as usize] {
                    match place {
                        Some(place) => items[place].1 = v,
                        None => items.push((key, v)),
                    }
                }
            }
            Value::List(_) => {
                if let Value::Int(index) = *self.get(key)
                    && let Ok(index) = usize::try_from(index)
                    && let Value::List(items) = &mut self.values[object.0 as usize]
                    && let Some(item) = items.get_mut(index)
                {
                    *item = v;
                }
            }
            // `self.__dict__["name"] = value`.
            Value::Attribute { of, attr } if attr.as_str() == "__dict__" => {
                let of = *of;
                if let Value::Str(name) = self.get(key) {
                    let name = Symbol::from(&**name);
                    self.store_attribute(of, name, v);
                }
            }
            _ => self.stores.push(Store {
                object,
                key,
                value: v,
            }),
        }
    }

    /// An item of a container.
    pub fn item(&mut self, container: V, key: V) -> V {
        match self.get(container) {
            Value::Dict(items) => {
                let known = matches!(self.get(key), Value::Str(_) | Value::Int(_));
                let mut found = items.iter().rev();
                let exact = found.find(|(known, _)| self.same(*known, key));
                let exact = exact.map(|(_, v)| *v);
                let some: Vec<V> = items.iter().take(MAX_LOOKED).map(|(_, v)| *v).collect();
                self.charge(items.len());
                match exact {
                    Some(v) => v,
                    None if known => Self::UNKNOWN,
                    None => self.any_of(&some),
                }
            }
            Value::List(items) => match *self.get(key) {
                Value::Int(index) => {
                    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
                    let index = if index < 0 { index + length } else { index };
                    usize::try_from(index)
                        .ok()
                        .and_then(|index| items.get(index).copied())
                        .unwrap_or(Self::UNKNOWN)
                }
                _ => {
                    let some: Vec<V> = items.iter().take(MAX_LOOKED).copied().collect();
                    self.any_of(&some)
                }
            },
            Value::External(path) if path.as_str().ends_with(".Annotated") => {
                let positional = match self.get(key) {
                    Value::List(items) => items.clone(),
                    _ => vec![key],
                };
                let args = Args {
                    positional,
                    ..Args::default()
                };
                self.make(Value::Call {
                    callee: container,
                    args,
                    site: (ModuleId(0), ExprId(0)),
                })
            }
            // What was stored under this key before.
            Value::Attribute { .. } | Value::Call { .. } | Value::External(_) => {
                let found = self
                    .stores
                    .iter()
                    .rev()
                    .find(|store| store.object == container && self.same(store.key, key))
                    .map(|store| store.value);
                // `FastAPIUsers[User, int]` is the class.
                let generic = matches!(self.get(container), Value::External(path) if {
                    let name = path.as_str().rsplit('.').next().unwrap_or_default();
                    name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase)
                });
                let otherwise = if generic { container } else { Self::UNKNOWN };
                found.unwrap_or(otherwise)
            }
            Value::Class { .. } => container,
            Value::Union(all) => {
                let mut any = Self::UNKNOWN;
                for v in all.clone() {
                    let v = self.item(v, key);
                    any = self.union(any, v);
                }
                any
            }
            _ => Self::UNKNOWN,
        }
    }

    /// One of several values.
    fn any_of(&mut self, values: &[V]) -> V {
        let mut any = Self::UNKNOWN;
        for v in values {
            any = self.union(any, *v);
        }
        any
    }

    /// What an iteration meets, and whether that is all.
    pub fn elements(&mut self, v: V) -> (Vec<V>, bool) {
        match self.get(v) {
            Value::List(items) => {
                let items = items.clone();
                self.charge(items.len());
                (items, true)
            }
            Value::Dict(items) => {
                let keys: Vec<V> = items.iter().map(|(key, _)| *key).collect();
                self.charge(keys.len());
                (keys, true)
            }
            Value::Union(all) => {
                let mut elements = Vec::new();
                for v in all.clone() {
                    elements.extend(self.elements(v).0);
                }
                (elements, false)
            }
            Value::None => (Vec::new(), true),
            _ => (vec![Self::UNKNOWN], false),
        }
    }

    /// What a condition comes out as, where that is known.
    pub fn truth(&self, v: V) -> Option<bool> {
        match self.get(v) {
            Value::None => Some(false),
            Value::Bool(value) => Some(*value),
            Value::Int(value) => Some(*value != 0),
            Value::Str(text) if !text.contains(HOLE) => Some(!text.is_empty()),
            // Of a list of what something outside gave it is not known how long it is.
            Value::List(items) if items.iter().any(|v| !self.is_given(*v)) => Some(true),
            Value::Function { .. }
            | Value::Class { .. }
            | Value::Instance { .. }
            | Value::Module(_)
            | Value::Method { .. } => Some(true),
            _ => None,
        }
    }

    /// Whether a value is one of which nothing is known, or what a method of such a one gave.
    fn is_given(&self, v: V) -> bool {
        match self.get(v) {
            Value::Unknown | Value::Attribute { .. } => true,
            Value::Call { callee, .. } => matches!(self.get(*callee), Value::Attribute { .. }),
            _ => false,
        }
    }
}
