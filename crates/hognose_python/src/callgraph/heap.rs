//! Parts of objects, and those who want to know of all parts.

use super::constraint::*;
use super::object::*;
use super::solver::Solver;

/// Fields told apart in one object; further keys share one node. Bounds literals with thousands of entries.
const MAX_FIELDS: usize = 192;

impl Solver<'_> {
    /// The node of a part of an object, made when it is new.
    pub fn field(&mut self, obj: Obj, key: Key) -> NodeId {
        let heap = self.heap.entry(obj).or_default();
        if let Some((_, node)) = heap.fields.iter().find(|(known, _)| *known == key) {
            return *node;
        }
        if heap.fields.len() >= MAX_FIELDS
            && !matches!(
                key,
                Key::Any | Key::Keys | Key::AllValues | Key::AllKeys | Key::Attr(_)
            )
        {
            self.bounds_hit += 1;
            return self.field(obj, Key::Any);
        }
        let node = self.new_node();
        let heap = self.heap.entry(obj).or_default();
        heap.fields.push((key, node));
        for index in 0..heap.watchers.len() {
            let watcher = self.heap[&obj].watchers[index];
            self.tell(watcher, key, node);
        }
        node
    }

    /// The node of a part of an object, where there is one.
    pub fn known_field(&self, obj: Obj, key: Key) -> Option<NodeId> {
        self.heap
            .get(&obj)?
            .fields
            .iter()
            .find(|(known, _)| *known == key)
            .map(|(_, node)| *node)
    }

    /// Asks for all parts of an object, present and future.
    pub fn watch(&mut self, obj: Obj, watcher: Watcher) {
        if !self.watched.insert((obj, watcher)) {
            return;
        }
        let heap = self.heap.entry(obj).or_default();
        heap.watchers.push(watcher);
        for index in 0..heap.fields.len() {
            let (key, node) = self.heap[&obj].fields[index];
            self.tell(watcher, key, node);
        }
    }

    /// All elements of an object go to a node, through one node for all who ask.
    pub fn values_to(&mut self, obj: Obj, to: NodeId) {
        let all = match self.known_field(obj, Key::AllValues) {
            Some(all) => all,
            None => {
                let all = self.field(obj, Key::AllValues);
                self.watch(obj, Watcher::Values(all));
                all
            }
        };
        self.copy_once(all, to);
    }

    /// All keys of an object go to a node.
    pub fn keys_to(&mut self, obj: Obj, to: NodeId) {
        let all = match self.known_field(obj, Key::AllKeys) {
            Some(all) => all,
            None => {
                let all = self.field(obj, Key::AllKeys);
                self.watch(obj, Watcher::Keys(all));
                all
            }
        };
        self.copy_once(all, to);
    }

    fn tell(&mut self, watcher: Watcher, key: Key, node: NodeId) {
        match watcher {
            Watcher::Item { key: asked, to } => {
                if asked == key {
                    self.copy_once(node, to);
                }
            }
            Watcher::Values(to) if key.is_element() => self.copy_once(node, to),
            Watcher::Keys(to) => match key {
                Key::Str(text) => {
                    let key = self.obj(Object::Str(text));
                    self.add_value(to, key);
                }
                Key::Int(number) => {
                    let key = self.obj(Object::Int(number));
                    self.add_value(to, key);
                }
                Key::Path(path) => {
                    let key = self.obj(Object::External(path));
                    self.add_value(to, key);
                }
                Key::Keys => self.copy_once(node, to),
                Key::Any | Key::Attr(_) | Key::AllValues | Key::AllKeys => {}
            },
            Watcher::Spill { into, shift } => {
                let key = match (key, shift) {
                    (Key::Attr(_) | Key::AllValues | Key::AllKeys, _) => return,
                    (Key::Int(number), Some(shift)) => Key::Int(number + shift),
                    (Key::Int(_), None) => Key::Any,
                    (other, _) => other,
                };
                let field = self.field(into, key);
                self.copy_once(node, field);
            }
            Watcher::Slice { into, from, to } => {
                let key = match key {
                    Key::Int(number) if number >= from && number < to => Key::Int(number - from),
                    Key::Any => Key::Any,
                    _ => return,
                };
                let field = self.field(into, key);
                self.copy_once(node, field);
            }
            Watcher::Star { function, base } => match key {
                Key::Int(number) => {
                    let position = u16::try_from(number)
                        .ok()
                        .and_then(|number| base.checked_add(number));
                    if let Some(position) = position {
                        self.bind_position(function, position, node);
                    }
                }
                Key::Any => self.bind_rest(function, base, node),
                _ => {}
            },
            Watcher::DoubleStar { function } => match key {
                Key::Str(name) => self.bind_name(function, name, node),
                Key::Any => self.bind_all_names(function, node),
                _ => {}
            },
            Watcher::Values(_) => {}
        }
    }
}
