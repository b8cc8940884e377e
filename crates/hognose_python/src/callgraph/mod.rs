//! The call graph of a whole project: for every call, what it may run.
//!
//! An inclusion-based points-to analysis over the lowered modules. Functions, classes, instances, containers and access
//! paths outside of the project are abstract objects (`object`); variables, attributes and elements are nodes that hold
//! sets of them; statements are constraints between nodes, made in one walk over each body (`walk`) and solved with a
//! worklist (`solver`). What a call runs is found while solving, so that functions in variables, containers, parameters
//! and closures are followed.
//!
//! Precision comes from four cheap means: variables are followed along their definitions, stores are forwarded to loads in
//! straight-line code (`facts`), parameters that are returned or stored on the receiver are substituted at the call, and
//! functions that return closures are copied per call site (`context`). All else is insensitive to the caller.
//!
//! The analysis refuses to guess: a receiver of unknown type has no callees, and the call says why ([`Unresolved`]). The one
//! exception, a method name that a single class of the project defines, is marked [`Confidence::Low`].

mod attribute;
mod classes;
mod constraint;
mod container;
mod context;
mod dispatch;
mod display;
mod facts;
mod heap;
mod implicit;
mod inspect;
mod names;
mod native;
mod object;
mod outcome;
mod seed;
mod solver;
mod store;
mod walk;
mod walk_call;
mod walk_expr;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::eval::{Aliases, Unresolved};
use crate::ir::*;
use crate::project::Project;

pub use display::Names;
pub use inspect::{
    ClassReport, ModuleReport, NameReport, calls_json, inspect_calls, inspect_classes,
    inspect_modules, inspect_names,
};

/// Stack of the thread that walks the modules. Expressions nest up to the bound of lowering, 4,000 levels.
const STACK: usize = 256 * 1024 * 1024;

/// What a call may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Callee {
    /// A function, method or lambda of the project.
    Function(ModuleId, FunctionId),
    /// A class of the project whose construction runs no code of the project.
    Class(ModuleId, ClassId),
    /// Outside of the project, by access path.
    External(Symbol),
}

/// How a callee is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// Called as a plain function; all arguments are passed as written.
    Direct,
    /// A bound method: the receiver goes in front of the arguments.
    Method,
    /// A class is called: the new instance goes in front of the arguments.
    Constructor,
    /// An instance is called through `__call__`.
    Instance,
    /// Through `functools.partial` and its like: stored arguments go in front.
    Partial,
    /// The caller passes it to something outside of the project that calls it: `map`, `Thread(target=…)`.
    Callback,
    /// Run by syntax: an operator, a property, a loop, a `with`, a decorator.
    Implicit,
}

/// How sure a callee is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// By the method's name alone.
    Low,
    /// The receiver's class is known, its subclass is not; or the set of callees is not complete.
    Medium,
    /// Followed all the way.
    High,
}

/// One callee of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Target {
    /// What runs.
    pub callee: Callee,
    /// How it is reached.
    pub reach: Reach,
    /// Class of the receiver or of the instance made.
    pub receiver: Option<(ModuleId, ClassId)>,
    /// The decorated function, when the callee is the wrapper its decorator made.
    pub wraps: Option<(ModuleId, FunctionId)>,
    /// How sure it is.
    pub confidence: Confidence,
}

/// All callees of a call.
#[derive(Debug, Clone, Copy)]
pub struct Callees<'g> {
    /// What may run, without doubles, in a stable order.
    pub targets: &'g [Target],
    /// Why there are none, or why there may be more.
    pub unresolved: Option<Unresolved>,
}

/// An expression that runs something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallSite {
    /// The call; or the expression whose operator, attribute or iteration runs code.
    pub expr: ExprId,
    /// The scope it runs in.
    pub scope: ScopeId,
    /// Whether it is an [`Expr::Call`].
    pub is_call: bool,
    targets: List,
    unresolved: Option<Unresolved>,
}

/// Calls by how they were resolved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallCounts {
    /// All calls in code that can run.
    pub calls: usize,
    /// With a function or class of the project among the callees.
    pub project: usize,
    /// With access paths outside of the project only.
    pub external: usize,
    /// Found by the name of the method alone.
    pub by_name: usize,
    /// The rest, by reason, in the order of [`Unresolved`].
    pub unresolved: Vec<(Unresolved, usize)>,
}

impl CallCounts {
    /// Share of calls with a callee or a symbolic name, those found by name alone not counted.
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    pub fn share(&self) -> f64 {
        if self.calls == 0 {
            1.0
        } else {
            (self.project + self.external) as f64 / self.calls as f64
        }
    }
}

/// A body of code: a module, class or function, by its scope.
pub type Unit = (ModuleId, ScopeId);

/// Who calls whom.
#[derive(Debug, Default)]
pub struct CallGraph {
    sites: Vec<Vec<CallSite>>,
    targets: Vec<Target>,
    /// Callees of each function, module and class body, for the order of summaries.
    order: Vec<Vec<Unit>>,
    /// Access paths that classes inherit from: they are classes.
    class_paths: FxHashSet<Symbol>,
    /// The analysis broke down: there is nothing here, and a report has to say so.
    pub failed: bool,
    /// Sets that hit their bound.
    pub bounds_hit: usize,
}

impl CallGraph {
    /// Analyses a project.
    pub fn build(project: &Project, aliases: &Aliases) -> Self {
        Self::build_of(project, aliases, project.iter().map(|(id, _)| id).collect())
    }

    /// Analyses some modules of a project. What others do is not known.
    pub fn build_of(project: &Project, aliases: &Aliases, modules: Vec<ModuleId>) -> Self {
        let built = std::thread::scope(|scope| {
            let work = || solver::Solver::new(project, aliases, modules).run();
            let thread = std::thread::Builder::new()
                .stack_size(STACK)
                .spawn_scoped(scope, work);
            thread.ok().and_then(|thread| thread.join().ok())
        });
        built.unwrap_or_else(|| Self {
            failed: true,
            ..Self::default()
        })
    }

    /// What a call may run; `None` for what is no call or cannot run itself.
    pub fn callees(&self, module: ModuleId, call: ExprId) -> Option<Callees<'_>> {
        let sites = self.sites.get(module.index())?;
        let index = sites.binary_search_by_key(&call, |site| site.expr).ok()?;
        Some(self.of(&sites[index]))
    }

    /// All places of a module that run something, by expression.
    pub fn sites(&self, module: ModuleId) -> &[CallSite] {
        self.sites.get(module.index()).map_or(&[], Vec::as_slice)
    }

    /// What a place may run.
    pub fn of(&self, site: &CallSite) -> Callees<'_> {
        Callees {
            targets: &self.targets[site.targets.range()],
            unresolved: site.unresolved,
        }
    }

    /// Groups of bodies that call each other, callees before callers. Each body stands in one group.
    pub fn bottom_up(&self) -> &[Vec<Unit>] {
        &self.order
    }

    /// How the calls were resolved.
    pub fn counts(&self) -> CallCounts {
        let mut counts = CallCounts::default();
        let mut reasons: FxHashMap<Unresolved, usize> = FxHashMap::default();
        for site in self.sites.iter().flatten().filter(|site| site.is_call) {
            counts.calls += 1;
            let callees = self.of(site);
            let sure = || {
                callees
                    .targets
                    .iter()
                    .filter(|target| target.confidence > Confidence::Low)
            };
            if sure().any(|target| !matches!(target.callee, Callee::External(_))) {
                counts.project += 1;
            } else if sure().next().is_some() {
                counts.external += 1;
            } else if !callees.targets.is_empty() {
                counts.by_name += 1;
            } else {
                *reasons
                    .entry(site.unresolved.unwrap_or(Unresolved::Computed))
                    .or_default() += 1;
            }
        }
        counts.unresolved = reasons.into_iter().collect();
        counts.unresolved.sort_unstable();
        counts
    }
}
