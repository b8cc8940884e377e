//! What `isinstance` answers, where that is certain.

use super::*;

impl Machine<'_> {
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
