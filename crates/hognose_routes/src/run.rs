//! A partial execution of the code that sets an application up.
//!
//! Routes are registered by running code: factories, loops over lists of blueprints, helper functions and lists that grow.
//! So the modules of a project are run here as far as that can be told from the text: top-level statements and the
//! functions they call, with constants, lists, functions, classes and objects as values. What lies outside of the project
//! is not run: a call of it makes an object that remembers what was called with what ([`Value::Call`]), and a framework
//! reads from these objects what was registered. Where a condition is not known both branches run. Nothing is executed
//! that could have an effect: there are no files, no network, no interpreter here.

mod access;
mod call;
mod configuration;
mod expression;
mod instances;
mod items;
mod names;
mod native;
mod plugins;
mod statement;
mod text;
mod value;

use std::rc::Rc;

use hognose_python::ir::*;
use hognose_python::{ClassRef, Evaluator, Found, Project};
use rustc_hash::{FxHashMap, FxHashSet};

pub use statement::INIT_SUBCLASS;
pub use value::{Args, HOLE, Site, V, Value};

/// Steps (statements and expressions) that all of a project may take. Large applications set up in some hundred thousand.
const MAX_STEPS: u64 = 10_000_000;

/// Steps that one statement of a module's top level may take: a script may take any number, but what stands below it, as
/// in a long module of views, is still to be run.
const MAX_STEPS_PER_STATEMENT: u64 = 50_000;

/// Steps that one function that nobody calls may take.
const MAX_STEPS_PER_ROOT: u64 = 500_000;

/// Elements of lists and dicts that are copied or looked through in the time of one step.
const ELEMENTS_PER_STEP: usize = 16;

/// Expressions and calls inside of each other; a bound on the stack.
const MAX_NESTING: u32 = 220;

/// Calls of functions of the project inside of each other.
const MAX_CALLS: usize = 24;

/// Calls of one function inside of each other: as deep as URLconfs include each other; deeper ones cost more than they find.
const MAX_RECURSION: usize = 6;

/// Elements of one iteration that are run one by one.
const MAX_ITERATIONS: usize = 2_000;

/// Alternatives kept for a value.
const MAX_ALTERNATIVES: usize = 8;

/// Values remembered in all.
const MAX_VALUES: usize = 8_000_000;

/// Variables of a module, a function call or a class body.
#[derive(Debug)]
struct Frame {
    module: ModuleId,
    scope: ScopeId,
    vars: Vec<Option<V>>,
    parent: Option<usize>,
    /// Values of expressions that were just evaluated: what is unpacked or iterated.
    held: Vec<(ExprId, V)>,
    returned: Vec<V>,
    yielded: Vec<V>,
    /// The first argument, for `super()`.
    receiver: Option<V>,
}

/// What was stored in an attribute or under a key of something outside.
#[derive(Debug, Clone, Copy)]
pub struct Store {
    /// The object.
    pub object: V,
    /// The attribute or key.
    pub key: V,
    /// What.
    pub value: V,
}

/// Runs the modules of a project and remembers what was called.
pub struct Machine<'p> {
    /// The project.
    pub project: &'p Project,
    /// Answers about classes and annotations.
    pub evaluator: Evaluator<'p>,
    values: Vec<Value>,
    externals: FxHashMap<Symbol, V>,
    attributes: FxHashMap<(V, Symbol), V>,
    frames: Vec<Frame>,
    modules: FxHashMap<ModuleId, usize>,
    classes: FxHashMap<(ModuleId, ClassId), V>,
    /// The frame that a function was defined in, the last time.
    defined: FxHashMap<(ModuleId, FunctionId), usize>,
    called: FxHashSet<(ModuleId, FunctionId)>,
    running: Vec<(ModuleId, FunctionId)>,
    /// Which builtin the displays of lists, tuples and sets make.
    displays: FxHashMap<V, &'static str>,
    /// The configurations of the applications that Django has installed, by their labels.
    pub app_configs: Vec<(String, V)>,
    /// The applications that Django has installed; `None` where that is not known.
    pub installed: Option<Vec<String>>,
    /// What functions stand in for, as `functools.wraps` says.
    pub stands_for: FxHashMap<V, V>,
    /// Implementations of the hooks of a plugin system, by the name of the hook.
    hooks: FxHashMap<Symbol, Vec<V>>,
    /// The module that `django.conf.settings` stands for.
    pub settings: Option<ModuleId>,
    /// What classes outside hold in their attributes, as the frameworks know: (class, attribute).
    pub of_libraries: FxHashMap<(Symbol, Symbol), V>,
    /// Stores to what is outside, in order.
    pub stores: Vec<Store>,
    /// Attributes stored on classes and functions of the project from outside of them.
    patched: FxHashMap<(V, Symbol), V>,
    steps: u64,
    root_steps: u64,
    nesting: u32,
    /// How many conditions around the statement at hand are not known.
    uncertain: u32,
}

/// How a block ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Leave,
    Break,
    Continue,
}

impl<'p> Machine<'p> {
    /// A machine that has run nothing.
    pub fn new(project: &'p Project, evaluator: Evaluator<'p>) -> Self {
        Self {
            project,
            evaluator,
            values: vec![Value::Unknown, Value::None],
            externals: FxHashMap::default(),
            attributes: FxHashMap::default(),
            frames: Vec::new(),
            modules: FxHashMap::default(),
            classes: FxHashMap::default(),
            defined: FxHashMap::default(),
            called: FxHashSet::default(),
            running: Vec::new(),
            displays: FxHashMap::default(),
            app_configs: Vec::new(),
            installed: None,
            stands_for: FxHashMap::default(),
            hooks: FxHashMap::default(),
            settings: None,
            of_libraries: FxHashMap::default(),
            stores: Vec::new(),
            patched: FxHashMap::default(),
            steps: 0,
            root_steps: 0,
            nesting: 0,
            uncertain: 0,
        }
    }

    /// The value not known.
    pub const UNKNOWN: V = V(0);
    /// `None`.
    pub const NONE: V = V(1);

    /// What a value is.
    pub fn get(&self, v: V) -> &Value {
        &self.values[v.0 as usize]
    }

    /// All values, oldest first.
    pub fn values(&self) -> impl Iterator<Item = (V, &Value)> {
        (0u32..).map(V).zip(&self.values)
    }

    /// A new value.
    pub fn make(&mut self, value: Value) -> V {
        if self.values.len() >= MAX_VALUES {
            self.steps = MAX_STEPS;
            return Self::UNKNOWN;
        }
        match &value {
            Value::List(items) => self.charge(items.len()),
            Value::Dict(items) => self.charge(items.len()),
            _ => {}
        }
        let number = u32::try_from(self.values.len()).unwrap_or(0);
        self.values.push(value);
        V(number)
    }

    /// A text.
    pub fn text(&mut self, text: impl Into<Rc<str>>) -> V {
        self.make(Value::Str(text.into()))
    }

    /// The value that stands for an access path.
    pub fn external(&mut self, path: Symbol) -> V {
        if let Some(v) = self.externals.get(&path) {
            return *v;
        }
        let v = self.make(Value::External(path));
        self.externals.insert(path, v);
        v
    }

    /// One of two.
    fn union(&mut self, a: V, b: V) -> V {
        if a == b || b == Self::UNKNOWN {
            return a;
        }
        if a == Self::UNKNOWN {
            return b;
        }
        let mut all: Vec<V> = self.alternatives(a);
        for v in self.alternatives(b) {
            if all.len() < MAX_ALTERNATIVES && !all.iter().any(|known| self.same(*known, v)) {
                all.push(v);
            }
        }
        match all.as_slice() {
            [only] => *only,
            _ => self.make(Value::Union(all)),
        }
    }

    /// What a value may be, one by one.
    pub fn alternatives(&self, v: V) -> Vec<V> {
        match self.get(v) {
            Value::Union(all) => all.clone(),
            _ => vec![v],
        }
    }

    /// Whether two values are certainly equal.
    pub fn same(&self, a: V, b: V) -> bool {
        if a == b {
            return a != Self::UNKNOWN;
        }
        match (self.get(a), self.get(b)) {
            (Value::Str(a), Value::Str(b)) => a == b && !a.contains(HOLE),
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::None, Value::None) => true,
            (
                Value::Function {
                    module, function, ..
                },
                Value::Function {
                    module: m,
                    function: f,
                    ..
                },
            ) => module == m && function == f,
            _ => false,
        }
    }

    /// Whether there is time for what may not matter: half of it is kept for URLconfs and functions that set
    /// applications up.
    pub fn has_time(&self) -> bool {
        self.steps < MAX_STEPS / 2
    }

    /// Counts the work on so many elements, which costs far less each than a step does.
    fn charge(&mut self, elements: usize) {
        let steps = u64::try_from(elements / ELEMENTS_PER_STEP).unwrap_or(u64::MAX);
        self.steps = self.steps.saturating_add(steps);
        self.root_steps = self.root_steps.saturating_add(steps);
    }

    fn step(&mut self) -> bool {
        self.steps += 1;
        self.root_steps += 1;
        self.steps < MAX_STEPS && self.root_steps < MAX_STEPS_PER_ROOT
    }

    /// Runs a module, unless it has run or is running.
    pub fn run_module(&mut self, id: ModuleId) -> usize {
        if let Some(frame) = self.modules.get(&id) {
            return *frame;
        }
        let project = self.project;
        let module = project.module(id);
        let frame = self.push_frame(id, Module::TOP, None);
        self.modules.insert(id, frame);
        if self.nesting >= MAX_NESTING {
            return frame;
        }
        let (outer_steps, outer_uncertain) = (self.root_steps, std::mem::take(&mut self.uncertain));
        self.nesting += 1;
        for star in &module.star_imports {
            self.import(*star, id);
        }
        for statement in module.block(module.body) {
            self.root_steps = MAX_STEPS_PER_ROOT - MAX_STEPS_PER_STATEMENT;
            if self.statement(frame, module, *statement) != Flow::Next {
                break;
            }
        }
        self.nesting -= 1;
        self.root_steps = outer_steps;
        self.uncertain = outer_uncertain;
        frame
    }

    /// Runs a module as an import does: the packages around it first.
    pub fn load(&mut self, id: ModuleId) {
        let name = self.project.module(id).name;
        if let Some((package, _)) = name.as_str().rsplit_once('.') {
            self.import(Symbol::from(package), id);
        }
        self.run_module(id);
    }

    fn push_frame(&mut self, module: ModuleId, scope: ScopeId, parent: Option<usize>) -> usize {
        let slots = self.project.module(module)[scope].slots.len();
        self.frames.push(Frame {
            module,
            scope,
            vars: vec![None; slots],
            parent,
            held: Vec::new(),
            returned: Vec::new(),
            yielded: Vec::new(),
            receiver: None,
        });
        self.frames.len() - 1
    }

    /// Runs the module of a dotted name and the packages around it.
    fn import(&mut self, name: Symbol, from: ModuleId) {
        let text = name.as_str();
        let ends = text.match_indices('.').map(|(at, _)| at);
        for end in ends.chain([text.len()]) {
            if let Found::Module(id) = self.project.find(Symbol::from(&text[..end]), from) {
                self.run_module(id);
            }
        }
    }

    /// Whether a function was called.
    pub fn was_called(&self, module: ModuleId, function: FunctionId) -> bool {
        self.called.contains(&(module, function))
    }

    /// Runs a function that nobody has called, with arguments as its annotations and defaults say; one of them may be given,
    /// by its number.
    pub fn run_uncalled(
        &mut self,
        module: ModuleId,
        function: FunctionId,
        given: Option<(u16, V)>,
    ) {
        if self.was_called(module, function) {
            return;
        }
        let frame = self.run_module(module);
        let data = &self.project.module(module)[function];
        self.root_steps = 0;
        let value = self.make(Value::Function {
            module,
            function,
            frame,
        });
        let mut args = Args {
            open: true,
            ..Args::default()
        };
        if let Some(class) = data.class
            && let Some(class) = self.classes.get(&(module, class)).copied()
        {
            let site = (module, ExprId(0));
            let receiver = self.instantiate(class, args.clone(), site);
            args.positional.push(receiver);
        }
        if let Some((number, v)) = given
            && let Some(param) = data.params.get(usize::from(number))
        {
            args.keywords.push((param.name, v));
        }
        self.call_function(value, args, (module, ExprId(0)));
    }

    /// An expression where a function is defined: a default or an annotation of a parameter.
    pub fn eval_outside(&mut self, module: ModuleId, function: FunctionId, expr: ExprId) -> V {
        self.root_steps = 0;
        match self.defined.get(&(module, function)).copied() {
            Some(frame) => self.eval(frame, expr),
            None => Self::UNKNOWN,
        }
    }

    /// An object of a class whose `__init__` does not run.
    pub fn object_of(&mut self, class: V, site: Site) -> V {
        self.make(Value::Instance {
            class,
            fields: FxHashMap::default(),
            site,
        })
    }

    /// Another object made like one.
    pub fn fresh(&mut self, v: V) -> V {
        let value = self.get(v).clone();
        self.make(value)
    }

    /// What was stored in the attributes of an object, by name.
    pub fn fields(&self, v: V) -> Vec<(&'static str, V)> {
        let Value::Instance { fields, .. } = self.get(v) else {
            return Vec::new();
        };
        let mut fields: Vec<(&'static str, V)> =
            fields.iter().map(|(name, v)| (name.as_str(), *v)).collect();
        fields.sort_unstable();
        fields
    }

    /// Stores a text in an attribute of an object.
    pub fn set(&mut self, object: V, attr: &str, text: &str) {
        let v = self.text(text);
        self.set_value(object, attr, v);
    }

    /// Stores a value in an attribute of an object.
    pub fn set_value(&mut self, object: V, attr: &str, v: V) {
        self.store_attribute(object, Symbol::from(attr), v);
    }

    /// Calls a value after the run.
    pub fn run_call(&mut self, callee: V, args: Args, site: Site) -> V {
        self.root_steps = 0;
        self.call(callee, args, site)
    }

    /// The method resolution order of a class value; of an object, that of its class.
    pub fn mro(&mut self, v: V) -> std::sync::Arc<[ClassRef]> {
        match *self.get(v) {
            Value::Class { module, class, .. } => self.evaluator.mro(module, class),
            Value::Instance { class, .. } => self.mro(class),
            _ => [].into(),
        }
    }
}
