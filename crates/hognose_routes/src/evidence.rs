//! What speaks against the guard of an endpoint: guards that never run, refusals that nobody hears, an endpoint that is left
//! open among others that are not.
//!
//! An endpoint that anyone may call is no defect; most applications have some. So each check here asks for something in the
//! code that contradicts itself, and stays silent where anything is unknown. A check is one file of this folder.

mod claims;
mod classes;
pub mod deeds;
mod exempt;
mod idle;
mod open;
mod order;
mod refusals;
mod rights;

use hognose_python::ir::ModuleId;
use ruff_text_size::TextRange;

use crate::events;
use crate::world::World;

/// The rules that this evidence is for, by id.
pub const RULES: &[&str] = &[
    order::GUARD_ABOVE_ROUTE,
    classes::PERMISSION_MISSPELT,
    classes::MIXIN_AFTER_VIEW,
    classes::OBJECT_CHECK_SKIPPED,
    idle::GUARD_NOT_APPLIED,
    refusals::REFUSAL_IGNORED,
    claims::ROLE_FROM_REQUEST,
    rights::RIGHTS_FROM_BODY,
    open::OUTSIDE_GUARD,
    open::AMONG_GUARDED,
    open::STATE_CHANGE,
    open::CHANGE_BY_GET,
    open::OBJECT_UNCHECKED,
    open::LOGIN_UNLIMITED,
    open::DEFAULT_LIFTED,
    exempt::EXEMPT_VIEW,
    events::RULES[0],
    events::RULES[1],
    events::RULES[2],
    events::RULES[3],
];

/// Something that lets in more than was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The rule that it is of.
    pub rule: &'static str,
    /// Where it stands.
    pub at: ModuleId,
    /// The span to look at.
    pub range: TextRange,
    /// One sentence, no full stop.
    pub message: String,
    /// It may be meant so: a person has to look.
    pub is_thin: bool,
    /// Other places that explain it.
    pub remarks: Vec<Remark>,
}

/// A place that explains a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Where it stands.
    pub at: ModuleId,
    /// The span.
    pub range: TextRange,
    /// What is to be seen there.
    pub text: String,
}

impl Evidence {
    pub(crate) fn new(rule: &'static str, at: ModuleId, range: TextRange, message: String) -> Self {
        Self {
            rule,
            at,
            range,
            message,
            is_thin: false,
            remarks: Vec::new(),
        }
    }
}

/// All that speaks against the guards of a project, by place. What is written down is looked into only if a rule on it is
/// wanted: every call is followed for that, which costs as much as all the rest.
pub fn gather(world: &mut World<'_>, wanted: &(dyn Fn(&str) -> bool + Sync)) -> Vec<Evidence> {
    let mut found = Vec::new();
    for check in [
        order::check,
        classes::check,
        idle::check,
        refusals::check,
        claims::check,
        rights::check,
        open::check,
        exempt::check,
    ] {
        check(world, &mut found);
    }
    if events::RULES.iter().any(|rule| wanted(rule)) {
        events::check(world, &mut found);
    }
    let project = world.machine.project;
    found.retain(|one| {
        let module = project.module(one.at);
        !(world.left_out)(&module.file) && !module.is_dead(one.range)
    });
    found.sort_by(|a, b| {
        (a.at, a.range.start(), a.rule, &a.message).cmp(&(
            b.at,
            b.range.start(),
            b.rule,
            &b.message,
        ))
    });
    found.dedup_by(|a, b| (a.at, a.range, a.rule) == (b.at, b.range, b.rule));
    found
}
