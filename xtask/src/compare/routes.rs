//! Endpoints: those that hognose finds beside those that the frameworks know of running applications.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::python::Venv;
use crate::{root, sh, workshop};

/// Asks the frameworks; read it for the kinds there are.
const SCRIPT: &str = include_str!("routes.py");

/// What stands in a path for parts that hognose does not know.
const UNKNOWN_PART: &str = "<?>";

#[derive(Deserialize)]
struct Applications {
    application: Vec<Application>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Application {
    name: String,
    venv: Vec<String>,
    kind: String,
    target: String,
    page: Option<String>,
    #[serde(default)]
    set_up: Vec<String>,
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    packages: Vec<String>,
}

/// (path, method).
type Endpoint = (String, String);

/// Recall and precision of (path, method) on each application, and what differs. `only` is the name of one.
pub(crate) fn run(only: Option<&str>) -> Result<()> {
    let hognose = crate::hognose()?;
    let applications: Applications = toml::from_str(include_str!("routes.toml"))?;
    let script = workshop().join("routes.py");
    fs::create_dir_all(workshop())?;
    fs::write(&script, SCRIPT)?;
    let mut lines = Vec::new();
    for application in applications.application {
        if only.is_some_and(|only| only != application.name) {
            continue;
        }
        let line = match compare(&application, &hognose, &script) {
            Ok(line) => line,
            // The others are still of interest.
            Err(error) => format!("{:<14}  {error:#}", application.name),
        };
        lines.push(line);
    }
    println!("application     recall  precision  endpoints  left open");
    for line in lines {
        println!("{line}");
    }
    Ok(())
}

fn compare(application: &Application, hognose: &Path, script: &Path) -> Result<String> {
    let venv = Venv::new(
        &format!("routes-{}", application.name),
        &application.venv,
        &[],
    )?;
    let directory = set_up(application, &venv, script)?;
    let theirs = theirs(application, &venv, &directory, script)?;
    let ours = ours(hognose, &directory)?;
    let (known, open): (BTreeSet<Endpoint>, BTreeSet<Endpoint>) = ours
        .into_iter()
        .partition(|(path, _)| !path.contains(UNKNOWN_PART));
    // Where a framework does not say which methods a view takes, any will do.
    let same = |a: &BTreeSet<Endpoint>, (path, method): &Endpoint, any: &BTreeSet<Endpoint>| {
        a.contains(&(path.clone(), method.clone())) || any.contains(&(path.clone(), "*".to_owned()))
    };
    let paths: BTreeSet<&String> = known.iter().map(|(path, _)| path).collect();
    let missed: Vec<&Endpoint> = theirs
        .iter()
        .filter(|one| {
            let unsaid = one.1 == "*" && paths.contains(&one.0);
            !(unsaid || known.contains(*one))
        })
        .collect();
    let spurious: Vec<&Endpoint> = known
        .iter()
        .filter(|one| !same(&theirs, one, &theirs))
        .collect();
    for (path, method) in &missed {
        println!("{}: missed    {method} {path}", application.name);
    }
    for (path, method) in &spurious {
        println!("{}: spurious  {method} {path}", application.name);
    }
    for (path, method) in &open {
        println!("{}: open      {method} {path}", application.name);
    }
    let share = |wrong: usize, all: usize| 1.0 - wrong as f64 / all.max(1) as f64;
    Ok(format!(
        "{:<14}  {:>6.3}  {:>9.3}  {:>9}  {:>9}",
        application.name,
        share(missed.len(), theirs.len()),
        share(spurious.len(), known.len()),
        theirs.len(),
        open.len()
    ))
}

/// An empty directory with the application in it.
fn set_up(application: &Application, venv: &Venv, script: &Path) -> Result<PathBuf> {
    let directory = workshop().join("routes").join(&application.name);
    if directory.exists() {
        fs::remove_dir_all(&directory)?;
    }
    fs::create_dir_all(&directory)?;
    if let Some(page) = &application.page {
        let page = root().join("crates/hognose_routes/tests/pages").join(page);
        sh(Command::new(venv.python())
            .arg(script)
            .arg(page)
            .arg(&directory))?;
    }
    if let Some((program, arguments)) = application.set_up.split_first() {
        sh(Command::new(venv.program(program))
            .args(arguments)
            .current_dir(&directory))?;
    }
    for (name, text) in &application.files {
        fs::write(directory.join(name), text)?;
    }
    // The audited source lies in one tree, as where it is developed.
    for package in &application.packages {
        let copy = "import importlib.util, os, shutil, sys\n\
            found = importlib.util.find_spec(sys.argv[1]).submodule_search_locations[0]\n\
            shutil.copytree(found, os.path.join(sys.argv[2], sys.argv[1]))";
        sh(Command::new(venv.python())
            .args(["-c", copy, package])
            .arg(&directory))?;
    }
    Ok(directory)
}

fn theirs(
    application: &Application,
    venv: &Venv,
    directory: &Path,
    script: &Path,
) -> Result<BTreeSet<Endpoint>> {
    let output = Command::new(venv.python())
        .arg(script)
        .args([&application.kind, &application.target])
        .current_dir(directory)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let Some(list) = text.lines().find_map(|line| line.strip_prefix("ROUTES ")) else {
        bail!(
            "it does not start: {}",
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
    };
    let list: Vec<(String, String)> = serde_json::from_str(list)?;
    Ok(list
        .into_iter()
        .map(|(method, path)| (path, method))
        .collect())
}

fn ours(hognose: &Path, directory: &Path) -> Result<BTreeSet<Endpoint>> {
    let output = Command::new(hognose)
        .args(["routes", "--isolated", "--format", "json", "."])
        .current_dir(directory)
        .output()?;
    let list: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout)
        .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    let mut found = BTreeSet::new();
    for endpoint in list {
        let path = endpoint["path"].as_str().unwrap_or_default();
        for method in endpoint["methods"].as_array().into_iter().flatten() {
            found.insert((
                path.to_owned(),
                method.as_str().unwrap_or_default().to_owned(),
            ));
        }
    }
    // As of the framework's: those that it adds by itself, or a base class for it, count only alone.
    let own: BTreeSet<String> = found
        .iter()
        .filter(|(_, method)| !is_added(method))
        .map(|(path, _)| path.clone())
        .collect();
    found.retain(|(path, method)| !is_added(method) || !own.contains(path));
    Ok(found)
}

fn is_added(method: &str) -> bool {
    matches!(method, "HEAD" | "OPTIONS")
}
