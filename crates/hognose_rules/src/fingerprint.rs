//! The words a finding's identity is made of.
//!
//! The statement around the finding is walked as lowered, so layout, comments, quotes and grouping parentheses never
//! count. Names bound in the project are replaced by the order of their first appearance; imported names, builtins,
//! attributes, keywords and constants stay. File, line and names of functions and classes are left out.

use hognose_finding::FingerprintBuilder;
use hognose_python::ir::*;
use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;

/// Expressions walked for one fingerprint: a statement that is larger is told apart by its beginning.
const MAX_NODES: usize = 2_000;

/// The statements of a module by where they begin, for finding the one around a span.
pub(crate) struct Statements(Vec<(TextRange, StmtId)>);

impl Statements {
    pub(crate) fn new(module: &Module) -> Self {
        let ranges = module.stmts().map(|(id, _)| (module.stmt_range(id), id));
        let mut all: Vec<_> = ranges.collect();
        all.sort_by_key(|(range, _)| (range.start(), std::cmp::Reverse(range.end())));
        Self(all)
    }

    /// The innermost statement around a span. Nested statements begin after those around them, so the first one met on
    /// the way back that reaches far enough is it.
    fn around(&self, range: TextRange) -> Option<StmtId> {
        let next = self
            .0
            .partition_point(|(stmt, _)| stmt.start() <= range.start());
        let mut before = self.0[..next].iter().rev();
        before
            .find(|(stmt, _)| stmt.end() >= range.end())
            .map(|(_, id)| *id)
    }
}

/// Content hash of a finding of a rule at a span.
pub(crate) fn content(
    module: &Module,
    statements: &Statements,
    rule: &str,
    range: TextRange,
) -> u128 {
    let mut walk = Walk {
        module,
        builder: FingerprintBuilder::new(rule),
        names: FxHashMap::default(),
        left: MAX_NODES,
    };
    let roots = statement_roots(module, statements, range);
    if roots.is_empty() {
        // Not in an expression: a comment, an import, a class line. The text without blanks stands for it.
        let text = module
            .text
            .as_str()
            .get(range.start().to_usize()..range.end().to_usize())
            .unwrap_or_default();
        for word in text.split_whitespace() {
            walk.builder.word(word);
        }
    }
    for root in roots {
        walk.expr(root);
    }
    walk.builder.finish()
}

/// The expressions of the innermost statement around a span: all of a simple one, the header of a compound one.
fn statement_roots(module: &Module, statements: &Statements, range: TextRange) -> Vec<ExprId> {
    let Some(stmt) = statements.around(range) else {
        return Vec::new();
    };
    let stmt = &module[stmt];
    let mut roots = Vec::new();
    let binds = |list: List, roots: &mut Vec<ExprId>| {
        for bind in module.binds(list) {
            match bind.target {
                Target::Attribute { object, .. } => roots.push(object),
                Target::Item { object, index } => roots.extend([object, index]),
                Target::Name(_) => {}
            }
        }
    };
    match *stmt {
        Stmt::Expr(value) => roots.push(value),
        Stmt::Assign { value, binds: list } => {
            roots.push(value);
            binds(list, &mut roots);
        }
        Stmt::Declare { binds: list } => binds(list, &mut roots),
        Stmt::Return(value) => roots.extend(value.map(NonMaxExpr::get)),
        Stmt::Raise { exception, cause } => {
            roots.extend(exception.into_iter().chain(cause).map(NonMaxExpr::get))
        }
        Stmt::If { test, .. } | Stmt::While { test, .. } => roots.push(test),
        Stmt::For { iter, .. } => roots.push(iter),
        Stmt::With { context, .. } => roots.push(context),
        Stmt::Try { handlers, .. } => {
            for handler in module.handlers(handlers) {
                if handler.range.contains_range(range) {
                    roots.extend(handler.types.map(NonMaxExpr::get));
                }
            }
        }
        Stmt::Match { subject, .. } => roots.push(subject),
        Stmt::Delete(list) => roots.extend(module.list(list)),
        Stmt::Assert { test, message } => {
            roots.extend(std::iter::once(test).chain(message.map(NonMaxExpr::get)))
        }
        Stmt::Function { function, .. } => {
            let data = &module[function];
            roots.extend(&data.decorators);
            roots.extend(data.params.iter().filter_map(|param| param.default));
        }
        Stmt::Class { class, .. } => {
            let data = &module[class];
            roots.extend(&data.decorators);
            roots.extend(&data.bases);
        }
        Stmt::Import(_) | Stmt::Break | Stmt::Continue | Stmt::Pass => {}
    }
    // In a header with several parts the one around the finding is meant.
    let around: Vec<ExprId> = roots
        .iter()
        .copied()
        .filter(|root| module.expr_range(*root).contains_range(range))
        .collect();
    if around.is_empty() { roots } else { around }
}

struct Walk<'m> {
    module: &'m Module,
    builder: FingerprintBuilder,
    names: FxHashMap<(ScopeId, SlotId), usize>,
    left: usize,
}

impl Walk<'_> {
    fn name(&mut self, slot: SlotId, def: DefId) {
        let module = self.module;
        let mut data = &module[def];
        let name = module[data.scope].slots[slot.index()].name;
        if matches!(data.kind, DefKind::Entry) {
            // Imported at module level, as most names are: the import is what counts.
            match module.slot(Module::TOP, name) {
                Some(found) if found.bound => data = &module[found.exit],
                _ => {
                    self.builder.word(name.as_str());
                    return;
                }
            }
        }
        match data.kind {
            DefKind::Import { module } => {
                self.builder.word(module.as_str());
            }
            DefKind::ImportFrom { module, name } => {
                self.builder.word(module.as_str()).word(name.as_str());
            }
            _ => {
                let next = self.names.len();
                let number = *self.names.entry((data.scope, data.slot)).or_insert(next);
                self.builder.word("name").word(&number.to_string());
            }
        }
    }

    fn expr(&mut self, root: ExprId) {
        let module = self.module;
        let mut stack = vec![root];
        while let Some(id) = stack.pop() {
            if self.left == 0 {
                return;
            }
            self.left -= 1;
            let base = stack.len();
            match module[id] {
                Expr::Name { slot, def } => self.name(slot, def),
                Expr::None => _ = self.builder.word("None"),
                Expr::Bool(value) => _ = self.builder.word(if value { "True" } else { "False" }),
                Expr::Int(value) => _ = self.builder.word(&value.to_string()),
                Expr::Float(value) => _ = self.builder.word(&value.to_string()),
                Expr::Str(text) => _ = self.builder.word("str").word(module.str(text)),
                Expr::Bytes(text) => _ = self.builder.word("bytes").word(module.str(text)),
                Expr::Attribute { value, attr } => {
                    self.builder.word(".").word(attr.as_str());
                    stack.push(value);
                }
                Expr::Call { func, args } => {
                    self.builder.word("(");
                    stack.push(func);
                    for arg in module.args(args) {
                        match arg.kind {
                            ArgKind::Keyword(name) => _ = self.builder.word(name.as_str()),
                            ArgKind::Star => _ = self.builder.word("*"),
                            ArgKind::DoubleStar => _ = self.builder.word("**"),
                            ArgKind::Positional => _ = self.builder.word(","),
                        }
                        stack.push(arg.value);
                    }
                }
                Expr::Subscript { value, index } => {
                    self.builder.word("[");
                    stack.extend([value, index]);
                }
                Expr::Binary { op, left, right } | Expr::InPlace { op, left, right } => {
                    self.builder.word(op.as_str());
                    stack.extend([left, right]);
                }
                Expr::Compare { op, left, right } => {
                    self.builder.word(op.as_str());
                    stack.extend([left, right]);
                }
                Expr::Unary { op, operand } => {
                    self.builder.word(op.as_str());
                    stack.push(operand);
                }
                Expr::Logic { op, values } => {
                    self.builder.word(op.as_str());
                    stack.extend(module.list(values));
                }
                Expr::Conditional { test, body, orelse } => {
                    self.builder.word("if");
                    stack.extend([test, body, orelse]);
                }
                Expr::Tuple(list)
                | Expr::ListOf(list)
                | Expr::SetOf(list)
                | Expr::FString(list)
                | Expr::TString(list) => {
                    self.builder.word("{").word(&list.len.to_string());
                    stack.extend(module.list(list));
                }
                Expr::Dict(list) => {
                    self.builder.word("dict");
                    for (key, value) in module.dict(list) {
                        stack.extend(key.map(NonMaxExpr::get));
                        stack.push(*value);
                    }
                }
                Expr::Formatted { value, spec, .. } => {
                    self.builder.word("format");
                    stack.push(value);
                    stack.extend(spec.map(NonMaxExpr::get));
                }
                Expr::Lambda(function) => {
                    self.builder.word("lambda");
                    stack.extend(&module[function].return_values);
                }
                Expr::Comprehension(id) => {
                    self.builder.word("for");
                    let data = &module[id];
                    stack.push(data.element);
                    stack.extend(data.value);
                    for generator in &data.generators {
                        stack.push(generator.iter);
                        stack.extend(&generator.conditions);
                    }
                }
                Expr::Starred(value)
                | Expr::Await(value)
                | Expr::YieldFrom(value)
                | Expr::Named { value, .. } => stack.push(value),
                Expr::Yield(value) => stack.extend(value.map(NonMaxExpr::get)),
                Expr::Slice(list) => {
                    stack.extend(module.opt(list).iter().flatten().map(|part| part.get()))
                }
                Expr::Ellipsis | Expr::OtherNumber => _ = self.builder.word("number"),
                Expr::Element { .. }
                | Expr::Rest { .. }
                | Expr::Iterate { .. }
                | Expr::Enter { .. }
                | Expr::Caught(_)
                | Expr::Part(_)
                | Expr::Opaque => {}
            }
            // Children in source order.
            stack[base..].reverse();
        }
    }
}
