//! Small questions about code that many ask: what an expression is made of, what a variable was given, what a class binds.

use hognose_python::ClassRef;
use hognose_python::ir::*;
use hognose_python::{Symbol, Value as Evaluated};
use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;

use crate::world::World;

/// Expressions looked at for one question.
const MAX_LOOKED: usize = 400;

/// Expressions of modules in order of their place, those that were asked for.
#[derive(Default)]
pub struct Places(FxHashMap<ModuleId, Vec<(TextRange, ExprId)>>);

impl Places {
    /// The expressions within a span, of those that `list` gives for the whole module.
    pub fn within(
        &mut self,
        module: &Module,
        at: ModuleId,
        range: TextRange,
        list: impl FnOnce(&Module) -> Vec<ExprId>,
    ) -> Vec<ExprId> {
        let all = self.0.entry(at).or_insert_with(|| {
            let listed = list(module).into_iter();
            let mut all: Vec<(TextRange, ExprId)> =
                listed.map(|id| (module.expr_range(id), id)).collect();
            all.sort_by_key(|(range, id)| (range.start(), *id));
            all
        });
        let first = all.partition_point(|(place, _)| place.start() < range.start());
        all[first..]
            .iter()
            .take_while(|(place, _)| place.start() < range.end())
            .filter(|(place, _)| range.contains_range(*place))
            .map(|(_, id)| *id)
            .collect()
    }
}

/// The name of the variable that a definition gives something.
pub fn name_of(module: &Module, def: DefId) -> Symbol {
    let def = &module[def];
    module[def.scope].slots[def.slot.index()].name
}

/// The last part of the name of what an expression names: `check` of `guards.check`.
pub fn last_name(module: &Module, expr: ExprId) -> Option<Symbol> {
    match module[expr] {
        Expr::Attribute { attr, .. } => Some(attr),
        Expr::Name { def, .. } => Some(name_of(module, def)),
        _ => None,
    }
}

/// The text of a span on one line, cut where it is long.
pub fn excerpt(module: &Module, range: TextRange) -> String {
    const MAX: usize = 60;
    let text = module
        .text
        .as_str()
        .get(std::ops::Range::<usize>::from(range));
    let line = text.unwrap_or_default().split_whitespace();
    let line = line.collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MAX {
        return line;
    }
    let mut cut: String = line.chars().take(MAX - 1).collect();
    cut.push('…');
    cut
}

/// Whether an access path lies below one of some packages.
pub fn is_within(path: &str, packages: &[String]) -> bool {
    packages.iter().any(|package| {
        path.strip_prefix(package.as_str())
            .is_some_and(|rest| rest.starts_with(['.', '(']))
    })
}

/// The innermost function around a span.
pub fn function_around(module: &Module, range: TextRange) -> Option<FunctionId> {
    (0u32..)
        .map(FunctionId)
        .zip(&module.functions)
        .filter(|(_, function)| function.range.contains_range(range))
        .min_by_key(|(_, function)| function.range.len())
        .map(|(id, _)| id)
}

/// Whether something holds of an expression or of one inside of it.
pub fn any_inside(module: &Module, expr: ExprId, mut holds: impl FnMut(ExprId) -> bool) -> bool {
    let mut waiting = vec![expr];
    let mut left = MAX_LOOKED;
    while let Some(expr) = waiting.pop() {
        left -= 1;
        if left == 0 {
            return false;
        }
        if holds(expr) {
            return true;
        }
        children(module, expr, |child| waiting.push(child));
    }
    false
}

/// The expressions directly inside of one.
pub fn children(module: &Module, expr: ExprId, mut each: impl FnMut(ExprId)) {
    match module[expr] {
        Expr::Attribute { value, .. }
        | Expr::Starred(value)
        | Expr::Await(value)
        | Expr::YieldFrom(value)
        | Expr::Named { value, .. }
        | Expr::Formatted { value, .. }
        | Expr::Unary { operand: value, .. }
        | Expr::Element { of: value, .. }
        | Expr::Rest { of: value, .. }
        | Expr::Iterate { of: value, .. }
        | Expr::Enter { of: value, .. }
        | Expr::Part(value) => each(value),
        Expr::Subscript { value, index } => {
            each(value);
            each(index);
        }
        Expr::Call { func, args } => {
            each(func);
            for argument in module.args(args) {
                each(argument.value);
            }
        }
        Expr::Binary { left, right, .. }
        | Expr::InPlace { left, right, .. }
        | Expr::Compare { left, right, .. } => {
            each(left);
            each(right);
        }
        Expr::Logic { values: list, .. }
        | Expr::Tuple(list)
        | Expr::ListOf(list)
        | Expr::SetOf(list)
        | Expr::FString(list) => {
            for element in module.list(list) {
                each(*element);
            }
        }
        Expr::Conditional { test, body, orelse } => {
            each(test);
            each(body);
            each(orelse);
        }
        Expr::Dict(list) => {
            for (key, value) in module.dict(list) {
                if let Some(key) = key {
                    each(key.get());
                }
                each(*value);
            }
        }
        Expr::Comprehension(id) => {
            let data = &module[id];
            each(data.element);
            for generator in &data.generators {
                each(generator.iter);
                for condition in &generator.conditions {
                    each(*condition);
                }
            }
        }
        _ => {}
    }
}

/// The classes outside of the project that a class inherits from, nearest first.
pub fn bases_outside(world: &mut World<'_>, at: ModuleId, class: ClassId) -> Vec<Symbol> {
    let order = world.machine.evaluator.mro(at, class);
    order
        .iter()
        .filter_map(|class| match class {
            ClassRef::External(path) => Some(*path),
            ClassRef::Project(..) => None,
        })
        .collect()
}

/// What the body of a class binds a name to.
pub fn member(module: &Module, class: ClassId, name: &str) -> Option<DefKind> {
    let slot = module.slot(module[class].scope, Symbol::from(name))?;
    slot.bound.then(|| module[slot.exit].kind)
}

/// The method of a name along the order in which a class looks for it, as far as classes of the project go.
pub fn method(
    world: &mut World<'_>,
    at: ModuleId,
    class: ClassId,
    name: &str,
) -> Option<(ModuleId, FunctionId)> {
    let order = world.machine.evaluator.mro(at, class);
    order.iter().find_map(|class| match *class {
        ClassRef::Project(at, class) => {
            match member(world.machine.project.module(at), class, name) {
                Some(DefKind::Function(function)) => Some((at, function)),
                _ => None,
            }
        }
        ClassRef::External(_) => None,
    })
}

/// The elements of a display, or of the display that a name stands for.
pub fn elements(
    world: &mut World<'_>,
    at: ModuleId,
    expr: ExprId,
) -> Option<(ModuleId, Vec<ExprId>)> {
    let of_display = |at: ModuleId, expr: ExprId, world: &World<'_>| {
        let module = world.machine.project.module(at);
        match module[expr] {
            Expr::ListOf(list) | Expr::Tuple(list) => Some((at, module.list(list).to_vec())),
            _ => None,
        }
    };
    if let Some(found) = of_display(at, expr, world) {
        return Some(found);
    }
    let values = world.machine.evaluator.eval(at, expr);
    match values.as_slice() {
        [Evaluated::Expr(home, value)] => of_display(*home, *value, world),
        _ => None,
    }
}

/// Edits that make one text of another: letters put in, left out, or changed. Texts longer than names ever are count as
/// wholly different.
pub fn edits(a: &str, b: &str) -> usize {
    const MAX: usize = 64;
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len() > MAX || b.len() > MAX {
        return MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let changed = before + usize::from(left != right);
            before = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(before + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::edits;

    #[test]
    fn edits_are_counted() {
        assert_eq!(edits("permission_classes", "permissions_classes"), 1);
        assert_eq!(edits("permission_classes", "permission_class"), 2);
        assert_eq!(edits("", "ab"), 2);
        assert_eq!(edits("same", "same"), 0);
    }
}
