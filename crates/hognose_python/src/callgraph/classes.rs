//! The classes of a project with their order of bases, and where their members are found.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::object::*;
use super::solver::to_u32;
use crate::eval::{Aliases, ClassRef, Evaluator};
use crate::ir::*;
use crate::project::Project;

/// Subclasses looked at when a receiver may be of any of them. Bases of frameworks have thousands.
pub(super) const MAX_SUBCLASSES: usize = 24;

/// Bases outside of the project that bring nothing anybody asks for.
const PLAIN_BASES: &[&str] = &[
    "builtins.object",
    "typing.Generic",
    "typing.Protocol",
    "typing_extensions.Protocol",
    "abc.ABC",
    "enum.Enum",
];

/// A class of the project.
#[derive(Debug, Default)]
pub(super) struct ClassInfo {
    /// Where it is defined.
    pub module: u32,
    pub class: u32,
    /// Classes of the project in resolution order, itself first.
    pub mro: Vec<ClassIx>,
    /// Bases outside of the project, in resolution order.
    pub external: Vec<Symbol>,
    /// Classes that have it above them, in order of definition.
    pub subclasses: Vec<ClassIx>,
    /// Instances told apart so far.
    pub sites: u16,
}

#[derive(Debug, Default)]
pub(super) struct ClassTable {
    pub classes: Vec<ClassInfo>,
    /// First class of each module.
    first: Vec<u32>,
    /// Attributes that the methods of a class store on their receiver.
    pub stored: FxHashSet<(ClassIx, Symbol)>,
    /// Attributes that code stores on something else than its receiver.
    pub foreign: FxHashSet<Symbol>,
    /// Attributes that `__init__` stores whatever happens: they hide what the class binds.
    pub initialised: FxHashSet<(ClassIx, Symbol)>,
    /// Methods by name, and whether several classes have one.
    pub methods: FxHashMap<Symbol, Option<(ModuleId, FunctionId)>>,
    /// Functions that pytest runs for a parameter of their name; the nearest by directory is not told apart.
    pub fixtures: FxHashMap<Symbol, (ModuleId, FunctionId)>,
    /// All access paths that classes inherit from.
    pub bases: FxHashSet<Symbol>,
    /// Names of functions with a decorator such as `x.setter` or `property`: an attribute of that name may run code.
    pub properties: FxHashSet<Symbol>,
}

/// Where a member is found.
#[derive(Debug, Clone, Copy)]
pub(super) enum Lookup {
    /// Bound in the body of this class by this definition.
    Defined(ClassIx, DefId),
    /// Perhaps in a base outside of the project.
    External(Symbol),
    Missing,
}

impl ClassTable {
    pub fn build(project: &Project, aliases: &Aliases) -> Self {
        let mut table = Self::default();
        let mut count = 0;
        for module in &project.modules {
            table.first.push(count);
            count += to_u32(module.classes.len());
        }
        let orders: Vec<Vec<std::sync::Arc<[ClassRef]>>> = (0..to_u32(project.modules.len()))
            .into_par_iter()
            .map_init(
                || Evaluator::new(project, aliases),
                |evaluator, module| {
                    let classes = 0..to_u32(project.modules[module as usize].classes.len());
                    classes
                        .map(|class| {
                            evaluator
                                .mro(ModuleId(module), ClassId(class))
                                .iter()
                                .copied()
                                .collect()
                        })
                        .collect()
                },
            )
            .collect();
        for (module, orders) in (0u32..).zip(orders) {
            for (class, order) in (0u32..).zip(orders) {
                let mut info = ClassInfo {
                    module,
                    class,
                    ..ClassInfo::default()
                };
                for ancestor in order.iter() {
                    match *ancestor {
                        ClassRef::Project(home, ancestor) => {
                            info.mro.push(table.index(home, ancestor))
                        }
                        ClassRef::External(path) => {
                            table.bases.insert(path);
                            if !PLAIN_BASES.contains(&path.as_str()) {
                                info.external.push(path);
                            }
                        }
                    }
                }
                table.classes.push(info);
            }
        }
        for index in 0..table.classes.len() {
            let own = ClassIx(to_u32(index));
            for position in 1..table.classes[index].mro.len() {
                let ancestor = table.classes[index].mro[position];
                table.classes[ancestor.0 as usize].subclasses.push(own);
            }
        }
        for (at, module) in project.iter() {
            table.index_members(at, module);
        }
        table
    }

    fn index_members(&mut self, at: ModuleId, module: &Module) {
        for (number, function) in (0u32..).zip(&module.functions) {
            if is_fixture(module, function) {
                let known = (at, FunctionId(number));
                self.fixtures.entry(function.name).or_insert(known);
            }
            if function.class.is_some() {
                let entry = self.methods.entry(function.name);
                entry
                    .and_modify(|known| *known = None)
                    .or_insert(Some((at, FunctionId(number))));
                let special =
                    function
                        .decorators
                        .iter()
                        .any(|decorator| match module[*decorator] {
                            Expr::Attribute { attr, .. } => {
                                matches!(attr.as_str(), "setter" | "getter" | "deleter")
                                    || attr.as_str().ends_with("property")
                            }
                            Expr::Name { slot, .. } => module[function.parent].slots[slot.index()]
                                .name
                                .as_str()
                                .ends_with("property"),
                            _ => false,
                        });
                if special {
                    self.properties.insert(function.name);
                }
            }
        }
        for store in &module.attribute_stores {
            if let Some((class, _)) = receiver_class(module, store.object) {
                let class = self.index(at, class);
                self.stored.insert((class, store.attr));
            } else {
                self.foreign.insert(store.attr);
            }
        }
        for (number, function) in (0u32..).zip(&module.functions) {
            let Some(class) = function
                .class
                .filter(|_| function.name.as_str() == "__init__")
            else {
                continue;
            };
            let class = self.index(at, class);
            for stmt in module.block(function.body) {
                let Stmt::Assign { binds, .. } = module[*stmt] else {
                    continue;
                };
                for bind in module.binds(binds) {
                    if let Target::Attribute { object, attr } = bind.target
                        && receiver_class(module, object)
                            .is_some_and(|(_, of)| of == FunctionId(number))
                    {
                        self.initialised.insert((class, attr));
                    }
                }
            }
        }
    }

    pub fn index(&self, module: ModuleId, class: ClassId) -> ClassIx {
        ClassIx(self.first[module.index()] + class.0)
    }

    pub fn info(&self, class: ClassIx) -> &ClassInfo {
        &self.classes[class.0 as usize]
    }

    pub fn place(&self, class: ClassIx) -> (ModuleId, ClassId) {
        let info = self.info(class);
        (ModuleId(info.module), ClassId(info.class))
    }

    /// A member in the body of one class.
    pub fn own(&self, project: &Project, class: ClassIx, attr: Symbol) -> Option<DefId> {
        let (module, id) = self.place(class);
        let module = project.module(module);
        let slot = module.slot(module[id].scope, attr)?;
        (slot.bound && !matches!(module[slot.exit].kind, DefKind::Entry)).then_some(slot.exit)
    }

    /// A member along the resolution order, behind a class when one is given. Bases outside come last: what the project
    /// defines is what it means.
    pub fn lookup(
        &self,
        project: &Project,
        class: ClassIx,
        behind: Option<ClassIx>,
        attr: Symbol,
    ) -> Lookup {
        let info = self.info(class);
        let start = behind
            .and_then(|behind| info.mro.iter().position(|known| *known == behind))
            .map_or(0, |index| index + 1);
        for ancestor in &info.mro[start..] {
            if let Some(def) = self.own(project, *ancestor, attr) {
                return Lookup::Defined(*ancestor, def);
            }
        }
        match info.external.first() {
            Some(path) => Lookup::External(*path),
            None => Lookup::Missing,
        }
    }

    /// The class whose methods store the attribute of an instance; its own when none does.
    pub fn owner(&self, class: ClassIx, attr: Symbol) -> ClassIx {
        self.info(class)
            .mro
            .iter()
            .copied()
            .find(|ancestor| self.stored.contains(&(*ancestor, attr)))
            .unwrap_or(class)
    }

    /// Whether the methods of a class or its bases store the attribute.
    pub fn stores(&self, class: ClassIx, attr: Symbol) -> bool {
        self.info(class)
            .mro
            .iter()
            .any(|ancestor| self.stored.contains(&(*ancestor, attr)))
    }
}

/// `@pytest.fixture`, called or not.
fn is_fixture(module: &Module, function: &Function) -> bool {
    function.decorators.iter().any(|decorator| {
        let named = match module[*decorator] {
            Expr::Call { func, .. } => func,
            _ => *decorator,
        };
        matches!(module[named], Expr::Attribute { attr, .. } if attr.as_str() == "fixture")
    })
}

/// The class whose method's first parameter an expression is, with the method.
pub(super) fn receiver_class(module: &Module, object: ExprId) -> Option<(ClassId, FunctionId)> {
    let Expr::Name { def, .. } = module[object] else {
        return None;
    };
    let data = &module[def];
    if !matches!(data.kind, DefKind::Param(0)) {
        return None;
    }
    let ScopeKind::Function(function) = module[data.scope].kind else {
        return None;
    };
    module[function].class.map(|class| (class, function))
}
