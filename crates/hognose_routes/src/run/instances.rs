//! What `isinstance` answers, where that is certain.

use super::*;

impl Machine<'_> {
    /// Whether a class is one of some classes or inherits from one; `None` where that is not known.
    pub(super) fn is_subclass(&mut self, v: V, class: V) -> Option<bool> {
        if !matches!(self.get(v), Value::Class { .. }) {
            return None;
        }
        let order = self.mro(v);
        let classes = match self.get(class) {
            Value::List(classes) => classes.clone(),
            _ => vec![class],
        };
        let mut known = true;
        for class in classes {
            let wanted = match *self.get(class) {
                Value::Class { module, class, .. } => ClassRef::Project(module, class),
                Value::External(path) => ClassRef::External(path),
                _ => {
                    known = false;
                    continue;
                }
            };
            if order.contains(&wanted) {
                return Some(true);
            }
            // A base outside may inherit from what is asked for.
            known &= matches!(wanted, ClassRef::Project(..))
                || order.iter().all(|class| match class {
                    ClassRef::External(path) => path.as_str() == "builtins.object",
                    ClassRef::Project(..) => true,
                });
        }
        known.then_some(false)
    }

    /// Whether a value is of a class or of one of several, where that is certain.
    pub(super) fn is_instance(&mut self, v: V, class: V) -> Option<bool> {
        let classes = match self.get(class) {
            Value::List(classes) => classes.clone(),
            _ => vec![class],
        };
        let builtin = |machine: &Self, class: V| match machine.get(class) {
            Value::External(path) => path.as_str().strip_prefix("builtins."),
            _ => None,
        };
        let own: &[&str] = match self.get(v) {
            Value::List(_) if self.displays.contains_key(&v) => match self.displays.get(&v) {
                Some(&"tuple") => &["tuple"],
                Some(&"set") => &["set"],
                _ => &["list"],
            },
            // What another value gave may be a list, a tuple or a set.
            Value::List(_) => {
                let named = |name| {
                    classes
                        .iter()
                        .any(|class| builtin(self, *class) == Some(name))
                };
                return match (named("list"), named("tuple")) {
                    (true, true) => Some(true),
                    (false, false)
                        if classes.iter().all(|class| {
                            matches!(self.get(*class), Value::Class { .. })
                                || matches!(builtin(self, *class), Some("str" | "dict" | "int"))
                        }) =>
                    {
                        Some(false)
                    }
                    _ => None,
                };
            }
            Value::Str(_) => &["str"],
            Value::Dict(_) => &["dict"],
            Value::Bool(_) => &["bool", "int"],
            Value::Int(_) => &["int"],
            Value::Instance { .. } => {
                let order = self.mro(v);
                let mut all_known = true;
                for class in classes {
                    let known = match *self.get(class) {
                        Value::Class { module, class, .. } => ClassRef::Project(module, class),
                        Value::External(path) => ClassRef::External(path),
                        _ => return None,
                    };
                    if order.contains(&known) {
                        return Some(true);
                    }
                    all_known &= matches!(known, ClassRef::Project(..))
                        || builtin(self, class).is_some_and(|name| name != "object");
                }
                return all_known.then_some(false);
            }
            _ => return None,
        };
        let mut certain = true;
        for class in classes {
            match (builtin(self, class), self.get(class)) {
                (Some(name), _) if own.contains(&name) => return Some(true),
                (Some("object"), _) => return Some(true),
                (Some(_), _) | (None, Value::Class { .. }) => {}
                _ => certain = false,
            }
        }
        certain.then_some(false)
    }
}
