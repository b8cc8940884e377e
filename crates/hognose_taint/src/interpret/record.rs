//! Records: objects whose class declares what they hold, as a framework fills them with what it is sent, and as dicts.

use hognose_python::ModuleId;
use hognose_python::ir::*;

use super::Interpreter;
use crate::shape::{Alphabet, Hole};
use crate::state::{Kind, Object, State};
use crate::value::{Atom, Key, Symbol, Value, hash_id};

/// Records looked into inside of each other; whoever declares more nests a tree.
const MAX_NESTED: u8 = 4;

impl Interpreter<'_, '_> {
    /// An object that a framework makes of what it is sent: each field holds what its class lets through.
    pub(crate) fn received(
        &mut self,
        state: &mut State,
        whole: &Hole,
        (module, class): (ModuleId, ClassId),
        depth: u8,
    ) -> Value {
        let fields = self.setting.facts.records.get(&(module, class)).cloned();
        let Some(fields) = fields.filter(|_| depth < MAX_NESTED) else {
            return Value::hole(whole.clone());
        };
        let mut object = Object::new(Kind::Instance(module, class));
        for name in &fields {
            let mut part = whole.derive(hash_id(&(whole.id, Key::Attr(*name))), None);
            part.alphabet = Alphabet::ALL;
            let value = match self.record_in(module, class, *name) {
                Some(inner) => self.received(state, &part, inner, depth + 1),
                None => {
                    let given = Value::hole(part);
                    self.as_field(state, module, class, *name, given, ExprId(0))
                }
            };
            object.set_field(*name, value);
        }
        let id = self.object_at(hash_id(&(whole.id, 93u8)), 0);
        state.allocate(id, object);
        Atom::Object(id).into()
    }

    /// The record that a field holds, by its annotation.
    fn record_in(
        &mut self,
        module: ModuleId,
        class: ClassId,
        name: Symbol,
    ) -> Option<(ModuleId, ClassId)> {
        let (at, annotation, _) = self.field_of(module, class, name)?;
        let values = self.values.instance_of(at, annotation?);
        values.into_iter().find_map(|value| match value {
            hognose_python::Value::Instance(at, class)
                if self.setting.facts.records.contains_key(&(at, class)) =>
            {
                Some((at, class))
            }
            _ => None,
        })
    }

    /// A record as a dict, and records in it as dicts too.
    pub(super) fn as_dict(&mut self, state: &mut State, record: &Object, site: u32) -> Object {
        self.as_dict_at(state, record, site, 0)
    }

    fn as_dict_at(&mut self, state: &mut State, record: &Object, site: u32, depth: u8) -> Object {
        let mut dict = record.clone();
        dict.kind = Kind::Dict;
        dict.many = false;
        if depth >= MAX_NESTED {
            return dict;
        }
        for (name, value) in &mut dict.fields {
            let Some(Atom::Object(id)) = value.only() else {
                continue;
            };
            let Some(inner) = state.object(*id).cloned() else {
                continue;
            };
            let Kind::Instance(module, class) = inner.kind else {
                continue;
            };
            if !self.setting.facts.records.contains_key(&(module, class)) {
                continue;
            }
            let site = hash_id(&(site, *name, 94u8));
            let inner = self.as_dict_at(state, &inner, site, depth + 1);
            let id = self.object_at(site, 0);
            state.allocate(id, inner);
            *value = Atom::Object(id).into();
        }
        dict
    }
}
