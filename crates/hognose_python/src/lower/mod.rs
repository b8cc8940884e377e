//! From syntax tree to [`Module`]: names resolved to variables, every use tied to the definitions that reach it.
//!
//! One walk over the tree, in source order. Branches are walked one after the other on the same state with an undo log;
//! joins make phis only for the variables a branch changed, so the cost does not grow with the size of the scope.

mod assign;
mod bound;
mod branch;
mod control;
mod define;
mod expr;
mod import;
mod outcome;
mod pattern;
mod stmt;

use std::cell::RefCell;
use std::sync::Arc;

use ruff_python_ast as ast;
use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{Parsed, parse_cells_unchecked, parse_unchecked_source};
use ruff_text_size::{Ranged, TextRange, TextSize};
use rustc_hash::FxHashMap;

use crate::SourceKind;
use crate::ir::*;
use crate::text::Text;
use branch::Changes;

/// Expressions nested deeper than this are not lowered. CPython itself stops at 200 brackets, but chains of operators
/// and calls nest in the tree without nesting in the text; 3,000 links are met in generated code.
const MAX_DEPTH: u32 = 4_000;

/// Statements nested deeper than this are looked at no further for names bound in loops; CPython stops at 100 levels.
const MAX_BLOCKS: u32 = 128;

/// Levels between two looks at how much stack is left, and the stack that is asked for when it is little.
const STACK_STRIDE: u32 = 32;
const STACK_LEFT: usize = 256 * 1024;
const STACK_MORE: usize = 4 * 1024 * 1024;

/// Typical sizes, so that the arenas rarely grow.
const BYTES_PER_EXPR: usize = 20;
const BYTES_PER_DEF: usize = 40;

/// Parses and lowers one file.
pub fn lower(
    file: Arc<str>,
    kind: SourceKind,
    name: Symbol,
    is_package: bool,
    text: Text,
) -> Module {
    let parsed = parse(&text, kind);
    let mut lowering = Lowering::new(file, kind, name, is_package, text);
    lowering.faults(&parsed);
    lowering.comments(&parsed);
    let body = lowering.module_body(parsed.suite());
    let too_deep = lowering.too_deep.take();
    let lowering_depth = lowering.deepest;
    let mut module = lowering.module;
    module.body = body;
    module
        .dead
        .sort_by_key(|range| (range.start(), std::cmp::Reverse(range.end())));
    module
        .dead
        .dedup_by(|next, kept| kept.contains_range(*next));
    if let Some(range) = too_deep {
        module.faults.push(Fault {
            range,
            reason: format!(
                "nested deeper than {MAX_DEPTH} levels; the inner part is not analysed"
            ),
        });
        // Dropping such a tree recurses as deep as the tree is. Leaking it is bounded by the size of one file.
        std::mem::forget(parsed);
    } else if lowering_depth > MAX_BLOCKS {
        stacker::grow(MAX_DEPTH as usize * 1024, || drop(parsed));
    }
    module.shrink();
    module
}

fn parse(text: &Text, kind: SourceKind) -> Parsed<ast::ModModule> {
    match text.cells() {
        Some(cells) => {
            let options = ruff_python_parser::ParseOptions::from(ast::PySourceType::Ipynb);
            parse_cells_unchecked(text.as_str(), cells.iter().map(|cell| cell.range), &options)
        }
        None if kind == SourceKind::Stub => {
            parse_unchecked_source(text.as_str(), ast::PySourceType::Stub)
        }
        None => parse_unchecked_source(text.as_str(), ast::PySourceType::Python),
    }
}

impl Module {
    fn shrink(&mut self) {
        self.exprs.shrink_to_fit();
        self.expr_ranges.shrink_to_fit();
        self.stmts.shrink_to_fit();
        self.stmt_ranges.shrink_to_fit();
        self.defs.shrink_to_fit();
        self.expr_pool.shrink_to_fit();
        self.stmt_pool.shrink_to_fit();
        self.def_pool.shrink_to_fit();
        self.arg_pool.shrink_to_fit();
        self.bind_pool.shrink_to_fit();
        self.strings.shrink_to_fit();
    }
}

thread_local! {
    /// Names this thread has met: one hash of a short string instead of a lock on the global table.
    static INTERNED: RefCell<FxHashMap<&'static str, Symbol>> = RefCell::default();
}

/// The state of the scope being lowered.
struct ScopeState {
    id: ScopeId,
    /// Per variable, the definition that reaches the point at hand.
    current: Vec<DefId>,
    /// Writes since the oldest open mark: variable and what it was before.
    log: Vec<(SlotId, DefId)>,
    /// Open marks; without one nothing is logged.
    marks: u32,
    reachable: bool,
    loops: Vec<Loop>,
    /// Variables of comprehensions being lowered, innermost last.
    shadows: Vec<(Symbol, SlotId)>,
    function: Option<FunctionId>,
    class: Option<ClassId>,
}

/// A loop being lowered.
struct Loop {
    /// Mark of the log at its head.
    head: usize,
    breaks: Vec<Changes>,
    continues: Vec<Changes>,
}

struct Lowering {
    module: Module,
    scopes: Vec<ScopeState>,
    depth: u32,
    deepest: u32,
    too_deep: Option<TextRange>,
    /// Blocks are built here and copied to the pool when complete, so that each is contiguous.
    scratch: Vec<StmtId>,
}

impl Lowering {
    fn new(file: Arc<str>, kind: SourceKind, name: Symbol, is_package: bool, text: Text) -> Self {
        let size = text.as_str().len();
        let module = Module {
            file,
            own_path: 0,
            kind,
            name,
            is_package,
            text,
            body: Block::default(),
            faults: Vec::new(),
            comments: Vec::new(),
            star_imports: Vec::new(),
            imports: Vec::new(),
            dead: Vec::new(),
            attribute_stores: Vec::new(),
            item_stores: Vec::new(),
            scopes: Vec::new(),
            functions: Vec::new(),
            classes: Vec::new(),
            exprs: Vec::with_capacity(size / BYTES_PER_EXPR),
            expr_ranges: Vec::with_capacity(size / BYTES_PER_EXPR),
            stmts: Vec::new(),
            stmt_ranges: Vec::new(),
            defs: Vec::with_capacity(size / BYTES_PER_DEF),
            comprehensions: Vec::new(),
            patterns: Vec::new(),
            expr_pool: Vec::new(),
            opt_pool: Vec::new(),
            stmt_pool: Vec::new(),
            def_pool: Vec::new(),
            pattern_pool: Vec::new(),
            arg_pool: Vec::new(),
            dict_pool: Vec::new(),
            bind_pool: Vec::new(),
            handler_pool: Vec::new(),
            case_pool: Vec::new(),
            strings: String::new(),
        };
        Self {
            module,
            scopes: Vec::new(),
            depth: 0,
            deepest: 0,
            too_deep: None,
            scratch: Vec::new(),
        }
    }

    fn faults(&mut self, parsed: &Parsed<ast::ModModule>) {
        for error in parsed.errors() {
            self.module.faults.push(Fault {
                range: error.location,
                reason: format!("syntax error: {}", error.error),
            });
        }
    }

    fn comments(&mut self, parsed: &Parsed<ast::ModModule>) {
        let text = self.module.text.as_str();
        for token in parsed.tokens() {
            if token.kind() == TokenKind::Comment {
                let range = token.range();
                let before = &text[..range.start().to_usize()];
                let own_line = before
                    .bytes()
                    .rev()
                    .take_while(|b| *b != b'\n' && *b != b'\r')
                    .all(|b| b.is_ascii_whitespace());
                self.module.comments.push(Comment { range, own_line });
            }
        }
    }

    fn module_body(&mut self, suite: &[ast::Stmt]) -> Block {
        self.open_scope(ScopeKind::Module, None);
        let body = self.block(suite);
        self.close_scope();
        body
    }

    /// One level deeper, unless that is too deep: then `None`, and the place is remembered.
    fn deeper<T>(&mut self, range: TextRange, inner: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            self.too_deep.get_or_insert(range);
            return None;
        }
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        let result = if self.depth.is_multiple_of(STACK_STRIDE) {
            stacker::maybe_grow(STACK_LEFT, STACK_MORE, || inner(self))
        } else {
            inner(self)
        };
        self.depth -= 1;
        Some(result)
    }

    fn intern(&mut self, name: &str) -> Symbol {
        INTERNED.with_borrow_mut(|known| {
            if let Some(symbol) = known.get(name) {
                return *symbol;
            }
            let symbol = Symbol::from(name);
            known.insert(symbol.as_str(), symbol);
            symbol
        })
    }

    // Scopes and variables.

    fn open_scope(&mut self, kind: ScopeKind, function: Option<FunctionId>) -> ScopeId {
        let id = ScopeId(to_u32(self.module.scopes.len()));
        let parent = self.scopes.last().map(|state| state.id);
        self.module.scopes.push(Scope {
            kind,
            parent,
            slots: Vec::new(),
            names: FxHashMap::default(),
        });
        let class = if let ScopeKind::Class(class) = kind {
            Some(class)
        } else {
            None
        };
        self.scopes.push(ScopeState {
            id,
            current: Vec::new(),
            log: Vec::new(),
            marks: 0,
            reachable: true,
            loops: Vec::new(),
            shadows: Vec::new(),
            function,
            class,
        });
        id
    }

    fn close_scope(&mut self) {
        if let Some(state) = self.scopes.pop() {
            let scope = &mut self.module.scopes[state.id.index()];
            for (slot, def) in scope.slots.iter_mut().zip(state.current) {
                slot.exit = def;
            }
            scope.slots.shrink_to_fit();
            scope.names.shrink_to_fit();
        }
    }

    fn state(&mut self) -> &mut ScopeState {
        self.scopes
            .last_mut()
            .expect("a scope is open while lowering")
    }

    fn scope_id(&self) -> ScopeId {
        self.scopes.last().map_or(Module::TOP, |state| state.id)
    }

    /// The variable a name means here; made when it is new.
    fn slot(&mut self, name: Symbol) -> SlotId {
        let state = self.state();
        if let Some((_, slot)) = state
            .shadows
            .iter()
            .rev()
            .find(|(shadow, _)| *shadow == name)
        {
            return *slot;
        }
        let scope = state.id;
        if let Some(slot) = self.module.scopes[scope.index()].names.get(&name) {
            return *slot;
        }
        let slot = self.new_slot(name);
        self.module.scopes[scope.index()].names.insert(name, slot);
        slot
    }

    fn new_slot(&mut self, name: Symbol) -> SlotId {
        let scope = self.scope_id();
        let slot = self.new_slot_in(scope, name);
        let entry = self.module.scopes[scope.index()].slots[slot.index()].exit;
        self.state().current.push(entry);
        slot
    }

    fn new_slot_in(&mut self, scope: ScopeId, name: Symbol) -> SlotId {
        let slot = SlotId(to_u32(self.module.scopes[scope.index()].slots.len()));
        let entry = DefId(to_u32(self.module.defs.len()));
        self.module.defs.push(Def {
            kind: DefKind::Entry,
            slot,
            scope,
            range: TextRange::default(),
            annotation: None,
        });
        self.module.scopes[scope.index()].slots.push(SlotData {
            name,
            bound: false,
            declared: Declared::No,
            defs: Vec::new(),
            exit: entry,
        });
        slot
    }

    /// Binds a name here and now.
    fn bind(
        &mut self,
        name: Symbol,
        kind: DefKind,
        range: TextRange,
        annotation: Option<ExprId>,
    ) -> DefId {
        let slot = self.slot(name);
        self.bind_slot(slot, kind, range, annotation)
    }

    fn bind_slot(
        &mut self,
        slot: SlotId,
        kind: DefKind,
        range: TextRange,
        annotation: Option<ExprId>,
    ) -> DefId {
        let scope = self.scope_id();
        let annotation = annotation.map(NonMaxExpr::new);
        let def = DefId(to_u32(self.module.defs.len()));
        self.module.defs.push(Def {
            kind,
            slot,
            scope,
            range,
            annotation,
        });
        let data = &mut self.module.scopes[scope.index()].slots[slot.index()];
        data.defs.push(def);
        let (declared, name) = (data.declared, data.name);
        match declared {
            Declared::No => data.bound = true,
            Declared::Global => self.bind_outside(Module::TOP, name, def),
            Declared::Nonlocal => {
                if let Some(owner) = self.enclosing_function_with(name) {
                    self.bind_outside(owner, name, def);
                }
            }
        }
        if kind != DefKind::Declared || self.is_entry(slot) {
            self.set(slot, def);
        }
        def
    }

    fn is_entry(&self, slot: SlotId) -> bool {
        let state = self.scopes.last().expect("a scope is open while lowering");
        matches!(
            self.module.defs[state.current[slot.index()].index()].kind,
            DefKind::Entry
        )
    }

    /// Records a definition made through `global` or `nonlocal` with the variable it belongs to.
    fn bind_outside(&mut self, owner: ScopeId, name: Symbol, def: DefId) {
        if owner == self.scope_id() {
            return;
        }
        let slot = match self.module.scopes[owner.index()].names.get(&name) {
            Some(slot) => *slot,
            None => {
                let slot = self.new_slot_in(owner, name);
                self.module.scopes[owner.index()].names.insert(name, slot);
                let entry = self.module.scopes[owner.index()].slots[slot.index()].exit;
                if let Some(state) = self.scopes.iter_mut().find(|state| state.id == owner) {
                    state.current.push(entry);
                }
                slot
            }
        };
        let data = &mut self.module.scopes[owner.index()].slots[slot.index()];
        data.bound = true;
        data.defs.push(def);
    }

    /// The innermost function around the present scope that knows the name; the next function when none does yet.
    fn enclosing_function_with(&self, name: Symbol) -> Option<ScopeId> {
        let outer = self
            .scopes
            .iter()
            .rev()
            .skip(1)
            .filter(|state| state.function.is_some() && state.class.is_none());
        let mut first = None;
        for state in outer {
            let scope = &self.module.scopes[state.id.index()];
            if let Some(slot) = scope.names.get(&name)
                && scope.slots[slot.index()].declared == Declared::No
            {
                return Some(state.id);
            }
            first.get_or_insert(state.id);
        }
        first
    }

    // Arenas.

    fn push_expr(&mut self, expr: Expr, range: TextRange) -> ExprId {
        let id = ExprId(to_u32(self.module.exprs.len()));
        self.module.exprs.push(expr);
        self.module.expr_ranges.push(range);
        id
    }

    fn push_stmt(&mut self, stmt: Stmt, range: TextRange) -> StmtId {
        let id = StmtId(to_u32(self.module.stmts.len()));
        self.module.stmts.push(stmt);
        self.module.stmt_ranges.push(range);
        id
    }

    fn push_str(&mut self, parts: impl Iterator<Item = impl AsRef<str>>) -> StrRef {
        let start = self.module.strings.len();
        for part in parts {
            self.module.strings.push_str(part.as_ref());
        }
        StrRef {
            start: to_u32(start),
            len: to_u32(self.module.strings.len() - start),
        }
    }

    fn push_list<T>(pool: &mut Vec<T>, items: impl IntoIterator<Item = T>) -> List {
        let start = to_u32(pool.len());
        pool.extend(items);
        List {
            start,
            len: to_u32(pool.len()) - start,
        }
    }

    fn expr_list(&mut self, items: Vec<ExprId>) -> List {
        Self::push_list(&mut self.module.expr_pool, items)
    }

    /// A block; what cannot be reached in it is recorded as dead.
    fn block(&mut self, suite: &[ast::Stmt]) -> Block {
        let base = self.scratch.len();
        let was_reachable = self.state().reachable;
        let mut dead_from: Option<TextSize> = None;
        for stmt in suite {
            if was_reachable && dead_from.is_none() && !self.state().reachable {
                dead_from = Some(stmt.start());
            }
            self.stmt(stmt);
        }
        if let (Some(start), Some(last)) = (dead_from, suite.last()) {
            self.module.dead.push(TextRange::new(start, last.end()));
        }
        if !was_reachable || dead_from.is_some() {
            self.state().reachable = false;
        }
        let stmts = self.scratch.split_off(base);
        Self::push_list(&mut self.module.stmt_pool, stmts)
    }
}

/// Offsets and counts stay below the size of a file, which [`Text`] bounds.
fn to_u32(number: usize) -> u32 {
    u32::try_from(number).expect("files are bounded far below 4 GiB")
}
