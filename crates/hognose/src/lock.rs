//! The posture lock, `hognose.lock`: what was accepted, in lines that are made to be reviewed.
//!
//! Sections begin with `[name]`; their lines are sorted. A line of `endpoints` is
//! `application method path level names handler`, with `-` for what is empty and `%XX` for blanks and control characters, so
//! that a weaker guard is one changed line; one of `events` is `kind outcome handler verdict`. Sections that this version
//! does not know are kept as they are.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::{Result, bail};
use hognose_routes::events::{Coverage, Covered};
use hognose_routes::{Access, Level};

/// The file's name, in the root of the project.
pub const FILE_NAME: &str = "hognose.lock";

const HEAD: &str = "# What was accepted. `hognose lock` writes this file; review its changes, do not edit it.\nversion 1\n";

const ENDPOINTS: &str = "endpoints";
const EVENTS: &str = "events";

/// What a lock says.
#[derive(Debug, Default)]
pub struct Lock {
    /// Who may call what.
    pub endpoints: Vec<Access>,
    /// Which security events are written down.
    pub events: Vec<Covered>,
    /// Sections of other versions, as they are.
    others: BTreeMap<String, String>,
}

impl Lock {
    /// Reads a lock.
    ///
    /// # Errors
    /// Another version, or a line that is none.
    pub fn parse(text: &str) -> Result<Self> {
        let mut lock = Self::default();
        let mut section: Option<String> = None;
        let mut versioned = false;
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            let line = line.trim_end();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
                section = Some(name.to_owned());
                continue;
            }
            match section.as_deref() {
                None if line == "version 1" => versioned = true,
                None => bail!("line {number}: this version of hognose does not know `{line}`"),
                Some(ENDPOINTS) => match endpoint(line) {
                    Some(access) => lock.endpoints.push(access),
                    None => bail!("line {number}: `{line}` is no endpoint"),
                },
                Some(EVENTS) => match event(line) {
                    Some(covered) => lock.events.push(covered),
                    None => bail!("line {number}: `{line}` is no security event"),
                },
                Some(other) => {
                    let text = lock.others.entry(other.to_owned()).or_default();
                    text.push_str(line);
                    text.push('\n');
                }
            }
        }
        if !versioned {
            bail!("there is no line `version 1`");
        }
        Ok(lock)
    }

    /// The text of the lock.
    pub fn write(&self) -> String {
        let mut sections: BTreeMap<&str, String> = BTreeMap::new();
        sections.insert(ENDPOINTS, sorted(self.endpoints.iter().map(line)));
        sections.insert(EVENTS, sorted(self.events.iter().map(event_line)));
        for (name, text) in &self.others {
            sections.insert(name, text.clone());
        }
        let mut out = HEAD.to_owned();
        for (name, text) in sections {
            let _ = write!(out, "\n[{name}]\n{text}");
        }
        out
    }

    /// Whether the lock accepts that an endpoint asks for no more than it does.
    pub fn accepts(&self, access: &Access) -> bool {
        self.endpoints.iter().any(|known| {
            (&known.app, &known.path, &known.method) == (&access.app, &access.path, &access.method)
                && access.against(known) != Some(hognose_routes::Kind::Weakened)
        })
    }
}

/// The text of a section.
fn sorted(lines: impl Iterator<Item = String>) -> String {
    let mut lines: Vec<String> = lines.map(|line| line + "\n").collect();
    lines.sort();
    lines.concat()
}

/// The line that says whether an event is written down.
fn event_line(covered: &Covered) -> String {
    format!(
        "{} {} {} {}",
        field(&covered.kind, false),
        field(&covered.outcome, false),
        field(&covered.handler, false),
        covered.verdict.as_str()
    )
}

fn event(line: &str) -> Option<Covered> {
    let fields: Vec<&str> = line.split(' ').collect();
    let [kind, outcome, handler, verdict] = fields.as_slice() else {
        return None;
    };
    Some(Covered {
        kind: text(kind)?,
        outcome: text(outcome)?,
        handler: text(handler)?,
        verdict: *Coverage::ALL
            .iter()
            .find(|known| known.as_str() == *verdict)?,
    })
}

/// The line that says what an endpoint asks for.
pub(crate) fn line(access: &Access) -> String {
    let names: Vec<String> = access.names.iter().map(|name| field(name, true)).collect();
    let names = if names.is_empty() {
        "-".to_owned()
    } else {
        names.join(",")
    };
    format!(
        "{} {} {} {} {names} {}",
        field(&access.app, false),
        field(&access.method, false),
        field(&access.path, false),
        access.level.as_str(),
        field(&access.handler, false),
    )
}

/// A text as one field. A field that is `-` would be an empty one.
fn field(text: &str, in_list: bool) -> String {
    if text.is_empty() {
        return "-".to_owned();
    }
    if text == "-" {
        return "%2D".to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '%' || c.is_whitespace() || c.is_control() || (in_list && c == ',') {
            let mut buffer = [0; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                let _ = write!(out, "%{byte:02X}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// The text of a field; `None` where an escape is none.
fn text(field: &str) -> Option<String> {
    if field == "-" {
        return Some(String::new());
    }
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let digits = std::str::from_utf8(&digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn endpoint(line: &str) -> Option<Access> {
    let fields: Vec<&str> = line.split(' ').collect();
    let [app, method, path, level, names, handler] = fields.as_slice() else {
        return None;
    };
    let names = match *names {
        "-" => Vec::new(),
        names => names.split(',').map(text).collect::<Option<_>>()?,
    };
    Some(Access {
        app: text(app)?,
        path: text(path)?,
        method: text(method)?,
        level: *Level::ALL.iter().find(|known| known.as_str() == *level)?,
        names,
        handler: text(handler)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(path: &str, names: &[&str]) -> Access {
        Access {
            app: String::new(),
            path: path.to_owned(),
            method: "GET".to_owned(),
            level: Level::Permission,
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            handler: "a.b".to_owned(),
        }
    }

    #[test]
    fn what_is_written_is_read() -> Result<()> {
        let lock = Lock {
            endpoints: vec![
                access("/a b/%20\n[x]", &["can_list on View", "a,b", "-"]),
                access("-", &[]),
            ],
            events: vec![Covered {
                kind: "login".to_owned(),
                outcome: "failure".to_owned(),
                handler: "shop.log in".to_owned(),
                verdict: Coverage::Logged,
            }],
            others: BTreeMap::from([("database".to_owned(), "one\ntwo\n".to_owned())]),
        };
        let again = Lock::parse(&lock.write())?;
        assert_eq!(again.endpoints.len(), 2);
        for access in &lock.endpoints {
            assert!(again.endpoints.contains(access), "{access:?}");
        }
        assert_eq!(again.write(), lock.write());
        assert_eq!(again.events, lock.events);
        assert!(again.write().contains("[database]\none\ntwo\n"));
        Ok(())
    }

    #[test]
    fn a_broken_lock_is_told() {
        for text in [
            "",
            "version 2\n",
            "version 1\n[endpoints]\nGET /\n",
            "version 1\n[endpoints]\na GET /%zz public - x\n",
            "version 1\n[events]\nlogin failure a.b perhaps\n",
        ] {
            assert!(Lock::parse(text).is_err(), "{text}");
        }
    }
}
