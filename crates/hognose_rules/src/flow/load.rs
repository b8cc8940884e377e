//! `[flow]` of `rule.toml` and the tables of `models/*.toml`, see `docs/development/flow-format.md`.

mod arguments;
mod form;

pub(crate) use form::{FlowFile, FlowTables};

use hognose_python::Symbol;
use hognose_taint::model::{
    Argument, CallModel, Conditions, Entry, Filled, Filling, FlowRule, Gives, Guard, Holder, Holds,
    Need, ParameterPick, Propagator, Registered, Render, Runs, Sanitizer, Sink, SourceModel, To,
    Trust, Typed, rules_of,
};
use hognose_taint::need::NO_RULE;
use hognose_taint::shape::{Alphabet, Facts, Restriction, RuleSet};

use super::own::{ModelError, OwnModel};
use super::{FlowMeta, Flows};
use crate::matcher::expand;
use arguments::{arguments, class_of, conditions, or_first, pick, when};
use form::{ArgumentFile, EntryFile, ParametersFile, SanitizerFile, SinkFile};

/// Kinds of sources that count where a rule names none.
const USUAL: &[&str] = &super::SOURCE_KINDS;

/// Puts rules and models together.
///
/// # Errors
/// Names the file and the reason.
pub(crate) fn build(
    rules: &[(usize, String, FlowFile)],
    tables: &[(String, FlowTables)],
    own: &[OwnModel<'_>],
    aliases: hognose_python::Aliases,
) -> Result<Flows, BuildError> {
    let mut builder = Builder {
        flows: Flows::default(),
        at: ("", 0),
        own: false,
    };
    builder.flows.models.aliases = aliases;
    for kind in USUAL {
        builder.kind(kind);
    }
    for (number, id, file) in rules {
        builder
            .rule(*number, id, file)
            .map_err(|error| BuildError::BuiltIn(format!("rules/{id}/rule.toml: {error}")))?;
    }
    for (file, tables) in tables {
        builder
            .tables(tables)
            .map_err(|error| BuildError::BuiltIn(format!("models/{file}.toml: {error}")))?;
    }
    builder.own = true;
    let mut errors = Vec::new();
    for model in own {
        if let Err(message) = builder.tables(&model.tables) {
            errors.push(model.error_at(builder.at, message));
        }
    }
    if !errors.is_empty() {
        return Err(BuildError::Own(errors));
    }
    builder.flows.models.index();
    Ok(builder.flows)
}

/// Why models cannot be used.
#[derive(Debug)]
pub(crate) enum BuildError {
    /// A file of hognose itself.
    BuiltIn(String),
    /// Files of the user.
    Own(Vec<ModelError>),
}

struct Builder {
    flows: Flows,
    /// The table at hand: its name, and its number among those of this name.
    at: (&'static str, usize),
    /// Paths of the user's own models are remembered: they may be functions of the project.
    own: bool,
}

impl Builder {
    fn kind(&mut self, name: &str) -> u8 {
        let kinds = &mut self.flows.models.kinds;
        let at = kinds.iter().position(|known| known == name);
        let at = at.unwrap_or_else(|| {
            kinds.push(name.to_owned());
            kinds.len() - 1
        });
        u8::try_from(at).unwrap_or(u8::MAX)
    }

    fn rule(&mut self, number: usize, id: &str, file: &FlowFile) -> Result<(), String> {
        let need =
            Need::parse(&file.need).ok_or_else(|| format!("no such need: `{}`", file.need))?;
        let mut from = 0u32;
        if file.from.is_empty() {
            for kind in USUAL {
                from |= 1 << self.kind(kind);
            }
        }
        for kind in &file.from {
            from |= 1 << self.kind(kind);
        }
        self.flows.models.rules.push(FlowRule {
            id: id.to_owned(),
            need,
            from,
            library: file.library,
        });
        self.flows.rules.push(FlowMeta {
            rule: number,
            message: file.message.clone(),
        });
        if self.flows.rules.len() > usize::from(NO_RULE) {
            return Err(format!("more than {NO_RULE} flow rules"));
        }
        Ok(())
    }

    fn rule_number(&self, id: &str) -> Result<u8, String> {
        let at = self
            .flows
            .models
            .rules
            .iter()
            .position(|rule| rule.id == id)
            .ok_or_else(|| format!("no flow rule `{id}`"))?;
        Ok(u8::try_from(at).unwrap_or(u8::MAX))
    }

    fn source(
        &mut self,
        kind: &str,
        what: &str,
        alphabet: Option<&str>,
        keys: &[String],
        structure: bool,
    ) -> Result<u32, String> {
        let kind = self.kind(kind);
        let alphabet = match alphabet {
            Some(class) => class_of(class)?,
            None => Alphabet::ALL,
        };
        let sources = &mut self.flows.models.sources;
        sources.push(SourceModel {
            kind,
            what: what.to_owned(),
            alphabet,
            structure,
            slash: false,
            fields: false,
            variables: false,
            keys: keys.to_vec(),
            cleaned: RuleSet::default(),
        });
        Ok(u32::try_from(sources.len() - 1).unwrap_or(u32::MAX))
    }

    fn tables(&mut self, tables: &FlowTables) -> Result<(), String> {
        for (number, file) in tables.source.iter().enumerate() {
            self.at = ("source", number);
            let number = self.source(
                &file.kind,
                &file.what,
                file.alphabet.as_deref(),
                &file.keys,
                file.structure,
            )?;
            let cleaned = self.trusted_for(&file.rules)?;
            let slash = match file.begins.as_deref() {
                None => false,
                Some("/") => true,
                Some(other) => return Err(format!("a source begins with `/` or not: `{other}`")),
            };
            if let Some(model) = self.flows.models.sources.last_mut() {
                model.cleaned = cleaned;
                model.fields = file.fields;
                model.variables = file.variables;
                model.slash = slash;
            }
            for path in file.paths.iter().flat_map(|path| expand(path)) {
                if let Some(callee) = path.strip_suffix("()") {
                    self.own(callee);
                }
                self.trust(&path, Trust::Source(number));
            }
            for path in file.caught.iter().flat_map(|path| expand(path)) {
                self.flows.models.caught.insert(Symbol::from(path), number);
            }
            for path in file.except.iter().flat_map(|path| expand(path)) {
                self.trust(&path, Trust::Harmless);
            }
        }
        for (number, file) in tables.entry.iter().enumerate() {
            self.at = ("entry", number);
            let entry = self.entry(file)?;
            self.flows.models.entries.push(entry);
        }
        for (number, file) in tables.sink.iter().enumerate() {
            self.at = ("sink", number);
            self.sink(file)?;
        }
        for (number, file) in tables.sanitizer.iter().enumerate() {
            self.at = ("sanitizer", number);
            let gives = self.gives(file)?;
            for argument in or_first(file.argument.as_ref())? {
                let sanitizer = Sanitizer {
                    argument,
                    conditions: conditions(&file.hold, &file.unless)?,
                    gives: gives.clone(),
                    typed: file.typed,
                };
                self.each(&file.calls, |model| {
                    model.sanitizers.push(sanitizer.clone())
                });
            }
        }
        for (number, file) in tables.guard.iter().enumerate() {
            self.at = ("guard", number);
            let gives = self.restriction(
                file.removes.as_deref(),
                file.keeps.as_deref(),
                file.yields.as_deref(),
                &file.facts,
                &file.rules,
            )?;
            let holds = match file.holds.as_str() {
                "true" => Holds::True,
                "false" => Holds::False,
                "return" => Holds::Return,
                other => return Err(format!("`holds` is true, false or return, not `{other}`")),
            };
            for argument in or_first(file.argument.as_ref())? {
                let guard = Guard {
                    argument,
                    conditions: conditions(&file.hold, &file.unless)?,
                    holds,
                    gives,
                };
                self.each(&file.calls, |model| model.guards.push(guard.clone()));
            }
        }
        for (number, file) in tables.propagator.iter().enumerate() {
            self.at = ("propagator", number);
            let mut from = Vec::new();
            for argument in &file.from {
                from.extend(arguments(argument)?);
            }
            let to = match &file.to {
                None => To::Return,
                Some(ArgumentFile::Word(word)) if word == "return" => To::Return,
                Some(ArgumentFile::Word(word)) if word == "receiver" => To::Receiver,
                Some(argument) => To::Argument(
                    arguments(argument)?
                        .into_iter()
                        .next()
                        .ok_or("`to` names nothing")?,
                ),
            };
            let propagator = Propagator {
                from,
                to,
                alphabet: match &file.alphabet {
                    Some(class) => class_of(class)?,
                    None => Alphabet::ALL,
                },
                same_text: file.same_text,
                typed: file.typed || !file.same_text,
            };
            self.each(&file.calls, |model| {
                model.propagators.push(propagator.clone())
            });
        }
        for (number, file) in tables.application.iter().enumerate() {
            self.at = ("application", number);
            let paths = file.calls.iter().flat_map(|path| expand(path));
            self.flows.applications.extend(paths.map(Symbol::from));
        }
        for (number, file) in tables.clean.iter().enumerate() {
            self.at = ("clean", number);
            self.each(&file.calls, |model| model.clean = true);
        }
        for path in tables.setting.iter().flat_map(|file| &file.paths) {
            let paths = expand(path).into_iter().map(Symbol::from);
            self.flows.models.settings.extend(paths);
        }
        for file in &tables.content_type {
            let paths = file.calls.iter().chain(&file.stores);
            let paths = paths.flat_map(|path| expand(path)).map(Symbol::from);
            self.flows.models.content_types.extend(paths);
        }
        for file in &tables.switch {
            let paths = file.paths.iter().flat_map(|path| expand(path));
            let switches = &mut self.flows.models.switches;
            switches.extend(paths.map(Symbol::from));
        }
        for (number, file) in tables.field.iter().enumerate() {
            self.at = ("field", number);
            let (keeps, yields) = (file.keeps.as_deref(), file.yields.as_deref());
            let left = self.restriction(None, keeps, yields, &[], &file.rules)?;
            for class in file.classes.iter().flat_map(|class| expand(class)) {
                let made = Symbol::from(format!("{class}()"));
                self.flows.models.fields.insert(made, left);
            }
        }
        for (number, file) in tables.stops.iter().enumerate() {
            self.at = ("stops", number);
            self.each(&file.calls, |model| model.stops = true);
        }
        for (number, file) in tables.object.iter().enumerate() {
            self.at = ("object", number);
            let mut holder = Holder::default();
            for (name, write) in &file.writes {
                holder
                    .writes
                    .insert(Symbol::from(name), (write.keys.clone(), write.value));
            }
            for (name, read) in &file.reads {
                holder.reads.insert(Symbol::from(name), read.keys.clone());
            }
            for path in expand(&file.path) {
                self.flows
                    .models
                    .holders
                    .insert(Symbol::from(path), holder.clone());
            }
        }
        for (number, file) in tables.runs.iter().enumerate() {
            self.at = ("runs", number);
            for function in arguments(&file.function)? {
                let runs = Runs {
                    function,
                    arguments: file
                        .arguments
                        .as_ref()
                        .map_or(Ok(Argument::default()), pick)?,
                };
                self.each(&file.calls, |model| model.runs.push(runs.clone()));
            }
        }
        for (number, file) in tables.template.iter().enumerate() {
            self.at = ("template", number);
            let (context, keywords) = match &file.context {
                None => (None, false),
                Some(ArgumentFile::Word(word)) if word == "keywords" => (None, false),
                // A dict, and keywords beside it.
                Some(ArgumentFile::Word(word)) if word == "both" => {
                    let first = Argument {
                        at: Some(0),
                        ..Argument::default()
                    };
                    (Some(first), true)
                }
                Some(argument) => (arguments(argument)?.into_iter().next(), false),
            };
            let (name, constant) = match (&file.name, &file.text) {
                (Some(name), None) => (name, false),
                (None, Some(text)) => (text, true),
                _ => return Err("a template has either a `name` or a `text`".to_owned()),
            };
            let render = Render {
                sink: self.sent("cross-site-scripting")?,
                name: pick(name)?,
                constant,
                made: file.made,
                environment: !file.environments.is_empty(),
                context,
                keywords,
                globals: file
                    .globals
                    .iter()
                    .map(|(name, path)| (Symbol::from(name.as_str()), Symbol::from(path.as_str())))
                    .collect(),
                engine: file.engine.clone(),
                autoescape: file.autoescape.as_ref().and_then(toml::Value::as_bool),
                escaped_by: file
                    .escaped_by
                    .iter()
                    .flat_map(|path| expand(path))
                    .map(Symbol::from)
                    .collect(),
            };
            let escaping = &mut self.flows.models.escaping;
            escaping.extend(render.escaped_by.iter().copied());
            if file.made {
                for path in file.calls.iter().flat_map(|path| expand(path)) {
                    let maker = path
                        .rsplit_once('.')
                        .and_then(|(receiver, _)| receiver.strip_suffix("()"))
                        .ok_or_else(|| format!("`{path}` is no method of what a call made"))?;
                    let models = &mut self.flows.models;
                    models.gives_template(Symbol::from(maker), render.name.clone(), constant);
                }
            }
            let escapes = file.escapes.as_ref().map(pick).transpose()?;
            for path in file.environments.iter().flat_map(|path| expand(path)) {
                let argument = escapes.clone().unwrap_or(Argument {
                    name: Some(Symbol::from("autoescape")),
                    ..Argument::default()
                });
                self.flows
                    .models
                    .gives_environment(Symbol::from(path), argument);
            }
            self.each(&file.calls, |model| model.renders.push(render.clone()));
        }
        Ok(())
    }

    /// The sink of a rule that what an entry returns reaches.
    fn sent(&self, rule: &str) -> Result<Sink, String> {
        let rule = self.rule_number(rule)?;
        Ok(Sink {
            rule,
            arguments: Vec::new(),
            conditions: Conditions::default(),
            need: self.flows.models.rules[usize::from(rule)].need,
            by_name: false,
            message: None,
            confidence: 2,
            skips: Vec::new(),
            used: false,
        })
    }

    fn trust(&mut self, path: &str, trust: Trust) {
        let models = &mut self.flows.models;
        if path.contains('*') {
            models.trust_patterns.push((path.to_owned(), trust));
            return;
        }
        // Where two speak of a path, the one that speaks of some keys only comes first.
        if let (Some(Trust::Source(known)), Trust::Source(new)) =
            (models.trust_by_text.get(path), trust)
        {
            let (known, new) = (*known as usize, new as usize);
            if !models.sources[new].keys.is_empty() || models.sources[known].keys.is_empty() {
                let extra = u32::try_from(new).unwrap_or(u32::MAX);
                models
                    .more_trust
                    .entry(Box::from(path))
                    .or_default()
                    .push(extra);
                return;
            }
            models
                .more_trust
                .entry(Box::from(path))
                .or_default()
                .push(u32::try_from(known).unwrap_or(u32::MAX));
        }
        models.trust_by_text.insert(Box::from(path), trust);
    }

    fn own(&mut self, callee: &str) {
        if self.own {
            self.flows.models.own.insert(Symbol::from(callee));
        }
    }

    fn each(&mut self, calls: &[String], change: impl Fn(&mut CallModel)) {
        for path in calls.iter().flat_map(|path| expand(path)) {
            self.own(&path);
            let models = &mut self.flows.models;
            if path.contains('*') {
                let at = models
                    .call_patterns
                    .iter()
                    .position(|(known, _)| *known == path);
                let at = at.unwrap_or_else(|| {
                    models.call_patterns.push((path, CallModel::default()));
                    models.call_patterns.len() - 1
                });
                change(&mut models.call_patterns[at].1);
            } else {
                change(models.calls.entry(Symbol::from(path)).or_default());
            }
        }
    }

    fn sink(&mut self, file: &SinkFile) -> Result<(), String> {
        let rule = self.rule_number(&file.rule)?;
        let need = match &file.need {
            Some(word) => Need::parse(word).ok_or_else(|| format!("no such need: `{word}`"))?,
            None => self.flows.models.rules[usize::from(rule)].need,
        };
        let sink = Sink {
            rule,
            arguments: arguments(&file.argument)?,
            conditions: conditions(&file.hold, &file.unless)?,
            need,
            by_name: !file.methods.is_empty(),
            message: file.message.clone(),
            confidence: match file.confidence.as_deref() {
                Some("low") => 0,
                Some("medium") => 1,
                None | Some("high") => 2,
                Some(other) => return Err(format!("no such confidence: `{other}`")),
            },
            skips: file.skips.iter().map(Symbol::from).collect(),
            used: file.used,
        };
        // Where a sink stands without a condition, another one with conditions adds nothing.
        let covers = |known: &Sink| {
            known.rule == sink.rule
                && known.arguments == sink.arguments
                && known.need == sink.need
                && known.conditions.hold.is_empty()
                && known.conditions.fail.is_empty()
                && !known.used
        };
        self.each(&file.calls, |model| {
            if !model.sinks.iter().any(covers) {
                model.sinks.push(sink.clone());
            }
        });
        for name in file.methods.iter().flat_map(|name| expand(name)) {
            let sinks = self
                .flows
                .models
                .methods
                .entry(Symbol::from(name))
                .or_default();
            sinks.push(sink.clone());
        }
        for path in file.stores.iter().flat_map(|path| expand(path)) {
            let sinks = self
                .flows
                .models
                .stores
                .entry(Symbol::from(path))
                .or_default();
            sinks.push(sink.clone());
        }
        Ok(())
    }

    fn gives(&self, file: &SanitizerFile) -> Result<Gives, String> {
        match file.yields.as_deref() {
            Some("safe") => return Ok(Gives::Nothing),
            Some("number" | "boolean" | "date" | "uuid") => return Ok(Gives::Scalar),
            Some(other) => return Err(format!("no such yield: `{other}`")),
            None => {}
        }
        Ok(Gives::Text(self.restriction(
            file.removes.as_deref(),
            file.keeps.as_deref(),
            None,
            &file.facts,
            &file.rules,
        )?))
    }

    fn restriction(
        &self,
        removes: Option<&str>,
        keeps: Option<&str>,
        yields: Option<&str>,
        facts: &[String],
        rules: &[String],
    ) -> Result<Restriction, String> {
        let mut restriction = Restriction::NONE;
        if let Some(removes) = removes {
            restriction.alphabet = restriction.alphabet.without(removes);
        }
        if let Some(keeps) = keeps {
            restriction.alphabet = restriction.alphabet.intersect(class_of(keeps)?);
        }
        if yields.is_some() {
            restriction.finite = true;
        }
        for fact in facts {
            let fact = match fact.as_str() {
                "normalised" => Facts::NO_DOTS,
                "contained" => Facts::CONTAINED,
                "base-name" => {
                    restriction.alphabet = restriction.alphabet.without("/\\");
                    Facts::NO_DOTS
                }
                "relative" => Facts::RELATIVE,
                "host-checked" => Facts::HOST_CHECKED,
                "scheme-checked" => Facts::SCHEME_CHECKED,
                "one-word" => Facts::ONE_WORD,
                "not-option" => Facts::NOT_OPTION,
                other => return Err(format!("no such fact: `{other}`")),
            };
            restriction.facts |= fact;
        }
        restriction.cleaned = self.trusted_for(rules)?;
        Ok(restriction)
    }

    /// The rules that a model vouches for, by their ids or by what they need.
    fn trusted_for(&self, words: &[String]) -> Result<RuleSet, String> {
        let mut all = RuleSet::default();
        for word in words {
            let rules = rules_of(&self.flows.models.rules, word);
            if rules == RuleSet::default() {
                return Err(format!("no flow rule and no need is called `{word}`"));
            }
            all.0 |= rules.0;
        }
        Ok(all)
    }

    fn entry(&mut self, file: &EntryFile) -> Result<Entry, String> {
        let mut registered = Vec::new();
        for path in file.decorators.iter().flat_map(|path| expand(path)) {
            registered.push(Registered::Decorator(Symbol::from(path)));
        }
        for base in file.bases.iter().flat_map(|path| expand(path)) {
            registered.push(Registered::Method(Symbol::from(base), file.methods.clone()));
        }
        for call in &file.registered {
            for path in expand(&call.call) {
                registered.push(Registered::Passed(
                    Symbol::from(path),
                    Argument {
                        at: call.at,
                        name: call.name.as_deref().map(Symbol::from),
                        ..Argument::default()
                    },
                ));
            }
        }
        if !file.functions.is_empty() {
            let imports = file.module_imports.iter().map(Symbol::from).collect();
            registered.push(Registered::Named(file.functions.clone(), imports));
        }
        let route_source = self.source("remote", "a part of the URL", None, &[], false)?;
        let filled = match &file.parameters {
            None => Filled::Nothing,
            Some(ParametersFile::Word(word)) => match word.as_str() {
                "route" => Filled::Route,
                "remote" => Filled::Remote(self.source(
                    "remote",
                    "an argument of a handler",
                    None,
                    &[],
                    false,
                )?),
                "typed" => {
                    let what = "a request parameter";
                    let text = self.source("remote", what, None, &[], false)?;
                    let structure =
                        self.source("remote", "the body of the request", None, &[], true)?;
                    // Which fields a model has its class says.
                    let model = self.source("remote", what, None, &[], false)?;
                    let trusted = self.trusted_for(&["mass-assignment".to_owned()])?;
                    if let Some(source) = self.flows.models.sources.last_mut() {
                        source.cleaned = trusted;
                    }
                    Filled::Typed(Typed {
                        text,
                        structure,
                        model,
                    })
                }
                other => return Err(format!("no such parameters: `{other}`")),
            },
            Some(ParametersFile::List(list)) => {
                let mut all = Vec::new();
                for parameter in list {
                    let pick = if let Some(name) = &parameter.name {
                        ParameterPick::Name(Symbol::from(name))
                    } else if let Some(at) = parameter.at {
                        ParameterPick::At(at)
                    } else if let Some(annotation) = &parameter.annotation {
                        ParameterPick::Annotation(Symbol::from(annotation))
                    } else if parameter.rest {
                        ParameterPick::Rest
                    } else {
                        return Err("a parameter is picked by at, name, annotation or rest".into());
                    };
                    let filling = match (&parameter.is, &parameter.kind) {
                        (Some(path), _) => Filling::Object(
                            Symbol::from(path),
                            parameter.class.as_deref().map(Symbol::from),
                        ),
                        (None, Some(kind)) => Filling::Source(
                            self.source(
                                kind,
                                parameter
                                    .what
                                    .as_deref()
                                    .unwrap_or("an argument of a handler"),
                                parameter.alphabet.as_deref(),
                                &[],
                                false,
                            )?,
                        ),
                        (None, None) => return Err("a parameter needs `is` or `kind`".into()),
                    };
                    all.push((pick, filling));
                }
                Filled::Listed(all)
            }
        };
        let mut returns = Vec::new();
        match file.returns.as_deref() {
            Some("html") => {
                returns.push(self.sent("cross-site-scripting")?);
                returns.push(self.sent("stack-trace-exposure")?);
            }
            Some("text") => returns.push(self.sent("stack-trace-exposure")?),
            Some("redirect") => returns.push(self.sent("open-redirect")?),
            None => {}
            Some(other) => return Err(format!("no such return: `{other}`")),
        }
        for file in &file.hold {
            if !(file.missing.is_some()
                || file.given.is_some()
                || file.path.is_some()
                || file.matches.is_some())
            {
                return Err(
                    "of an entry `missing`, `given`, `path` and `matches` are asked".into(),
                );
            }
        }
        Ok(Entry {
            registered,
            route: file.route.as_ref().map(pick).transpose()?,
            route_source,
            filled,
            conditions: file.hold.iter().map(when).collect::<Result<_, _>>()?,
            returns,
        })
    }
}
