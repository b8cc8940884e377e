//! What changed since a git revision.
//!
//! The repository of an audited project may be hostile, and git itself runs what its configuration names: monitors, diff
//! drivers, filters, hooks. So `git` is not run. Objects and references are read by the parts of gix that do only that;
//! no configuration is obeyed, nothing is written, and objects above the size bound are not unpacked.

use std::cell::OnceCell;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use gix_hash::{Kind, ObjectId, Prefix};
use gix_object::{CommitRefIter, Find, FindHeader, TagRefIter, TreeRefIter};
use gix_ref::file::ReferenceExt;
use hognose_python::{MemorySources, SourceKind};
use imara_diff::{Algorithm, Diff, InternedInput};

use crate::discovery::{self, MAX_FILE_BYTES};
use crate::view::Changes;

/// Files that are gone since the revision and may be an old name of one that is new; git looks at as many.
const MAX_RENAME_CANDIDATES: usize = 1000;
/// Entries of the revision's trees looked at for them.
const MAX_TREE_ENTRIES: usize = 1_000_000;
/// Least share of lines in common between a file and its old name, in percent, as in git.
const RENAME_SIMILARITY: usize = 50;
/// Commits looked at for the one at which two branches part.
const MAX_COMMITS: usize = 1_000_000;
/// Tags of tags, and references to references.
const MAX_PEELS: usize = 16;

/// A revision of the repository that holds the audited root.
pub struct Revision {
    worktree: PathBuf,
    /// What to put before a path relative to the root to have it relative to the work tree.
    prefix: PathBuf,
    objects: gix_odb::Handle,
    tree: ObjectId,
    gone: OnceCell<Vec<(String, ObjectId)>>,
}

impl Revision {
    /// Opens the repository above a directory and finds a revision: a branch, a tag, a commit, `HEAD`, any of them with
    /// `~N` and `^N` after it, and all of these with `...` for the commit at which the current branch left it.
    ///
    /// # Errors
    /// There is no repository, no such revision, or the repository is of a kind that is not read.
    pub fn open(root: &Path, name: &str) -> Result<Self> {
        let repository = Repository::above(root)?;
        let commit = match name.strip_suffix("...") {
            Some(base) => {
                repository.fork_point(repository.commit(base)?, repository.commit("HEAD")?)?
            }
            None => repository.commit(name)?,
        };
        let tree = repository.tree_of(commit)?;
        let prefix = root
            .strip_prefix(&repository.worktree)
            .unwrap_or(Path::new(""))
            .to_owned();
        Ok(Self {
            worktree: repository.worktree,
            prefix,
            objects: repository.objects,
            tree,
            gone: OnceCell::new(),
        })
    }

    /// How a file, named relative to the root, differs from the revision; `None` if it does not.
    ///
    /// # Errors
    /// Objects that are missing or broken.
    pub fn changes(&self, file: &str, kind: SourceKind, current: &[u8]) -> Result<Option<Changes>> {
        let path = self.prefix.join(file);
        let old = match self.blob_at(&path)? {
            Some(id) => self.blob(id)?,
            None => self.old_name(&path, current)?,
        };
        let Some(old) = old else {
            return Ok(Some(Changes::Whole));
        };
        Ok(match kind {
            _ if old == current => None,
            // Its lines are those of JSON, which findings do not count.
            SourceKind::Notebook => Some(Changes::Whole),
            _ => changed_lines(&old, current),
        })
    }

    fn blob_at(&self, path: &Path) -> Result<Option<ObjectId>> {
        let mut buffer = Vec::new();
        let mut id = self.tree;
        let mut components = path.components().peekable();
        while let Some(component) = components.next() {
            let Some(name) = component.as_os_str().to_str() else {
                return Ok(None);
            };
            let tree = read(&self.objects, id, gix_object::Kind::Tree, &mut buffer)?;
            let entry = tree.and_then(|tree| entries(tree).find(|e| e.filename == name.as_bytes()));
            match entry {
                Some(entry) if components.peek().is_none() => {
                    return Ok(entry.mode.is_blob().then(|| entry.oid.to_owned()));
                }
                Some(entry) if entry.mode.is_tree() => id = entry.oid.to_owned(),
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    /// The text of a blob; `None` if it is larger than what is audited.
    fn blob(&self, id: ObjectId) -> Result<Option<Vec<u8>>> {
        let mut buffer = Vec::new();
        Ok(read(&self.objects, id, gix_object::Kind::Blob, &mut buffer)?.map(<[u8]>::to_vec))
    }

    /// The text of the file that is gone since the revision and most like this one, if any is like it.
    fn old_name(&self, path: &Path, current: &[u8]) -> Result<Option<Vec<u8>>> {
        if self.gone.get().is_none() {
            let gone = self.gone()?;
            let _ = self.gone.set(gone);
        }
        let extension = |path: &Path| path.extension().map(|e| e.to_ascii_lowercase());
        let wanted = extension(path);
        let mut best: Option<(usize, Vec<u8>)> = None;
        for (name, id) in self.gone.get().into_iter().flatten() {
            if extension(Path::new(name)) == wanted
                && let Some(old) = self.blob(*id)?
            {
                let similarity = similarity(&old, current);
                if similarity >= RENAME_SIMILARITY
                    && best.as_ref().is_none_or(|(s, _)| similarity > *s)
                {
                    best = Some((similarity, old));
                }
            }
        }
        Ok(best.map(|(_, old)| old))
    }

    /// The files of the revision below the root, as far as `wanted` says of paths relative to it.
    ///
    /// # Errors
    /// Objects that are missing or broken.
    pub fn sources(&self, mut wanted: impl FnMut(&str) -> bool) -> Result<MemorySources> {
        let mut files = Vec::new();
        let mut seen = 0;
        let front = self.prefix.to_string_lossy().replace('\\', "/");
        let mut trees = vec![(String::new(), self.tree)];
        let mut buffer = Vec::new();
        while let Some((directory, id)) = trees.pop() {
            for entry in read(&self.objects, id, gix_object::Kind::Tree, &mut buffer)?
                .into_iter()
                .flat_map(entries)
            {
                seen += 1;
                if seen > MAX_TREE_ENTRIES {
                    bail!("the revision has more than {MAX_TREE_ENTRIES} files and directories");
                }
                let Ok(name) = std::str::from_utf8(entry.filename) else {
                    continue;
                };
                let path = if directory.is_empty() {
                    name.to_owned()
                } else {
                    format!("{directory}/{name}")
                };
                // What is above the root leads there or is of no interest.
                let inside = front.is_empty()
                    || path
                        .strip_prefix(front.as_str())
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
                let leads = front
                    .strip_prefix(path.as_str())
                    .is_some_and(|rest| rest.starts_with('/'));
                if entry.mode.is_tree() && (inside || leads) {
                    trees.push((path, entry.oid.to_owned()));
                } else if entry.mode.is_blob() && inside {
                    let relative = path[front.len()..].trim_start_matches('/');
                    // What has no extension is a script if its first line says so.
                    let kind = discovery::kind_of(Path::new(relative));
                    if (kind.is_some() || !name.contains('.')) && wanted(relative) {
                        files.push((relative.to_owned(), kind, entry.oid.to_owned()));
                    }
                }
            }
        }
        let mut sources = Vec::with_capacity(files.len());
        for (path, kind, id) in files {
            // What is too large to be audited today was too large then.
            let Some(bytes) = self.blob(id)? else {
                continue;
            };
            let script = || {
                let first = bytes
                    .split(|byte| *byte == b'\n')
                    .next()
                    .unwrap_or_default();
                let first = String::from_utf8_lossy(first);
                (first.starts_with("#!") && first.contains("python")).then_some(SourceKind::Module)
            };
            if let Some(kind) = kind.or_else(script) {
                sources.push((path, kind, bytes));
            }
        }
        Ok(MemorySources::new(sources))
    }

    /// Files of the revision that are not there any more.
    fn gone(&self) -> Result<Vec<(String, ObjectId)>> {
        let mut gone = Vec::new();
        let mut seen = 0;
        let mut trees = vec![(String::new(), self.tree)];
        let mut buffer = Vec::new();
        while let Some((directory, id)) = trees.pop() {
            for entry in read(&self.objects, id, gix_object::Kind::Tree, &mut buffer)?
                .into_iter()
                .flat_map(entries)
            {
                seen += 1;
                if seen > MAX_TREE_ENTRIES || gone.len() >= MAX_RENAME_CANDIDATES {
                    return Ok(gone);
                }
                let Ok(name) = std::str::from_utf8(entry.filename) else {
                    continue;
                };
                let path = if directory.is_empty() {
                    name.to_owned()
                } else {
                    format!("{directory}/{name}")
                };
                if entry.mode.is_tree() {
                    trees.push((path, entry.oid.to_owned()));
                } else if entry.mode.is_blob()
                    && self.worktree.join(&path).symlink_metadata().is_err()
                {
                    gone.push((path, entry.oid.to_owned()));
                }
            }
        }
        Ok(gone)
    }
}

struct Repository {
    worktree: PathBuf,
    objects: gix_odb::Handle,
    references: gix_ref::file::Store,
}

impl Repository {
    fn above(root: &Path) -> Result<Self> {
        let worktree = root.ancestors().find(|above| above.join(".git").exists());
        let worktree = worktree
            .ok_or_else(|| anyhow!("{} is in no git repository", root.display()))?
            .to_owned();
        let mut git = worktree.join(".git");
        if git.is_file() {
            // A linked work tree or a submodule names its directory.
            let text = first_line(&git)?;
            let target = text
                .strip_prefix("gitdir:")
                .ok_or_else(|| anyhow!("{} names no directory", git.display()))?;
            git = worktree.join(target.trim());
        }
        let common = match git.join("commondir") {
            file if file.is_file() => git.join(first_line(&file)?.trim()),
            _ => git.clone(),
        };
        // The only settings that matter are those that change how objects and references are stored.
        let settings = discovery::read_bounded(&common.join("config")).unwrap_or_default();
        let settings = String::from_utf8_lossy(&settings).to_ascii_lowercase();
        if settings.contains("sha256") || settings.contains("reftable") {
            bail!(
                "the repository of {} uses SHA-256 or reftable, which `--diff` does not read",
                root.display()
            );
        }
        let objects = gix_odb::at(common.join("objects"), Kind::Sha1)
            .with_context(|| format!("the objects of {} cannot be read", common.display()))?;
        let references = gix_ref::file::Store::for_linked_worktree(git, common, Kind::Sha1);
        Ok(Self {
            worktree,
            objects,
            references,
        })
    }

    /// The commit that a name means.
    fn commit(&self, name: &str) -> Result<ObjectId> {
        let end = name.find(['~', '^']).unwrap_or(name.len());
        let (base, mut steps) = name.split_at(end);
        let base = if base == "@" { "HEAD" } else { base };
        let unknown = || anyhow!("`{name}` is no revision of {}", self.worktree.display());
        let mut commit = self.peel(self.object(base)?.ok_or_else(unknown)?)?;
        while let Some(step) = steps.chars().next() {
            let digits = steps[1..].bytes().take_while(u8::is_ascii_digit).count();
            let number = if digits == 0 {
                1
            } else {
                steps[1..=digits].parse().map_err(|_| unknown())?
            };
            steps = &steps[1 + digits..];
            let parent = |commit, number: usize| -> Result<ObjectId> {
                self.parents(commit)?
                    .and_then(|p| p.get(number - 1).copied())
                    .ok_or_else(unknown)
            };
            match step {
                '~' if number > MAX_COMMITS => return Err(unknown()),
                '~' => {
                    for _ in 0..number {
                        commit = parent(commit, 1)?;
                    }
                }
                '^' if number == 0 => {}
                '^' => commit = parent(commit, number)?,
                _ => return Err(unknown()),
            }
        }
        Ok(commit)
    }

    /// The object a reference or a whole or abbreviated hash means.
    fn object(&self, name: &str) -> Result<Option<ObjectId>> {
        // A name that cannot be one of a reference may still be a hash, or is just unknown.
        if let Ok(Some(mut reference)) = self.references.try_find(name) {
            return match reference.peel_to_id(&self.references, &self.objects) {
                Ok(id) => Ok(Some(id)),
                Err(error) => Err(anyhow!("`{name}` leads to no commit: {error}")),
            };
        }
        if let Ok(id) = ObjectId::from_hex(name.as_bytes()) {
            return Ok(Some(id));
        }
        let Ok(prefix) = Prefix::from_hex(name) else {
            return Ok(None);
        };
        match self
            .objects
            .lookup_prefix(prefix, None)
            .map_err(|e| anyhow!("`{name}`: {e}"))?
        {
            None => Ok(None),
            Some(Ok(id)) => Ok(Some(id)),
            Some(Err(())) => bail!("`{name}` begins more than one object's hash"),
        }
    }

    /// The commit that an object is or, being a tag, is of.
    fn peel(&self, mut id: ObjectId) -> Result<ObjectId> {
        let mut buffer = Vec::new();
        for _ in 0..MAX_PEELS {
            let header = self
                .objects
                .try_header(&id)
                .map_err(|e| anyhow!("{id} cannot be read: {e}"))?;
            match header.ok_or_else(|| missing(id))?.kind {
                gix_object::Kind::Commit => return Ok(id),
                gix_object::Kind::Tag => {
                    let tag = read(&self.objects, id, gix_object::Kind::Tag, &mut buffer)?
                        .unwrap_or_default();
                    id = TagRefIter::from_bytes(tag, Kind::Sha1)
                        .target_id()
                        .map_err(|e| anyhow!("{id}: {e}"))?;
                }
                kind => bail!("{id} is a {kind}, not a commit"),
            }
        }
        bail!("{id} is a tag of too many tags")
    }

    fn tree_of(&self, commit: ObjectId) -> Result<ObjectId> {
        let mut buffer = Vec::new();
        let text =
            read(&self.objects, commit, gix_object::Kind::Commit, &mut buffer)?.unwrap_or_default();
        CommitRefIter::from_bytes(text, Kind::Sha1)
            .tree_id()
            .map_err(|e| anyhow!("{commit}: {e}"))
    }

    /// The parents of a commit; `None` if it is not there, as beyond the end of a shallow clone.
    fn parents(&self, commit: ObjectId) -> Result<Option<Vec<ObjectId>>> {
        let mut buffer = Vec::new();
        let found = self
            .objects
            .try_find(&commit, &mut buffer)
            .map_err(|e| anyhow!("{commit}: {e}"))?;
        Ok(found
            .filter(|o| o.kind == gix_object::Kind::Commit)
            .map(|o| {
                CommitRefIter::from_bytes(o.data, Kind::Sha1)
                    .parent_ids()
                    .collect()
            }))
    }

    fn time(&self, commit: ObjectId) -> Result<i64> {
        let mut buffer = Vec::new();
        let found = self
            .objects
            .try_find(&commit, &mut buffer)
            .map_err(|e| anyhow!("{commit}: {e}"))?;
        let committer = found.and_then(|o| {
            CommitRefIter::from_bytes(o.data, Kind::Sha1)
                .committer()
                .ok()
                .map(|c| c.seconds())
        });
        Ok(committer.unwrap_or_default())
    }

    /// The newest commit that two have in common.
    fn fork_point(&self, one: ObjectId, other: ObjectId) -> Result<ObjectId> {
        // Each commit is reached from `one`, from `other`, or from both; the first met from both, newest first, is it.
        let mut sides: HashMap<ObjectId, u8> = HashMap::from([(one, 1)]);
        *sides.entry(other).or_default() |= 2;
        let mut queue = BinaryHeap::from([(self.time(one)?, one), (self.time(other)?, other)]);
        let mut done: HashSet<(ObjectId, u8)> = HashSet::new();
        while let Some((_, commit)) = queue.pop() {
            let side = sides.get(&commit).copied().unwrap_or_default();
            if side == 3 {
                return Ok(commit);
            }
            if !done.insert((commit, side)) || done.len() > MAX_COMMITS {
                continue;
            }
            for parent in self.parents(commit)?.unwrap_or_default() {
                let reached = sides.entry(parent).or_default();
                if *reached | side != *reached {
                    *reached |= side;
                    queue.push((self.time(parent)?, parent));
                }
            }
        }
        bail!(
            "{one} and {other} have no commit in common here; a shallow clone has none before its first"
        )
    }
}

fn missing(id: ObjectId) -> anyhow::Error {
    anyhow!("object {id} is not in the repository; a shallow or partial clone has not all of them")
}

/// The bytes of an object of a kind; `None` if it is too large.
fn read<'b>(
    objects: &gix_odb::Handle,
    id: ObjectId,
    kind: gix_object::Kind,
    buffer: &'b mut Vec<u8>,
) -> Result<Option<&'b [u8]>> {
    let header = objects
        .try_header(&id)
        .map_err(|e| anyhow!("object {id} cannot be read: {e}"))?;
    if header.ok_or_else(|| missing(id))?.size > MAX_FILE_BYTES {
        return Ok(None);
    }
    let object = objects
        .try_find(&id, buffer)
        .map_err(|e| anyhow!("object {id} cannot be read: {e}"))?;
    let object = object.ok_or_else(|| missing(id))?;
    if object.kind != kind {
        bail!("object {id} is a {}, not a {kind}", object.kind);
    }
    Ok(Some(object.data))
}

/// The entries of a tree up to the first that is broken.
fn entries(tree: &[u8]) -> impl Iterator<Item = gix_object::tree::EntryRef<'_>> {
    TreeRefIter::from_bytes(tree, Kind::Sha1).map_while(Result::ok)
}

fn first_line(file: &Path) -> Result<String> {
    let bytes = discovery::read_bounded(file).map_err(|e| anyhow!("{}: {e}", file.display()))?;
    Ok(String::from_utf8_lossy(&bytes)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned())
}

/// Lines without their ends, which git may have changed on the way.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let text = (!text.is_empty()).then_some(text);
    text.into_iter()
        .flat_map(|t| t.split(|b| *b == b'\n'))
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

fn changed_lines(old: &[u8], current: &[u8]) -> Option<Changes> {
    let mut input = InternedInput::default();
    input.update_before(lines(old));
    input.update_after(lines(current));
    let (mut altered, mut removed_after) = (Vec::new(), Vec::new());
    for hunk in Diff::compute(Algorithm::Histogram, &input).hunks() {
        if hunk.is_pure_removal() {
            removed_after.push(hunk.after.start);
        } else {
            altered.push((hunk.after.start + 1, hunk.after.end));
        }
    }
    let differs = !altered.is_empty() || !removed_after.is_empty();
    differs.then_some(Changes::Lines {
        altered,
        removed_after,
    })
}

/// Share of the longer text's lines that the other has too, in percent.
fn similarity(old: &[u8], current: &[u8]) -> usize {
    let mut counts: HashMap<&[u8], usize> = HashMap::new();
    let mut old_lines = 0_usize;
    for line in lines(old) {
        *counts.entry(line).or_default() += 1;
        old_lines += 1;
    }
    let (mut common, mut current_lines) = (0_usize, 0_usize);
    for line in lines(current) {
        current_lines += 1;
        if let Some(count) = counts.get_mut(line).filter(|c| **c > 0) {
            *count -= 1;
            common += 1;
        }
    }
    (common * 100)
        .checked_div(old_lines.max(current_lines))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
