//! What annotations say of values.

use super::value::{add, add_all, only, unknown};
use super::{Evaluator, MAX_DEPTH, Unresolved, Value, Values};
use crate::ir::*;
use crate::project::Found;

/// Names that stand for each other, followed to what they were given.
const MAX_NAMES: usize = 4;

impl Evaluator<'_> {
    /// What something annotated so is: an instance of the class named.
    pub fn instance_of(&mut self, at: ModuleId, annotation: ExprId) -> Values {
        if self.depth >= MAX_DEPTH {
            self.cut = true;
            return unknown(Unresolved::Depth);
        }
        self.depth += 1;
        let values = self.instance_of_inner(at, annotation);
        self.depth -= 1;
        values
    }

    fn instance_of_inner(&mut self, at: ModuleId, annotation: ExprId) -> Values {
        let module = self.project.module(at);
        match module[annotation] {
            Expr::None => only(Value::Expr(at, annotation)),
            Expr::Binary {
                op: Operator::BitOr,
                left,
                right,
            } => {
                let mut values = self.instance_of(at, left);
                add_all(&mut values, self.instance_of(at, right));
                values
            }
            Expr::Subscript { value, index } => {
                let generic = self.dotted(at, value);
                match generic.map(|path| path.as_str()) {
                    Some(
                        "typing.Optional"
                        | "typing_extensions.Optional"
                        | "typing.Required"
                        | "typing.NotRequired"
                        | "typing.Final"
                        | "typing.ClassVar",
                    ) => self.instance_of(at, index),
                    Some("typing.Union") => {
                        let members = match module[index] {
                            Expr::Tuple(list) => module.list(list).to_vec(),
                            _ => vec![index],
                        };
                        let mut values = Values::new();
                        for member in members {
                            add_all(&mut values, self.instance_of(at, member));
                        }
                        values
                    }
                    Some("typing.Annotated" | "typing_extensions.Annotated") => match module[index]
                    {
                        Expr::Tuple(list) if !list.is_empty() => {
                            self.instance_of(at, module.list(list)[0])
                        }
                        _ => self.instance_of(at, index),
                    },
                    _ => self.instance_of(at, value),
                }
            }
            Expr::Str(text) => {
                let text = module.str(text).trim();
                self.named_instance(at, text)
            }
            Expr::Name { .. } | Expr::Attribute { .. } => {
                // `Page = Annotated[int, Query(le=100)]`.
                let (home, written) = self.written(at, annotation);
                if let Expr::Subscript { .. } = self.project.module(home)[written] {
                    return self.instance_of(home, written);
                }
                let mut values = Values::new();
                for class in self.eval(at, annotation) {
                    match class {
                        Value::Class(..) => add(&mut values, self.instantiate(class)),
                        Value::External(path) if !is_uninformative(path.as_str()) => {
                            add(&mut values, self.instantiate(class))
                        }
                        _ => add(&mut values, Value::Unknown(Unresolved::Parameter)),
                    }
                }
                values
            }
            _ => unknown(Unresolved::Parameter),
        }
    }

    /// A forward reference: a dotted name in quotes, looked up at top level.
    fn named_instance(&mut self, at: ModuleId, text: &str) -> Values {
        let text = text
            .strip_prefix("Optional[")
            .and_then(|inner| inner.strip_suffix(']'))
            .unwrap_or(text);
        let text = text.split(['|', '[']).next().unwrap_or(text).trim();
        if text.is_empty()
            || !text
                .chars()
                .all(|c| c.is_alphanumeric() || c == '_' || c == '.')
        {
            return unknown(Unresolved::Parameter);
        }
        let mut parts = text.split('.');
        let Some(first) = parts.next() else {
            return Values::new();
        };
        let mut values = self.export(at, Symbol::from(first));
        for part in parts {
            values = self.attribute(&values, Symbol::from(part));
        }
        values
            .into_iter()
            .map(|class| match class {
                Value::Class(..) | Value::External(_) => self.instantiate(class),
                _ => Value::Unknown(Unresolved::Parameter),
            })
            .collect()
    }

    /// The expression that a name of a module, this one or the one it is imported from, was given; the name itself where that is
    /// not known.
    pub fn written(&self, mut at: ModuleId, mut expr: ExprId) -> (ModuleId, ExprId) {
        for _ in 0..MAX_NAMES {
            let module = self.project.module(at);
            let Expr::Name { def, slot } = module[expr] else {
                break;
            };
            let mut def = def;
            if matches!(module[def].kind, DefKind::Entry) {
                let name = module[module[def].scope].slots[slot.index()].name;
                match module.slot(Module::TOP, name) {
                    Some(slot) => def = slot.exit,
                    None => break,
                }
            }
            match module[def].kind {
                DefKind::Value(value) => expr = value,
                DefKind::ImportFrom { module: from, name } => {
                    let Found::Module(home) = self.project.find(from, at) else {
                        break;
                    };
                    let there = self.project.module(home);
                    let Some(slot) = there.slot(Module::TOP, name) else {
                        break;
                    };
                    let DefKind::Value(value) = there[slot.exit].kind else {
                        break;
                    };
                    (at, expr) = (home, value);
                }
                _ => break,
            }
        }
        (at, expr)
    }
}

/// Annotations that say nothing of what can be done with a value.
fn is_uninformative(path: &str) -> bool {
    matches!(
        path,
        "typing.Any" | "builtins.object" | "typing.TypeVar()" | "typing.Self"
    )
}
