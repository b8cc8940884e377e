//! What a framework sees: the values that the run left, what was called on which object, and where endpoints go.

mod handler;

use std::rc::Rc;

use hognose_python::callgraph::CallGraph;
use hognose_python::ir::{DefKind, FunctionId, ModuleId, ScopeId, ScopeKind};
use hognose_python::{Aliases, ClassRef};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::endpoint::{Endpoint, Inventory};
use crate::frameworks::Framework;
use crate::guard::{self, Asked, Given, Layer, Proof};
pub use handler::{Handler, Target};

use crate::run::{Args, HOLE, INIT_SUBCLASS, Machine, Site, V, Value};

/// Endpoints of one project.
const MAX_ENDPOINTS: usize = 100_000;

/// What is shown for parts of a path that are not known.
pub const UNKNOWN_PART: &str = "<?>";

/// Whether an access path names something of a package, whichever of its modules it is taken from.
pub fn named(path: &str, package: &str, name: &str) -> bool {
    let Some(rest) = path
        .strip_prefix(package)
        .and_then(|rest| rest.strip_prefix('.'))
    else {
        return false;
    };
    rest == name
        || rest
            .strip_suffix(name)
            .and_then(|front| front.strip_suffix('.'))
            .is_some_and(|modules| !modules.contains("()"))
}

/// The last part of an access path.
pub fn last(path: &str) -> &str {
    let path = path.trim_end_matches("()");
    path.rsplit('.').next().unwrap_or(path)
}

/// Imports between a module in which endpoints are served and one whose calls are looked at. What a handler calls is defined
/// one import away, the classes that tells of are two away; what lies further serves everybody.
const MAX_IMPORTS: u32 = 2;

/// What is asked of a function of the project: what it proves, perhaps only by exceptions, perhaps only of all requests,
/// with what it is given; of a method also the object that it is bound to and the function as that object's class has it.
pub type Question = (ModuleId, FunctionId, bool, bool, Given, Option<(V, V)>);

/// The values of a run, as frameworks ask for them.
pub struct World<'p> {
    /// The run.
    pub machine: Machine<'p>,
    /// Whether a file holds no application.
    pub left_out: &'p (dyn Fn(&str) -> bool + Sync),
    /// Calls by what was called.
    by_callee: FxHashMap<V, Vec<V>>,
    /// Calls of methods by their object.
    on: FxHashMap<V, Vec<V>>,
    /// Objects by themselves: calls of something outside, and instances with a base outside.
    objects: Vec<V>,
    indexed: usize,
    endpoints: Vec<Endpoint>,
    /// What stands behind each of the endpoints.
    registered: Vec<Registered>,
    /// What stands beside a guard that its surroundings have, see [`Outside`].
    pub outside: Vec<Outside>,
    /// What functions of the project prove, remembered, and whether they look at what is asked for.
    proofs: FxHashMap<Question, (Proof, bool)>,
    /// The same for the endpoint that is asked for.
    asked_proofs: FxHashMap<Question, (Proof, bool)>,
    /// Whether a guard that was looked through looks at what is asked for.
    pub looks: bool,
    /// The endpoint that guards are looked through for, if for one.
    asked: Option<Asked>,
    /// Who calls whom, once somebody asked.
    graph: Option<Rc<CallGraph>>,
    /// What the functions that are being looked through were given, and the objects that they are methods of.
    pub given: Vec<(ModuleId, FunctionId, Given, Option<V>)>,
    /// Whether dependencies of the project tell who asks, remembered.
    pub identified: FxHashMap<(ModuleId, FunctionId, bool), bool>,
    /// Functions in which an application begins and that nobody calls.
    begun_by_nobody: Vec<(ModuleId, FunctionId)>,
    /// One object of each class that methods are looked through on.
    receivers: FxHashMap<V, V>,
}

/// What stands behind an endpoint.
#[derive(Debug, Clone)]
pub struct Registered {
    /// What runs in the end.
    pub target: Target,
    /// Where it was registered.
    pub site: Option<Site>,
}

/// Something that a guard around it does not reach, though it looks as if it did.
#[derive(Debug, Clone)]
pub struct Outside {
    /// Where it was registered.
    pub site: Site,
    /// What it is, and what the guard is that does not reach it.
    pub what: &'static str,
    /// The prefix of its paths.
    pub prefix: String,
}

impl<'p> World<'p> {
    /// The world after a run.
    pub fn new(machine: Machine<'p>, left_out: &'p (dyn Fn(&str) -> bool + Sync)) -> Self {
        let mut world = Self {
            machine,
            left_out,
            by_callee: FxHashMap::default(),
            on: FxHashMap::default(),
            objects: Vec::new(),
            indexed: 0,
            endpoints: Vec::new(),
            registered: Vec::new(),
            outside: Vec::new(),
            proofs: FxHashMap::default(),
            asked_proofs: FxHashMap::default(),
            looks: false,
            asked: None,
            graph: None,
            given: Vec::new(),
            identified: FxHashMap::default(),
            begun_by_nobody: Vec::new(),
            receivers: FxHashMap::default(),
        };
        world.index();
        world
    }

    /// Lets all used frameworks find their endpoints; `begun_by_nobody` are functions in which an application begins and
    /// that nobody calls.
    pub fn find(&mut self, used: &[&Framework], begun_by_nobody: Vec<(ModuleId, FunctionId)>) {
        self.begun_by_nobody = begun_by_nobody;
        for framework in used {
            (framework.find)(self);
        }
        self.leave_out_stand_ins();
    }

    /// Who calls whom where endpoints are served and in what is imported there; made when it is first asked for, for most
    /// projects never.
    pub fn graph(&mut self) -> Rc<CallGraph> {
        if let Some(known) = &self.graph {
            return Rc::clone(known);
        }
        let project = self.machine.project;
        let serving = self.registered.iter().flat_map(|registered| {
            let target = match registered.target {
                Target::Function(at, _) | Target::Class(at, _) => Some(at),
                Target::Other(_) => None,
            };
            target.into_iter().chain(registered.site.map(|(at, _)| at))
        });
        let modules = project.with_imports(serving, MAX_IMPORTS);
        let graph = Rc::new(CallGraph::build_of(project, &Aliases::default(), modules));
        self.graph = Some(Rc::clone(&graph));
        graph
    }

    /// Takes in what was called since the last time.
    pub fn index(&mut self) {
        let mut seen = self.indexed;
        for (v, value) in self.machine.values().skip(self.indexed) {
            seen += 1;
            match value {
                Value::Call { callee, .. } => {
                    self.objects.push(v);
                    self.by_callee.entry(*callee).or_default().push(v);
                    if let Value::Attribute { of, .. } = self.machine.get(*callee) {
                        self.on.entry(*of).or_default().push(v);
                    }
                }
                Value::Instance { .. } => self.objects.push(v),
                _ => {}
            }
        }
        self.indexed = seen;
    }

    /// Objects of a class of a package, those of the project's subclasses included, in order of their making.
    pub fn objects_of(&mut self, package: &str, names: &[&str]) -> Vec<V> {
        let mut found = Vec::new();
        for v in self.objects.clone() {
            if self.is_a(v, package, names) {
                found.push(v);
            }
        }
        found
    }

    /// Whether an object is of one of some classes of a package.
    pub fn is_a(&mut self, v: V, package: &str, names: &[&str]) -> bool {
        let fits = |path: &str| names.iter().any(|name| named(path, package, name));
        match self.machine.get(v) {
            Value::Call { callee, .. } => match self.machine.get(*callee) {
                Value::External(path) => fits(path.as_str()),
                _ => false,
            },
            Value::Instance { .. } | Value::Class { .. } => self
                .machine
                .mro(v)
                .iter()
                .any(|class| matches!(class, ClassRef::External(path) if fits(path.as_str()))),
            Value::External(path) => fits(path.as_str()),
            _ => false,
        }
    }

    /// What was called on an object, in order: method, arguments, result.
    pub fn calls_on(&self, v: V) -> Vec<(&'static str, Args, V)> {
        let calls = self.on.get(&v).map_or(&[][..], Vec::as_slice);
        calls
            .iter()
            .filter_map(|call| match self.machine.get(*call) {
                Value::Call { callee, args, .. } => match self.machine.get(*callee) {
                    Value::Attribute { attr, .. } => Some((attr.as_str(), args.clone(), *call)),
                    _ => None,
                },
                _ => None,
            })
            .collect()
    }

    /// The calls of a value.
    pub fn calls_of(&self, v: V) -> Vec<(Args, V)> {
        let calls = self.by_callee.get(&v).map_or(&[][..], Vec::as_slice);
        calls
            .iter()
            .filter_map(|call| match self.machine.get(*call) {
                Value::Call { args, .. } => Some((args.clone(), *call)),
                _ => None,
            })
            .collect()
    }

    /// Calls of something of a package by its name, in order.
    pub fn calls_of_name(&mut self, package: &str, name: &str) -> Vec<(Args, V)> {
        let mut found = Vec::new();
        for v in &self.objects {
            if let Value::Call { callee, args, .. } = self.machine.get(*v)
                && let Value::External(path) = self.machine.get(*callee)
                && named(path.as_str(), package, name)
            {
                found.push((args.clone(), *v));
            }
        }
        found
    }

    /// Calls of a method of whatever object outside or class, in order: object, arguments, result.
    pub fn calls_of_method(&self, name: &str) -> Vec<(V, Args, V)> {
        let calls = self.objects.iter();
        let calls = calls.filter_map(|v| match self.machine.get(*v) {
            Value::Call { callee, args, .. } => match self.machine.get(*callee) {
                Value::Attribute { of, attr } if attr.as_str() == name => {
                    Some((*of, args.clone(), *v))
                }
                _ => None,
            },
            _ => None,
        });
        calls.collect()
    }

    /// Classes of the project that are defined with keywords.
    pub fn classes_with_keywords(&self) -> Vec<(V, Args)> {
        let calls = self.calls_of_method(INIT_SUBCLASS).into_iter();
        calls.map(|(class, args, _)| (class, args)).collect()
    }

    /// The arguments that an object was made with.
    pub fn made_with(&self, v: V) -> Args {
        match self.machine.get(v) {
            Value::Call { args, .. } => args.clone(),
            Value::Instance { .. } => self
                .calls_on(v)
                .into_iter()
                .find(|(method, ..)| *method == "__init__")
                .map(|(_, args, _)| args)
                .unwrap_or_default(),
            _ => Args::default(),
        }
    }

    /// Where an object was made or a call stands.
    pub fn site(&self, v: V) -> Option<Site> {
        match *self.machine.get(v) {
            Value::Call { site, .. }
            | Value::Instance { site, .. }
            | Value::Wrapped { site, .. } => Some(site),
            _ => None,
        }
    }

    /// Whether an object was made in a file that holds no application.
    pub fn is_left_out(&self, v: V) -> bool {
        self.site(v)
            .is_some_and(|(at, _)| (self.left_out)(&self.machine.project.module(at).file))
    }

    /// The texts that a value may be; parts that are not known are shown as such.
    pub fn texts(&self, v: V) -> Vec<String> {
        let mut texts: Vec<String> = self
            .machine
            .alternatives(v)
            .into_iter()
            .filter_map(|v| match self.machine.get(v) {
                Value::Str(text) => Some(text.replace(HOLE, UNKNOWN_PART)),
                _ => None,
            })
            .collect();
        // What a setting may put in front is not there where the setting is not.
        let all = texts.clone();
        texts.retain(|text| {
            let rest = text.strip_prefix(UNKNOWN_PART);
            !rest.is_some_and(|rest| !rest.is_empty() && all.iter().any(|other| other == rest))
        });
        texts
    }

    /// The text that a value is; `<?>` where it is not known, nothing where it is `None` or not given.
    pub fn text(&self, v: Option<V>) -> String {
        let Some(v) = v else { return String::new() };
        let mut texts = self.texts(v);
        match (texts.pop(), self.machine.get(v)) {
            (Some(text), _) => text,
            (None, Value::None) => String::new(),
            (None, Value::Union(all)) if all.contains(&Machine::NONE) => String::new(),
            _ => UNKNOWN_PART.to_owned(),
        }
    }

    /// Texts of a list, or the one text that a value is; `None` where it is not known.
    pub fn text_list(&mut self, v: V) -> Option<Vec<String>> {
        match self.machine.get(v) {
            Value::Str(_) => Some(self.texts(v)),
            Value::List(_) | Value::Dict(_) | Value::Union(_) => {
                let elements = self.machine.elements(v).0;
                let texts = elements.into_iter().flat_map(|v| self.texts(v)).collect();
                Some(texts)
            }
            _ => None,
        }
    }

    /// Elements of a list; `None` where it is none.
    pub fn list(&mut self, v: V) -> Option<Vec<V>> {
        match self.machine.get(v) {
            Value::List(_) => Some(self.machine.elements(v).0),
            _ => None,
        }
    }

    /// The dotted name of something in a scope.
    pub fn qualified(&self, at: ModuleId, scope: ScopeId, name: &str) -> String {
        let module = self.machine.project.module(at);
        let mut parts = vec![name];
        let mut scope = Some(scope);
        while let Some(id) = scope {
            match module[id].kind {
                ScopeKind::Module => {}
                ScopeKind::Class(class) => parts.push(module[class].name.as_str()),
                ScopeKind::Function(function) => parts.push(module[function].name.as_str()),
            }
            scope = module[id].parent;
        }
        parts.push(module.name.as_str());
        parts.retain(|part| !part.is_empty());
        parts.reverse();
        parts.join(".")
    }

    /// A name for an object: the variable it is bound to, its module otherwise.
    pub fn name_of(&self, v: V) -> String {
        let Some((at, expr)) = self.site(v) else {
            return String::new();
        };
        let module = self.machine.project.module(at);
        let bound = module.defs().find_map(|(_, def)| match def.kind {
            DefKind::Value(value) if value == expr => Some(def),
            _ => None,
        });
        let stored = module
            .attribute_stores
            .iter()
            .find(|store| store.value == expr);
        match (bound, stored) {
            (Some(def), _) => {
                let name = module[def.scope].slots[def.slot.index()].name;
                self.qualified(at, def.scope, name.as_str())
            }
            (None, Some(store)) => self.qualified(at, store.scope, store.attr.as_str()),
            (None, None) => module.name.as_str().to_owned(),
        }
    }

    /// What the bodies of a class and its bases in the project bind, nearest first.
    pub fn members(&mut self, class: V) -> Vec<(String, V)> {
        let mut found: Vec<(String, V)> = Vec::new();
        for ancestor in self.machine.mro(class).iter() {
            let ClassRef::Project(at, class) = *ancestor else {
                continue;
            };
            let module = self.machine.project.module(at);
            for slot in &module[module[class].scope].slots {
                let name = slot.name.as_str();
                if slot.bound
                    && !found.iter().any(|(known, _)| known == name)
                    && let Some(v) = self.machine.own_member(at, class, slot.name)
                {
                    found.push((name.to_owned(), v));
                }
            }
        }
        found
    }

    /// From now on guards are looked through for this endpoint.
    pub fn ask(&mut self, asked: Option<Asked>) {
        self.asked_proofs.clear();
        self.asked = asked;
    }

    /// The proofs that are remembered, of all endpoints or of the one that is asked for.
    pub fn proofs(&mut self) -> &mut FxHashMap<Question, (Proof, bool)> {
        match self.asked {
            Some(_) => &mut self.asked_proofs,
            None => &mut self.proofs,
        }
    }

    /// The endpoint that guards are looked through for.
    pub fn asked(&self) -> Option<Asked> {
        self.asked.clone()
    }

    /// Adds an endpoint.
    #[expect(clippy::too_many_arguments, reason = "an endpoint has these parts")]
    pub fn add(
        &mut self,
        framework: &'static str,
        app: &str,
        path: &str,
        mut methods: Vec<String>,
        target: Target,
        registered: Option<Site>,
        layers: &[Layer],
    ) {
        if self.endpoints.len() >= MAX_ENDPOINTS {
            return;
        }
        methods.sort();
        methods.dedup();
        let (handler, file, line) = self.place_of(target, registered);
        let asked = Asked {
            path: path.to_owned(),
            ..Asked::default()
        };
        let layers: Vec<Layer> = layers
            .iter()
            .map(|layer| Layer {
                place: layer.place,
                proof: guard::at(self, &layer.proof, &asked),
            })
            .collect();
        let guard = guard::combine(&layers);
        self.registered.push(Registered {
            target,
            site: registered,
        });
        self.endpoints.push(Endpoint {
            app: app.to_owned(),
            framework,
            path: path.to_owned(),
            methods,
            handler,
            file,
            line,
            guard: guard.words(),
            level: guard.level,
            verdict: guard.verdict,
            layer: guard.layer,
            roles: guard.roles,
            permissions: guard.permissions,
        });
    }

    /// The endpoints that were found, each with what stands behind it.
    pub fn found(&self) -> impl Iterator<Item = (&Endpoint, &Registered)> {
        self.endpoints.iter().zip(&self.registered)
    }

    /// Leaves out the applications that stand in for another: made in a function that nobody calls, of nothing but handlers
    /// that an application serves which does begin. A script that prints a documentation makes such.
    fn leave_out_stand_ins(&mut self) {
        let fronts: Vec<String> = self
            .begun_by_nobody
            .iter()
            .map(|(at, function)| {
                let data = &self.machine.project.module(*at)[*function];
                self.qualified(*at, data.parent, data.name.as_str()) + "."
            })
            .collect();
        let stands_in = |app: &str| fronts.iter().any(|front| app.starts_with(front.as_str()));
        let mut served: FxHashSet<&str> = FxHashSet::default();
        for endpoint in &self.endpoints {
            if !stands_in(&endpoint.app) {
                served.insert(&endpoint.handler);
            }
        }
        let mut own: FxHashSet<&str> = FxHashSet::default();
        for (endpoint, registered) in self.endpoints.iter().zip(&self.registered) {
            let of_project = !matches!(registered.target, Target::Other(_));
            if of_project && !served.contains(endpoint.handler.as_str()) {
                own.insert(&endpoint.app);
            }
        }
        let kept: Vec<bool> = self
            .endpoints
            .iter()
            .map(|endpoint| {
                !stands_in(&endpoint.app)
                    || own.contains(endpoint.app.as_str())
                    || served.is_empty()
            })
            .collect();
        let mut keep = kept.iter();
        self.endpoints.retain(|_| keep.next() == Some(&true));
        let mut keep = kept.iter();
        self.registered.retain(|_| keep.next() == Some(&true));
    }

    /// The inventory, sorted and without doubles.
    pub fn finish(self) -> Inventory {
        let mut endpoints = self.endpoints;
        endpoints.sort();
        endpoints.dedup();
        Inventory { endpoints }
    }
}
