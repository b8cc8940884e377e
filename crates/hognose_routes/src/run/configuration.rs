//! The configuration of an application: keys that are taken over from classes, modules and dicts, as Flask does it.

use super::*;

impl Machine<'_> {
    /// A method of `app.config` that takes over or gives keys; `None` for everything else.
    pub(super) fn call_configuration(&mut self, of: V, method: Symbol, args: &Args) -> Option<V> {
        if !matches!(self.get(of), Value::Attribute { attr, .. } if attr.as_str() == "config") {
            return None;
        }
        match method.as_str() {
            "from_object" => {
                let given = args.positional.first().copied()?;
                for given in self.alternatives(given) {
                    let given = match self.get(given).clone() {
                        Value::Str(name) => self.dotted(&name),
                        _ => given,
                    };
                    self.take_over(of, given);
                }
                None
            }
            "from_mapping" | "update" | "setdefault" => {
                if let (Some(key), Some(v)) = (args.positional.first(), args.positional.get(1)) {
                    self.store_item(of, *key, *v);
                } else if let Some(dict) = args.positional.first()
                    && let Value::Dict(items) = self.get(*dict).clone()
                {
                    for (key, v) in items {
                        self.store_item(of, key, v);
                    }
                }
                for (name, v) in &args.keywords {
                    let key = self.text(name.as_str());
                    self.store_item(of, key, *v);
                }
                None
            }
            "get" => {
                let key = args.positional.first().copied()?;
                let found = self.item(of, key);
                let default = args.positional.get(1).copied();
                match (found, default) {
                    (Self::UNKNOWN, default) => default,
                    (found, _) => Some(found),
                }
            }
            _ => None,
        }
    }

    /// Takes over what stands in capitals in a class, an object or a module.
    fn take_over(&mut self, config: V, from: V) {
        let mut names: Vec<Symbol> = Vec::new();
        let mut take = |module: &Module, scope: ScopeId| {
            for slot in &module[scope].slots {
                let upper = slot.name.as_str().chars().all(|c| !c.is_lowercase());
                if upper && slot.bound && !names.contains(&slot.name) {
                    names.push(slot.name);
                }
            }
        };
        let project = self.project;
        match *self.get(from) {
            Value::Module(id) => take(project.module(id), Module::TOP),
            Value::Class { .. } | Value::Instance { .. } => {
                for ancestor in self.mro(from).iter() {
                    if let ClassRef::Project(at, class) = *ancestor {
                        let module = project.module(at);
                        take(module, module[class].scope);
                    }
                }
            }
            _ => return,
        }
        for name in names {
            let v = self.attribute(from, name);
            if v != Self::UNKNOWN {
                let key = self.text(name.as_str());
                self.store_item(config, key, v);
            }
        }
    }
}
