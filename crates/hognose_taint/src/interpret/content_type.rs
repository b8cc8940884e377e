//! The type of a response that is said apart from its text: what no browser takes for a page is harmed by no markup.

use hognose_python::ir::*;
use hognose_python::{Constant, ModuleId, Value as Evaluated};
use ruff_text_size::TextRange;

use super::Interpreter;
use crate::value::Symbol;

/// The header that says the type.
const HEADER: &str = "content-type";

/// Blocks inside of each other that are looked through.
const MAX_BLOCKS: usize = 32;

impl Interpreter<'_, '_> {
    /// Whether a response is said to be no page in a block around a place, or in the body itself where no place is given. The
    /// innermost block that says something counts, and one that speaks of a page as well says nothing.
    pub(crate) fn is_no_page(
        &mut self,
        module: ModuleId,
        body: Block,
        place: Option<TextRange>,
    ) -> bool {
        if self.setting.models.content_types.is_empty() {
            return false;
        }
        let home = self.setting.project.module(module);
        let mut no_page = false;
        let mut block = body;
        for _ in 0..MAX_BLOCKS {
            let mut around = None;
            let mut said: Option<bool> = None;
            for stmt in home.block(block) {
                if let Some(page) = self.said_by(module, *stmt) {
                    said = Some(said.unwrap_or(false) || page);
                }
                if place.is_some_and(|place| home.stmt_range(*stmt).contains_range(place)) {
                    around = Some(*stmt);
                }
            }
            if let Some(page) = said {
                no_page = !page;
            }
            let holds = |block: &Block| {
                let mut stmts = home.block(*block).iter();
                stmts.any(|stmt| {
                    place.is_some_and(|place| home.stmt_range(*stmt).contains_range(place))
                })
            };
            let Some(inner) = around.and_then(|stmt| blocks_of(home, stmt).into_iter().find(holds))
            else {
                break;
            };
            block = inner;
        }
        no_page
    }

    /// Whether a statement says that a response is a page, or that it is none.
    fn said_by(&mut self, module: ModuleId, stmt: StmtId) -> Option<bool> {
        let home = self.setting.project.module(module);
        let known = &self.setting.models.content_types;
        match home[stmt] {
            Stmt::Expr(expr) => {
                let Expr::Call { func, args } = home[expr] else {
                    return None;
                };
                let [header, value] = home.args(args) else {
                    return None;
                };
                let (header, value) = (header.value, value.value);
                if !self.is_header(module, header) {
                    return None;
                }
                let callees = self.values.eval(module, func);
                let says = |callee: &Evaluated| matches!(callee, Evaluated::External(path) if known.contains(path));
                callees.iter().any(says).then_some(())?;
                self.is_page(module, value)
            }
            Stmt::Assign { binds, .. } => home.binds(binds).iter().find_map(|bind| {
                let (object, attr) = match bind.target {
                    Target::Attribute { object, attr } => (object, Some(attr)),
                    Target::Item { object, index } if self.is_header(module, index) => {
                        (object, None)
                    }
                    _ => return None,
                };
                for owner in self.values.eval(module, object) {
                    let Evaluated::External(path) = owner else {
                        continue;
                    };
                    let path: Symbol = match attr {
                        Some(attr) => self.values.path_of_attribute(path, attr),
                        None => self.values.path_of_item(path),
                    };
                    if known.contains(&path) {
                        return self.is_page(module, bind.value);
                    }
                }
                None
            }),
            _ => None,
        }
    }

    fn is_header(&mut self, module: ModuleId, name: ExprId) -> bool {
        matches!(
            self.values.constant(module, name),
            Some(Constant::Str(name)) if name.eq_ignore_ascii_case(HEADER)
        )
    }

    /// Whether a type is one of pages; `None` where it is not known.
    fn is_page(&mut self, module: ModuleId, value: ExprId) -> Option<bool> {
        match self.values.constant(module, value) {
            Some(Constant::Str(name)) if name.contains('/') => {
                let name = name.to_ascii_lowercase();
                let page = ["html", "svg", "xml"];
                Some(page.iter().any(|page| name.contains(page)))
            }
            _ => None,
        }
    }
}

/// The blocks of a statement.
fn blocks_of(module: &Module, stmt: StmtId) -> Vec<Block> {
    match module[stmt] {
        Stmt::If { body, orelse, .. }
        | Stmt::While { body, orelse, .. }
        | Stmt::For { body, orelse, .. } => vec![body, orelse],
        Stmt::With { body, .. } => vec![body],
        Stmt::Try {
            body,
            handlers,
            orelse,
            finalbody,
        } => {
            let handlers = module.handlers(handlers).iter().map(|handler| handler.body);
            [body, orelse, finalbody]
                .into_iter()
                .chain(handlers)
                .collect()
        }
        Stmt::Match { cases, .. } => module.cases(cases).iter().map(|case| case.body).collect(),
        _ => Vec::new(),
    }
}
