//! All rules, read once.

use std::fmt;
use std::sync::{Arc, LazyLock};

use hognose_finding::{Confidence, Persona, Practice, RuleMeta, Severity};
use hognose_python::{Aliases, Constant, Symbol};
use serde::Deserialize;

use crate::context::Context;
use crate::flow::{self, BuildError, FlowFile, Flows, ModelError, OwnModel};
use crate::matcher::{EntryFile, Matcher, Matchers, Subject};
use crate::model::{self, Sources};

include!(concat!(env!("OUT_DIR"), "/registry.rs"));

/// A rule folder as the build script finds it.
pub(crate) struct RuleSource {
    id: &'static str,
    toml: &'static str,
    page: &'static str,
    check: Option<fn(&mut Context<'_, '_>)>,
}

/// The beginning of `rule.toml`, before its first table: what a rule is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Head {
    id: String,
    title: String,
    practice: Practice,
    cwe: Vec<u16>,
    #[serde(default)]
    owasp: Vec<String>,
    #[serde(default)]
    asvs: Vec<String>,
    severity: Severity,
    confidence: Confidence,
    persona: Persona,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    tests: Tests,
    message: Option<String>,
    /// Rules whose finding at the same place this one's stands for.
    #[serde(default)]
    replaces: Vec<String>,
    /// Parts of names of options by which callers ask for what the rule is about.
    #[serde(default)]
    options: Vec<String>,
    /// The program itself reports it, where neither matchers nor a function over one module can.
    #[serde(default)]
    built_in: bool,
}

/// The tables of `rule.toml`: what a rule looks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Body {
    flow: Option<FlowFile>,
    #[serde(default)]
    call: Vec<EntryFile>,
    #[serde(default)]
    reference: Vec<EntryFile>,
    #[serde(default)]
    import: Vec<EntryFile>,
    #[serde(default)]
    store: Vec<EntryFile>,
    #[serde(default)]
    class: Vec<EntryFile>,
    #[serde(default)]
    decorator: Vec<EntryFile>,
    #[serde(default)]
    setting: Vec<EntryFile>,
}

/// What findings in test code are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Tests {
    /// For auditors only.
    #[default]
    Skip,
    /// As elsewhere.
    Report,
}

/// A rule, ready to run.
pub struct Rule {
    /// What it says of itself.
    pub meta: RuleMeta,
    pub(crate) id: Arc<str>,
    pub(crate) title: Arc<str>,
    pub(crate) cwe: Arc<[u16]>,
    pub(crate) message: String,
    pub(crate) tests: Tests,
    pub(crate) replaces: Vec<String>,
    pub(crate) options: Vec<String>,
    pub(crate) matchers: Vec<Matcher>,
    pub(crate) check: Option<fn(&mut Context<'_, '_>)>,
    pub(crate) flow: Option<FlowFile>,
}

/// All rules with their matchers indexed.
pub struct Registry {
    /// The rules, by id.
    pub rules: Vec<Rule>,
    pub(crate) index: Matchers,
    pub(crate) aliases: Aliases,
    pub(crate) sources: Sources,
    pub(crate) setting_defaults: Vec<(String, Symbol, Constant)>,
    pub(crate) flows: Flows,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Registry of {} rules", self.rules.len())
    }
}

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| match Registry::load(&HEADS, MODELS, &[]) {
    Ok(registry) => registry,
    // A test loads the registry, so no release has a rule file that cannot be read.
    Err(error) => panic!("{error:?}"),
});

/// The built-in rules.
pub fn registry() -> &'static Registry {
    &REGISTRY
}

/// The rules as far as they are told without what they look for, which takes most of the time, by id.
struct Heads {
    rules: Vec<(Head, &'static RuleSource)>,
    metas: Vec<RuleMeta>,
}

static HEADS: LazyLock<Heads> = LazyLock::new(|| match Heads::load(RULES) {
    Ok(heads) => heads,
    // As above.
    Err(error) => panic!("{error}"),
});

/// Metadata of every built-in rule, by id.
pub fn rules() -> &'static [RuleMeta] {
    &HEADS.metas
}

impl RuleSource {
    /// The text before the first table, and the rest.
    fn parts(&self) -> (&'static str, &'static str) {
        let table = self.toml.find("\n[").map_or(self.toml.len(), |at| at + 1);
        self.toml.split_at(table)
    }
}

impl Heads {
    fn load(sources: &'static [RuleSource]) -> Result<Self, String> {
        let mut rules = Vec::with_capacity(sources.len());
        let mut errors = Vec::new();
        for source in sources {
            match Head::load(source) {
                Ok(head) => rules.push((head, source)),
                Err(error) => errors.push(format!("rules/{}/rule.toml: {error}", source.id)),
            }
        }
        if !errors.is_empty() {
            return Err(errors.join("\n"));
        }
        rules.sort_by(|(one, _), (other, _)| one.id.cmp(&other.id));
        let metas = rules.iter().map(|(head, source)| head.meta(source.page));
        Ok(Self {
            metas: metas.collect(),
            rules,
        })
    }
}

impl Registry {
    /// The built-in rules, with models of the user beside the built-in ones: names of files and their texts.
    ///
    /// # Errors
    /// Every file with a mistake.
    pub fn with_models(models: &[(String, String)]) -> Result<Self, Vec<ModelError>> {
        let mut own = Vec::new();
        let mut errors = Vec::new();
        for (file, text) in models {
            match OwnModel::parse(file, text) {
                Ok(model) => own.push(model),
                Err(error) => errors.push(error),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Self::load(&HEADS, MODELS, &own).map_err(|error| match error {
            BuildError::Own(errors) => errors,
            // As above.
            BuildError::BuiltIn(error) => panic!("{error}"),
        })
    }

    fn load(
        heads: &Heads,
        models: &[(&str, &str)],
        own: &[OwnModel<'_>],
    ) -> Result<Self, BuildError> {
        let mut rules = Vec::with_capacity(heads.rules.len());
        let mut errors = Vec::new();
        for ((head, source), meta) in heads.rules.iter().zip(&heads.metas) {
            match Rule::load(head, meta, source) {
                Ok(rule) => rules.push(rule),
                Err(error) => errors.push(format!("rules/{}/rule.toml: {error}", source.id)),
            }
        }
        if !errors.is_empty() {
            return Err(BuildError::BuiltIn(errors.join("\n")));
        }
        let index = Matchers::new(&rules);
        let mut models = model::load(models).map_err(BuildError::BuiltIn)?;
        let flow_rules: Vec<(usize, String, FlowFile)> = rules
            .iter()
            .enumerate()
            .filter_map(|(number, rule)| Some((number, rule.meta.id.clone(), rule.flow.clone()?)))
            .collect();
        let flows = flow::build(
            &flow_rules,
            &std::mem::take(&mut models.flows),
            own,
            models.aliases.clone(),
        )?;
        Ok(Self {
            flows,
            rules,
            index,
            aliases: models.aliases,
            sources: models.sources,
            setting_defaults: models.setting_defaults,
        })
    }

    /// The rule with that id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules
            .binary_search_by(|rule| rule.meta.id.as_str().cmp(id))
            .ok()
            .map(|index| &self.rules[index])
    }
}

impl Head {
    fn load(source: &RuleSource) -> Result<Self, String> {
        let (head, _) = source.parts();
        let head: Self = toml::from_str(head).map_err(|error| error.to_string())?;
        if head.id != source.id {
            return Err(format!(
                "the id `{}` is not the name of the folder",
                head.id
            ));
        }
        Ok(head)
    }

    fn meta(&self, page: &'static str) -> RuleMeta {
        RuleMeta {
            id: self.id.clone(),
            title: self.title.clone(),
            practice: self.practice,
            cwe: self.cwe.clone(),
            owasp: self.owasp.clone(),
            asvs: self.asvs.clone(),
            severity: self.severity,
            confidence: self.confidence,
            persona: self.persona,
            tags: self.tags.clone(),
            page,
        }
    }
}

impl Rule {
    fn load(head: &Head, meta: &RuleMeta, source: &RuleSource) -> Result<Self, String> {
        let (_, body) = source.parts();
        let file: Body = toml::from_str(body).map_err(|error| error.to_string())?;
        let mut matchers = Vec::new();
        for (subject, entries) in [
            (Subject::Call, file.call),
            (Subject::Reference, file.reference),
            (Subject::Import, file.import),
            (Subject::Store, file.store),
            (Subject::Class, file.class),
            (Subject::Decorator, file.decorator),
            (Subject::Setting, file.setting),
        ] {
            for entry in entries {
                matchers.push(entry.compile(subject)?);
            }
        }
        if matchers.is_empty() && source.check.is_none() && !head.built_in && file.flow.is_none() {
            return Err("a rule needs a matcher or a rule.rs".to_owned());
        }
        Ok(Self {
            id: meta.id.as_str().into(),
            title: meta.title.as_str().into(),
            cwe: meta.cwe.as_slice().into(),
            message: head.message.as_ref().unwrap_or(&meta.title).clone(),
            tests: head.tests,
            replaces: head
                .replaces
                .iter()
                .chain(file.flow.iter().flat_map(|flow| &flow.replaces))
                .cloned()
                .collect(),
            options: head.options.clone(),
            matchers,
            check: source.check,
            flow: file.flow,
            meta: meta.clone(),
        })
    }
}
