//! What comes from outside, as models describe it.

use hognose_python::ir::*;

use super::super::Interpreter;
use super::super::assign::single_key;
use crate::facts::Filled;
use crate::model::Trust;
use crate::routes::bound_of;
use crate::shape::{Alphabet, Hole, Restriction};
use crate::value::{Atom, Key, Origin, Place, Source, Symbol, Taint, Trail, Value, hash_id};

/// Variables that only stand for each other, followed to what they stand for.
const MAX_COPIES: usize = 4;

impl<'p> Interpreter<'_, 'p> {
    /// Something outside of the project: a source, where the models say so.
    pub(in crate::interpret) fn external(
        &mut self,
        path: Symbol,
        base: &Value,
        expr: ExprId,
    ) -> Value {
        if let Some(constant) = super::super::native::constant(path) {
            return constant.into();
        }
        if self.setting.models.switches.contains(&path) {
            return Atom::Bool(false).into();
        }
        let mut value = Value::from(Atom::External(path));
        if let Some(text) = self.source_text(path, Some(base), None, expr) {
            value.join(&text);
        }
        value
    }

    /// An object of a class outside, or a name that leads there.
    pub(in crate::interpret) fn external_object(&mut self, class: Symbol, expr: ExprId) -> Value {
        let path = self.values.path_of_call(class);
        self.external(path, &Value::nothing(), expr)
    }

    pub(super) fn with_source(&mut self, value: Value, expr: ExprId) -> Value {
        let mut result = Value::nothing();
        for atom in value.atoms() {
            match atom {
                Atom::External(path) => result.join(&self.external(*path, &Value::nothing(), expr)),
                other => result.add(other.clone()),
            }
        }
        result
    }

    /// Whether a value is something outside that is a source or lies below one.
    pub(in crate::interpret) fn has_external_source(&self, value: &Value) -> bool {
        value.atoms().iter().any(|atom| match atom {
            Atom::External(path) => {
                matches!(self.setting.models.trust_of(*path), Some(Trust::Source(_)))
            }
            _ => false,
        })
    }

    /// The text that a source is; its hole is the same wherever the same part of the same source is read.
    pub(in crate::interpret) fn source_text(
        &mut self,
        path: Symbol,
        base: Option<&Value>,
        key: Option<&Value>,
        expr: ExprId,
    ) -> Option<Value> {
        let models = self.setting.models;
        let Trust::Source(number) = models.trust_of(path)? else {
            return None;
        };
        if base.is_some_and(|base| self.holds_no_text(base, number)) {
            return None;
        }
        let (number, model) = self.source_with_key(path, number, key)?;
        let known = base.and_then(|base| {
            let hole = base.holes().first().cloned()?;
            let taint = hole.taints.first().cloned()?;
            // What lies below it may be a source of its own: the name of an uploaded file.
            matches!(&taint.origin, Origin::Source(source) if source.model == number)
                .then_some((taint, (hole.cleaned, hole.doubt)))
        });
        let is_of_value = known.is_some();
        let (known, of_base) = known.unzip();
        let (cleaned, doubt) = of_base.unwrap_or_default();
        let taint = known.unwrap_or_else(|| Taint {
            origin: Origin::Source(Source {
                model: number,
                place: self.place(expr),
                sure: true,
            }),
            trail: Trail::default(),
        });
        let key = key.and_then(single_key);
        // `args.get("next")` and `args["next"]` are the same part.
        let part = path.as_str();
        let part = part.strip_suffix(".get()").or(part.strip_suffix("[]"));
        let part = part.filter(|_| key.is_some()).unwrap_or(path.as_str());
        let place = key.is_none().then(|| self.read_place(expr));
        let mut hole = Hole::new(hash_id(&(part, key, place)), taint);
        hole.alphabet = model.alphabet;
        // What the whole is no danger for, its parts are none for either: an open file is no path.
        hole.cleaned.0 = model.cleaned.0 | cleaned.0;
        hole.doubt = doubt;
        // What a field yields and has attributes of its own is an object of the program, and no text.
        if model.fields && is_of_value && !path.as_str().ends_with([']', ')']) {
            hole.doubt = hole.doubt.max(1);
        }
        if model.fields
            && let Some(Key::Item(name)) = key
            && let Some(left) = self.declared_field(expr, name)
        {
            if left.finite {
                return Some(Atom::Scalar.into());
            }
            left.apply(&mut hole);
        }
        if model.fields
            && let Some(Key::Item(name)) = key
            && (self.is_checked_by_class(expr, name) || self.is_declared_elsewhere(expr, name))
        {
            hole.doubt = 1;
        }
        if model.variables
            && let Some(Key::Item(name)) = key
            && let Some(bound) = self.class_variable(name)
        {
            if bound == Alphabet::NONE {
                return Some(Atom::Scalar.into());
            }
            hole.alphabet = hole.alphabet.intersect(bound);
        }
        if model.structure {
            hole.facts |= crate::shape::Facts::STRUCTURE;
        }
        if model.slash && key.is_none() {
            hole.facts |= crate::shape::Facts::SLASH;
        }
        Some(Value::hole(hole))
    }

    /// The characters of what all routes to the class at hand pass under a name, if they bound it.
    fn class_variable(&self, name: Symbol) -> Option<Alphabet> {
        let at = self.at();
        let class = self.module()[at.function?].class?;
        let variables = self.setting.facts.variables.get(&(at.module, class))?;
        bound_of(variables, name)
    }

    /// Whether a part of a source was found to hold no text, by the declaration of its field: what it gives holds none either.
    fn holds_no_text(&self, base: &Value, number: u32) -> bool {
        let models = self.setting.models;
        let is_of = |path| matches!(models.trust_of(path), Some(Trust::Source(of)) if of == number);
        let is_below = |path: &Symbol| {
            let text = path.as_str();
            let above = text.rfind(['.', '[', '(']).map_or("", |at| &text[..at]);
            is_of(*path) && is_of(Symbol::from(above))
        };
        models.sources[number as usize].fields
            && base.holes().is_empty()
            && base.atoms().iter().any(|atom| match atom {
                Atom::External(path) => is_below(path),
                _ => false,
            })
    }

    /// What a field leaves of what was sent, by its declaration in the class whose values `expr` takes one of.
    fn declared_field(&mut self, expr: ExprId, name: Symbol) -> Option<Restriction> {
        let mut left: Option<Restriction> = None;
        for field in self.declarations(expr, name)? {
            let one = self.left_by(field)?;
            left = Some(left.map_or(one, |all| all.or(one)));
        }
        left
    }

    /// Whether a field is of a library of which no field is described: what it yields is not known.
    fn is_declared_elsewhere(&mut self, expr: ExprId, name: Symbol) -> bool {
        let models = self.setting.models;
        let library = |path: Symbol| path.as_str().split('.').next().unwrap_or_default();
        let described = |path: Symbol| {
            let mut known = models.fields.keys();
            known.any(|field| library(*field) == library(path))
        };
        let declared = self.declarations(expr, name).unwrap_or_default();
        declared.iter().any(
            |field| matches!(field, hognose_python::Value::External(path) if !described(*path)),
        )
    }

    /// The declarations of a field in the classes whose values `expr` takes one of.
    fn declarations(&mut self, expr: ExprId, name: Symbol) -> Option<Vec<hognose_python::Value>> {
        let mut all = Vec::new();
        for owner in self.declaring(expr)? {
            let hognose_python::Value::Instance(of, class) = owner else {
                return None;
            };
            let class = hognose_python::Value::Class(of, class);
            let declared = self.values.attribute(&[class], name);
            if declared.is_empty() {
                return None;
            }
            all.extend(declared);
        }
        Some(all)
    }

    /// Whether the class whose values `expr` takes one of has a method of its own that checks this one: `clean_title`.
    fn is_checked_by_class(&mut self, expr: ExprId, name: Symbol) -> bool {
        let Some(owners) = self.declaring(expr) else {
            return false;
        };
        let checks = ["clean_", "validate_"].map(|front| Symbol::from(format!("{front}{name}")));
        // In the method itself it is not checked yet.
        let own = self
            .at()
            .function
            .map(|function| self.module()[function].name);
        !own.is_some_and(|own| checks.contains(&own))
            && owners.into_iter().any(|owner| match owner {
                hognose_python::Value::Instance(module, class) => checks
                    .iter()
                    .any(|check| self.find_method(module, class, *check, false).is_some()),
                _ => false,
            })
    }

    /// The objects whose values `expr` takes one of.
    fn declaring(&mut self, expr: ExprId) -> Option<Vec<hognose_python::Value>> {
        let module = self.module();
        let at = self.at().module;
        let mut values = match module[expr] {
            Expr::Subscript { value, .. } => value,
            Expr::Call { func, .. } => match module[func] {
                Expr::Attribute { value, .. } => value,
                _ => return None,
            },
            _ => return None,
        };
        let mut owner = None;
        for _ in 0..MAX_COPIES {
            match module[values] {
                Expr::Attribute { value, .. } => {
                    owner = Some(match self.handed_instance(value) {
                        Some(instance) => vec![instance],
                        None => self.values.eval(at, value).into_iter().collect(),
                    });
                    break;
                }
                Expr::Name { def, .. } => match module[def].kind {
                    DefKind::Value(value) => values = value,
                    // `def create(self, validated_data)`: those of the class itself.
                    DefKind::Param(_) => {
                        let function = self.at().function?;
                        let class = module[function].class?;
                        let own = hognose_python::Value::Instance(at, class);
                        owner = Some(vec![own]);
                        break;
                    }
                    _ => return None,
                },
                _ => return None,
            }
        }
        owner
    }

    /// The instance that a framework hands over for a parameter, where it is of a class of the project.
    fn handed_instance(&self, expr: ExprId) -> Option<hognose_python::Value> {
        let module = self.module();
        let at = self.at();
        let (function, Expr::Name { def, .. }) = (at.function?, module[expr]) else {
            return None;
        };
        let entry = self.setting.facts.entries.get(&(at.module, function))?;
        let params = &module[function].params;
        let number = params.iter().position(|param| param.def == def)?;
        match entry.parameters.get(number)? {
            Some(Filled::Atom(Atom::Instance(module, class))) => {
                Some(hognose_python::Value::Instance(*module, *class))
            }
            _ => None,
        }
    }

    /// What a field of a class, the project's or not, leaves of what was sent.
    fn left_by(&mut self, field: hognose_python::Value) -> Option<Restriction> {
        let models = self.setting.models;
        match field {
            hognose_python::Value::External(path) => models.fields.get(&path).copied(),
            hognose_python::Value::Instance(module, class) => {
                let order = self.values.mro(module, class);
                order.iter().find_map(|ancestor| match ancestor {
                    hognose_python::ClassRef::External(path) => {
                        let made = self.values.path_of_call(*path);
                        models.fields.get(&made).copied()
                    }
                    hognose_python::ClassRef::Project(..) => None,
                })
            }
            _ => None,
        }
    }

    /// Identity of what an expression reads: attributes of the same variable are the same wherever they are read, anything else
    /// may be another thing each time.
    fn read_place(&self, expr: ExprId) -> u32 {
        let module = self.module();
        match module[expr] {
            Expr::Attribute { value, attr } => hash_id(&(self.read_place(value), attr)),
            Expr::Name { slot, def } => hash_id(&(slot, def, self.at().tag)),
            _ => hash_id(&(expr.0, 32u8)),
        }
    }

    /// Of the sources of a path the one that speaks of a key.
    fn source_with_key(
        &self,
        path: Symbol,
        number: u32,
        key: Option<&Value>,
    ) -> Option<(u32, &'p crate::model::SourceModel)> {
        let models = self.setting.models;
        let more = models.more_trust_of(path.as_str());
        let known = key.and_then(|key| match key.only() {
            // Of what the source gives, not of a part of it.
            Some(Atom::Int(index)) if models.is_item_of_source(path.as_str()) => {
                Some(Symbol::from(index.to_string()))
            }
            _ => key.known_text(),
        });
        let mut open = None;
        for number in more.iter().chain(std::iter::once(&number)) {
            let model = &models.sources[*number as usize];
            if model.keys.is_empty() {
                open = Some((*number, model));
            } else if let Some(key) = known
                && model.keys.iter().any(|known| fits_key(known, key.as_str()))
            {
                return Some((*number, model));
            } else if known.is_none()
                && key.is_some()
                && models.is_item_of_source(path.as_str())
                // Few settings are secrets, many parts of a request are a stranger's.
                && models.kind_of(*number) != "secret"
            {
                open = open.or(Some((*number, model)));
            }
        }
        open
    }

    /// A source given to a parameter.
    pub(crate) fn parameter_source(&mut self, number: u32, place: Place, id: u32) -> Hole {
        let model = &self.setting.models.sources[number as usize];
        let mut hole = Hole::new(
            id,
            Taint {
                origin: Origin::Source(Source {
                    model: number,
                    place,
                    sure: true,
                }),
                trail: Trail::default(),
            },
        );
        hole.alphabet = model.alphabet;
        hole.cleaned = model.cleaned;
        hole
    }
}

/// Whether a key is the one named, or fits a name that ends in `*`.
fn fits_key(known: &str, key: &str) -> bool {
    match known.strip_suffix('*') {
        Some(front) => key.starts_with(front),
        None => known.eq_ignore_ascii_case(key),
    }
}
