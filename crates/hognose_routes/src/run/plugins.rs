//! Hooks of a plugin system: functions that are called by the name of what they implement, as pluggy does it.

use super::*;

impl Machine<'_> {
    /// Keeps what a decorator of pluggy marks as the implementation of a hook: `@hookimpl`, `@hookimpl(tryfirst=True)`.
    pub(super) fn keep_hook(&mut self, decorator: V, v: V) {
        let marker = match self.get(decorator) {
            Value::Call { callee, .. } => match self.get(*callee) {
                Value::Call { callee, .. } => *callee,
                _ => *callee,
            },
            _ => return,
        };
        if let Value::External(path) = self.get(marker)
            && path.as_str() == "pluggy.HookimplMarker"
            && let Value::Function {
                module, function, ..
            } = *self.get(v)
        {
            let name = self.project.module(module)[function].name;
            self.hooks.entry(name).or_default().push(v);
        }
    }

    /// What the implementations of a hook give: `manager.hook.name(app=app)`; `None` where none is called.
    pub(super) fn call_hook(&mut self, of: V, name: Symbol, args: &Args, site: Site) -> Option<V> {
        let is_hook = match self.get(of) {
            Value::Attribute { attr, .. } => attr.as_str() == "hook",
            Value::External(path) => path.as_str().ends_with(".hook"),
            _ => false,
        };
        let implementations = self.hooks.get(&name).filter(|_| is_hook)?.clone();
        let given = implementations
            .into_iter()
            .map(|function| self.call(function, args.clone(), site))
            .filter(|v| *v != Self::NONE)
            .collect();
        Some(self.make(Value::List(given)))
    }
}
