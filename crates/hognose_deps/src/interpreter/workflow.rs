//! Interpreters named in continuous integration: workflows of GitHub, pipelines of GitLab.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use super::sources::{Found, Role, Wanted, expand, image};
use crate::inputs::source::Reading;
use crate::inputs::{Place, yaml};

/// A node of a YAML file with its place.
struct Node(Spanned<Content>);

enum Content {
    Text(String),
    List(Vec<Node>),
    Table(Vec<(String, Node)>),
    Nothing,
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a YAML node")
    }

    fn visit_str<E>(self, text: &str) -> Result<Content, E> {
        Ok(Content::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Content, E> {
        Ok(Content::Text(value.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Content, E> {
        Ok(Content::Text(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Content, E> {
        Ok(Content::Text(number.to_string()))
    }

    /// An unquoted `3.10` is the number 3.1, for the services as well as here.
    fn visit_f64<E>(self, number: f64) -> Result<Content, E> {
        Ok(Content::Text(number.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Nothing)
    }

    fn visit_none<E>(self) -> Result<Content, E> {
        Ok(Content::Nothing)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Content, D::Error> {
        Content::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Content, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Content::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Content, A::Error> {
        let mut table = Vec::new();
        while let Some((key, node)) = entries.next_entry::<Content, Node>()? {
            if let Content::Text(key) = key {
                table.push((key, node));
            }
        }
        Ok(Content::Table(table))
    }
}

impl Node {
    fn get(&self, key: &str) -> Option<&Self> {
        self.entries()
            .iter()
            .find(|(known, _)| known == key)
            .map(|(_, node)| node)
    }

    fn entries(&self) -> &[(String, Self)] {
        if let Content::Table(table) = &self.0.value {
            table
        } else {
            &[]
        }
    }

    fn items(&self) -> &[Self] {
        if let Content::List(list) = &self.0.value {
            list
        } else {
            &[]
        }
    }

    fn text(&self) -> Option<&str> {
        if let Content::Text(text) = &self.0.value {
            Some(text)
        } else {
            None
        }
    }

    /// This text, or those of this list.
    fn texts(&self) -> impl Iterator<Item = (&Self, &str)> {
        std::iter::once(self)
            .chain(self.items())
            .filter_map(|node| Some((node, node.text()?)))
    }

    fn place(&self, found: &Found) -> Place {
        yaml::place(found.source, &self.0.referenced)
    }
}

/// Workflows of GitHub: what `setup-python` and its kin are given, over the matrix, and the images of jobs.
pub(super) fn github(found: &mut Found) {
    let Some(root) = yaml::parse::<Node>(found.source, &mut Reading::default()) else {
        return;
    };
    for (_, job) in root.get("jobs").map(Node::entries).unwrap_or_default() {
        let container = job
            .get("container")
            .map(|container| container.get("image").unwrap_or(container));
        if let Some((container, wanted)) =
            container.and_then(|node| Some((node, image(node.text()?)?)))
        {
            found.apart();
            found.add_at(container.place(found), Role::Tested, wanted);
        }
        let mut variables: Vec<&str> = Vec::new();
        for step in job.get("steps").map(Node::items).unwrap_or_default() {
            let uses = step.get("uses").and_then(Node::text).unwrap_or_default();
            let action = uses
                .split('@')
                .next()
                .and_then(|path| path.rsplit('/').next());
            let version = step.get("with").and_then(|with| with.get("python-version"));
            let (Some("setup-python" | "setup-uv"), Some(version)) = (action, version) else {
                continue;
            };
            found.apart();
            for (node, text) in version.texts() {
                let variable = text
                    .trim()
                    .strip_prefix("${{")
                    .and_then(|inner| inner.strip_suffix("}}"));
                match variable.map(str::trim) {
                    Some(variable) => variables.extend(variable.strip_prefix("matrix.")),
                    // Several lines are several versions.
                    None => {
                        for line in text.lines().filter(|line| !line.trim().is_empty()) {
                            found.add_at(node.place(found), Role::Tested, Wanted::parse(line));
                        }
                    }
                }
            }
        }
        variables.sort_unstable();
        variables.dedup();
        let Some(matrix) = job
            .get("strategy")
            .and_then(|strategy| strategy.get("matrix"))
        else {
            continue;
        };
        let included = matrix.get("include").map(Node::items).unwrap_or_default();
        for variable in variables {
            found.apart();
            for axis in std::iter::once(matrix)
                .chain(included)
                .filter_map(|table| table.get(variable))
            {
                for (node, text) in axis.texts().filter(|(_, text)| !text.contains("${{")) {
                    found.add_at(node.place(found), Role::Tested, Wanted::parse(text));
                }
            }
        }
    }
}

/// Pipelines of GitLab: the images of jobs, over variables and matrices.
pub(super) fn gitlab(found: &mut Found) {
    let Some(root) = yaml::parse::<Node>(found.source, &mut Reading::default()) else {
        return;
    };
    let global = root.get("variables");
    let jobs = root.entries().iter().map(|(_, job)| job);
    for job in std::iter::once(&root).chain(jobs) {
        let Some(node) = job.get("image") else {
            continue;
        };
        let node = node.get("name").unwrap_or(node);
        let Some(named) = node.text() else { continue };
        let own = job.get("variables");
        let value = |name: &str| {
            own.into_iter()
                .chain(global)
                .find_map(|table| table.get(name)?.text())
        };
        let known = expand(named, value);
        let matrix = job
            .get("parallel")
            .and_then(|parallel| parallel.get("matrix"))
            .map(Node::items)
            .unwrap_or_default();
        let mut varied = false;
        for (name, values) in matrix.iter().flat_map(Node::entries) {
            found.apart();
            for (value_node, text) in values.texts() {
                let one = expand(&known, |wanted| (wanted == name).then_some(text));
                if let (true, Some(wanted)) = (one != known, image(&one)) {
                    varied = true;
                    found.add_at(value_node.place(found), Role::Tested, wanted);
                }
            }
        }
        if let (false, Some(wanted)) = (varied, image(&known)) {
            found.apart();
            found.add_at(node.place(found), Role::Tested, wanted);
        }
    }
}
