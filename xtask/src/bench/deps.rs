//! `cargo xtask bench deps`: what `hognose deps` takes on the sizes it is built for, beside other judges of lock files.
//!
//! Two of the others ask a service for advisories; here it is a server on this machine that knows none and answers at once,
//! so that only their own work is measured. The third reads the records of our tests, a sixth of what hognose has built in.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::Result;

use super::{Measure, measure};
use crate::python::Venv;

/// Pins of the large requirements file.
const PINS: usize = 5_000;

/// Pins that the others are given: pip-audit asks its service for each by itself.
const RIVAL_PINS: usize = 500;

/// Lock files of the large tree.
const LOCK_FILES: usize = 1_000;

pub(crate) fn run(runs: u32) -> Result<()> {
    let hognose = crate::hognose()?;
    let root = crate::workshop().join("bench-deps");
    if root.exists() {
        std::fs::remove_dir_all(&root)?;
    }
    std::fs::create_dir_all(&root)?;
    let large = pins(&root, "large", PINS)?;
    let small = pins(&root, "small", RIVAL_PINS)?;
    let nothing = pins(&root, "nothing", 1)?;
    let tree = lock_files(&root)?;
    let options = [
        "deps",
        "--isolated",
        "--fail-on",
        "never",
        "--format",
        "json",
    ];
    let ours = |path: &Path| measure(runs, &hognose, &options, path);

    println!("| what | tool | CPU ms | wall ms | memory MB |");
    println!("|---|---|---|---|---|");
    row("1 pin: opening the index", "hognose deps", &ours(&nothing)?);
    row(&format!("{PINS} pins"), "hognose deps", &ours(&large)?);
    row(
        &format!("{LOCK_FILES} lock files"),
        "hognose deps",
        &ours(&tree)?,
    );
    row(
        &format!("{RIVAL_PINS} pins"),
        "hognose deps",
        &ours(&small)?,
    );
    let tools = Venv::new(
        "bench-deps",
        &[
            "pip-audit".to_owned(),
            "uv==0.13.9".to_owned(),
            "foxguard==0.14.1".to_owned(),
        ],
        &[],
    )?;
    let service = service()?;
    let pins = format!("{RIVAL_PINS} pins");
    let rival = |what: &str, tool: &str, options: &[&str], path: &Path| {
        let program = tools.program(tool.split(' ').next().unwrap_or(tool));
        match measure(runs, &program, options, path) {
            Ok(measure) => row(what, tool, &measure),
            Err(error) => println!("\n{tool} does not run: {error:#}"),
        }
    };
    rival(
        &pins,
        "pip-audit",
        &[
            "--no-deps",
            "--disable-pip",
            "--progress-spinner=off",
            "--vulnerability-service=osv",
            &format!("--osv-url={service}/v1/query"),
            "--requirement",
        ],
        &small,
    );
    let records = crate::root().join("tests/advisories/records.json");
    rival(
        &pins,
        "foxguard sca",
        &[
            "sca",
            "--sca-offline",
            "--sca-db",
            &records.display().to_string(),
            "--format",
            "json",
        ],
        small.parent().unwrap_or(&small),
    );
    // It reads its own lock file only, and asks the index of each package for its status as well.
    let what = format!("{RIVAL_PINS} locked packages");
    let locked = locked_project(&root, &service)?;
    let lock = locked.join("uv.lock");
    row(&what, "hognose deps", &ours(&lock)?);
    rival(
        &what,
        "uv audit",
        &[
            "audit",
            "--frozen",
            "--no-cache",
            &format!("--service-url={service}"),
            "--directory",
        ],
        &locked,
    );
    Ok(())
}

fn row(what: &str, tool: &str, measure: &Measure) {
    println!(
        "| {what} | {tool} | {:.0} | {:.0} | {:.0} |",
        measure.cpu * 1e3,
        measure.wall * 1e3,
        measure.memory / 1e6
    );
}

/// A requirements file in a directory of its own: some packages that advisories know, many that they do not.
fn pins(root: &Path, name: &str, count: usize) -> Result<PathBuf> {
    const KNOWN: [&str; 5] = ["django", "flask", "requests", "pyyaml", "jinja2"];
    let mut text = String::new();
    for number in 0..count {
        let package = match KNOWN.get(number) {
            Some(name) => (*name).to_owned(),
            None => format!("package-{number}"),
        };
        writeln!(text, "{package}==1.{}", number % 50)?;
    }
    let directory = root.join(name);
    std::fs::create_dir_all(&directory)?;
    let file = directory.join("requirements.txt");
    std::fs::write(&file, text)?;
    Ok(file)
}

/// A tree of projects, each with a lock file of two hundred packages.
fn lock_files(root: &Path) -> Result<PathBuf> {
    let tree = root.join("tree");
    for number in 0..LOCK_FILES {
        let mut text = "version = 1\nrequires-python = \">=3.12\"\n".to_owned();
        for package in 0..200 {
            write!(
                text,
                "\n[[package]]\nname = \"package-{package}\"\nversion = \"1.{}\"\nsource = {{ registry = \"index\" }}\n\
                 dependencies = [{{ name = \"package-{}\" }}]\n",
                number % 7,
                package + 1
            )?;
        }
        let directory = tree.join(format!("project-{number}"));
        std::fs::create_dir_all(&directory)?;
        std::fs::write(directory.join("uv.lock"), text)?;
    }
    Ok(tree)
}

/// A project of uv with a lock file, all from one index.
fn locked_project(root: &Path, index: &str) -> Result<PathBuf> {
    let name = |number: usize| format!("package-{number}");
    let version = |number: usize| format!("1.{}", number % 50);
    let mut manifest =
        "[project]\nname = \"app\"\nversion = \"0.1.0\"\nrequires-python = \">=3.12\"\n\
                        dependencies = [\n"
            .to_owned();
    let mut edges = String::new();
    let mut asked = String::new();
    let mut packages = String::new();
    for number in 0..RIVAL_PINS {
        let (name, version) = (name(number), version(number));
        writeln!(manifest, "    \"{name}=={version}\",")?;
        writeln!(edges, "    {{ name = \"{name}\" }},")?;
        writeln!(
            asked,
            "    {{ name = \"{name}\", specifier = \"=={version}\" }},"
        )?;
        write!(
            packages,
            "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = {{ registry = \"{index}/simple\" }}\n\
             sdist = {{ url = \"{index}/{name}.tar.gz\", hash = \"sha256:{number:064x}\", size = 1 }}\n"
        )?;
    }
    manifest += "]\n";
    let lock = format!(
        "version = 1\nrevision = 3\nrequires-python = \">=3.12\"\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n\
         source = {{ virtual = \".\" }}\ndependencies = [\n{edges}]\n\n[package.metadata]\nrequires-dist = [\n{asked}]\n{packages}"
    );
    let directory = root.join("locked");
    std::fs::create_dir_all(&directory)?;
    std::fs::write(directory.join("pyproject.toml"), manifest)?;
    std::fs::write(directory.join("uv.lock"), lock)?;
    Ok(directory)
}

/// Starts a service that knows no vulnerability; gives its address. It ends with this process.
fn service() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream));
        }
    });
    Ok(format!("http://{address}"))
}

/// Answers every request of a connection: no vulnerability for each package that is asked about, and no such page.
fn answer(stream: TcpStream) -> Option<()> {
    let mut out = stream.try_clone().ok()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut length = 0;
        let mut asks = false;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            asks |= line.starts_with("post ");
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        let mut body = Vec::new();
        reader.by_ref().take(length).read_to_end(&mut body).ok()?;
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let said = match body["queries"].as_array() {
            Some(queries) => format!("{{\"results\":[{}]}}", vec!["{}"; queries.len()].join(",")),
            None => "{}".to_owned(),
        };
        let status = if asks { "200 OK" } else { "404 Not Found" };
        let size = said.len();
        write!(
            out,
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n\r\n{said}"
        )
        .ok()?;
    }
}
