//! A lowered file: the arenas that everything else points into.

use std::ops::Index;
use std::sync::Arc;

use ruff_text_size::TextRange;

use crate::SourceKind;
use crate::ir::*;
use crate::text::Text;

/// A lowered file.
#[derive(Debug, Clone)]
pub struct Module {
    /// The file it comes from.
    pub file: Arc<str>,
    /// Where in `file` the path below what is audited starts, in bytes.
    pub(crate) own_path: usize,
    /// What sort of file.
    pub kind: SourceKind,
    /// Absolute dotted name.
    pub name: Symbol,
    /// An `__init__` file.
    pub is_package: bool,
    /// Its text.
    pub text: Text,
    /// The statements at top level.
    pub body: Block,
    /// Syntax errors and bounds hit.
    pub faults: Vec<Fault>,
    /// Comments in order.
    pub comments: Vec<Comment>,
    /// Modules of `from m import *`, in order, with the scope-level definition order ignored.
    pub star_imports: Vec<Symbol>,
    /// Absolute names of all modules imported anywhere in the file, with the span of the statement.
    pub imports: Vec<(Symbol, TextRange)>,
    /// Code that cannot run: sorted, disjoint.
    pub dead: Vec<TextRange>,
    /// Stores to attributes, in order.
    pub attribute_stores: Vec<AttributeStore>,
    /// Stores to items, in order.
    pub item_stores: Vec<ItemStore>,
    /// Scopes; the module's own first.
    pub scopes: Vec<Scope>,
    /// Functions in order.
    pub functions: Vec<Function>,
    /// Classes in order.
    pub classes: Vec<Class>,
    pub(crate) exprs: Vec<Expr>,
    pub(crate) expr_ranges: Vec<TextRange>,
    pub(crate) stmts: Vec<Stmt>,
    pub(crate) stmt_ranges: Vec<TextRange>,
    pub(crate) defs: Vec<Def>,
    pub(crate) comprehensions: Vec<Comprehension>,
    pub(crate) patterns: Vec<Pattern>,
    pub(crate) expr_pool: Vec<ExprId>,
    pub(crate) opt_pool: Vec<Option<NonMaxExpr>>,
    pub(crate) stmt_pool: Vec<StmtId>,
    pub(crate) def_pool: Vec<DefId>,
    pub(crate) pattern_pool: Vec<PatternId>,
    pub(crate) arg_pool: Vec<Arg>,
    pub(crate) dict_pool: Vec<(Option<NonMaxExpr>, ExprId)>,
    pub(crate) bind_pool: Vec<Bind>,
    pub(crate) handler_pool: Vec<Handler>,
    pub(crate) case_pool: Vec<Case>,
    pub(crate) strings: String,
}

/// Assignments followed from a variable to what it was given; real code has two or three.
const MAX_ASSIGNMENTS: usize = 16;

impl Module {
    /// The module's own scope.
    pub const TOP: ScopeId = ScopeId(0);

    /// Its path below what is audited, which tells what it is for: see [`Project::own_path`](crate::Project::own_path).
    pub fn own_path(&self) -> &str {
        &self.file[self.own_path..]
    }

    /// All expressions with their ids, in order of lowering.
    pub fn exprs(&self) -> impl Iterator<Item = (ExprId, &Expr)> {
        (0u32..).map(ExprId).zip(&self.exprs)
    }

    /// All statements with their ids.
    pub fn stmts(&self) -> impl Iterator<Item = (StmtId, &Stmt)> {
        (0u32..).map(StmtId).zip(&self.stmts)
    }

    /// All definitions with their ids.
    pub fn defs(&self) -> impl Iterator<Item = (DefId, &Def)> {
        (0u32..).map(DefId).zip(&self.defs)
    }

    /// Span of an expression. A synthetic one has the span of the target it is made for.
    pub fn expr_range(&self, id: ExprId) -> TextRange {
        self.expr_ranges[id.index()]
    }

    /// Span of a statement.
    pub fn stmt_range(&self, id: StmtId) -> TextRange {
        self.stmt_ranges[id.index()]
    }

    /// The text of a string or bytes literal.
    pub fn str(&self, text: StrRef) -> &str {
        &self.strings[text.start as usize..(text.start + text.len) as usize]
    }

    /// Expressions of a list.
    pub fn list(&self, list: List) -> &[ExprId] {
        &self.expr_pool[list.range()]
    }

    /// Optional expressions of a list.
    pub fn opt(&self, list: List) -> &[Option<NonMaxExpr>] {
        &self.opt_pool[list.range()]
    }

    /// Statements of a block.
    pub fn block(&self, block: Block) -> &[StmtId] {
        &self.stmt_pool[block.range()]
    }

    /// Definitions of a list.
    pub fn defs_list(&self, list: List) -> &[DefId] {
        &self.def_pool[list.range()]
    }

    /// Patterns of a list.
    pub fn pattern_list(&self, list: List) -> &[PatternId] {
        &self.pattern_pool[list.range()]
    }

    /// Arguments of a call.
    pub fn args(&self, list: List) -> &[Arg] {
        &self.arg_pool[list.range()]
    }

    /// Items of a dict display; a key of `None` is `**value`.
    pub fn dict(&self, list: List) -> &[(Option<NonMaxExpr>, ExprId)] {
        &self.dict_pool[list.range()]
    }

    /// Stores of a statement.
    pub fn binds(&self, list: List) -> &[Bind] {
        &self.bind_pool[list.range()]
    }

    /// Handlers of a `try`.
    pub fn handlers(&self, list: List) -> &[Handler] {
        &self.handler_pool[list.range()]
    }

    /// Cases of a `match`.
    pub fn cases(&self, list: List) -> &[Case] {
        &self.case_pool[list.range()]
    }

    /// Whether code at this span cannot run.
    pub fn is_dead(&self, range: TextRange) -> bool {
        let next = self
            .dead
            .partition_point(|dead| dead.start() <= range.start());
        next > 0 && self.dead[next - 1].end() >= range.end()
    }

    /// The definition that a use of an outer variable sees, where there is just one.
    pub fn reaching(&self, def: DefId) -> DefId {
        let data = &self[def];
        if !matches!(data.kind, DefKind::Entry) {
            return def;
        }
        let Some((outer, slot)) = self.around(data.scope, data.slot) else {
            return def;
        };
        match self[outer].slots[slot.index()].defs.as_slice() {
            [only] => *only,
            _ => def,
        }
    }

    /// The variable of a scope around this one that a name means which this one uses and does not bind.
    pub fn around(&self, scope: ScopeId, slot: SlotId) -> Option<(ScopeId, SlotId)> {
        let used = &self[scope].slots[slot.index()];
        let mut around = match used.declared {
            Declared::Global => Some(Module::TOP),
            _ => self[scope].parent,
        };
        while let Some(outer) = around {
            let data = &self[outer];
            if !matches!(data.kind, ScopeKind::Class(_))
                && let Some(number) = data.names.get(&used.name)
                && data.slots[number.index()].bound
            {
                return Some((outer, *number));
            }
            around = data.parent;
        }
        None
    }

    /// The expression a variable was last given, through plain assignments only.
    pub fn origin(&self, expr: ExprId) -> ExprId {
        let mut expr = expr;
        for _ in 0..MAX_ASSIGNMENTS {
            match self[expr] {
                Expr::Name { def, .. } => match self[self.reaching(def)].kind {
                    DefKind::Value(value) => expr = value,
                    _ => break,
                },
                Expr::Await(value) | Expr::Named { value, .. } => expr = value,
                _ => break,
            }
        }
        expr
    }

    /// The variable of that name in a scope.
    pub fn slot(&self, scope: ScopeId, name: Symbol) -> Option<&SlotData> {
        let scope = &self[scope];
        scope
            .names
            .get(&name)
            .map(|slot| &scope.slots[slot.index()])
    }
}

macro_rules! index {
    ($($id:ty => $field:ident: $out:ty),+ $(,)?) => {$(
        impl Index<$id> for Module {
            type Output = $out;

            fn index(&self, id: $id) -> &$out {
                &self.$field[id.index()]
            }
        }
    )+};
}

index! {
    ExprId => exprs: Expr,
    StmtId => stmts: Stmt,
    DefId => defs: Def,
    ScopeId => scopes: Scope,
    FunctionId => functions: Function,
    ClassId => classes: Class,
    ComprehensionId => comprehensions: Comprehension,
    PatternId => patterns: Pattern,
}

/// A comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comment {
    /// Its span, with the `#`.
    pub range: TextRange,
    /// Nothing but blanks before it on its line.
    pub own_line: bool,
}

/// A store to an attribute, `object.attr = value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttributeStore {
    /// The attribute.
    pub attr: Symbol,
    /// The object.
    pub object: ExprId,
    /// The value.
    pub value: ExprId,
    /// The annotation.
    pub annotation: Option<NonMaxExpr>,
    /// The scope the statement stands in.
    pub scope: ScopeId,
    /// The target's span.
    pub range: TextRange,
}

/// A store to an item, `object[index] = value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemStore {
    /// The container.
    pub object: ExprId,
    /// Key, index or slice.
    pub index: ExprId,
    /// The value.
    pub value: ExprId,
    /// The scope the statement stands in.
    pub scope: ScopeId,
    /// The target's span.
    pub range: TextRange,
}

/// A syntax error, or another reason why part of a file is not analysed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub range: TextRange,
    /// What.
    pub reason: String,
}
