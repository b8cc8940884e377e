//! Classes: records, enumerations, methods that override others, and settings that turn on escaping.

use hognose_python::ir::*;
use hognose_python::{ClassRef, Constant, Evaluator, ModuleId, Project, Value as Evaluated};

use super::Survey;
use crate::model::Models;
use crate::value::Symbol;

/// Decorators that make a class a record.
const RECORDS: &[&str] = &[
    "dataclasses.dataclass",
    "attr.s",
    "attr.attrs",
    "attr.define",
    "attr.frozen",
    "attrs.define",
    "attrs.frozen",
    "attrs.mutable",
    "pydantic.dataclasses.dataclass",
];

/// Classes whose subclasses are records.
const RECORD_BASES: &[&str] = &[
    "typing.NamedTuple",
    "pydantic.BaseModel",
    "pydantic.main.BaseModel",
    "sqlmodel.SQLModel",
    "msgspec.Struct",
    "typing.TypedDict",
];

/// Classes above a class that are told of its methods.
const MAX_ABOVE: usize = 8;

pub(super) fn classes(
    project: &Project,
    values: &mut Evaluator<'_>,
    id: ModuleId,
    survey: &mut Survey,
) {
    let module = project.module(id);
    for number in 0..module.classes.len() {
        let class = ClassId(u32::try_from(number).unwrap_or(u32::MAX));
        let data = &module[class];
        let order = values.mro(id, class);
        overrides(project, id, class, &order, survey);
        let mut record = false;
        let mut fields: Vec<Symbol> = Vec::new();
        let mut is_enum = false;
        for ancestor in order.iter() {
            if let ClassRef::External(path) = ancestor {
                record |= RECORD_BASES.contains(&path.as_str());
                is_enum |= matches!(
                    path.as_str(),
                    "enum.Enum"
                        | "enum.IntEnum"
                        | "enum.StrEnum"
                        | "enum.Flag"
                        | "enum.IntFlag"
                        | "django.db.models.TextChoices"
                        | "django.db.models.IntegerChoices"
                );
            }
        }
        if is_enum {
            survey.enums.push((id, class));
            continue;
        }
        for decorator in &data.decorators {
            let callee = match module[*decorator] {
                Expr::Call { func, .. } => func,
                _ => *decorator,
            };
            record |= values
                .dotted(id, callee)
                .is_some_and(|path| RECORDS.contains(&path.as_str()));
        }
        if !record {
            continue;
        }
        for ancestor in order.iter().rev() {
            if let ClassRef::Project(at, class) = ancestor {
                let home = project.module(*at);
                for slot in &home[home[*class].scope].slots {
                    let annotated = slot.defs.iter().any(|def| home[*def].annotation.is_some());
                    if annotated && !fields.contains(&slot.name) {
                        fields.push(slot.name);
                    }
                }
            }
        }
        survey.records.push(((id, class), fields));
    }
}

pub(super) fn overrides(
    project: &Project,
    id: ModuleId,
    class: ClassId,
    order: &[ClassRef],
    survey: &mut Survey,
) {
    let above: Vec<(ModuleId, ClassId)> = order
        .iter()
        .skip(1)
        .filter_map(|ancestor| match ancestor {
            ClassRef::Project(at, class) => Some((*at, *class)),
            ClassRef::External(_) => None,
        })
        .take(MAX_ABOVE)
        .collect();
    if above.is_empty() {
        return;
    }
    let module = project.module(id);
    for slot in &module[module[class].scope].slots {
        if let DefKind::Function(function) = module[slot.exit].kind
            && !slot.name.as_str().starts_with("__")
        {
            survey.overrides.extend(
                above
                    .iter()
                    .map(|(at, class)| ((*at, *class, slot.name), (id, function))),
            );
        }
    }
}

/// `app.jinja_options = {"autoescape": True}`: what says for the whole program that values in pages are escaped.
pub(super) fn escaping(
    models: &Models,
    values: &mut Evaluator<'_>,
    id: ModuleId,
    survey: &mut Survey,
) {
    let module = values.project().module(id);
    let last =
        |path: &Symbol, attr: Symbol| path.as_str().rsplit('.').next() == Some(attr.as_str());
    for (_, stmt) in module.stmts() {
        let Stmt::Assign { binds, .. } = *stmt else {
            continue;
        };
        for bind in module.binds(binds) {
            let Target::Attribute { object, attr } = bind.target else {
                continue;
            };
            if !models.escaping.iter().any(|path| last(path, attr))
                || !turns_on_escaping(values, id, bind.value)
            {
                continue;
            }
            for owner in values.eval(id, object) {
                let mut owners: Vec<Symbol> = Vec::new();
                match owner {
                    Evaluated::External(path) => owners.push(path),
                    Evaluated::Instance(at, class) => {
                        for ancestor in values.mro(at, class).iter() {
                            if let ClassRef::External(path) = ancestor {
                                owners.push(values.path_of_call(*path));
                            }
                        }
                    }
                    // Of an object that is not known its attributes tell what it may be.
                    Evaluated::Param(..) | Evaluated::Unknown(_) => {
                        let may_be = |path: &&Symbol| match path.as_str().rsplit('.').nth(1) {
                            Some(around) if !around.ends_with("()") => matches!(
                                module[object],
                                Expr::Attribute { attr, .. } if attr.as_str() == around
                            ),
                            _ => true,
                        };
                        let fitting = models.escaping.iter().filter(|path| last(path, attr));
                        survey.escaping.extend(fitting.filter(may_be).copied());
                    }
                    _ => {}
                }
                for owner in owners {
                    let path = values.path_of_attribute(owner, attr);
                    if models.escaping.contains(&path) {
                        survey.escaping.push(path);
                    }
                }
            }
        }
    }
}

/// `True`, or a dict of options with `"autoescape": True`.
fn turns_on_escaping(values: &mut Evaluator<'_>, id: ModuleId, value: ExprId) -> bool {
    let module = values.project().module(id);
    let Expr::Dict(list) = module[value] else {
        return matches!(values.constant(id, value), Some(Constant::Bool(true)));
    };
    module.dict(list).iter().any(|(key, value)| {
        key.is_some_and(|key| {
            matches!(values.constant(id, key.get()), Some(Constant::Str(key)) if key == "autoescape")
        }) && matches!(values.constant(id, *value), Some(Constant::Bool(true)))
    })
}
