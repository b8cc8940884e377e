//! What speaks against the record of events: one outcome that is told and its twin that is not, and records that tell what
//! is not so, or do not get through.
//!
//! That nothing is written down is no defect of a place in the code: the table tells that. Each check here asks for code
//! that meant to write and does it for a part only.

use hognose_python::Value as Evaluated;
use hognose_python::ir::*;
use ruff_text_size::TextRange;
use rustc_hash::{FxHashMap, FxHashSet};

use super::data::EVENTS;
use super::logs::{Log, Logs, calls, expressions, is_broad, name_of, record};
use super::{Kind, Outcome, made_by, occurrences};
use crate::code::{any_inside, bases_outside, excerpt};
use crate::evidence::{Evidence, Remark};
use crate::guard::{self, Proof};
use crate::world::{Target as Served, World, last};

pub(crate) const OUTCOME_NOT_LOGGED: &str = "login-outcome-not-logged";
pub(crate) const AUDIT_OUTSIDE: &str = "audit-outside-guard";
pub(crate) const AUDIT_SWALLOWED: &str = "audit-write-swallowed";
pub(crate) const NEVER_EMITTED: &str = "security-event-never-emitted";

/// The rules that this evidence is for, by id.
pub const RULES: &[&str] = &[
    OUTCOME_NOT_LOGGED,
    AUDIT_OUTSIDE,
    AUDIT_SWALLOWED,
    NEVER_EMITTED,
];

/// Members of an enumeration that are written down, from which on it counts as the list of what is to be written.
const EMITTED: usize = 3;

pub(crate) fn check(world: &mut World<'_>, found: &mut Vec<Evidence>) {
    if world.found().next().is_none() {
        return;
    }
    outcomes(world, found);
    outside_guard(world, found);
    swallowed(world, found);
    never_emitted(world, found);
}

/// Handlers that write one outcome of a login down and not the other.
fn outcomes(world: &mut World<'_>, found: &mut Vec<Evidence>) {
    let events = occurrences(world, false);
    for ((kind, outcome, handler), silent) in &events {
        let twin = match outcome {
            Outcome::Failure => Outcome::Success,
            Outcome::Success => Outcome::Failure,
            _ => continue,
        };
        if !matches!(kind, Kind::Login | Kind::Mfa) || silent.log != Log::No {
            continue;
        }
        let Some(told) = events.get(&(*kind, twin, handler.clone())) else {
            continue;
        };
        if told.log != Log::Yes {
            continue;
        }
        let (is_told, is_silent) = match outcome {
            Outcome::Failure => ("succeeds", "fails"),
            _ => ("fails", "succeeds"),
        };
        let what = match kind {
            Kind::Mfa => "the second factor",
            _ => "a login",
        };
        let message = format!("that {what} {is_told} is logged, that it {is_silent} is not");
        let mut evidence = Evidence::new(OUTCOME_NOT_LOGGED, silent.at, silent.range, message);
        // Who came in is often told elsewhere; who tried is not.
        evidence.is_thin = *outcome == Outcome::Success || told.by != "code";
        evidence.remarks.push(Remark {
            at: told.at,
            range: told.range,
            text: format!("what is written where it {is_told} is written for this"),
        });
        found.push(evidence);
    }
}

/// Decorators that write a call down when it is over, around guards that answer in its place.
fn outside_guard(world: &mut World<'_>, found: &mut Vec<Evidence>) {
    let handlers: FxHashSet<(ModuleId, FunctionId)> = world
        .found()
        .filter_map(|(_, registered)| match registered.target {
            Served::Function(at, function) => Some((at, function)),
            _ => None,
        })
        .collect();
    let mut handlers: Vec<_> = handlers.into_iter().collect();
    handlers.sort_unstable();
    let mut logs: Option<Logs> = None;
    let mut audits: FxHashMap<(ModuleId, FunctionId), bool> = FxHashMap::default();
    for (at, function) in handlers {
        let module = world.machine.project.module(at);
        let decorators = &module[function].decorators;
        for (index, outer) in decorators.iter().enumerate() {
            let inner = &decorators[index + 1..];
            if inner.is_empty() {
                continue;
            }
            let [(home, wrapper)] = made_by(world, at, *outer)[..] else {
                continue;
            };
            let is_audit = if let Some(known) = audits.get(&(home, wrapper)) {
                *known
            } else {
                let logs = logs.get_or_insert_with(|| Logs::new(world));
                let is_audit = writes_afterwards(world, logs, home, wrapper);
                audits.insert((home, wrapper), is_audit);
                is_audit
            };
            if !is_audit {
                continue;
            }
            let Some(guard) = inner
                .iter()
                .find(|decorator| answers_in_place(world, at, **decorator))
            else {
                continue;
            };
            let range = module.expr_range(*outer);
            let message = format!(
                "`{}` writes down that `{}` was called, also where `{}` below it refused that",
                excerpt(module, range),
                module[function].name.as_str(),
                excerpt(module, module.expr_range(*guard)),
            );
            let mut evidence = Evidence::new(AUDIT_OUTSIDE, at, range, message);
            evidence.remarks.push(Remark {
                at,
                range: module.expr_range(*guard),
                text: "this answers in place of the handler".to_owned(),
            });
            found.push(evidence);
        }
    }
}

/// Whether a wrapper writes down after what it wraps, whatever that answered.
fn writes_afterwards(
    world: &mut World<'_>,
    logs: &mut Logs,
    at: ModuleId,
    wrapper: FunctionId,
) -> bool {
    let module = world.machine.project.module(at);
    let mut answer: Option<&str> = None;
    for stmt in module.block(module[wrapper].body) {
        if let Some(answer) = answer {
            let looks = expressions(module, *stmt).into_iter().any(|expr| {
                any_inside(module, expr, |part| {
                    matches!(module[part], Expr::Name { .. }) && name_of(module, part) == answer
                })
            });
            if looks || !matches!(module[*stmt], Stmt::Expr(_) | Stmt::Assign { .. }) {
                return false;
            }
            if logs.own(world, at, *stmt) == Log::Yes {
                return true;
            }
            continue;
        }
        if let Stmt::Assign { value, binds } = module[*stmt]
            && let [bind] = module.binds(binds)
            && let Target::Name(def) = bind.target
        {
            let value = match module[value] {
                Expr::Await(value) => value,
                _ => value,
            };
            if let Expr::Call { func, .. } = module[value]
                && guard::is_parameter(module, func)
            {
                let def = &module[def];
                answer = Some(module[def.scope].slots[def.slot.index()].name.as_str());
            }
        }
    }
    false
}

/// Whether a decorator refuses by an answer of its own, not by an exception.
fn answers_in_place(world: &mut World<'_>, at: ModuleId, decorator: ExprId) -> bool {
    let module = world.machine.project.module(at);
    let func = match module[decorator] {
        Expr::Call { func, .. } => func,
        _ => decorator,
    };
    for value in world.machine.evaluator.eval(at, func) {
        match value {
            Evaluated::External(path) if guard::is_guard(path.as_str()) => {
                let path = path.as_str();
                // Flask-Login raises unless it was told where the login is.
                if path.starts_with("django.contrib.auth.")
                    || path.starts_with("flask_login.") && redirects_to_login(world)
                {
                    return true;
                }
            }
            Evaluated::Function(home, function) => {
                if !matches!(guard::made_in(world, home, function), Proof::Guard { .. }) {
                    continue;
                }
                for (home, wrapper) in made_by(world, at, decorator) {
                    let values = world.machine.project.module(home)[wrapper]
                        .return_values
                        .clone();
                    if values
                        .into_iter()
                        .any(|value| guard::refusal(world, home, value).is_some())
                    {
                        return true;
                    }
                }
            }
            _ => {}
        }
    }
    false
}

fn redirects_to_login(world: &World<'_>) -> bool {
    world.machine.project.modules.iter().any(|module| {
        let mut stores = module.attribute_stores.iter();
        stores.any(|store| store.attr.as_str() == "login_view")
    })
}

/// Records of what happened whose failure nobody hears of.
fn swallowed(world: &mut World<'_>, found: &mut Vec<Evidence>) {
    let project = world.machine.project;
    for (at, module) in project.iter() {
        for (_, stmt) in module.stmts() {
            let Stmt::Try { body, handlers, .. } = *stmt else {
                continue;
            };
            let silent = module
                .handlers(handlers)
                .iter()
                .find(|handler| is_broad(module, handler) && does_nothing(module, handler.body));
            let Some(silent) = silent else { continue };
            for stmt in module.block(body) {
                if !keeps(world, at, *stmt) {
                    continue;
                }
                let range = module.stmt_range(*stmt);
                let message = format!(
                    "where `{}` fails, the event is lost and nobody hears of it",
                    excerpt(module, range)
                );
                let mut evidence = Evidence::new(AUDIT_SWALLOWED, at, range, message);
                evidence.remarks.push(Remark {
                    at,
                    range: first_line(module, silent.range),
                    text: "this ends the exception".to_owned(),
                });
                found.push(evidence);
                break;
            }
        }
    }
}

fn first_line(module: &Module, range: TextRange) -> TextRange {
    let text = &module.text.as_str()[range];
    let end = text.find('\n').unwrap_or(text.len());
    let end = u32::try_from(end).unwrap_or(u32::MAX);
    TextRange::at(range.start(), end.into())
}

fn does_nothing(module: &Module, block: Block) -> bool {
    module.block(block).iter().all(|stmt| match module[*stmt] {
        Stmt::Pass | Stmt::Continue | Stmt::Return(None) => true,
        Stmt::Expr(value) => matches!(module[value], Expr::Ellipsis | Expr::Str(_)),
        Stmt::Return(Some(value)) => matches!(module[value.get()], Expr::None),
        _ => false,
    })
}

/// Whether a statement keeps a record of what happened, itself or in a function of the project that is for that.
fn keeps(world: &mut World<'_>, at: ModuleId, stmt: StmtId) -> bool {
    let module = world.machine.project.module(at);
    for expr in expressions(module, stmt) {
        for call in calls(module, expr) {
            let Expr::Call { func, .. } = module[call] else {
                continue;
            };
            if record(world, at, func) == Log::Yes {
                return true;
            }
            if !EVENTS.is_hint(name_of(module, func)) {
                continue;
            }
            for value in world.machine.evaluator.eval(at, func) {
                if let Evaluated::Function(home, function) = value
                    && keeps_itself(world, home, function)
                {
                    return true;
                }
            }
        }
    }
    false
}

fn keeps_itself(world: &mut World<'_>, at: ModuleId, function: FunctionId) -> bool {
    let module = world.machine.project.module(at);
    let statements: Vec<StmtId> = module.block(module[function].body).to_vec();
    statements.into_iter().any(|stmt| {
        expressions(module, stmt).into_iter().any(|expr| {
            calls(module, expr)
                .into_iter()
                .any(|call| match module[call] {
                    Expr::Call { func, .. } => record(world, at, func) == Log::Yes,
                    _ => false,
                })
        })
    })
}

/// Members of an enumeration of events that nothing in the project writes down, though it does write others.
fn never_emitted(world: &mut World<'_>, found: &mut Vec<Evidence>) {
    let project = world.machine.project;
    let mut lists: Vec<(ModuleId, ClassId)> = Vec::new();
    for (at, module) in project.iter() {
        if (world.left_out)(&module.file) {
            continue;
        }
        for class in (0u32..).map(ClassId).take(module.classes.len()) {
            if module[class].bases.is_empty() || !EVENTS.is_hint(module[class].name.as_str()) {
                continue;
            }
            let is_list = bases_outside(world, at, class)
                .iter()
                .any(|path| matches!(path.as_str(), "enum.Enum" | "enum.StrEnum"));
            if is_list {
                lists.push((at, class));
            }
        }
    }
    for (at, class) in lists {
        of_list(world, at, class, found);
    }
}

fn of_list(world: &mut World<'_>, at: ModuleId, class: ClassId, found: &mut Vec<Evidence>) {
    let project = world.machine.project;
    let home = project.module(at);
    let scope = home[class].scope;
    let members: Vec<(&str, DefId)> = home[scope]
        .slots
        .iter()
        .filter(|slot| slot.bound && matches!(home[slot.exit].kind, DefKind::Value(_)))
        .map(|slot| (slot.name.as_str(), slot.exit))
        .collect();
    if !members.iter().any(|(name, _)| EVENTS.is_security(name)) {
        return;
    }
    let mut named: FxHashSet<&str> = FxHashSet::default();
    let mut emitted: FxHashSet<&str> = FxHashSet::default();
    let mut literals: FxHashMap<&str, usize> = FxHashMap::default();
    for (id, module) in project.iter() {
        if (world.left_out)(&module.file) {
            continue;
        }
        for (_, expr) in module.exprs() {
            match *expr {
                Expr::Attribute { attr, .. } => {
                    if let Some((name, _)) = members.iter().find(|(name, _)| *name == attr.as_str())
                    {
                        named.insert(name);
                    }
                }
                Expr::Str(text) => *literals.entry(module.str(text)).or_default() += 1,
                Expr::Call { func, args } if EVENTS.is_hint(name_of(module, func)) => {
                    for argument in module.args(args) {
                        if let Expr::Attribute { value, attr } = module[argument.value]
                            && let Some((name, _)) =
                                members.iter().find(|(name, _)| *name == attr.as_str())
                            && world
                                .machine
                                .evaluator
                                .eval(id, value)
                                .contains(&Evaluated::Class(at, class))
                        {
                            emitted.insert(name);
                        }
                    }
                }
                _ => {}
            }
        }
    }
    // One that is looked up by its value, or by its name as a text, may be any of them.
    let mut silent: Vec<(&str, DefId)> = members
        .iter()
        .filter(|(name, def)| {
            let value = match home[*def].kind {
                DefKind::Value(value) => match home[value] {
                    Expr::Str(text) => Some(home.str(text)),
                    _ => None,
                },
                _ => None,
            };
            EVENTS.is_security(name)
                && !named.contains(name)
                && !literals.contains_key(name)
                && value.is_none_or(|value| literals.get(value).copied().unwrap_or(0) <= 1)
        })
        .copied()
        .collect();
    if emitted.len() < EMITTED || silent.len() > emitted.len() {
        return;
    }
    silent.sort_unstable();
    for (name, def) in silent {
        let message = format!(
            "`{name}` is on the list of events `{}` and nothing writes it down",
            last(home[class].name.as_str())
        );
        found.push(Evidence::new(NEVER_EMITTED, at, home[def].range, message));
    }
}
