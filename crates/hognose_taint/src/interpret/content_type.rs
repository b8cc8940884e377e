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

/// What a body says of the type of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// It is a page, or nothing is said.
    Page,
    /// It is none.
    NoPage,
    /// A type is set that is not known.
    Unclear,
}

impl Said {
    /// What two statements of one block say.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Page, _) | (_, Self::Page) => Self::Page,
            (Self::Unclear, _) | (_, Self::Unclear) => Self::Unclear,
            _ => Self::NoPage,
        }
    }
}

impl Interpreter<'_, '_> {
    /// What is said of the type of a response in the blocks of a body around a place. The innermost block that says something
    /// counts, and one that speaks of a page as well says nothing.
    pub(super) fn said_type(&mut self, module: ModuleId, body: Block, place: TextRange) -> Said {
        let mut found = Said::Page;
        if self.setting.models.content_types.is_empty() {
            return found;
        }
        let home = self.setting.project.module(module);
        let mut block = body;
        for _ in 0..MAX_BLOCKS {
            let mut around = None;
            let mut said: Option<Said> = None;
            for stmt in home.block(block) {
                // `for name, value in headers.items(): response[name] = value`.
                let all = match home[*stmt] {
                    Stmt::For { body, .. } => home.block(body),
                    _ => std::slice::from_ref(stmt),
                };
                for stmt in all {
                    if let Some(more) = self.said_by(module, *stmt) {
                        said = Some(said.map_or(more, |said| said.or(more)));
                    }
                }
                if home.stmt_range(*stmt).contains_range(place) {
                    around = Some(*stmt);
                }
            }
            if let Some(said) = said {
                found = said;
            }
            let holds = |block: &Block| {
                let mut stmts = home.block(*block).iter();
                stmts.any(|stmt| home.stmt_range(*stmt).contains_range(place))
            };
            let Some(inner) = around.and_then(|stmt| blocks_of(home, stmt).into_iter().find(holds))
            else {
                break;
            };
            block = inner;
        }
        found
    }

    /// What a statement says of the type of a response.
    fn said_by(&mut self, module: ModuleId, stmt: StmtId) -> Option<Said> {
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
                Some(self.is_page(module, value))
            }
            Stmt::Assign { binds, .. } => home.binds(binds).iter().find_map(|bind| {
                let mut header = true;
                let (object, attr) = match bind.target {
                    Target::Attribute { object, attr } => (object, Some(attr)),
                    Target::Item { object, index } => {
                        header = self.is_header(module, index);
                        // Which header it is, or whether it is one.
                        if !header && self.values.constant(module, index).is_some() {
                            return None;
                        }
                        (object, None)
                    }
                    _ => return None,
                };
                let mut headers = header && attr.is_none();
                for owner in self.values.eval(module, object) {
                    let Evaluated::External(path) = owner else {
                        headers &= matches!(owner, Evaluated::Expr(..) | Evaluated::Param(..));
                        continue;
                    };
                    headers &= path.as_str().ends_with("Headers()");
                    let path: Symbol = match attr {
                        Some(attr) => self.values.path_of_attribute(path, attr),
                        None => self.values.path_of_item(path),
                    };
                    if known.contains(&path) {
                        return Some(if header {
                            self.is_page(module, bind.value)
                        } else {
                            Said::Unclear
                        });
                    }
                }
                // The headers that a response is given later.
                headers.then_some(Said::Unclear)
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

    /// Whether a type is one of pages.
    fn is_page(&mut self, module: ModuleId, value: ExprId) -> Said {
        match self.values.constant(module, value) {
            Some(Constant::Str(name)) if name.contains('/') => {
                let name = name.to_ascii_lowercase();
                let pages = ["html", "svg", "xml"];
                if pages.iter().any(|page| name.contains(page)) {
                    Said::Page
                } else {
                    Said::NoPage
                }
            }
            _ => Said::Unclear,
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
