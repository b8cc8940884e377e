//! The tables as they are written in TOML.

use std::collections::BTreeMap;

use serde::Deserialize;

/// `[flow]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct FlowFile {
    pub(super) need: String,
    #[serde(default)]
    pub(super) from: Vec<String>,
    #[serde(default)]
    pub(super) library: bool,
    pub(super) message: String,
    #[serde(default)]
    pub(crate) replaces: Vec<String>,
}

/// The tables of a model file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct FlowTables {
    #[serde(default)]
    pub(super) source: Vec<SourceFile>,
    #[serde(default)]
    pub(super) entry: Vec<EntryFile>,
    #[serde(default)]
    pub(super) sink: Vec<SinkFile>,
    #[serde(default)]
    pub(super) sanitizer: Vec<SanitizerFile>,
    #[serde(default)]
    pub(super) guard: Vec<GuardFile>,
    #[serde(default)]
    pub(super) propagator: Vec<PropagatorFile>,
    #[serde(default)]
    pub(super) clean: Vec<CallsFile>,
    #[serde(default)]
    pub(super) stops: Vec<CallsFile>,
    #[serde(default)]
    pub(super) content_type: Vec<ContentTypeFile>,
    #[serde(default)]
    pub(super) field: Vec<FieldFile>,
    #[serde(default)]
    pub(super) object: Vec<ObjectFile>,
    #[serde(default)]
    pub(super) runs: Vec<RunsFile>,
    #[serde(default)]
    pub(super) template: Vec<TemplateFile>,
    #[serde(default)]
    pub(super) application: Vec<CallsFile>,
    #[serde(default)]
    pub(super) switch: Vec<PathsFile>,
    #[serde(default)]
    pub(super) setting: Vec<PathsFile>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PathsFile {
    pub(super) paths: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SourceFile {
    #[serde(default)]
    pub(super) paths: Vec<String>,
    #[serde(default)]
    pub(super) caught: Vec<String>,
    pub(super) kind: String,
    pub(super) what: String,
    pub(super) alphabet: Option<String>,
    #[serde(default)]
    pub(super) keys: Vec<String>,
    #[serde(default)]
    pub(super) except: Vec<String>,
    #[serde(default)]
    pub(super) structure: bool,
    pub(super) begins: Option<String>,
    #[serde(default)]
    pub(super) fields: bool,
    #[serde(default)]
    pub(super) variables: bool,
    #[serde(default, rename = "for")]
    pub(super) rules: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct EntryFile {
    #[serde(default)]
    pub(super) decorators: Vec<String>,
    #[serde(default)]
    pub(super) bases: Vec<String>,
    #[serde(default)]
    pub(super) methods: Vec<String>,
    #[serde(default)]
    pub(super) registered: Vec<RegisteredFile>,
    #[serde(default)]
    pub(super) functions: Vec<String>,
    #[serde(default)]
    pub(super) module_imports: Vec<String>,
    pub(super) route: Option<PickFile>,
    pub(super) parameters: Option<ParametersFile>,
    pub(super) returns: Option<String>,
    #[serde(default, rename = "where")]
    pub(super) hold: Vec<WhenFile>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisteredFile {
    pub(super) call: String,
    pub(super) at: Option<u16>,
    pub(super) name: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum ParametersFile {
    Word(String),
    List(Vec<ParameterFile>),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ParameterFile {
    pub(super) at: Option<u16>,
    pub(super) name: Option<String>,
    pub(super) annotation: Option<String>,
    #[serde(default)]
    pub(super) rest: bool,
    pub(super) is: Option<String>,
    /// The attribute of the class that names a class of the project, of which it is then.
    pub(super) class: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) what: Option<String>,
    pub(super) alphabet: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PickFile {
    pub(super) at: Option<u16>,
    pub(super) name: Option<String>,
    pub(super) element: Option<i32>,
    pub(super) elements: Option<String>,
    #[serde(default)]
    pub(super) until: Vec<String>,
    #[serde(default)]
    pub(super) flags: Vec<String>,
    #[serde(default)]
    pub(super) rest: bool,
    pub(super) key: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum ArgumentFile {
    Word(String),
    Pick(PickFile),
    List(Vec<ArgumentFile>),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WhenFile {
    pub(super) arg: Option<String>,
    pub(super) at: Option<u16>,
    pub(super) key: Option<String>,
    pub(super) element: Option<i32>,
    #[serde(default)]
    pub(super) receiver: bool,
    pub(super) missing: Option<bool>,
    pub(super) given: Option<bool>,
    pub(super) is: Option<toml::Value>,
    pub(super) is_not: Option<toml::Value>,
    pub(super) none: Option<bool>,
    pub(super) truthy: Option<bool>,
    pub(super) path: Option<OneOrMore>,
    pub(super) display: Option<bool>,
    pub(super) matches: Option<String>,
    pub(super) defines: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMore {
    One(String),
    More(Vec<String>),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SinkFile {
    pub(super) rule: String,
    #[serde(default)]
    pub(super) calls: Vec<String>,
    #[serde(default)]
    pub(super) methods: Vec<String>,
    #[serde(default)]
    pub(super) stores: Vec<String>,
    pub(super) argument: ArgumentFile,
    #[serde(default, rename = "where")]
    pub(super) hold: Vec<WhenFile>,
    #[serde(default)]
    pub(super) unless: Vec<WhenFile>,
    pub(super) need: Option<String>,
    pub(super) confidence: Option<String>,
    pub(super) message: Option<String>,
    #[serde(default)]
    pub(super) skips: Vec<String>,
    #[serde(default)]
    pub(super) used: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SanitizerFile {
    pub(super) calls: Vec<String>,
    pub(super) argument: Option<ArgumentFile>,
    pub(super) removes: Option<String>,
    pub(super) keeps: Option<String>,
    pub(super) yields: Option<String>,
    #[serde(default)]
    pub(super) typed: bool,
    #[serde(default)]
    pub(super) facts: Vec<String>,
    #[serde(default, rename = "for")]
    pub(super) rules: Vec<String>,
    #[serde(default, rename = "where")]
    pub(super) hold: Vec<WhenFile>,
    #[serde(default)]
    pub(super) unless: Vec<WhenFile>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct GuardFile {
    pub(super) calls: Vec<String>,
    pub(super) argument: Option<ArgumentFile>,
    pub(super) holds: String,
    pub(super) removes: Option<String>,
    pub(super) keeps: Option<String>,
    pub(super) yields: Option<String>,
    #[serde(default)]
    pub(super) facts: Vec<String>,
    #[serde(default, rename = "for")]
    pub(super) rules: Vec<String>,
    #[serde(default, rename = "where")]
    pub(super) hold: Vec<WhenFile>,
    #[serde(default)]
    pub(super) unless: Vec<WhenFile>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PropagatorFile {
    pub(super) calls: Vec<String>,
    pub(super) from: Vec<ArgumentFile>,
    pub(super) to: Option<ArgumentFile>,
    pub(super) alphabet: Option<String>,
    #[serde(default)]
    pub(super) same_text: bool,
    #[serde(default)]
    pub(super) typed: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ContentTypeFile {
    #[serde(default)]
    pub(super) calls: Vec<String>,
    #[serde(default)]
    pub(super) stores: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldFile {
    pub(super) classes: Vec<String>,
    pub(super) keeps: Option<String>,
    pub(super) yields: Option<String>,
    #[serde(default, rename = "for")]
    pub(super) rules: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallsFile {
    pub(super) calls: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ObjectFile {
    pub(super) path: String,
    #[serde(default)]
    pub(super) writes: BTreeMap<String, WriteFile>,
    #[serde(default)]
    pub(super) reads: BTreeMap<String, ReadFile>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WriteFile {
    #[serde(default)]
    pub(super) keys: Vec<u16>,
    pub(super) value: u16,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadFile {
    #[serde(default)]
    pub(super) keys: Vec<u16>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RunsFile {
    pub(super) calls: Vec<String>,
    pub(super) function: ArgumentFile,
    pub(super) arguments: Option<PickFile>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TemplateFile {
    pub(super) calls: Vec<String>,
    pub(super) name: Option<PickFile>,
    /// Instead of the name, the template itself.
    pub(super) text: Option<PickFile>,
    /// Name or text were given to the call that made the receiver.
    #[serde(default)]
    pub(super) made: bool,
    pub(super) context: Option<ArgumentFile>,
    pub(super) engine: String,
    pub(super) autoescape: Option<toml::Value>,
    /// Calls whose argument says whether values are escaped; `autoescape` holds where it is missing.
    #[serde(default)]
    pub(super) environments: Vec<String>,
    /// Attributes that say for the whole program that values are escaped.
    #[serde(default, rename = "escaped-by")]
    pub(super) escaped_by: Vec<String>,
    pub(super) escapes: Option<PickFile>,
    #[serde(default)]
    pub(super) globals: std::collections::BTreeMap<String, String>,
}
