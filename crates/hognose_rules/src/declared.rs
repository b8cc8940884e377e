//! Attributes that hold a number, a date or a UUID by the types of the columns of a model, and members of enumerations.

use hognose_python::ir::*;
use hognose_python::{ClassRef, Evaluator, ModuleId, Symbol, Value};

/// Fields of Django's models whose values are of a known form.
const DJANGO_FIELDS: &[&str] = &[
    "AutoField",
    "BigAutoField",
    "BigIntegerField",
    "BooleanField",
    "DateField",
    "DateTimeField",
    "DecimalField",
    "DurationField",
    "FloatField",
    "IntegerField",
    "PositiveBigIntegerField",
    "PositiveIntegerField",
    "PositiveSmallIntegerField",
    "SmallAutoField",
    "SmallIntegerField",
    "TimeField",
    "UUIDField",
];

/// Types of SQLAlchemy's columns, and of Python in their annotations, whose values are of a known form.
const COLUMN_TYPES: &[&str] = &[
    "BIGINT",
    "BOOLEAN",
    "BigInteger",
    "Boolean",
    "DATE",
    "DATETIME",
    "DECIMAL",
    "Date",
    "DateTime",
    "Double",
    "FLOAT",
    "Float",
    "INTEGER",
    "Integer",
    "Interval",
    "NUMERIC",
    "Numeric",
    "SMALLINT",
    "SmallInteger",
    "TIMESTAMP",
    "Time",
    "UUID",
    "Uuid",
    "bool",
    "date",
    "datetime",
    "float",
    "int",
    "time",
    "timedelta",
];

/// Whether an expression is an attribute of a model of the project whose column holds nothing but numbers and their like, or
/// the name or value of a member of an enumeration.
pub(crate) fn is_of_known_form(values: &mut Evaluator<'_>, at: ModuleId, expr: ExprId) -> bool {
    let Expr::Attribute { value, attr } = values.project().module(at)[expr] else {
        return false;
    };
    let owners = values.eval(at, value);
    !owners.is_empty()
        && owners.iter().all(|owner| match *owner {
            Value::Instance(home, class) => {
                is_column(values, home, class, attr)
                    || matches!(attr.as_str(), "name" | "value")
                        && is_enumeration(values, home, class)
            }
            _ => false,
        })
}

fn is_enumeration(values: &mut Evaluator<'_>, at: ModuleId, class: ClassId) -> bool {
    let order = values.mro(at, class);
    order.iter().any(|ancestor| {
        matches!(ancestor, ClassRef::External(path) if path.as_str().starts_with("enum."))
    })
}

/// Whether the class, or the first of its bases to have the attribute, declares it as such a column.
fn is_column(values: &mut Evaluator<'_>, at: ModuleId, class: ClassId, attr: Symbol) -> bool {
    for ancestor in values.mro(at, class).iter() {
        let ClassRef::Project(home, ancestor) = *ancestor else {
            continue;
        };
        let module = values.project().module(home);
        let Some(slot) = module.slot(module[ancestor].scope, attr) else {
            continue;
        };
        if !slot.bound {
            continue;
        }
        return match module[slot.exit].kind {
            DefKind::Value(declared) => declares(values, home, declared),
            _ => false,
        };
    }
    false
}

/// Whether a call makes such a column: `models.DateField()`, `Column(Integer, …)`.
fn declares(values: &mut Evaluator<'_>, at: ModuleId, expr: ExprId) -> bool {
    let module = values.project().module(at);
    let Expr::Call { func, args } = module[expr] else {
        return false;
    };
    let Some(path) = values.dotted(at, func) else {
        return false;
    };
    let (from, name) = path.as_str().rsplit_once('.').unwrap_or(("", ""));
    if from.starts_with("django.db.models") {
        return DJANGO_FIELDS.contains(&name);
    }
    let makes_column = matches!(name, "Column" | "mapped_column")
        && (from.starts_with("sqlalchemy") || from.starts_with("flask_sqlalchemy"));
    makes_column
        && module.args(args).iter().any(|argument| {
            let typed = match argument.kind {
                ArgKind::Positional => true,
                ArgKind::Keyword(name) => name.as_str() == "type_",
                _ => false,
            };
            typed && is_type(values, at, argument.value)
        })
}

fn is_type(values: &mut Evaluator<'_>, at: ModuleId, expr: ExprId) -> bool {
    let named = match values.project().module(at)[expr] {
        Expr::Call { func, .. } => func,
        _ => expr,
    };
    let path = values.dotted(at, named);
    path.is_some_and(|path| {
        let (_, name) = path.as_str().rsplit_once('.').unwrap_or(("", ""));
        COLUMN_TYPES.contains(&name)
    })
}
