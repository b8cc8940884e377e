//! Which files of a tree are found, and what is said of the others.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests make files and run programs"
)]

mod support;

use std::path::{Path, PathBuf};

use hognose::discovery::{DiscoveryOptions, DiskSources, MAX_FILE_BYTES, PathGlobs};
use hognose_python::Sources;
use support::{Project, make_pipe};

fn find(project: &Project, paths: &[&str], options: &DiscoveryOptions) -> DiskSources {
    let root = project.path().canonicalize().unwrap();
    let paths: Vec<PathBuf> = paths.iter().map(|p| root.join(p)).collect();
    let paths = if paths.is_empty() {
        vec![root.clone()]
    } else {
        paths
    };
    DiskSources::find(&root, &paths, options)
}

fn names(sources: &DiskSources) -> String {
    sources
        .entries()
        .iter()
        .map(|e| &*e.path)
        .collect::<Vec<_>>()
        .join(" ")
}

fn found(project: &Project) -> String {
    names(&find(project, &[], &DiscoveryOptions::default()))
}

fn failures(sources: &DiskSources) -> Vec<String> {
    sources
        .failures()
        .iter()
        .map(|f| format!("{}: {}", f.file, f.reason))
        .collect()
}

#[test]
fn every_kind_of_file_is_found_in_order() {
    let project = Project::new(&[
        ("app.py", ""),
        ("pkg/stub.pyi", ""),
        ("gui.pyw", ""),
        ("book.ipynb", ""),
        ("templates/a.html", ""),
        ("bin/serve", "#!/usr/bin/env python3\n"),
        ("bin/build", "#!/bin/sh\n"),
        ("bin/empty", ""),
        ("Dockerfile", ""),
        (".env", ""),
        (".github/workflows/ci.yml", ""),
        ("requirements.txt", ""),
        ("notes.txt", ""),
        ("data.csv", ""),
    ]);
    let sources = find(&project, &[], &DiscoveryOptions::default());
    let kinds: Vec<_> = sources
        .entries()
        .iter()
        .map(|e| format!("{} {:?}", e.path, e.kind))
        .collect();
    assert_eq!(
        kinds,
        [
            ".env Other",
            ".github/workflows/ci.yml Other",
            "Dockerfile Other",
            "app.py Module",
            "bin/serve Module",
            "book.ipynb Notebook",
            "gui.pyw Module",
            "pkg/stub.pyi Stub",
            "requirements.txt Other",
            "templates/a.html Template",
        ]
    );
}

#[test]
fn what_nobody_of_the_project_wrote_is_left_out() {
    let project = Project::new(&[
        ("app.py", ""),
        (".venv/lib/a.py", ""),
        ("venv/lib/a.py", ""),
        ("env/pyvenv.cfg", ""),
        ("env/lib/a.py", ""),
        ("myenv/conda-meta/history", ""),
        ("myenv/a.py", ""),
        ("node_modules/x/a.py", ""),
        ("__pypackages__/a.py", ""),
        (".tox/a.py", ""),
        (".git/hooks/a.py", ""),
        (".mypy_cache/a.py", ""),
        ("x.egg-info/a.py", ""),
        ("lib/site-packages/a.py", ""),
        ("build/lib/a.py", ""),
        ("dist/a.py", ""),
        ("pkg/build/__init__.py", ""),
        ("pkg/build/steps.py", ""),
        ("lib/venv/__init__.py", ""),
        ("pkg/dist/__init__.py", ""),
        ("pkg/dist/six.py", ""),
        ("pkg/dist/six-1.16.0.dist-info/METADATA", ""),
        ("app-1.0.dist-info/METADATA", ""),
    ]);
    assert_eq!(
        found(&project),
        "app.py lib/venv/__init__.py pkg/build/__init__.py pkg/build/steps.py"
    );
    let all = DiscoveryOptions {
        default_excludes: false,
        ..DiscoveryOptions::default()
    };
    assert_eq!(find(&project, &[], &all).entries().len(), 19);
    // Whoever names such a directory wants it audited.
    assert_eq!(
        names(&find(&project, &["venv"], &DiscoveryOptions::default())),
        "venv/lib/a.py"
    );
}

#[test]
fn ignore_files_of_git_are_obeyed_without_a_repository() {
    let project = Project::new(&[
        (".gitignore", "generated/\n*_pb2.py\n!keep_pb2.py\n"),
        ("generated/a.py", ""),
        ("a_pb2.py", ""),
        ("keep_pb2.py", ""),
        ("pkg/.gitignore", "local.py\n"),
        ("pkg/local.py", ""),
        ("local.py", ""),
    ]);
    assert_eq!(found(&project), "keep_pb2.py local.py");
    let all = DiscoveryOptions {
        gitignore: false,
        ..DiscoveryOptions::default()
    };
    assert_eq!(find(&project, &[], &all).entries().len(), 5);
    // Named files and directories are taken all the same.
    let sources = find(
        &project,
        &["a_pb2.py", "generated"],
        &DiscoveryOptions::default(),
    );
    assert_eq!(names(&sources), "a_pb2.py generated/a.py");
}

#[test]
fn ignore_files_above_count_within_their_repository_only() {
    let project = Project::new(&[
        (".gitignore", "*.py\n"),
        ("free/a.py", ""),
        ("repo/.git/HEAD", ""),
        ("repo/.gitignore", "secret.py\n/scratch/\n"),
        ("repo/src/a.py", ""),
        ("repo/src/secret.py", ""),
        ("repo/scratch/a.py", ""),
    ]);
    let options = DiscoveryOptions::default();
    assert_eq!(names(&find(&project, &["free"], &options)), "free/a.py");
    assert_eq!(
        names(&find(&project, &["repo/src"], &options)),
        "repo/src/a.py"
    );
    assert_eq!(
        names(&find(&project, &["repo/scratch"], &options)),
        "repo/scratch/a.py"
    );
}

#[test]
fn patterns_include_and_exclude() {
    let project = Project::new(&[
        ("src/a.py", ""),
        ("src/gen/b.py", ""),
        ("tools/c.py", ""),
        ("setup.py", ""),
    ]);
    let globs = |patterns: &[&str]| PathGlobs::new(patterns.iter().copied()).unwrap();
    let options = DiscoveryOptions {
        exclude: globs(&["gen", "/setup.py"]),
        ..DiscoveryOptions::default()
    };
    assert_eq!(names(&find(&project, &[], &options)), "src/a.py tools/c.py");
    let options = DiscoveryOptions {
        include: globs(&["src/"]),
        ..DiscoveryOptions::default()
    };
    assert_eq!(
        names(&find(&project, &[], &options)),
        "src/a.py src/gen/b.py"
    );
    assert_eq!(names(&find(&project, &["setup.py"], &options)), "setup.py");
}

#[test]
fn a_file_named_and_walked_over_is_one() {
    let project = Project::new(&[("src/a.py", ""), ("script", "x = 1")]);
    let sources = find(
        &project,
        &["src/a.py", "src", "script"],
        &DiscoveryOptions::default(),
    );
    assert_eq!(names(&sources), "script src/a.py");
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    use std::os::unix::fs::symlink;
    let outside = Project::new(&[("secret.py", "")]);
    let project = Project::new(&[("pkg/a.py", "")]);
    symlink("..", project.path().join("pkg/loop")).unwrap();
    symlink("a.py", project.path().join("pkg/b.py")).unwrap();
    symlink(outside.path(), project.path().join("out")).unwrap();
    symlink(
        outside.path().join("secret.py"),
        project.path().join("out.py"),
    )
    .unwrap();
    symlink("nowhere", project.path().join("broken.py")).unwrap();
    let sources = find(&project, &[], &DiscoveryOptions::default());
    assert_eq!(names(&sources), "pkg/a.py");
    assert_eq!(failures(&sources), [""; 0]);
    let noted: Vec<_> = sources
        .notes()
        .iter()
        .filter_map(|n| n.file.as_deref())
        .collect();
    assert_eq!(noted, ["out", "out.py"]);
}

#[cfg(unix)]
#[test]
fn pipes_are_not_opened() {
    let project = Project::new(&[("a.py", ""), ("deep/b.py", "")]);
    let pipes = ["pipe.py", "pipe", "deep/.gitignore"];
    if !pipes
        .iter()
        .all(|name| make_pipe(&project.path().join(name)))
    {
        return;
    }
    let sources = find(&project, &[], &DiscoveryOptions::default());
    assert_eq!(names(&sources), "a.py");
    assert_eq!(
        failures(&sources),
        [
            "deep: its .gitignore is not a regular file of sensible size; the directory was not entered",
            "pipe.py: not a regular file; it was not opened",
        ]
    );
    let sources = find(&project, &["pipe"], &DiscoveryOptions::default());
    assert_eq!(
        failures(&sources),
        ["pipe: not a regular file; it was not opened"]
    );
}

#[cfg(unix)]
#[test]
fn a_directory_that_cannot_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::new(&[("a.py", ""), ("closed/b.py", "")]);
    let closed = project.path().join("closed");
    let allow =
        |mode| std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(mode)).unwrap();
    allow(0o000);
    // Whoever may read everything, as in a container, cannot be kept out.
    let kept_out = std::fs::read_dir(&closed).is_err();
    let sources = find(&project, &[], &DiscoveryOptions::default());
    allow(0o700);
    if kept_out {
        assert_eq!(names(&sources), "a.py");
        assert_eq!(failures(&sources), ["closed: permission denied"]);
    }
}

#[test]
fn a_huge_file_is_not_read() {
    let project = Project::new(&[("a.py", "x = 1\n")]);
    let huge = std::fs::File::create(project.path().join("huge.py")).unwrap();
    // Sparse: it takes no room on disk.
    huge.set_len(MAX_FILE_BYTES + 1).unwrap();
    let sources = find(&project, &[], &DiscoveryOptions::default());
    let read: Vec<_> = sources.entries().iter().map(|e| sources.read(e)).collect();
    assert_eq!(read[0], Ok(b"x = 1\n".to_vec()));
    assert_eq!(
        read[1],
        Err("too large: 17 MiB, and the limit is 16 MiB".to_owned())
    );
}

#[test]
fn the_order_does_not_depend_on_threads() {
    let files: Vec<String> = (0..200).map(|n| format!("d{}/f{n}.py", n % 17)).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|f| (f.as_str(), "")).collect();
    let project = Project::new(&files);
    let by = |threads| {
        find(
            &project,
            &[],
            &DiscoveryOptions {
                threads,
                ..DiscoveryOptions::default()
            },
        )
    };
    let one = by(1);
    assert_eq!(one.entries().len(), 200);
    assert!(one.entries().is_sorted());
    assert_eq!(names(&one), names(&by(8)));
    assert_eq!(one.disk_path("d0/f0.py").map(Path::is_file), Some(true));
}
