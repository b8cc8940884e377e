//! `cargo xtask bench`: CPU time and peak memory of the whole-program run beside Ruff, Bandit and foxguard, in one run on the same files, and
//! how they grow with the size of a project.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::corpus;
use crate::python::Venv;

pub(crate) mod deps;

/// CPU seconds and peak memory in bytes of a command and its children, wall seconds last.
struct Measure {
    cpu: f64,
    memory: f64,
    wall: f64,
}

/// Measured by Python's `resource`, so that every tool is measured in the same manner. What a script that stands for Python
/// ran before it became Python counts among the children, and is taken off.
const METER: &str = "import json, resource, subprocess, sys, time\n\
before = resource.getrusage(resource.RUSAGE_CHILDREN)\n\
start = time.monotonic()\n\
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode\n\
wall = time.monotonic() - start\n\
used = resource.getrusage(resource.RUSAGE_CHILDREN)\n\
print(json.dumps({'cpu': used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime, 'memory': used.ru_maxrss * (1 if sys.platform == 'darwin' else 1024), 'wall': wall, 'code': code}))";

fn measure(runs: u32, program: &Path, arguments: &[&str], path: &Path) -> Result<Measure> {
    let mut best: Option<Measure> = None;
    for _ in 0..runs.max(1) {
        let output = Command::new("python3")
            .args(["-c", METER])
            .arg(program)
            .args(arguments)
            .arg(path)
            .output()?;
        let json: serde_json::Value =
            serde_json::from_slice(&output.stdout).context("the meter printed no JSON")?;
        let number = |key: &str| json[key].as_f64().unwrap_or(f64::NAN);
        if json["code"]
            .as_i64()
            .is_none_or(|code| !(0..=1).contains(&code))
        {
            bail!(
                "{} {} ended with {}",
                program.display(),
                arguments.join(" "),
                json["code"]
            );
        }
        let this = Measure {
            cpu: number("cpu"),
            memory: number("memory"),
            wall: number("wall"),
        };
        if best.as_ref().is_none_or(|best| this.cpu < best.cpu) {
            best = Some(this);
        }
    }
    best.context("no run")
}

fn lines(path: &Path) -> Result<usize> {
    let mut total = 0;
    let mut stack = vec![path.to_path_buf()];
    while let Some(directory) = stack.pop() {
        for entry in std::fs::read_dir(directory)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                stack.push(entry.path());
            } else if entry
                .path()
                .extension()
                .is_some_and(|extension| extension == "py")
            {
                total += std::fs::read(entry.path())?
                    .iter()
                    .filter(|byte| **byte == b'\n')
                    .count();
            }
        }
    }
    Ok(total)
}

pub(crate) fn run(runs: u32) -> Result<()> {
    let hognose = crate::hognose()?;
    let tools = Venv::new(
        "bench",
        &[
            "ruff==0.16.4".to_owned(),
            "bandit".to_owned(),
            // The data-flow tool that pip delivers and that runs on a project as it is.
            "foxguard==0.14.1".to_owned(),
        ],
        &[],
    )?;
    let projects: [(&str, &str, bool); 3] = [
        ("Django", "django==5.2.4", false),
        ("salt", "salt==3007.5", true),
        ("Home Assistant", "homeassistant==2024.3.3", false),
    ];
    println!(
        "| project | lines | tool | CPU s | wall s | memory MB | MB per million lines | CPU of Ruff | CPU of hognose |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for (name, requirement, source_archive) in projects {
        let path = corpus::package(requirement, source_archive)?;
        let lines = lines(&path)?;
        let rows: Vec<(&str, Measure)> = vec![
            (
                "hognose",
                measure(
                    runs,
                    &hognose,
                    &["check", "--no-cache", "--quiet", "--isolated"],
                    &path,
                )?,
            ),
            (
                "ruff --select S",
                measure(
                    runs,
                    &tools.program("ruff"),
                    &[
                        "check",
                        "--isolated",
                        "--select",
                        "S",
                        "--no-cache",
                        "--quiet",
                    ],
                    &path,
                )?,
            ),
            (
                "bandit -r",
                measure(1, &tools.program("bandit"), &["-q", "-r"], &path)?,
            ),
            (
                "foxguard",
                measure(1, &tools.program("foxguard"), &["--format", "json"], &path)?,
            ),
        ];
        let (ours, ruff) = (rows[0].1.cpu, rows[1].1.cpu);
        for (tool, measure) in &rows {
            #[expect(clippy::cast_precision_loss, reason = "a count of lines")]
            let per_million = measure.memory / 1e6 / (lines as f64 / 1e6);
            println!(
                "| {name} | {lines} | {tool} | {:.2} | {:.2} | {:.0} | {per_million:.0} | {:.2} x | {:.2} x |",
                measure.cpu,
                measure.wall,
                measure.memory / 1e6,
                measure.cpu / ruff,
                measure.cpu / ours
            );
        }
    }
    cold_start(&hognose)?;
    growth(runs, &hognose)
}

/// Sizes at which growth is measured, in lines.
const SIZES: [usize; 6] = [50_000, 100_000, 200_000, 400_000, 800_000, 1_600_000];

/// CPU and memory against size: the core of Home Assistant with as many of its components as it takes. They import their own
/// modules by relative names, so that a component under another name is one more component.
fn growth(runs: u32, hognose: &Path) -> Result<()> {
    let source = corpus::package("homeassistant==2024.3.3", false)?.join("homeassistant");
    let root = crate::workshop().join("growth");
    if root.exists() {
        std::fs::remove_dir_all(&root)?;
    }
    let target = root.join("homeassistant");
    let mut components: Vec<PathBuf> = Vec::new();
    let mut total = 0;
    for path in entries(&source)? {
        if path.ends_with("components") {
            for component in entries(&path)? {
                if component.is_dir() {
                    components.push(component);
                }
            }
        } else {
            total += copy(&path, &target.join(path.file_name().unwrap_or_default()))?;
        }
    }
    println!("\n| lines | CPU s | CPU s per million lines | memory MB | MB per million lines |");
    println!("|---|---|---|---|---|");
    let mut added = 0;
    for size in SIZES {
        while total < size && !components.is_empty() {
            let component = &components[added % components.len()];
            let name = component.file_name().unwrap_or_default();
            let name = format!("{}_{}", name.to_string_lossy(), added / components.len());
            total += copy(component, &target.join("components").join(name))?;
            added += 1;
        }
        let measure = measure(
            runs,
            hognose,
            &["check", "--no-cache", "--quiet", "--isolated"],
            &root,
        )?;
        #[expect(clippy::cast_precision_loss, reason = "a count of lines")]
        let millions = total as f64 / 1e6;
        println!(
            "| {total} | {:.2} | {:.2} | {:.0} | {:.0} |",
            measure.cpu,
            measure.cpu / millions,
            measure.memory / 1e6,
            measure.memory / 1e6 / millions
        );
    }
    Ok(())
}

/// What is in a directory, by name.
fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    let read = std::fs::read_dir(directory)?.map(|entry| Ok(entry?.path()));
    let mut paths = read.collect::<Result<Vec<PathBuf>>>()?;
    paths.sort();
    Ok(paths)
}

/// Copies the Python files of a file or directory; gives their lines.
fn copy(from: &Path, to: &Path) -> Result<usize> {
    if from.is_dir() {
        let mut total = 0;
        for path in entries(from)? {
            total += copy(&path, &to.join(path.file_name().unwrap_or_default()))?;
        }
        return Ok(total);
    }
    if from.extension().is_none_or(|extension| extension != "py") {
        return Ok(0);
    }
    if let Some(parent) = to.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let text = std::fs::read(from)?;
    std::fs::write(to, &text)?;
    Ok(text.iter().filter(|byte| **byte == b'\n').count())
}

/// A ten-line file, from nothing to the exit code.
fn cold_start(hognose: &Path) -> Result<()> {
    let directory = crate::workshop().join("cold");
    std::fs::create_dir_all(&directory)?;
    let file = directory.join("ten.py");
    std::fs::write(
        &file,
        "import os\n\n\ndef main():\n    path = os.getcwd()\n    print(path)\n\n\nif __name__ == \"__main__\":\n    main()\n",
    )?;
    let measure = measure(
        10,
        hognose,
        &["check", "--no-cache", "--quiet", "--isolated"],
        &file,
    )?;
    println!(
        "\ncold start on a ten-line file: {:.0} ms CPU, {:.0} ms wall (with the meter's own start of the process)",
        measure.cpu * 1e3,
        measure.wall * 1e3
    );
    Ok(())
}
