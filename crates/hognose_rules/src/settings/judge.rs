//! Puts the `[[setting]]` matchers to the settings found.

use hognose_finding::{Confidence, Persona};
use hognose_python::{Constant, Evaluator, ModuleId, Project};

use rustc_hash::FxHashMap;

use super::{Setting, Settings, Shape, Val, World};
use crate::condition::{Ask, Condition, Pick, Truth};
use crate::context::Draft;
use crate::matcher::Matcher;
use crate::registry::Registry;

/// The findings on settings, by the module they stand in.
pub(crate) fn judge(
    project: &Project,
    registry: &Registry,
    enabled: &[bool],
    settings: &Settings,
) -> FxHashMap<ModuleId, Vec<Draft>> {
    let mut drafts: FxHashMap<ModuleId, Vec<Draft>> = FxHashMap::default();
    let mut values = Evaluator::new(project, &registry.aliases);
    for world in &settings.worlds {
        let mut done = Vec::new();
        for (rule_number, number) in &registry.index.settings {
            let rule = &registry.rules[*rule_number];
            let matcher = &rule.matchers[*number];
            let Some((framework, name)) = &matcher.setting else {
                continue;
            };
            if !enabled[*rule_number]
                || framework != world.framework
                || done.contains(&(*rule_number, name))
            {
                continue;
            }
            let Some(certain) = holds(&mut values, world, name, matcher) else {
                continue;
            };
            done.push((*rule_number, name));
            if matcher.silent {
                continue;
            }
            let setting = world.get(name);
            let template = matcher.message.as_ref().unwrap_or(&rule.message);
            let message = template
                .replace("{name}", name)
                .replace("{module}", &world.judged)
                .replace("{value}", &shown(&setting.value));
            let (at, range) = setting.place.unwrap_or((world.module, world.anchor));
            let mut draft = Draft {
                rule: *rule_number,
                range,
                message,
                severity: matcher.severity.unwrap_or(rule.meta.severity),
                confidence: matcher.confidence.unwrap_or(rule.meta.confidence),
                persona: matcher.persona.unwrap_or(rule.meta.persona),
                labels: Vec::new(),
            };
            world.weigh(&mut draft, certain);
            drafts.entry(at).or_default().push(draft);
        }
    }
    drafts
}

impl World {
    /// Takes from a finding what is not sure of it.
    pub(crate) fn weigh(&self, draft: &mut Draft, certain: bool) {
        if !certain {
            draft.confidence = lower(draft.confidence);
            draft
                .message
                .push_str(" unless the deployment says otherwise");
        }
        if !self.sure {
            draft.confidence = lower(draft.confidence);
        }
        if self.example {
            draft.persona = Persona::Auditor;
        }
    }
}

fn lower(confidence: Confidence) -> Confidence {
    match confidence {
        Confidence::High => Confidence::Medium,
        Confidence::Medium | Confidence::Low => Confidence::Low,
    }
}

/// Whether a matcher's conditions hold, and then whether for certain.
fn holds(values: &mut Evaluator<'_>, world: &World, name: &str, matcher: &Matcher) -> Option<bool> {
    let mut certain = true;
    for condition in &matcher.conditions {
        let (truth, sure) = truth(values, world, name, condition);
        if truth != Truth::Yes {
            return None;
        }
        certain &= sure;
    }
    for condition in &matcher.unless {
        let (truth, sure) = truth(values, world, name, condition);
        if truth != Truth::No {
            return None;
        }
        certain &= sure;
    }
    Some(certain)
}

fn truth(
    values: &mut Evaluator<'_>,
    world: &World,
    name: &str,
    condition: &Condition,
) -> (Truth, bool) {
    let name = match &condition.pick {
        Pick::Value => name,
        Pick::Setting(other) => other,
        _ => return (Truth::Unknown, true),
    };
    if let Ask::Missing(missing) = condition.ask {
        // A fragment does not lack what it does not set; what it sets is given all the same.
        let known = if missing {
            world.is_missing(name)
        } else {
            world.has(name)
        };
        return (
            known.map_or(Truth::Unknown, Truth::from),
            world.get(name).value.certain,
        );
    }
    let Setting { value, .. } = world.get(name);
    (
        of_value(&condition.ask, values, world, &value),
        value.certain,
    )
}

/// Puts a question to a value: all alternatives agree, or it cannot be told.
pub(crate) fn of_value(ask: &Ask, values: &mut Evaluator<'_>, world: &World, value: &Val) -> Truth {
    let mut answers = value
        .shapes
        .iter()
        .map(|shape| of_shape(ask, values, world, shape));
    let Some(first) = answers.next() else {
        return Truth::Unknown;
    };
    if answers.all(|answer| answer == first) {
        first
    } else {
        Truth::Unknown
    }
}

fn of_shape(ask: &Ask, values: &mut Evaluator<'_>, world: &World, shape: &Shape) -> Truth {
    match (ask, shape) {
        (_, Shape::Unknown | Shape::Unset) => Truth::Unknown,
        (Ask::Path(paths), Shape::Path(path)) => Truth::from(paths.contains(path)),
        (Ask::Path(_), _) => Truth::No,
        (_, Shape::Constant(constant)) => ask.of_constant(constant),
        (Ask::Element(asked), Shape::List { items, open }) => {
            let mut unknown = *open;
            for item in items.iter() {
                match contains(values, world, item, asked) {
                    Truth::Yes => return Truth::Yes,
                    Truth::Unknown => unknown = true,
                    Truth::No => {}
                }
            }
            if unknown { Truth::Unknown } else { Truth::No }
        }
        (Ask::Element(asked), Shape::Dict { items, open }) => {
            if items
                .iter()
                .any(|(key, _)| asked.contains(&Constant::Str(key.clone())))
            {
                return Truth::Yes;
            }
            if *open { Truth::Unknown } else { Truth::No }
        }
        (Ask::Truthy(yes), Shape::List { items, open }) => match (items.is_empty(), open) {
            (true, true) => Truth::Unknown,
            (empty, _) => Truth::from(empty != *yes),
        },
        (Ask::Truthy(yes), Shape::Dict { items, open }) => match (items.is_empty(), open) {
            (true, true) => Truth::Unknown,
            (empty, _) => Truth::from(empty != *yes),
        },
        (Ask::None(yes), Shape::List { .. } | Shape::Dict { .. }) => Truth::from(!yes),
        (Ask::None(_) | Ask::Truthy(_), Shape::Path(_)) => Truth::Unknown,
        (Ask::Constant(yes), Shape::List { .. } | Shape::Dict { .. }) => Val::of(shape.clone())
            .constant()
            .map_or(Truth::Unknown, |_| Truth::from(*yes)),
        (_, Shape::List { .. }) => Val::of(shape.clone())
            .constant()
            .map_or(Truth::Unknown, |constant| ask.of_constant(&constant)),
        _ => Truth::Unknown,
    }
}

/// Whether an element is one of those asked for: equal to it, or the dotted name of a class of the project that inherits
/// from it. A class outside whose name ends alike may well inherit.
fn contains(values: &mut Evaluator<'_>, world: &World, item: &Val, asked: &[Constant]) -> Truth {
    let Some(constant) = item.constant() else {
        return Truth::Unknown;
    };
    if asked.contains(&constant) {
        return Truth::Yes;
    }
    let Constant::Str(path) = &constant else {
        return Truth::No;
    };
    let Some((module, name)) = path.rsplit_once('.') else {
        return Truth::No;
    };
    for asked in asked {
        let Some((_, last)) = asked.text().and_then(|asked| asked.rsplit_once('.')) else {
            continue;
        };
        if !path.starts_with("django.") && name.contains(last.trim_end_matches("Middleware")) {
            return Truth::Unknown;
        }
    }
    if let hognose_python::Found::Module(id) = values.project().find(module.into(), world.module) {
        let found = values.export(id, name.into());
        for value in found {
            if let hognose_python::Value::Class(home, class) = value {
                for base in values.mro(home, class).iter() {
                    if let hognose_python::ClassRef::External(path) = base
                        && asked
                            .iter()
                            .any(|asked| asked.text() == Some(path.as_str()))
                    {
                        return Truth::Yes;
                    }
                }
            }
        }
    }
    Truth::No
}

/// A value for a message.
fn shown(value: &Val) -> String {
    match value.constant() {
        Some(constant) => render(&constant, 0),
        None => "set so".to_owned(),
    }
}

fn render(constant: &Constant, depth: u32) -> String {
    match constant {
        Constant::None => "None".to_owned(),
        Constant::Bool(true) => "True".to_owned(),
        Constant::Bool(false) => "False".to_owned(),
        Constant::Int(number) => number.to_string(),
        Constant::Float(number) => number.to_string(),
        Constant::Str(text) | Constant::Bytes(text) if text.chars().count() <= 60 => {
            format!("\"{text}\"")
        }
        Constant::Str(text) | Constant::Bytes(text) => {
            format!("\"{}…\"", text.chars().take(59).collect::<String>())
        }
        Constant::Seq(items) if items.len() <= 4 && depth == 0 => {
            format!(
                "[{}]",
                items
                    .iter()
                    .map(|item| render(item, depth + 1))
                    .collect::<Vec<_>>()
                    .join(", ")
            )
        }
        Constant::Seq(_) => "[…]".to_owned(),
        Constant::Map(_) => "{…}".to_owned(),
    }
}
