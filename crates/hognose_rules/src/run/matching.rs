//! Which rules a module meets: what its calls, references, imports, stores, classes and decorators are asked.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use hognose_finding::{Confidence, Note};
use hognose_python::ir::*;
use hognose_python::{Constant, Evaluator, Module, ModuleId, Symbol, Value, Values};
use ruff_text_size::TextRange;

use super::ModuleRun;
use crate::condition::{Condition, Pick, Truth};
use crate::context::{Argument, CallSite, Context, Draft, Memo, argument, dict_entry, external};
use crate::matcher::{Matcher, MatcherRef};

/// The place a matcher looks at.
#[derive(Clone, Copy)]
enum Place<'s> {
    Call(&'s CallSite),
    Store(ExprId),
    Class(ClassId),
    Bare,
}

impl ModuleRun<'_, '_> {
    pub(super) fn functions(&mut self, sites: &[CallSite]) {
        let registry = self.registry;
        let mut memo = Memo::default();
        for (number, rule) in registry.rules.iter().enumerate() {
            let Some(check) = rule.check.filter(|_| self.enabled[number]) else {
                continue;
            };
            let before = self.drafts.len();
            let mut context = Context {
                module: self.module,
                id: self.id,
                values: self.values,
                in_test: self.in_test,
                settings: self.settings,
                sites,
                rule,
                rule_number: number,
                drafts: &mut self.drafts,
                memo: &mut memo,
            };
            // A rule that fails on one file must not take the run with it.
            if catch_unwind(AssertUnwindSafe(|| check(&mut context))).is_err() {
                self.drafts.truncate(before);
                *self.values = Evaluator::new(self.values.project(), &registry.aliases);
                self.notes.push(Note {
                    file: Some(Arc::clone(&self.module.file)),
                    text: format!(
                        "rule {} failed here; its findings are missing",
                        rule.meta.id
                    ),
                });
            }
        }
    }

    pub(super) fn calls(&mut self, sites: &[CallSite]) {
        let registry = self.registry;
        for site in sites {
            for path in &site.paths {
                let matchers = self
                    .of_calls
                    .entry(path.symbol)
                    .or_insert_with(|| registry.index.of_call(path.symbol));
                if matchers.is_empty() {
                    continue;
                }
                let matchers = matchers.clone();
                self.first_match(
                    &matchers,
                    Place::Call(site),
                    site.range,
                    path.as_str(),
                    path.as_str(),
                );
            }
        }
    }

    pub(super) fn references(&mut self) {
        let registry = self.registry;
        let index = &registry.index;
        if index.references.is_empty() {
            return;
        }
        for (expr, node) in self.module.exprs() {
            let interesting = match *node {
                Expr::Attribute { attr, .. } => index.reference_names.contains(&attr),
                Expr::Name { slot, def } => {
                    let data = &self.module[def];
                    let name = self.module[data.scope].slots[slot.index()].name;
                    index.reference_names.contains(&name) || self.is_renamed_import(name, def)
                }
                _ => false,
            };
            let range = self.module.expr_range(expr);
            if !interesting || self.module.is_dead(range) {
                continue;
            }
            for path in external(&self.values.eval(self.id, expr)) {
                if let Some(matchers) = index.references.get(&path) {
                    self.first_match(matchers, Place::Bare, range, path.as_str(), path.as_str());
                }
            }
        }
    }

    /// `from m import interesting as other`.
    fn is_renamed_import(&self, name: Symbol, def: DefId) -> bool {
        let imported = |def: DefId| matches!(self.module[def].kind, DefKind::ImportFrom { name, .. } if self.registry.index.reference_names.contains(&name));
        match self.module[def].kind {
            DefKind::ImportFrom { .. } => imported(def),
            DefKind::Entry => self
                .module
                .slot(Module::TOP, name)
                .is_some_and(|slot| imported(slot.exit)),
            _ => false,
        }
    }

    pub(super) fn imports(&mut self) {
        let registry = self.registry;
        let index = &registry.index;
        let module = self.module;
        for (name, range) in &module.imports {
            if module.is_dead(*range) {
                continue;
            }
            let mut prefix = name.as_str();
            loop {
                if let Some(matchers) = index.imports.get(&Symbol::from(prefix)) {
                    self.first_match(matchers, Place::Bare, *range, prefix, prefix);
                }
                match prefix.rsplit_once('.') {
                    Some((parent, _)) => prefix = parent,
                    None => break,
                }
            }
        }
        for (_, def) in module.defs() {
            if let DefKind::ImportFrom { module: from, name } = def.kind {
                let whole = Symbol::from(format!("{from}.{name}"));
                if let Some(matchers) = index.imports.get(&whole)
                    && !module.is_dead(def.range)
                {
                    self.first_match(
                        matchers,
                        Place::Bare,
                        def.range,
                        whole.as_str(),
                        whole.as_str(),
                    );
                }
            }
        }
    }

    pub(super) fn stores(&mut self) {
        let registry = self.registry;
        let index = &registry.index;
        let module = self.module;
        for store in &module.attribute_stores {
            if !index.store_names.contains(&store.attr) || module.is_dead(store.range) {
                continue;
            }
            let objects = self.values.eval(self.id, store.object);
            let mut paths = external(&objects);
            paths.extend(self.outside_bases(&objects));
            for object in paths {
                let path = Symbol::from(format!("{object}.{}", store.attr));
                if let Some(matchers) = index.stores.get(&path) {
                    self.first_match(
                        matchers,
                        Place::Store(store.value),
                        store.range,
                        path.as_str(),
                        store.attr.as_str(),
                    );
                }
            }
        }
        for store in &module.item_stores {
            let object = match module[store.object] {
                Expr::Attribute { attr, .. } => Some(attr),
                _ => None,
            };
            if object.is_some_and(|attr| !index.store_names.contains(&attr))
                || module.is_dead(store.range)
            {
                continue;
            }
            for object in external(&self.values.eval(self.id, store.object)) {
                let path = Symbol::from(format!("{object}[]"));
                let Some(matchers) = index.stores.get(&path) else {
                    continue;
                };
                let Some(Constant::Str(key)) = self.values.constant(self.id, store.index) else {
                    continue;
                };
                let matchers: Vec<MatcherRef> = matchers
                    .iter()
                    .copied()
                    .filter(|(rule, number)| {
                        registry.rules[*rule].matchers[*number]
                            .key
                            .as_ref()
                            .is_none_or(|asked| *asked == key)
                    })
                    .collect();
                self.first_match(
                    &matchers,
                    Place::Store(store.value),
                    store.range,
                    path.as_str(),
                    &key,
                );
            }
        }
    }

    /// Instances of the outside classes that project classes among the values inherit from.
    fn outside_bases(&mut self, values: &Values) -> Vec<Symbol> {
        let mut bases = Vec::new();
        for value in values {
            if let Value::Instance(at, class) = value {
                for ancestor in self.values.mro(*at, *class).iter() {
                    if let hognose_python::ClassRef::External(path) = ancestor {
                        bases.push(Symbol::from(format!("{path}()")));
                    }
                }
            }
        }
        bases
    }

    pub(super) fn classes(&mut self) {
        let registry = self.registry;
        if registry.index.classes.is_empty() {
            return;
        }
        for number in 0..self.module.classes.len() {
            let class = ClassId(u32::try_from(number).unwrap_or(u32::MAX));
            let range = self.module[class].name_range;
            if self.module.is_dead(range) {
                continue;
            }
            let order = self.values.mro(self.id, class);
            for ancestor in order.iter() {
                if let hognose_python::ClassRef::External(path) = ancestor
                    && let Some(matchers) = registry.index.classes.get(path)
                {
                    let name = self.module[class].name;
                    self.first_match(
                        matchers,
                        Place::Class(class),
                        range,
                        path.as_str(),
                        name.as_str(),
                    );
                }
            }
        }
    }

    pub(super) fn decorators(&mut self, sites: &[CallSite]) {
        let registry = self.registry;
        if registry.index.decorators.is_empty() {
            return;
        }
        let module = self.module;
        let functions = module
            .functions
            .iter()
            .map(|function| (&function.decorators, function.name));
        let classes = module
            .classes
            .iter()
            .map(|class| (&class.decorators, class.name));
        for (decorators, name) in functions.chain(classes).collect::<Vec<_>>() {
            for decorator in decorators {
                let range = module.expr_range(*decorator);
                if module.is_dead(range) {
                    continue;
                }
                let (callee, site) = match module[*decorator] {
                    Expr::Call { func, .. } => {
                        (func, sites.iter().find(|site| site.expr == *decorator))
                    }
                    _ => (*decorator, None),
                };
                for path in external(&self.values.eval(self.id, callee)) {
                    if let Some(matchers) = registry.index.decorators.get(&path) {
                        let place = site.map_or(Place::Bare, Place::Call);
                        self.first_match(matchers, place, range, path.as_str(), name.as_str());
                    }
                }
            }
        }
    }

    /// Reports the first matcher of each rule whose conditions hold.
    fn first_match(
        &mut self,
        matchers: &[MatcherRef],
        place: Place<'_>,
        range: TextRange,
        callee: &str,
        name: &str,
    ) {
        let registry = self.registry;
        let mut done: Option<usize> = None;
        for (rule_number, number) in matchers {
            if !self.enabled[*rule_number] || done == Some(*rule_number) {
                continue;
            }
            let rule = &registry.rules[*rule_number];
            let matcher = &rule.matchers[*number];
            let mut shown = None;
            if !self.holds(matcher, place, &mut shown) {
                continue;
            }
            done = Some(*rule_number);
            if matcher.silent {
                continue;
            }
            let message = self.message(rule, matcher, callee, name, shown);
            let mut confidence = matcher.confidence.unwrap_or(rule.meta.confidence);
            if let Place::Call(site) = place
                && site.is_one_of_several
            {
                confidence = confidence.min(Confidence::Medium);
            }
            self.drafts.push(Draft {
                rule: *rule_number,
                range,
                message,
                severity: matcher.severity.unwrap_or(rule.meta.severity),
                confidence,
                persona: matcher.persona.unwrap_or(rule.meta.persona),
                labels: Vec::new(),
            });
        }
    }

    fn holds(
        &mut self,
        matcher: &Matcher,
        place: Place<'_>,
        shown: &mut Option<(ModuleId, ExprId)>,
    ) -> bool {
        for condition in &matcher.conditions {
            if self.truth(condition, place, shown) != Truth::Yes {
                return false;
            }
        }
        for condition in &matcher.unless {
            let mut ignored = None;
            if self.truth(condition, place, &mut ignored) != Truth::No {
                return false;
            }
        }
        true
    }

    fn truth(
        &mut self,
        condition: &Condition,
        place: Place<'_>,
        shown: &mut Option<(ModuleId, ExprId)>,
    ) -> Truth {
        let argument = match (&condition.pick, place) {
            (Pick::Arg(name, at), Place::Call(site)) => {
                argument(self.values, self.id, site, *name, *at)
            }
            (Pick::ArgKey(name, at, key), Place::Call(site)) => {
                match argument(self.values, self.id, site, *name, *at) {
                    Argument::Given(home, dict) => dict_entry(self.values, home, dict, key),
                    other => other,
                }
            }
            (Pick::Receiver, Place::Call(site)) => match self.module[site.func] {
                Expr::Attribute { value, .. } => Argument::Given(self.id, value),
                _ => Argument::Unknown,
            },
            (Pick::Attr(attr), Place::Call(site)) => self.stored_attribute(site, *attr),
            (Pick::AnyArg, Place::Call(site)) => {
                let arguments = self.module.args(site.args);
                let mut outcome = Truth::No;
                for argument in arguments.iter().skip(site.skip) {
                    match condition.ask.of_expr(self.values, self.id, argument.value) {
                        Truth::Yes => {
                            *shown = Some((self.id, argument.value));
                            return Truth::Yes;
                        }
                        Truth::Unknown => outcome = Truth::Unknown,
                        Truth::No => {}
                    }
                }
                return outcome;
            }
            (Pick::Value, Place::Store(value)) => Argument::Given(self.id, value),
            (Pick::Member(path), Place::Class(class)) => self.member(class, path),
            _ => Argument::Unknown,
        };
        if let Argument::Given(at, expr) = argument {
            *shown = Some((at, expr));
        }
        condition.ask.of_argument(self.values, argument)
    }

    /// The last `receiver.attr = value` before a call, on the same object.
    fn stored_attribute(&mut self, site: &CallSite, attr: Symbol) -> Argument {
        let Expr::Attribute {
            value: receiver, ..
        } = self.module[site.func]
        else {
            return Argument::Unknown;
        };
        let mut found = Argument::Missing;
        for store in &self.module.attribute_stores {
            if store.attr != attr || self.module.is_dead(store.range) {
                continue;
            }
            let before = store.range.start() < site.range.start();
            if self.same_object(store.object, receiver)
                && (before || !self.same_scope(store.scope, receiver))
            {
                found = match found {
                    // Stored with different values on different ways: not known.
                    Argument::Given(at, known)
                        if !before || !self.same_scope(store.scope, receiver) =>
                    {
                        let (a, b) = (
                            self.values.constant(at, known),
                            self.values.constant(self.id, store.value),
                        );
                        if a.is_some() && a == b {
                            found
                        } else {
                            Argument::Unknown
                        }
                    }
                    _ => Argument::Given(self.id, store.value),
                };
            }
        }
        found
    }

    fn same_scope(&self, scope: ScopeId, receiver: ExprId) -> bool {
        match self.module[receiver] {
            Expr::Name { def, .. } => self.module[def].scope == scope,
            _ => false,
        }
    }

    /// Whether two expressions are the same variable, or the same attribute of the same variable.
    fn same_object(&mut self, a: ExprId, b: ExprId) -> bool {
        match (self.module[a], self.module[b]) {
            (
                Expr::Name {
                    def: a,
                    slot: slot_a,
                },
                Expr::Name {
                    def: b,
                    slot: slot_b,
                },
            ) => {
                if self.module[a].scope == self.module[b].scope {
                    slot_a == slot_b && a == b
                } else {
                    self.outer_name(a, slot_a) == self.outer_name(b, slot_b)
                }
            }
            (
                Expr::Attribute {
                    value: a,
                    attr: attr_a,
                },
                Expr::Attribute {
                    value: b,
                    attr: attr_b,
                },
            ) => attr_a == attr_b && (self.same_object(a, b) || self.same_receiver(a, b)),
            _ => false,
        }
    }

    fn outer_name(&self, def: DefId, slot: SlotId) -> Option<Symbol> {
        let data = &self.module[def];
        let top = data.scope == Module::TOP || matches!(data.kind, DefKind::Entry);
        top.then(|| self.module[data.scope].slots[slot.index()].name)
    }

    /// `self` of two methods of one class.
    fn same_receiver(&mut self, a: ExprId, b: ExprId) -> bool {
        let (a, b) = (self.values.eval(self.id, a), self.values.eval(self.id, b));
        matches!(
            (a.as_slice(), b.as_slice()),
            ([Value::Instance(..)], [Value::Instance(..)])
        ) && a == b
    }

    fn member(&mut self, class: ClassId, path: &[Symbol]) -> Argument {
        let (Some(last), Some(inner)) = (path.last(), path.len().checked_sub(1)) else {
            return Argument::Unknown;
        };
        let mut scope = self.module[class].scope;
        for name in &path[..inner] {
            let Some(slot) = self.module.slot(scope, *name) else {
                return Argument::Missing;
            };
            match self.module[slot.exit].kind {
                DefKind::Class(inner) => scope = self.module[inner].scope,
                _ => return Argument::Missing,
            }
        }
        let Some(slot) = self.module.slot(scope, *last) else {
            return Argument::Missing;
        };
        match self.module[slot.exit].kind {
            DefKind::Value(value) => Argument::Given(self.id, value),
            DefKind::Entry => Argument::Missing,
            _ => Argument::Unknown,
        }
    }
}
