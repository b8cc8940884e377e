//! Copies of functions per call site: decorators and factories return closures that must not be mixed up.

use super::object::*;
use super::solver::Solver;
use crate::ir::*;

/// Copies of one function. Decorators used more often than this share one more copy.
const MAX_COPIES: u16 = 48;

/// Contexts inside of contexts.
const MAX_NESTING: u8 = 3;

/// Longest function that is copied, in bytes of source.
const MAX_SIZE: u32 = 3_000;

/// Contexts of one project. Bounds memory.
const MAX_CONTEXTS: usize = 60_000;

/// A copy of a function and the functions inside of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    /// The scope of the copied function.
    root: (ModuleId, ScopeId),
    /// The context of the variables around it.
    around: Ctx,
    nesting: u8,
}

impl Default for Context {
    fn default() -> Self {
        Self {
            root: (ModuleId(u32::MAX), Module::TOP),
            around: Ctx::NONE,
            nesting: 0,
        }
    }
}

impl Solver<'_> {
    /// The context of the variables around a scope.
    pub fn context_around(&self, ctx: Ctx, at: ModuleId, scope: ScopeId) -> Ctx {
        let context = &self.contexts[ctx.0 as usize];
        if ctx != Ctx::NONE && context.root == (at, scope) {
            context.around
        } else {
            ctx
        }
    }

    /// Whether a function is worth copying: short, without classes inside, and it returns a function made inside, or
    /// calls what it is given and returns something.
    pub fn decide_copies(&mut self) {
        for at in &self.modules {
            let module = self.project.module(*at);
            let mut holds_function = vec![false; module.functions.len()];
            let mut holds_class = vec![false; module.functions.len()];
            let owner = |mut scope: ScopeId| loop {
                match module[scope].kind {
                    ScopeKind::Function(function) => return Some(function),
                    _ => scope = module[scope].parent?,
                }
            };
            for function in &module.functions {
                if let ScopeKind::Function(around) = module[function.parent].kind {
                    holds_function[around.index()] = true;
                }
            }
            for class in &module.classes {
                let mut around = owner(class.parent);
                while let Some(function) = around {
                    holds_class[function.index()] = true;
                    around = owner(module[function].parent);
                }
            }
            for (index, function) in module.functions.iter().enumerate() {
                let returns = function
                    .return_values
                    .iter()
                    .any(|value| !matches!(module[*value], Expr::None | Expr::Bool(_)));
                let takes = function.params.len() > usize::from(function.class.is_some());
                let copied = holds_function[index]
                    && !holds_class[index]
                    && returns
                    && takes
                    && !function.is_generator
                    && function.range.len().to_u32() <= MAX_SIZE;
                self.function_facts[at.index()][index].copied = copied;
            }
        }
    }

    /// The context in which a call runs the body of a function.
    pub fn body_context(
        &mut self,
        at: ModuleId,
        function: FunctionId,
        env: Ctx,
        site: SiteId,
    ) -> Ctx {
        let facts = &self.function_facts[at.index()][function.index()];
        if !facts.copied {
            return env;
        }
        let site = self.canonical_site(site);
        if let Some(known) = self.context_ids.get(&(at, function, env, site)) {
            return *known;
        }
        let nesting = self.contexts[env.0 as usize]
            .nesting
            .max(self.contexts[self.sites[site.0 as usize].ctx.0 as usize].nesting)
            + 1;
        if facts.copies >= MAX_COPIES
            || nesting > MAX_NESTING
            || self.contexts.len() >= MAX_CONTEXTS
        {
            self.bounds_hit += 1;
            return env;
        }
        let scope = self.project.module(at)[function].scope;
        let ctx = Ctx(super::solver::to_u32(self.contexts.len()));
        self.contexts.push(Context {
            root: (at, scope),
            around: env,
            nesting,
        });
        self.context_ids.insert((at, function, env, site), ctx);
        self.function_facts[at.index()][function.index()].copies += 1;
        self.bodies.push_back((at, function, ctx));
        ctx
    }

    /// One number for all sites that stand for the same place.
    fn canonical_site(&self, site: SiteId) -> SiteId {
        site
    }
}
