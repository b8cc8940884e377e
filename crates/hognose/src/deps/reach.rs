//! What the code of a project uses of a distribution.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use hognose_deps::advisories::matcher::Finding;
use hognose_deps::inputs::Files;
use hognose_deps::modules;
use hognose_deps::name::Name;
use hognose_deps::symbols::{self, Harmless, Unless};
use hognose_python::ir::{Arg, ArgKind, DefKind, Expr, ExprId, Module};
use hognose_python::{
    Aliases, ClassRef, Constant, Evaluator, Found, ModuleId, Project, SourceKind, Symbol, Value,
};
use hognose_rules::is_test_path;
use ruff_text_size::TextSize;

/// Whether the code uses what is vulnerable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// No module of the project imports the distribution.
    NotImported,
    /// One does, here.
    Imported(Evidence),
    /// What is vulnerable is used here.
    SymbolUsed(Evidence),
    /// It cannot be told, for this reason.
    Unknown(String),
}

/// A place in the code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// The file.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
    /// The module or symbol that is used there.
    pub name: String,
}

impl Reach {
    /// The answer as long as nobody has looked into the code.
    pub fn not_looked() -> Self {
        Self::Unknown("the code was not looked into".to_owned())
    }

    /// The word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::NotImported => "not-imported",
            Self::Imported(_) => "imported",
            Self::SymbolUsed(_) => "symbol-used",
            Self::Unknown(_) => "unknown",
        }
    }

    /// The place it is seen at.
    pub fn evidence(&self) -> Option<&Evidence> {
        match self {
            Self::Imported(evidence) | Self::SymbolUsed(evidence) => Some(evidence),
            Self::NotImported | Self::Unknown(_) => None,
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the code of a project uses of what is outside of it.
#[derive(Debug, Default)]
pub struct Code {
    /// Whether there is none.
    is_empty: bool,
    /// Modules and names that are imported, each with the first place, one in a test only where there is no other.
    imported: BTreeMap<String, Evidence>,
    /// What is called of that which an advisory calls vulnerable, by its id and the symbol's rank, likewise.
    used: BTreeMap<(String, usize), Evidence>,
    /// Dotted names in texts: frameworks import what their settings name.
    named: BTreeMap<String, Evidence>,
    /// The first import whose name is not known.
    dynamic: Option<Evidence>,
    /// The modules of installed distributions, as their metadata tells.
    installed: BTreeMap<Name, Vec<String>>,
}

/// The longest text that is taken for a dotted name.
const MAX_DOTTED: usize = 200;

impl Code {
    /// No code, of which nothing can be told.
    pub fn none() -> Self {
        Self {
            is_empty: true,
            ..Self::default()
        }
    }

    /// Looks through a program.
    pub fn new(project: &Project) -> Self {
        let mut code = Self {
            is_empty: project.modules.is_empty(),
            ..Self::default()
        };
        let aliases = Aliases::default();
        let mut evaluator = Evaluator::new(project, &aliases);
        // Code first, tests after it: the first place to come stays.
        for tests in [false, true] {
            for (id, module) in project.iter() {
                if module.kind != SourceKind::Stub && is_test_path(module.own_path()) == tests {
                    code.imports(project, id, module);
                    code.names(&mut evaluator, id, module);
                    evaluator.forget();
                }
            }
        }
        code
    }

    /// Names the files of the evidence as somebody who stands elsewhere does.
    pub fn seen_from(mut self, name: impl Fn(&str) -> Arc<str>) -> Self {
        let maps = [&mut self.imported, &mut self.named];
        let places = maps.into_iter().flat_map(BTreeMap::values_mut);
        let places = places.chain(self.used.values_mut());
        for evidence in places.chain(&mut self.dynamic) {
            evidence.file = name(&evidence.file);
        }
        self
    }

    /// Takes what the metadata of an environment says of its modules.
    pub fn installed(mut self, modules: BTreeMap<Name, Vec<String>>) -> Self {
        self.installed = modules;
        self
    }

    fn imports(&mut self, project: &Project, id: ModuleId, module: &Module) {
        for (name, range) in &module.imports {
            // A module of the project hides the distribution of the same name.
            if matches!(project.find(*name, id), Found::Outside) {
                note(&mut self.imported, name.as_str(), module, range.start());
            }
        }
        // What is taken from a package may be a module of another distribution: `from google.cloud import storage`.
        for (_, def) in module.defs() {
            if let DefKind::ImportFrom { module: from, name } = def.kind
                && self.imported.contains_key(from.as_str())
            {
                let whole = format!("{from}.{name}");
                note(&mut self.imported, &whole, module, def.range.start());
            }
        }
    }

    fn names(&mut self, evaluator: &mut Evaluator, id: ModuleId, module: &Module) {
        let text = module.text.as_str();
        let imports_by_name = text.contains("import_module") || text.contains("__import__");
        let vulnerable = symbols::all();
        let may_use = module.imports.iter().any(|(name, _)| {
            vulnerable.is_module(name.as_str().split('.').next().unwrap_or_default())
        });
        for (at, expr) in module.exprs() {
            let start = module.expr_range(at).start();
            match expr {
                Expr::Str(text) => {
                    let text = module.str(*text);
                    if is_dotted(text) {
                        note(&mut self.named, text, module, start);
                    }
                }
                Expr::Call { func, args } if imports_by_name || may_use => {
                    let Some(path) = evaluator.dotted(id, *func) else {
                        continue;
                    };
                    let path = path.as_str();
                    if matches!(path, "importlib.import_module" | "builtins.__import__") {
                        let first = module.args(*args).first().map(|arg| arg.value);
                        self.import_by_name(evaluator, id, module, first, start);
                    } else if may_use {
                        for one in vulnerable.uses(path) {
                            let args = module.args(*args);
                            let mut unless = one.unless.iter();
                            if !unless.any(|unless| is_met(unless, args, evaluator, id)) {
                                let key = (one.advisory.clone(), one.rank);
                                let place = || evidence(path, module, start);
                                self.used.entry(key).or_insert_with(place);
                            }
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// `importlib.import_module(name)`: a constant is an import as any, a constant beginning tells the package.
    fn import_by_name(
        &mut self,
        evaluator: &mut Evaluator,
        id: ModuleId,
        module: &Module,
        name: Option<ExprId>,
        start: TextSize,
    ) {
        let constants = name.and_then(|name| evaluator.constants(id, name));
        let texts: Option<Vec<&str>> = constants
            .as_ref()
            .and_then(|all| all.iter().map(Constant::text).collect());
        if let Some(texts) = texts {
            for text in texts {
                note(&mut self.imported, text, module, start);
            }
            return;
        }
        let beginning = name.and_then(|name| match &module[name] {
            Expr::FString(parts) => match &module[*module.list(*parts).first()?] {
                Expr::Str(text) => Some(module.str(*text)),
                _ => None,
            },
            _ => None,
        });
        match beginning.and_then(|text| text.rsplit_once('.')) {
            // Relative to the package the code itself is in.
            Some(("", _)) => {}
            Some((package, _)) => note(&mut self.imported, package, module, start),
            None if self.dynamic.is_none() => {
                self.dynamic = Some(evidence("a name that is not constant", module, start));
            }
            None => {}
        }
    }

    /// Whether the code uses a distribution.
    pub fn reach(&self, name: &Name) -> Reach {
        if self.is_empty {
            return Reach::Unknown("there is no Python code beside it".to_owned());
        }
        let installed = self.installed.get(name).cloned();
        let modules = installed.unwrap_or_else(|| modules::of(name));
        let first = |names: &BTreeMap<String, Evidence>| {
            modules
                .iter()
                .find_map(|module| below(names, module).cloned())
        };
        if let Some(evidence) = first(&self.imported) {
            return Reach::Imported(evidence);
        }
        if let Some(evidence) = first(&self.named) {
            return Reach::Unknown(format!(
                "`{}` is named in a text at {}:{}",
                evidence.name, evidence.file, evidence.line
            ));
        }
        if let Some(evidence) = &self.dynamic {
            return Reach::Unknown(format!(
                "a module is imported by a name that is not constant at {}:{}",
                evidence.file, evidence.line
            ));
        }
        Reach::NotImported
    }

    /// Whether the code uses what an advisory calls vulnerable, given that it uses the distribution.
    pub fn symbols(&self, finding: &Finding, reach: &Reach) -> Reach {
        let of = |id: &str| {
            let ranks = (id.to_owned(), 0)..=(id.to_owned(), usize::MAX);
            self.used.range(ranks).next().map(|(_, evidence)| evidence)
        };
        match finding.ids().find_map(of) {
            Some(evidence) => Reach::SymbolUsed(evidence.clone()),
            None => reach.clone(),
        }
    }
}

/// The first name that is a module or stands below it.
fn below<'n>(names: &'n BTreeMap<String, Evidence>, module: &str) -> Option<&'n Evidence> {
    let is_below = |name: &str| {
        name.as_bytes()
            .get(module.len())
            .is_none_or(|byte| *byte == b'.')
    };
    names
        .range(module.to_owned()..)
        .take_while(|(name, _)| name.starts_with(module))
        .find(|(name, _)| is_below(name))
        .map(|(_, evidence)| evidence)
}

fn note(names: &mut BTreeMap<String, Evidence>, name: &str, module: &Module, start: TextSize) {
    if !names.contains_key(name) {
        names.insert(name.to_owned(), evidence(name, module, start));
    }
}

/// Whether an argument makes a call harmless for certain.
fn is_met(unless: &Unless, args: &[Arg], evaluator: &mut Evaluator, at: ModuleId) -> bool {
    let mut given = None;
    // What `*x` and `**x` hold is not known: an argument they may give, and where those behind them stand.
    let mut place = Some(0);
    let mut is_open = false;
    for arg in args {
        match arg.kind {
            ArgKind::Keyword(name) if name.as_str() == unless.argument => given = Some(arg.value),
            ArgKind::Keyword(_) => {}
            ArgKind::Positional => {
                if place.is_some() && place == unless.at {
                    given = Some(arg.value);
                }
                place = place.map(|place| place + 1);
            }
            ArgKind::Star => {
                place = None;
                is_open = true;
            }
            ArgKind::DoubleStar => is_open = true,
        }
    }
    let Some(given) = given else {
        return unless.absent && !is_open;
    };
    let values = evaluator.eval(at, given);
    let is_listed = |path: Symbol| {
        let mut listed = unless.is.iter();
        listed.any(|one| matches!(one, Harmless::Path(listed) if path.as_str() == listed))
    };
    let is_harmless = |value: &Value| match *value {
        Value::External(path) if is_listed(path) => true,
        Value::Class(home, class) => {
            // Whatever else a class of the project inherits may undo it, and so may what it inherits unknown.
            let order = evaluator.mro(home, class);
            order.len() > 1
                && order.iter().all(|class| match *class {
                    ClassRef::External(path) => is_listed(path),
                    ClassRef::Project(home, class) => {
                        let mut bases = evaluator.project().module(home)[class].bases.iter();
                        bases.all(|base| {
                            let values = evaluator.eval(home, *base);
                            let is_class = |value: &Value| {
                                matches!(value, Value::Class(..) | Value::External(_))
                            };
                            !values.is_empty() && values.iter().all(is_class)
                        })
                    }
                })
        }
        value => match evaluator.constant_of(value, 0) {
            Some(Constant::Bool(value)) => unless.is.contains(&Harmless::Is(value)),
            _ => false,
        },
    };
    !values.is_empty() && values.iter().all(is_harmless)
}

fn evidence(name: &str, module: &Module, start: TextSize) -> Evidence {
    Evidence {
        file: Arc::clone(&module.file),
        line: module.text.position(start).0,
        name: name.to_owned(),
    }
}

/// `package.module`, as settings name what a framework imports.
fn is_dotted(text: &str) -> bool {
    let is_name = |part: &str| {
        let mut bytes = part.bytes();
        bytes
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    text.len() <= MAX_DOTTED && text.contains('.') && text.split('.').all(is_name)
}

/// The modules of what is installed in an environment beside the project: the top of every path of a `RECORD`.
pub fn installed_modules(files: &impl Files, directory: &str) -> BTreeMap<Name, Vec<String>> {
    let mut found = BTreeMap::new();
    let below = |directory: &str, name: &str| {
        if directory.is_empty() {
            name.to_owned()
        } else {
            format!("{directory}/{name}")
        }
    };
    for environment in [".venv", "venv", "env"] {
        let library = below(&below(directory, environment), "lib");
        for version in files.list(&library).unwrap_or_default() {
            let site = format!("{library}/{}/site-packages", version.name);
            for entry in files.list(&site).unwrap_or_default() {
                let Some((name, _)) = entry
                    .name
                    .strip_suffix(".dist-info")
                    .and_then(|name| name.rsplit_once('-'))
                else {
                    continue;
                };
                let record = files.read(&format!("{site}/{}/RECORD", entry.name));
                let (Some(name), Ok(record)) = (Name::new(name), record) else {
                    continue;
                };
                let modules = modules::of_record(&String::from_utf8_lossy(&record));
                if !modules.is_empty() {
                    found.insert(name, modules);
                }
            }
        }
    }
    found
}
