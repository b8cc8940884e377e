//! Roles and permissions: where a project defines them, who grants them, and which endpoints ask for them.
//!
//! Definitions and grants are calls of libraries with constant names: groups and permissions of Django (in migrations and
//! elsewhere), permissions in the `Meta` of models, roles of Flask-Security, scopes of OAuth 2 schemes, policies of casbin,
//! access lists of Pyramid, permissions on objects of django-guardian.

use std::collections::{BTreeMap, BTreeSet};

use hognose_python::ir::*;
use hognose_python::{Aliases, Constant, Evaluator, Project};
use serde::Serialize;

use crate::{Endpoint, Inventory};

/// Permissions and flags that frameworks define by themselves.
const OF_FRAMEWORKS: &[&str] = &[
    "is_staff",
    "is_superuser",
    "is_active",
    "model permissions",
    "object permissions",
];

/// Actions for each of which Django makes a permission of every model.
const OF_MODELS: &[&str] = &["add", "change", "delete", "view"];

/// A place in the code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// What a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// A role or group.
    Role,
    /// A permission or scope.
    Permission,
}

/// A role or permission.
#[derive(Debug, Clone, Serialize)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// What it is.
    pub sort: Sort,
    /// Where it is defined.
    pub defined: Vec<Place>,
    /// Where it is granted.
    pub granted: Vec<Place>,
    /// Endpoints that ask for it: methods and path.
    pub endpoints: Vec<String>,
    /// Whether something defines it, be it the framework.
    #[serde(skip)]
    known: bool,
}

impl Role {
    /// What is amiss with it, in words.
    pub fn remark(&self) -> &'static str {
        match (self.known, self.endpoints.is_empty()) {
            (true, true) => "no endpoint asks for it",
            (false, false) => "nothing defines it",
            _ => "",
        }
    }
}

/// What a call does with a name.
#[derive(Clone, Copy)]
enum Deed {
    Defines(Sort),
    Grants(Sort),
}

/// Calls of methods and functions by their last name: where the name of the role or permission is, and what is done.
/// What has a common name must be called on, or come from, what is named with it.
const CALLS: &[(&str, &str, &[&str], Deed)] = &[
    ("create_role", "", &["0", "name"], Deed::Defines(Sort::Role)),
    (
        "find_or_create_role",
        "",
        &["0", "name"],
        Deed::Defines(Sort::Role),
    ),
    (
        "add_role_to_user",
        "",
        &["1", "role"],
        Deed::Grants(Sort::Role),
    ),
    (
        "add_permissions_to_role",
        "",
        &["1", "permissions"],
        Deed::Grants(Sort::Permission),
    ),
    (
        "create",
        "Group.objects",
        &["name"],
        Deed::Defines(Sort::Role),
    ),
    (
        "get_or_create",
        "Group.objects",
        &["name"],
        Deed::Defines(Sort::Role),
    ),
    (
        "update_or_create",
        "Group.objects",
        &["name"],
        Deed::Defines(Sort::Role),
    ),
    (
        "create",
        "Permission.objects",
        &["codename"],
        Deed::Defines(Sort::Permission),
    ),
    (
        "get_or_create",
        "Permission.objects",
        &["codename"],
        Deed::Defines(Sort::Permission),
    ),
    (
        "update_or_create",
        "Permission.objects",
        &["codename"],
        Deed::Defines(Sort::Permission),
    ),
    (
        "get",
        "Permission.objects",
        &["codename"],
        Deed::Grants(Sort::Permission),
    ),
    (
        "filter",
        "Permission.objects",
        &["codename", "codename__in"],
        Deed::Grants(Sort::Permission),
    ),
    (
        "assign_perm",
        "guardian",
        &["0", "perm"],
        Deed::Grants(Sort::Permission),
    ),
    (
        "assign_role",
        "rolepermissions",
        &["1"],
        Deed::Grants(Sort::Role),
    ),
    ("add_perm", "rules", &["0"], Deed::Defines(Sort::Permission)),
    ("add_role_for_user", "", &["1"], Deed::Grants(Sort::Role)),
    ("add_grouping_policy", "", &["1"], Deed::Grants(Sort::Role)),
    ("add_policy", "", &["0"], Deed::Defines(Sort::Role)),
    (
        "OAuth2PasswordBearer",
        "fastapi",
        &["scopes"],
        Deed::Defines(Sort::Permission),
    ),
    (
        "OAuth2AuthorizationCodeBearer",
        "fastapi",
        &["scopes"],
        Deed::Defines(Sort::Permission),
    ),
];

/// The roles and permissions of a project, by sort and name. `left_out` is as for [`crate::inventory`].
pub fn roles(
    project: &Project,
    inventory: &Inventory,
    left_out: &(dyn Fn(&str) -> bool + Sync),
) -> Vec<Role> {
    let mut found = Found::default();
    let aliases = Aliases::default();
    let mut evaluator = Evaluator::new(project, &aliases);
    let mut models: BTreeSet<String> = BTreeSet::new();
    for (id, module) in project.iter() {
        if left_out(&module.file) {
            continue;
        }
        for class in &module.classes {
            models.insert(class.name.as_str().to_lowercase());
            meta(module, id, class, &mut evaluator, &mut found);
        }
        for (expr, node) in module.exprs() {
            match *node {
                Expr::Call { func, args } => {
                    call(module, id, expr, func, args, &mut evaluator, &mut found)
                }
                Expr::Tuple(list) => access(
                    module,
                    id,
                    expr,
                    module.list(list),
                    &mut evaluator,
                    &mut found,
                ),
                _ => {}
            }
        }
    }
    for endpoint in &inventory.endpoints {
        let shown = shown(endpoint);
        for (sort, names) in [
            (Sort::Role, &endpoint.roles),
            (Sort::Permission, &endpoint.permissions),
        ] {
            for name in names {
                let (key, known) = found.needed(sort, name, &models);
                let role = found.role(key.0, &key.1);
                role.known |= known;
                if !role.endpoints.contains(&shown) {
                    role.endpoints.push(shown.clone());
                }
            }
        }
    }
    let mut all: Vec<Role> = found.roles.into_values().collect();
    for role in &mut all {
        role.known |= !role.defined.is_empty();
        for places in [&mut role.defined, &mut role.granted] {
            places.sort();
            places.dedup();
        }
    }
    all
}

fn shown(endpoint: &Endpoint) -> String {
    format!("{} {}", endpoint.methods.join(","), endpoint.path)
}

#[derive(Default)]
struct Found {
    roles: BTreeMap<(Sort, String), Role>,
}

impl Found {
    fn role(&mut self, sort: Sort, name: &str) -> &mut Role {
        self.roles
            .entry((sort, name.to_owned()))
            .or_insert_with(|| Role {
                name: name.to_owned(),
                sort,
                defined: Vec::new(),
                granted: Vec::new(),
                endpoints: Vec::new(),
                known: false,
            })
    }

    fn add(&mut self, deed: Deed, name: &str, place: Place) {
        match deed {
            Deed::Defines(sort) => self.role(sort, name).defined.push(place),
            Deed::Grants(sort) => self.role(sort, name).granted.push(place),
        }
    }

    /// Under which name an endpoint's need is found, and whether a framework defines it. `shop.publish` is what a model
    /// of the application defines as `publish`; a need may be of the other sort than its definition says.
    fn needed(&self, sort: Sort, name: &str, models: &BTreeSet<String>) -> ((Sort, String), bool) {
        let other = match sort {
            Sort::Role => Sort::Permission,
            Sort::Permission => Sort::Role,
        };
        let code = name.rsplit_once('.').map_or(name, |(_, code)| code);
        for (sort, name) in [(sort, name), (other, name), (sort, code)] {
            let key = (sort, name.to_owned());
            if self
                .roles
                .get(&key)
                .is_some_and(|role| !role.defined.is_empty())
            {
                return (key, true);
            }
        }
        let of_model = name.contains('.')
            && code.split_once('_').is_some_and(|(action, model)| {
                OF_MODELS.contains(&action)
                    && (models.contains(model) || matches!(model, "user" | "group" | "permission"))
            });
        (
            (sort, name.to_owned()),
            of_model || OF_FRAMEWORKS.contains(&name),
        )
    }
}

fn place(module: &Module, expr: ExprId) -> Place {
    Place {
        file: module.file.to_string(),
        line: module.text.position(module.expr_range(expr).start()).0,
    }
}

/// Texts of a constant: itself, the elements of a list, or the keys of a dict.
fn texts(
    evaluator: &mut Evaluator<'_>,
    at: ModuleId,
    module: &Module,
    expr: ExprId,
) -> Vec<String> {
    if let Expr::Dict(list) = module[expr] {
        let keys: Vec<ExprId> = module
            .dict(list)
            .iter()
            .filter_map(|(key, _)| key.map(|key| key.get()))
            .collect();
        return keys
            .into_iter()
            .flat_map(|key| texts(evaluator, at, module, key))
            .collect();
    }
    match evaluator.constant(at, expr) {
        Some(Constant::Str(text)) => vec![text],
        Some(Constant::Seq(items)) => items
            .iter()
            .filter_map(|item| match item {
                Constant::Str(text) => Some(text.clone()),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn name_of(module: &Module, expr: ExprId) -> &str {
    match module[expr] {
        Expr::Attribute { attr, .. } => attr.as_str(),
        Expr::Name { def, .. } => module[module[def].scope].slots[module[def].slot.index()]
            .name
            .as_str(),
        _ => "",
    }
}

fn call(
    module: &Module,
    at: ModuleId,
    expr: ExprId,
    func: ExprId,
    args: List,
    evaluator: &mut Evaluator<'_>,
    found: &mut Found,
) {
    let name = name_of(module, func);
    for (method, holder, selectors, deed) in CALLS.iter().filter(|(method, ..)| *method == name) {
        let fits = match (module[func], holder.strip_suffix(".objects")) {
            // `Group.objects.create(...)`, also of a model that a migration asks for by its name.
            (Expr::Attribute { value, .. }, Some(model)) => {
                name_of(module, value) == "objects"
                    && matches!(module[value], Expr::Attribute { value, .. } if name_of(module, value) == model)
            }
            (_, _) if holder.is_empty() => true,
            _ => evaluator.dotted(at, func).is_some_and(|path| {
                path.as_str().starts_with(holder) && path.as_str().ends_with(method)
            }),
        };
        if !fits {
            continue;
        }
        let mut position = 0usize;
        for argument in module.args(args) {
            let selector = match argument.kind {
                ArgKind::Positional => {
                    position += 1;
                    (position - 1).to_string()
                }
                ArgKind::Keyword(name) => name.as_str().to_owned(),
                _ => continue,
            };
            if selectors.contains(&selector.as_str()) {
                for name in texts(evaluator, at, module, argument.value) {
                    found.add(*deed, &name, place(module, expr));
                }
            }
        }
    }
}

/// An entry of an access list: `(Allow, "group:editors", "edit")`.
fn access(
    module: &Module,
    at: ModuleId,
    expr: ExprId,
    items: &[ExprId],
    evaluator: &mut Evaluator<'_>,
    found: &mut Found,
) {
    let [action, principal, permissions] = items else {
        return;
    };
    let allows = evaluator.dotted(at, *action).is_some_and(|path| {
        path.as_str().starts_with("pyramid.") && path.as_str().ends_with("Allow")
    });
    if !allows {
        return;
    }
    for name in texts(evaluator, at, module, *permissions) {
        found.add(Deed::Defines(Sort::Permission), &name, place(module, expr));
        found.add(Deed::Grants(Sort::Permission), &name, place(module, expr));
    }
    for name in texts(evaluator, at, module, *principal) {
        found.add(Deed::Defines(Sort::Role), &name, place(module, expr));
    }
}

/// `permissions = [("publish", "...")]` in the `Meta` of a model.
fn meta(
    module: &Module,
    at: ModuleId,
    class: &Class,
    evaluator: &mut Evaluator<'_>,
    found: &mut Found,
) {
    if class.name.as_str() != "Meta" {
        return;
    }
    let Some(slot) = module.slot(class.scope, hognose_python::Symbol::from("permissions")) else {
        return;
    };
    let DefKind::Value(value) = module[slot.exit].kind else {
        return;
    };
    let Some(Constant::Seq(items)) = evaluator.constant(at, value) else {
        return;
    };
    for item in &items {
        if let Constant::Seq(pair) = item
            && let Some(Constant::Str(code)) = pair.first()
        {
            found.add(Deed::Defines(Sort::Permission), code, place(module, value));
        }
    }
}
