//! What the inputs of a project are to one another, and what becomes of it.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::inputs::source::{directory, file_name, join};
use crate::inputs::{
    Inclusion, Input, InstallerOption, Inventory, Origin, Package, Purpose, Relation, Role, Wanted,
};
use crate::name::Name;

/// Words in the name of a requirements file or of a directory above it that tell that it is for those who work on the
/// project, and not for what runs.
const SIDE: &[&str] = &[
    "bench",
    "benchmark",
    "benchmarks",
    "build",
    "ci",
    "debug",
    "demo",
    "dev",
    "develop",
    "development",
    "devel",
    "doc",
    "docs",
    "example",
    "examples",
    "github",
    "integration",
    "lint",
    "linters",
    "local",
    "min",
    "minimal",
    "minimum",
    "mypy",
    "nightly",
    "oldest",
    "optional",
    "qa",
    "release",
    "rtd",
    "sample",
    "samples",
    "style",
    "template",
    "templates",
    "test",
    "testing",
    "tests",
    "tool",
    "tools",
    "typing",
    "upstream",
];

/// Most options of one file that are judged; a real one has a dozen.
const MAX_OPTIONS: usize = 256;

/// How many files are followed from one that includes them.
const MAX_INCLUDED: usize = 256;

/// The inputs, looked up in the ways that rules need.
pub struct Projects<'i> {
    /// All that was read.
    pub inventory: &'i Inventory,
    /// The directory that is audited; empty where several are.
    asked: &'i str,
    /// What is installed, by file, in order.
    pub by_file: FxHashMap<&'i str, &'i [Package]>,
    /// Options, by file.
    pub options: FxHashMap<&'i str, Vec<&'i InstallerOption>>,
    inputs: FxHashMap<&'i str, &'i Input>,
    /// Directories and what is said of the project in them.
    purposes: FxHashMap<&'i str, Purpose>,
    /// Directories with a file that a tool wrote.
    lock_directories: FxHashSet<&'i str>,
    /// Names that some input pins and another one leaves open, with the directory of the first.
    pinned: FxHashSet<(&'i str, &'i Name)>,
    locked: FxHashSet<&'i str>,
    /// Requirements files that an image installs.
    installed: FxHashSet<String>,
    /// Options in manifests, with the directory.
    written: FxHashSet<(&'i str, &'static str, Option<&'i str>)>,
    /// Files with options all of whose packages have a hash.
    all_hashed: FxHashSet<&'i str>,
    included: FxHashMap<&'i str, Vec<&'i str>>,
}

impl<'i> Projects<'i> {
    /// Looks at everything once.
    pub fn new(inventory: &'i Inventory, asked: &'i str) -> Self {
        let mut projects = Self {
            inventory,
            asked,
            by_file: FxHashMap::default(),
            options: FxHashMap::default(),
            inputs: FxHashMap::default(),
            purposes: FxHashMap::default(),
            lock_directories: FxHashSet::default(),
            pinned: FxHashSet::default(),
            locked: inventory.locked.iter().map(|path| &**path).collect(),
            installed: FxHashSet::default(),
            written: FxHashSet::default(),
            all_hashed: FxHashSet::default(),
            included: FxHashMap::default(),
        };
        for directory in &inventory.deployed {
            projects.purposes.insert(directory, Purpose::Application);
        }
        for input in &inventory.inputs {
            projects.inputs.insert(&input.path, input);
            let directory = directory(&input.path);
            if input.role == Role::Lock {
                projects.lock_directories.insert(directory);
            }
            match input.purpose {
                // Who is installed by others is a library, whatever else lies there.
                Some(Purpose::Library) => {
                    projects.purposes.insert(directory, Purpose::Library);
                }
                Some(Purpose::Application) => {
                    projects
                        .purposes
                        .entry(directory)
                        .or_insert(Purpose::Application);
                }
                None => {}
            }
        }
        let open: FxHashSet<&Name> = inventory.unpinned().map(|package| &package.name).collect();
        for packages in inventory.packages.files() {
            let Some(file) = packages.first().map(|package| &*package.place.file) else {
                continue;
            };
            projects.by_file.insert(file, packages);
            for package in packages {
                if matches!(package.wanted, Wanted::Pinned(_)) && open.contains(&package.name) {
                    projects.pinned.insert((directory(file), &package.name));
                }
            }
        }
        for option in &inventory.options {
            let file: &str = &option.place.file;
            if projects.is_manifest(file) {
                let value = option.value.as_deref();
                projects
                    .written
                    .insert((directory(file), option.name, value));
            }
            let options = projects.options.entry(file).or_default();
            if options.len() < MAX_OPTIONS {
                options.push(option);
            }
        }
        for inclusion in inventory
            .inclusions
            .iter()
            .filter(|inclusion| !inclusion.constraint)
        {
            projects
                .included
                .entry(&inclusion.from)
                .or_default()
                .push(&inclusion.to);
        }
        for image in &inventory.installed {
            let found = beside(image).find(|path| projects.inputs.contains_key(path.as_str()));
            projects.installed.extend(found);
        }
        let with_options = projects.options.keys().copied();
        projects.all_hashed = with_options
            .filter(|file| projects.has_only_hashed(file))
            .collect();
        projects
    }

    /// Whether a file is for those who work on the project, by its name.
    pub fn is_side(&self, file: &str) -> bool {
        let mut words = self.own_path(file).split(['/', '-', '_', '.']);
        words.any(|word| SIDE.contains(&word.to_ascii_lowercase().as_str()))
    }

    /// Whether a file lies where manifests are only tested or shown.
    pub fn is_specimen(&self, file: &str) -> bool {
        let mut parts = directory(self.own_path(file)).split('/');
        parts.any(|part| SPECIMENS.contains(&part))
    }

    /// Whether a package is for those who work on the project, by its group.
    pub fn is_for_developers(&self, package: &Package) -> bool {
        !package.groups.is_empty() && !package.groups.contains(&crate::inputs::Group::Main)
            || self.is_side(&package.place.file)
    }

    /// A path below what is audited.
    fn own_path<'p>(&self, file: &'p str) -> &'p str {
        match file.strip_prefix(self.asked) {
            Some(rest) if !self.asked.is_empty() => rest.strip_prefix('/').unwrap_or(file),
            _ => file,
        }
    }

    /// The input of a path.
    pub fn input(&self, file: &str) -> Option<&'i Input> {
        self.inputs.get(file).copied()
    }

    /// Whether a file was written by people.
    pub fn is_manifest(&self, file: &str) -> bool {
        self.input(file)
            .is_some_and(|input| input.role == Role::Manifest)
    }

    /// Whether a lock file was made from a manifest.
    pub fn is_locked(&self, file: &str) -> bool {
        self.locked.contains(file)
    }

    /// Whether a file belongs to an application, as far as that is known: it or a directory above says so, or an image
    /// installs it, and nothing around it is a library.
    pub fn is_application(&self, file: &str) -> bool {
        let mut said = self.installed.contains(file);
        for directory in above(file) {
            match self.purposes.get(directory) {
                Some(Purpose::Library) => return false,
                Some(Purpose::Application) => said = true,
                None => {}
            }
        }
        said
    }

    /// Whether a tool wrote down versions in the directory of a file or above.
    pub fn has_lock(&self, file: &str) -> bool {
        above(file).any(|directory| self.lock_directories.contains(directory))
    }

    /// Whether a name is pinned by some input around a file.
    pub fn is_pinned_around(&self, file: &str, name: &'i Name) -> bool {
        above(file).any(|directory| self.pinned.contains(&(directory, name)))
    }

    /// A file and all that it includes.
    pub fn with_included(&self, file: &'i str) -> Vec<&'i str> {
        let mut all = vec![file];
        let mut at = 0;
        while let Some(file) = all.get(at) {
            for included in self.included.get(file).into_iter().flatten() {
                if all.len() < MAX_INCLUDED && !all.contains(included) {
                    all.push(included);
                }
            }
            at += 1;
        }
        all
    }

    /// Whether a manifest beside a file says an option as well.
    pub fn is_written_beside(&self, option: &InstallerOption) -> bool {
        let directory = directory(&option.place.file);
        let value = option.value.as_deref();
        self.written.contains(&(directory, option.name, value))
    }

    /// Whether all that an installer takes from a file has a hash, so that it does not matter who sends it.
    pub fn is_all_hashed(&self, file: &str) -> bool {
        self.all_hashed.contains(file)
    }

    /// What an installer is asked for that has the options of a file, if all of that is known: the packages of the file, of
    /// what it includes and of what an image installs, each from an index.
    pub fn asked_with(&self, file: &'i str) -> Option<Vec<&'i Package>> {
        let mut files = self.with_included(file);
        for image in &self.inventory.installed {
            if &*image.from == file {
                let found = beside(image).find_map(|path| self.inputs.get(path.as_str()))?;
                files.extend(self.with_included(&found.path));
            }
        }
        let is_read = files.iter().all(|file| self.inputs.contains_key(file));
        let has_unnamed = self
            .inventory
            .unnamed
            .iter()
            .any(|unnamed| files.contains(&&*unnamed.place.file));
        let packages: Vec<&Package> = files
            .iter()
            .filter_map(|file| self.by_file.get(file).copied())
            .flatten()
            .collect();
        let is_all = is_read && !has_unnamed && !packages.is_empty();
        (is_all && packages.iter().all(|package| is_of_index(package))).then_some(packages)
    }

    fn has_only_hashed(&self, file: &'i str) -> bool {
        let files = self.with_included(file);
        let mut packages = files
            .iter()
            .filter_map(|file| self.by_file.get(file).copied())
            .flatten()
            .filter(|package| package.relation != Relation::Constraint)
            .peekable();
        packages.peek().is_some()
            && packages.all(|package| {
                package.hashed
                    || matches!(*package.origin, Origin::Path { .. })
                    || matches!(
                        *package.origin,
                        Origin::Vcs {
                            commit: Some(_),
                            ..
                        }
                    )
            })
    }
}

/// Where a file that a build names may lie: with the build's own file or, as `docker/Dockerfile` has it, one above. The
/// path is one in the image, of which the name is sure.
fn beside(image: &Inclusion) -> impl Iterator<Item = String> {
    let own = directory(&image.from);
    let written = image.to.trim_start_matches('/');
    [own, directory(own)]
        .into_iter()
        .flat_map(move |directory| [written, file_name(written)].map(|path| join(directory, path)))
}

/// The directories that a file lies in, from its own to the root.
fn above(file: &str) -> impl Iterator<Item = &str> {
    let mut next = Some(directory(file));
    std::iter::from_fn(move || {
        let this = next?;
        next = (!this.is_empty()).then(|| directory(this));
        Some(this)
    })
}

/// Directories whose manifests are there to be tested or looked at.
const SPECIMENS: &[&str] = &[
    "example", "examples", "fixtures", "samples", "test", "testdata", "testing", "tests",
];

/// Whether an index is asked for a package, and not some address.
pub fn is_of_index(package: &Package) -> bool {
    matches!(*package.origin, Origin::Index(_))
}
