//! All modules of an audited project, and how imports find their way between them.

use std::collections::VecDeque;
use std::sync::Arc;

use rayon::prelude::*;
use ruff_text_size::{TextRange, TextSize};
use rustc_hash::FxHashMap;

use crate::ir::*;
use crate::{SourceEntry, SourceKind, Sources, Text, lower};

/// The modules of a project, by file.
#[derive(Debug, Default)]
pub struct Project {
    /// All modules that could be read, sorted by file.
    pub modules: Vec<Module>,
    /// Template files, sorted by file: modules without code. Their ids follow those of the modules.
    pub templates: Vec<Module>,
    /// Template files above the bounds, which were not read.
    pub templates_left_out: usize,
    /// Python files that could not be read, with the reason.
    pub unreadable: Vec<(Arc<str>, String)>,
    /// Descriptions of interfaces and deployments, by file: OpenAPI, SAM, Serverless.
    pub descriptions: Vec<(Arc<str>, String)>,
    asked: String,
    by_name: FxHashMap<Symbol, ModuleId>,
    by_file: FxHashMap<Arc<str>, ModuleId>,
    /// Modules by the last part of their name, for imports that start at a root nobody declared.
    by_last_part: FxHashMap<Symbol, Vec<ModuleId>>,
    /// Directories that hold modules, as dotted names: namespace packages are among them.
    directories: FxHashMap<Symbol, ()>,
    /// Templates by the last part of their path.
    templates_by_name: FxHashMap<Box<str>, Vec<ModuleId>>,
}

/// The largest template that is read, in bytes; what people write by hand stays far below.
const MAX_TEMPLATE_BYTES: usize = 1024 * 1024;

/// All templates together, in bytes. The pages of large applications come to a few million.
const MAX_TEMPLATES_BYTES: usize = 64 * 1024 * 1024;

/// Template files that are read; beyond, they are pages that a program has written.
const MAX_TEMPLATES: usize = 20_000;

/// The largest description of an interface or deployment that is read, in bytes; those of large services have some
/// hundred thousand.
const MAX_DESCRIPTION_BYTES: usize = 2 * 1024 * 1024;

/// Descriptions that are read.
const MAX_DESCRIPTIONS: usize = 500;

/// Packages that make endpoints of the operations of an OpenAPI description.
const SPEC_FIRST: &[&str] = &["connexion", "firetail"];

/// What the files alone do not tell of where modules have their names from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// Directories, relative to the audited root, that top-level names start from; found from the layout where empty.
    pub source_roots: Vec<String>,
    /// Dotted name of the audited root itself, for when it is a package.
    pub package: String,
    /// The one directory that is audited, relative to the audited root; empty for the root, and where several are.
    pub asked: String,
}

/// A path below a directory; the whole path where it is not.
fn below<'p>(file: &'p str, directory: &str) -> &'p str {
    match file.strip_prefix(directory) {
        Some(rest) if !directory.is_empty() => rest.strip_prefix('/').unwrap_or(file),
        _ => file,
    }
}

/// What a dotted name leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// A module of the project.
    Module(ModuleId),
    /// A directory of the project without `__init__`.
    Namespace(Symbol),
    /// Not of the project.
    Outside,
}

impl Project {
    /// Reads and lowers all Python files, in parallel.
    pub fn build(sources: &dyn Sources, layout: &Layout) -> Self {
        let python: Vec<&SourceEntry> = sources
            .entries()
            .iter()
            .filter(|entry| {
                matches!(
                    entry.kind,
                    SourceKind::Module | SourceKind::Stub | SourceKind::Notebook
                )
            })
            .collect();
        let packages: std::collections::HashSet<&str, rustc_hash::FxBuildHasher> = python
            .iter()
            .filter_map(|entry| {
                entry
                    .path
                    .strip_suffix("__init__.py")
                    .or_else(|| entry.path.strip_suffix("__init__.pyi"))
            })
            .map(|directory| directory.trim_end_matches('/'))
            .collect();
        let roots = roots(&layout.source_roots, &packages);
        let package = if packages.contains("") {
            layout.package.as_str()
        } else {
            ""
        };
        let lowered: Vec<Result<Module, (Arc<str>, String)>> = python
            .par_iter()
            .with_max_len(16)
            .map(|entry| {
                let fail = |reason| (Arc::clone(&entry.path), reason);
                let bytes = sources.read(entry).map_err(fail)?;
                let text = if entry.kind == SourceKind::Notebook {
                    Text::notebook(&bytes)
                } else {
                    Text::decode(bytes)
                };
                let text = text.map_err(fail)?;
                let (mut name, is_package) = module_name(&entry.path, &roots);
                if !package.is_empty() {
                    let dot = if name.is_empty() { "" } else { "." };
                    name = format!("{package}{dot}{name}");
                }
                let mut module = lower(
                    Arc::clone(&entry.path),
                    entry.kind,
                    Symbol::from(name),
                    is_package,
                    text,
                );
                module.own_path = entry.path.len() - below(&entry.path, &layout.asked).len();
                Ok(module)
            })
            .collect();
        let mut project = Self {
            asked: layout.asked.clone(),
            ..Self::default()
        };
        for result in lowered {
            match result {
                Ok(module) => project.modules.push(module),
                Err(failure) => project.unreadable.push(failure),
            }
        }
        if !project.modules.is_empty() {
            project.read_templates(sources);
            project.read_descriptions(sources);
        }
        project.index();
        project
    }

    /// Reads what describes deployments by its name, and all of YAML and JSON where that makes endpoints.
    fn read_descriptions(&mut self, sources: &dyn Sources) {
        let spec_first = self.modules.iter().any(|module| {
            module.imports.iter().any(|(name, _)| {
                let first = name.as_str().split('.').next().unwrap_or_default();
                SPEC_FIRST.contains(&first)
            })
        });
        self.descriptions = sources
            .entries()
            .iter()
            .filter(|entry| {
                let name = entry.path.rsplit('/').next().unwrap_or_default();
                let Some((stem, "yaml" | "yml" | "json")) = name.rsplit_once('.') else {
                    return false;
                };
                entry.kind == SourceKind::Other
                    && (spec_first
                        || stem.starts_with("serverless")
                        || stem.starts_with("template")
                        || stem.starts_with("sam"))
            })
            .take(MAX_DESCRIPTIONS)
            .filter_map(|entry| {
                let bytes = sources.read(entry).ok()?;
                let text = String::from_utf8(bytes).ok()?;
                (text.len() <= MAX_DESCRIPTION_BYTES).then(|| (Arc::clone(&entry.path), text))
            })
            .collect();
    }

    fn read_templates(&mut self, sources: &dyn Sources) {
        let entries: Vec<&SourceEntry> = sources
            .entries()
            .iter()
            .filter(|entry| entry.kind == SourceKind::Template)
            .collect();
        self.templates_left_out = entries.len().saturating_sub(MAX_TEMPLATES);
        let texts: Vec<Option<String>> = entries
            .par_iter()
            .take(MAX_TEMPLATES)
            .with_max_len(16)
            .map(|entry| {
                let bytes = sources.read(entry).ok()?;
                (bytes.len() <= MAX_TEMPLATE_BYTES)
                    .then(|| String::from_utf8_lossy(&bytes).into_owned())
            })
            .collect();
        let mut left = MAX_TEMPLATES_BYTES;
        for (entry, text) in entries.into_iter().zip(texts) {
            let Some(text) = text.filter(|text| text.len() <= left) else {
                self.templates_left_out += 1;
                continue;
            };
            left -= text.len();
            let mut module = lower(
                Arc::clone(&entry.path),
                entry.kind,
                Symbol::from(&*entry.path),
                false,
                Text::new(""),
            );
            module.comments = template_comments(&text);
            module.text = Text::new(text);
            self.templates.push(module);
        }
    }

    fn index(&mut self) {
        for (number, module) in (0u32..).zip(&self.modules) {
            let id = ModuleId(number);
            self.by_file.insert(Arc::clone(&module.file), id);
            let name = module.name.as_str();
            // A stub speaks for a module only when there is no source.
            let stub = module.kind == SourceKind::Stub;
            self.by_name
                .entry(module.name)
                .and_modify(|known| *known = if stub { *known } else { id })
                .or_insert(id);
            let last = name.rsplit('.').next().unwrap_or(name);
            self.by_last_part
                .entry(Symbol::from(last))
                .or_default()
                .push(id);
            let mut parent = name;
            while let Some((directory, _)) = parent.rsplit_once('.') {
                if self
                    .directories
                    .insert(Symbol::from(directory), ())
                    .is_some()
                {
                    break;
                }
                parent = directory;
            }
        }
        for (index, template) in self.templates.iter().enumerate() {
            let number = u32::try_from(self.modules.len() + index).unwrap_or(u32::MAX);
            let id = ModuleId(number);
            let last = template.file.rsplit('/').next().unwrap_or_default();
            self.templates_by_name
                .entry(Box::from(last))
                .or_default()
                .push(id);
        }
    }

    /// The one directory that is audited; empty for the root, and where several are.
    pub fn asked(&self) -> &str {
        &self.asked
    }

    /// The path of a file below what is audited. Who asks for a directory of tests or examples asks for what is wrong
    /// there: what a file is for is told by this path, and not by where the whole lies.
    pub fn own_path<'p>(&self, file: &'p str) -> &'p str {
        below(file, &self.asked)
    }

    /// The module or template with this id.
    pub fn module(&self, id: ModuleId) -> &Module {
        let index = id.index();
        match self.modules.get(index) {
            Some(module) => module,
            None => &self.templates[index - self.modules.len()],
        }
    }

    /// The template file that a name leads to when a file asks for it: one whose path ends with the name, below a
    /// directory of templates rather than elsewhere, and then the one nearest to who asks.
    pub fn template(&self, name: &str, from: &str) -> Option<ModuleId> {
        // `package:templates/page.jinja2`, `/page.mako`, `./page.html`.
        let name = name.rsplit_once(':').map_or(name, |(_, name)| name);
        let name = name.trim_start_matches("./").trim_start_matches('/');
        let last = name.rsplit('/').next().filter(|last| !last.is_empty())?;
        let mut best: Option<((bool, usize, usize), ModuleId)> = None;
        let mut tie = false;
        for id in self.templates_by_name.get(last)? {
            let path = &*self.module(*id).file;
            let Some(front) = path.strip_suffix(name) else {
                continue;
            };
            if !(front.is_empty() || front.ends_with('/')) {
                continue;
            }
            let front = front.trim_end_matches('/');
            let root = front.split('/').any(|part| part.contains("template"));
            let shared = front
                .split('/')
                .zip(from.split('/'))
                .take_while(|(a, b)| a == b)
                .count();
            let rank = (root, shared, usize::MAX - front.split('/').count());
            match &best {
                Some((known, _)) if *known > rank => {}
                Some((known, _)) if *known == rank => tie = true,
                _ => {
                    best = Some((rank, *id));
                    tie = false;
                }
            }
        }
        best.filter(|_| !tie).map(|(_, id)| id)
    }

    /// All modules with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (ModuleId, &Module)> {
        (0u32..).map(ModuleId).zip(&self.modules)
    }

    /// Some modules with those that they import, and so on for some steps, in order.
    pub fn with_imports(
        &self,
        from: impl IntoIterator<Item = ModuleId>,
        steps: u32,
    ) -> Vec<ModuleId> {
        let mut found = vec![false; self.modules.len()];
        let mut waiting: VecDeque<(ModuleId, u32)> =
            from.into_iter().map(|id| (id, steps)).collect();
        while let Some((id, left)) = waiting.pop_front() {
            match found.get_mut(id.index()) {
                Some(known) if !*known => *known = true,
                _ => continue,
            }
            let Some(left) = left.checked_sub(1) else {
                continue;
            };
            let module = self.module(id);
            let mut import = |name: Symbol| {
                if let Found::Module(imported) = self.find(name, id) {
                    waiting.push_back((imported, left));
                }
            };
            for (name, _) in &module.imports {
                import(*name);
                // The packages around a module are imported with it.
                let mut inner = name.as_str();
                while let Some((package, _)) = inner.rsplit_once('.') {
                    import(Symbol::from(package));
                    inner = package;
                }
            }
            for (_, def) in module.defs() {
                if let DefKind::ImportFrom { module: from, name } = def.kind {
                    import(Symbol::from(format!("{from}.{name}")));
                }
            }
        }
        let all = (0u32..).map(ModuleId).zip(found);
        all.filter(|(_, found)| *found).map(|(id, _)| id).collect()
    }

    /// The module of a file.
    pub fn by_file(&self, file: &str) -> Option<ModuleId> {
        self.by_file.get(file).copied()
    }

    /// The text of a module or template.
    pub fn text_of(&self, file: &str) -> Option<&Text> {
        if let Some(id) = self.by_file(file) {
            return Some(&self.module(id).text);
        }
        let last = file.rsplit('/').next().unwrap_or_default();
        let same = self.templates_by_name.get(last)?.iter();
        same.map(|id| self.module(*id))
            .find(|template| &*template.file == file)
            .map(|template| &template.text)
    }

    /// What an absolute dotted name leads to when imported from a module.
    pub fn find(&self, name: Symbol, from: ModuleId) -> Found {
        if let Some(id) = self.by_name.get(&name) {
            // A file next to tests or scripts does not hide the module of that name in the standard library.
            if !name.as_str().contains('.')
                && crate::stdlib::is_stdlib(name.as_str())
                && !self.module(*id).is_package
            {
                return if *id == from || !self.module(from).file.contains('/') {
                    Found::Module(*id)
                } else {
                    Found::Outside
                };
            }
            return Found::Module(*id);
        }
        if let Some(id) = self.by_suffix(name.as_str(), from) {
            return Found::Module(id);
        }
        if self.directories.contains_key(&name) {
            return Found::Namespace(name);
        }
        Found::Outside
    }

    /// Looks for a module whose name ends with the one asked for and whose remaining front can be a root of imports: a
    /// directory that is no package, or that of the `manage.py` of Django, which starts as a script. Nearest to the importing file wins.
    fn by_suffix(&self, name: &str, from: ModuleId) -> Option<ModuleId> {
        let (first, last) = (name.split('.').next()?, name.rsplit('.').next()?);
        if crate::stdlib::is_stdlib(first) {
            return None;
        }
        let importer = self.module(from).name.as_str();
        let mut best: Option<(usize, ModuleId)> = None;
        let mut tie = false;
        for id in self.by_last_part.get(&Symbol::from(last))? {
            let candidate = self.module(*id).name.as_str();
            let Some(root) = candidate
                .strip_suffix(name)
                .and_then(|front| front.strip_suffix('.'))
            else {
                continue;
            };
            if self
                .by_name
                .get(&Symbol::from(root))
                .is_some_and(|root| self.module(*root).is_package)
                && !self
                    .by_name
                    .contains_key(&Symbol::from(format!("{root}.manage")))
            {
                continue;
            }
            let shared = common_parts(root, importer);
            // A top-level name found below a directory that has nothing to do with the importer is a coincidence.
            if !name.contains('.') && shared == 0 {
                continue;
            }
            match best {
                Some((known, _)) if known > shared => {}
                Some((known, _)) if known == shared => tie = true,
                _ => {
                    best = Some((shared, *id));
                    tie = false;
                }
            }
        }
        best.filter(|_| !tie).map(|(_, id)| id)
    }
}

/// The comments of a template that fit in a line, as Python's: from their `#` on.
fn template_comments(text: &str) -> Vec<Comment> {
    let mut comments = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let code = line.trim_start();
        let found = if code.starts_with("##") {
            Some((line.len() - code.len() + 1, line.trim_end().len()))
        } else {
            line.find("{#").map(|at| {
                let end = line[at..]
                    .find("#}")
                    .map_or(line.trim_end().len(), |end| at + end);
                (at + 1, end)
            })
        };
        if let Some((from, to)) = found
            && let (Ok(from_offset), Ok(to_offset)) = (
                TextSize::try_from(start + from),
                TextSize::try_from(start + to.max(from)),
            )
        {
            comments.push(Comment {
                range: TextRange::new(from_offset, to_offset),
                own_line: line[..from].trim_start().len() <= 1,
            });
        }
        start += line.len();
    }
    comments
}

fn common_parts(a: &str, b: &str) -> usize {
    a.split('.')
        .zip(b.split('.'))
        .take_while(|(a, b)| a == b)
        .count()
}

/// Directories that top-level names start from: what was declared, `src` where it is no package, and the audited root.
fn roots(
    declared: &[String],
    packages: &std::collections::HashSet<&str, rustc_hash::FxBuildHasher>,
) -> Vec<String> {
    let mut roots: Vec<String> = declared
        .iter()
        .map(|root| root.trim_matches('/').trim_start_matches("./").to_owned())
        .collect();
    roots.push(String::new());
    // A package is no place that imports start from, and below a place that is one `src` may be another.
    roots.retain(|root| !packages.contains(root.as_str()));
    let layouts: Vec<String> = roots
        .iter()
        .flat_map(|root| ["src", "lib/python"].map(|layout| format!("{root}/{layout}")))
        .map(|layout| layout.trim_start_matches('/').to_owned())
        .filter(|layout| !packages.contains(layout.as_str()))
        .collect();
    roots.extend(layouts);
    if !roots.iter().any(String::is_empty) {
        roots.push(String::new());
    }
    roots.sort_by_key(|root| std::cmp::Reverse(root.len()));
    roots
}

fn module_name(path: &str, roots: &[String]) -> (String, bool) {
    let inner = roots
        .iter()
        .find_map(|root| {
            if root.is_empty() {
                Some(path)
            } else {
                path.strip_prefix(root.as_str())?.strip_prefix('/')
            }
        })
        .unwrap_or(path);
    let stem = inner.trim_start_matches(['/', '.']);
    let stem = stem
        .strip_suffix(".py")
        .or_else(|| stem.strip_suffix(".pyi"))
        .or_else(|| stem.strip_suffix(".pyw"))
        .or_else(|| stem.strip_suffix(".ipynb"))
        .unwrap_or(stem);
    let (stem, is_package) = match stem.strip_suffix("/__init__") {
        Some(directory) => (directory, true),
        None if stem == "__init__" => ("", true),
        None => (stem, false),
    };
    (stem.replace('/', "."), is_package)
}
