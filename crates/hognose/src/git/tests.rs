#![allow(
    clippy::disallowed_methods,
    reason = "the tests make repositories, with git itself"
)]

use std::process::Command;

use tempfile::TempDir;

use super::*;

/// A repository made by git, if there is one on this machine.
struct Scratch(TempDir);

impl Scratch {
    fn new() -> Option<Self> {
        let scratch = Self(tempfile::tempdir().unwrap());
        let made = Command::new("git")
            .arg("init")
            .arg("-q")
            .arg("-b")
            .arg("main")
            .current_dir(scratch.0.path())
            .status();
        made.is_ok_and(|status| status.success()).then_some(scratch)
    }

    fn root(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args([
                "-c",
                "user.name=a",
                "-c",
                "user.email=a@example.org",
                "-c",
                "commit.gpgsign=false",
            ])
            .args(arguments)
            .current_dir(self.root())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn commit(&self) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn changes(&self, revision: &str, file: &str) -> Result<Option<Changes>> {
        let current = std::fs::read(self.root().join(file)).unwrap();
        Revision::open(&self.root(), revision)?.changes(file, SourceKind::Module, &current)
    }

    /// The first line of `a.py` in a revision, found by the changes to it: each commit writes its number there.
    fn unchanged_since(&self, revision: &str) -> bool {
        self.changes(revision, "a.py").unwrap().is_none()
    }
}

fn altered(lines: &[(u32, u32)]) -> Option<Changes> {
    Some(Changes::Lines {
        altered: lines.to_vec(),
        removed_after: Vec::new(),
    })
}

#[test]
fn lines_that_differ_are_found() {
    let changes = changed_lines(b"a\nb\nc\nd\n", b"a\r\nB\r\nc\r\n").unwrap();
    assert_eq!(
        changes,
        Changes::Lines {
            altered: vec![(2, 2)],
            removed_after: vec![3]
        }
    );
    assert_eq!(changed_lines(b"a\n", b"a\r\n"), None);
    assert_eq!(changed_lines(b"", b"x\ny"), altered(&[(1, 2)]));
}

#[test]
fn texts_are_alike_by_their_lines() {
    assert_eq!(similarity(b"a\nb\nc\nd\n", b"a\nb\nx\ny\n"), 50);
    assert_eq!(similarity(b"", b""), 0);
}

#[test]
fn files_are_compared_with_the_revision() {
    let Some(scratch) = Scratch::new() else {
        return;
    };
    scratch.write("src/a.py", "one\ntwo\nthree\n");
    scratch.write("src/old.py", "x = 1\ny = 2\nz = 3\nw = 4\n");
    scratch.write("b.py", "same\n");
    scratch.commit();
    scratch.write("src/a.py", "one\n2\nthree\nfour\n");
    std::fs::rename(
        scratch.root().join("src/old.py"),
        scratch.root().join("moved.py"),
    )
    .unwrap();
    scratch.write("moved.py", "x = 1\ny = 2\nz = 3\nw = 5\n");
    scratch.write("new.py", "fresh\n");
    assert_eq!(
        scratch.changes("HEAD", "src/a.py").unwrap(),
        altered(&[(2, 2), (4, 4)])
    );
    assert_eq!(scratch.changes("HEAD", "b.py").unwrap(), None);
    assert_eq!(
        scratch.changes("HEAD", "new.py").unwrap(),
        Some(Changes::Whole)
    );
    assert_eq!(
        scratch.changes("HEAD", "moved.py").unwrap(),
        altered(&[(4, 4)])
    );
    // Paths count from the audited root, which may lie deeper.
    let below = Revision::open(&scratch.root().join("src"), "HEAD").unwrap();
    assert_eq!(
        below
            .changes("a.py", SourceKind::Module, b"one\ntwo\nthree\n")
            .unwrap(),
        None
    );
}

#[test]
fn revisions_are_named_as_git_does() {
    let Some(scratch) = Scratch::new() else {
        return;
    };
    let mut hashes = Vec::new();
    for number in 0..4 {
        scratch.write("a.py", &format!("{number}\n"));
        hashes.push(scratch.commit());
    }
    scratch.git(&["tag", "light", "HEAD~2"]);
    scratch.git(&["tag", "-a", "heavy", "-m", "x", "HEAD~2"]);
    scratch.git(&["branch", "feature/x", "HEAD~2"]);
    scratch.write("a.py", "1\n");
    let short = &hashes[1][..8];
    let names = [
        "HEAD~2",
        "HEAD^^",
        "@~1^",
        "light",
        "heavy",
        "feature/x",
        "heavy^0",
        "refs/tags/light",
        "main~2",
    ];
    for name in names.into_iter().chain([short, hashes[1].as_str()]) {
        assert!(scratch.unchanged_since(name), "{name}");
    }
    assert!(!scratch.unchanged_since("HEAD"));
    // The same from packs and packed references.
    scratch.git(&["gc", "-q"]);
    for name in ["HEAD~2", "heavy", "feature/x", short] {
        assert!(scratch.unchanged_since(name), "{name}");
    }
    for wrong in [
        "nope",
        "HEAD~9",
        "HEAD^2",
        "HEAD~x",
        "",
        "--output=x",
        "0000000",
        "a b",
        "HEAD:a.py",
        "@{1}",
    ] {
        let opened = Revision::open(&scratch.root(), wrong);
        assert!(opened.is_err(), "{wrong}");
    }
    let error = Revision::open(&scratch.root(), "nope")
        .err()
        .unwrap()
        .to_string();
    assert!(error.starts_with("`nope` is no revision of "), "{error}");
}

#[test]
fn three_dots_are_where_branches_part() {
    let Some(scratch) = Scratch::new() else {
        return;
    };
    scratch.write("a.py", "base\n");
    scratch.commit();
    scratch.git(&["checkout", "-q", "-b", "topic"]);
    scratch.write("b.py", "topic\n");
    scratch.commit();
    scratch.git(&["checkout", "-q", "main"]);
    scratch.write("a.py", "main went on\n");
    scratch.commit();
    scratch.git(&["checkout", "-q", "topic"]);
    assert!(!scratch.unchanged_since("main"));
    assert!(scratch.unchanged_since("main..."));
}

#[test]
fn linked_work_trees_and_hostile_settings_are_no_matter() {
    let Some(repo) = Scratch::new() else {
        return;
    };
    repo.write("a.py", "one\n");
    repo.write(".gitattributes", "*.py diff=evil filter=evil\n");
    repo.commit();
    let beside = tempfile::tempdir().unwrap();
    let linked = beside.path().canonicalize().unwrap().join("linked");
    repo.git(&[
        "worktree",
        "add",
        "-q",
        linked.to_str().unwrap(),
        "-b",
        "other",
    ]);
    let trap = beside.path().join("trap");
    let command = format!("touch {}", trap.display());
    for key in [
        "core.fsmonitor",
        "diff.evil.command",
        "diff.evil.textconv",
        "filter.evil.smudge",
        "core.sshCommand",
    ] {
        repo.git(&["config", key, &command]);
    }
    std::fs::write(linked.join("a.py"), "two\n").unwrap();
    let _ = std::fs::remove_file(&trap);
    let revision = Revision::open(&linked, "main").unwrap();
    assert_eq!(
        revision
            .changes("a.py", SourceKind::Module, b"two\n")
            .unwrap(),
        altered(&[(1, 1)])
    );
    assert!(!trap.exists());
}

#[test]
fn what_is_no_repository_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().canonicalize().unwrap();
    let error = || Revision::open(&root, "HEAD").err().unwrap().to_string();
    assert!(error().ends_with("is in no git repository"), "{}", error());
    std::fs::write(root.join(".git"), "gitdir: ../nowhere\n").unwrap();
    assert!(!error().is_empty());
    std::fs::remove_file(root.join(".git")).unwrap();
    std::fs::create_dir(root.join(".git")).unwrap();
    std::fs::write(
        root.join(".git/config"),
        "[extensions]\n\tobjectFormat = sha256\n",
    )
    .unwrap();
    assert!(error().contains("uses SHA-256 or reftable"), "{}", error());
}

#[test]
fn a_broken_object_is_an_error() {
    let Some(scratch) = Scratch::new() else {
        return;
    };
    scratch.write("a.py", "one\n");
    let commit = scratch.commit();
    let object = scratch
        .root()
        .join(format!(".git/objects/{}/{}", &commit[..2], &commit[2..]));
    std::fs::remove_file(&object).unwrap();
    std::fs::write(&object, "rubbish").unwrap();
    assert!(Revision::open(&scratch.root(), "HEAD").is_err());
    assert!(Revision::open(&scratch.root(), &commit).is_err());
}
