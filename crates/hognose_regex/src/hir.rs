//! The pattern with its flags applied: every character test is a set, every assertion says exactly what it asks.
//!
//! Alternations are brought into the shape that CPython's compiler gives them (common leading characters moved out, branches of
//! single characters merged to one set), because that decides whether the engine can be ambiguous there: `(?:a|a|b)*` is one set
//! to CPython and can never run away, `(?:a|.)*` stays two branches and can.

use std::borrow::Cow;
use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::ast::{Assertion, Ast, Class, ClassItemKind, Greed, GroupKind, NodeId, NodeKind};
use crate::charset::{Builder, CharSet};
use crate::flags::Flags;
use crate::parse::SyntaxError;

pub(crate) type HirId = u32;
pub(crate) type SetId = u32;

/// Widths from here on count as unbounded; far beyond any string that matters.
const MAX_WIDTH: u64 = u32::MAX as u64;

#[derive(Clone, Debug)]
pub(crate) struct Hir {
    /// Children before parents.
    pub(crate) nodes: Vec<HirNode>,
    pub(crate) sets: Vec<CharSet>,
    pub(crate) root: HirId,
    /// The node inside each capturing group; index 0 is the whole pattern.
    pub(crate) groups: Vec<HirId>,
    pub(crate) features: Features,
}

/// What makes the automaton an approximation or needs more of it.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Features {
    pub(crate) backreference: bool,
    pub(crate) conditional: bool,
    pub(crate) look: bool,
    pub(crate) atomic: bool,
    /// `\b`, `\B`; the value says whether with the word characters of ASCII.
    pub(crate) word_boundary: Option<bool>,
    /// `^` or `$` under `re.MULTILINE`.
    pub(crate) lines: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct HirNode {
    pub(crate) kind: Hk,
    pub(crate) span: Range<usize>,
    /// Least number of characters consumed.
    pub(crate) min_width: u64,
    /// Greatest number of characters consumed; `None` when unbounded.
    pub(crate) max_width: Option<u64>,
}

#[derive(Clone, Debug)]
pub(crate) enum Hk {
    Empty,
    Set {
        set: SetId,
        written: Written,
    },
    Test(Test),
    Concat(Vec<HirId>),
    Alternate(Vec<HirId>),
    Repeat {
        min: u32,
        max: Option<u32>,
        greed: Greed,
        body: HirId,
    },
    /// A bracket that captures nothing and yet stays a node to CPython.
    Group(HirId),
    Capture(u32, HirId),
    Atomic(HirId),
    Look {
        ahead: bool,
        negated: bool,
        body: HirId,
    },
    Backreference {
        group: u32,
        fold: Fold,
    },
    Conditional {
        group: u32,
        yes: HirId,
        no: HirId,
    },
}

/// How a set was written, which decides what CPython does with branches that begin with it or consist of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Written {
    /// This character, before case folding.
    Character(u32),
    /// A class that is not negated.
    Class,
    /// A negated class or `.`, which CPython does not merge with others.
    Other,
}

/// How a backreference compares characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fold {
    Exact,
    Ascii,
    Unicode,
}

/// An assertion about the neighbouring characters, flags applied.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Test {
    /// At the start of the text.
    Begin,
    /// At the start of the text or after a line feed.
    BeginLine,
    /// At the end, or before a line feed that is the last character.
    End,
    /// At the end or before any line feed.
    EndLine,
    /// At the very end.
    TextEnd,
    /// Between a word character and none.
    Word { ascii: bool, negated: bool },
}

impl Hir {
    pub(crate) fn node(&self, id: HirId) -> &HirNode {
        &self.nodes[id as usize]
    }

    pub(crate) fn set(&self, id: SetId) -> &CharSet {
        &self.sets[id as usize]
    }

    /// Applies the flags. Fails where CPython's compiler does: a look-behind of varying width.
    pub(crate) fn new(ast: &Ast) -> Result<Hir, SyntaxError> {
        let mut lowering = Lowering {
            ast,
            hir: Hir {
                nodes: Vec::with_capacity(ast.nodes.len()),
                sets: Vec::new(),
                root: 0,
                groups: vec![0; ast.groups as usize + 1],
                features: Features::default(),
            },
            known_sets: FxHashMap::default(),
            literals: FxHashMap::default(),
        };
        let root = lowering.lower(ast.root, ast.flags)?;
        lowering.hir.root = root;
        lowering.hir.groups[0] = root;
        Ok(lowering.hir)
    }
}

struct Lowering<'a> {
    ast: &'a Ast,
    hir: Hir,
    /// Sets by a cheap part of their value; the rest is compared.
    known_sets: FxHashMap<(u128, usize, u32), Vec<SetId>>,
    literals: FxHashMap<(u32, Flags), SetId>,
}

impl Lowering<'_> {
    /// Recurses as deep as brackets nest, which the parser bounds.
    fn lower(&mut self, id: NodeId, flags: Flags) -> Result<HirId, SyntaxError> {
        let node = self.ast.node(id);
        let span = node.span.clone();
        let kind = match &node.kind {
            NodeKind::Empty => Hk::Empty,
            NodeKind::Literal(c) => Hk::Set {
                set: self.literal(*c, flags),
                written: Written::Character(*c),
            },
            NodeKind::Any => {
                let all = CharSet::range(
                    0,
                    if flags.contains(Flags::BYTES) {
                        0xFF
                    } else {
                        crate::charset::MAX_CODE_POINT
                    },
                );
                let set = if flags.contains(Flags::DOTALL) {
                    all
                } else {
                    all.minus(&CharSet::single('\n' as u32))
                };
                Hk::Set {
                    set: self.intern(set),
                    written: Written::Other,
                }
            }
            NodeKind::Class(class) => {
                let set = class_set(class, flags);
                Hk::Set {
                    set: self.intern(set),
                    written: written(class),
                }
            }
            NodeKind::Assertion(assertion) => Hk::Test(self.test(*assertion, flags)),
            NodeKind::Concat(_) => {
                let items = self.items(id, flags)?;
                return Ok(self.concat(items, span));
            }
            NodeKind::Alternate(branches) => {
                let mut lists = Vec::with_capacity(branches.len());
                for &branch in branches {
                    lists.push(self.items(branch, flags)?);
                }
                return Ok(self.alternate(lists, span));
            }
            NodeKind::Repeat(repeat) => {
                let body = self.lower(repeat.body, flags)?;
                Hk::Repeat {
                    min: repeat.min,
                    max: repeat.max,
                    greed: repeat.greed,
                    body,
                }
            }
            NodeKind::Group(group, body) => match group {
                GroupKind::Plain => return self.lower(*body, flags),
                GroupKind::Capture(number) => {
                    let body = self.lower(*body, flags)?;
                    self.hir.groups[*number as usize] = body;
                    Hk::Capture(*number, body)
                }
                GroupKind::Atomic => {
                    self.hir.features.atomic = true;
                    Hk::Atomic(self.lower(*body, flags)?)
                }
                GroupKind::Flags { on, off } => {
                    Hk::Group(self.lower(*body, (flags | *on).without(*off))?)
                }
            },
            NodeKind::Look {
                ahead,
                negated,
                body,
            } => {
                self.hir.features.look = true;
                let body = self.lower(*body, flags)?;
                let HirNode {
                    min_width,
                    max_width,
                    ..
                } = *self.hir.node(body);
                if !ahead && max_width != Some(min_width) {
                    return Err(SyntaxError {
                        offset: span.start,
                        reason: Cow::Borrowed("look-behind requires fixed-width pattern"),
                        bound: None,
                    });
                }
                Hk::Look {
                    ahead: *ahead,
                    negated: *negated,
                    body,
                }
            }
            NodeKind::Backreference(group) => {
                self.hir.features.backreference = true;
                let fold = match (flags.contains(Flags::IGNORECASE), flags.ascii_classes()) {
                    (false, _) => Fold::Exact,
                    (true, true) => Fold::Ascii,
                    (true, false) => Fold::Unicode,
                };
                Hk::Backreference {
                    group: *group,
                    fold,
                }
            }
            NodeKind::Conditional { group, yes, no } => {
                self.hir.features.conditional = true;
                Hk::Conditional {
                    group: *group,
                    yes: self.lower(*yes, flags)?,
                    no: self.lower(*no, flags)?,
                }
            }
        };
        Ok(self.push(kind, span))
    }

    /// The items of a branch, with plain brackets around a sequence taken away.
    fn items(&mut self, id: NodeId, flags: Flags) -> Result<Vec<HirId>, SyntaxError> {
        let ast = self.ast;
        match &ast.node(id).kind {
            NodeKind::Empty => Ok(Vec::new()),
            NodeKind::Concat(items) => {
                let mut list = Vec::with_capacity(items.len());
                for &item in items {
                    list.extend(self.items(item, flags)?);
                }
                Ok(list)
            }
            NodeKind::Group(GroupKind::Plain, body) => self.items(*body, flags),
            _ => {
                let lowered = self.lower(id, flags)?;
                Ok(match &self.hir.node(lowered).kind {
                    Hk::Concat(items) => items.clone(),
                    _ => vec![lowered],
                })
            }
        }
    }

    fn concat(&mut self, items: Vec<HirId>, span: Range<usize>) -> HirId {
        match items.as_slice() {
            [] => self.push(Hk::Empty, span),
            &[only] => only,
            _ => self.push(Hk::Concat(items), span),
        }
    }

    fn alternate(&mut self, mut lists: Vec<Vec<HirId>>, span: Range<usize>) -> HirId {
        let mut common = 0;
        while let Some(set) = self.set_at(&lists[0], common) {
            if lists[1..]
                .iter()
                .any(|list| self.set_at(list, common) != Some(set))
            {
                break;
            }
            common += 1;
        }
        let mut items: Vec<HirId> = lists[0][..common].to_vec();
        for list in &mut lists {
            list.drain(..common);
        }
        let merged = lists.iter().try_fold(CharSet::EMPTY, |sum, list| {
            match (list.len(), self.set_at(list, 0)) {
                (1, Some((set, Written::Character(_) | Written::Class))) => {
                    Some(sum.union(self.hir.set(set)))
                }
                _ => None,
            }
        });
        let rest = match merged {
            Some(set) => {
                let set = self.intern(set);
                self.push(
                    Hk::Set {
                        set,
                        written: Written::Class,
                    },
                    span.clone(),
                )
            }
            None => {
                let branches = lists
                    .into_iter()
                    .map(|list| {
                        let covered = match (list.first(), list.last()) {
                            (Some(&first), Some(&last)) => {
                                self.hir.node(first).span.start..self.hir.node(last).span.end
                            }
                            _ => span.end..span.end,
                        };
                        self.concat(list, covered)
                    })
                    .collect();
                self.push(Hk::Alternate(branches), span.clone())
            }
        };
        items.push(rest);
        self.concat(items, span)
    }

    fn set_at(&self, list: &[HirId], index: usize) -> Option<(SetId, Written)> {
        match self.hir.node(*list.get(index)?).kind {
            Hk::Set { set, written } => Some((set, written)),
            _ => None,
        }
    }

    fn push(&mut self, kind: Hk, span: Range<usize>) -> HirId {
        let (min_width, max_width) = self.width(&kind);
        self.hir.nodes.push(HirNode {
            kind,
            span,
            min_width,
            max_width,
        });
        self.hir.nodes.len() as HirId - 1
    }

    fn width(&self, kind: &Hk) -> (u64, Option<u64>) {
        let of = |id: HirId| {
            let node = self.hir.node(id);
            (node.min_width, node.max_width)
        };
        let cap = |width: u64| Some(width).filter(|&width| width < MAX_WIDTH);
        match kind {
            Hk::Empty | Hk::Test(_) | Hk::Look { .. } => (0, Some(0)),
            Hk::Set { .. } => (1, Some(1)),
            Hk::Concat(items) => items.iter().map(|&item| of(item)).fold(
                (0, Some(0)),
                |(low, high), (more_low, more_high)| {
                    (
                        (low + more_low).min(MAX_WIDTH),
                        high.zip(more_high).and_then(|(a, b)| cap(a + b)),
                    )
                },
            ),
            Hk::Alternate(branches) => branches
                .iter()
                .map(|&branch| of(branch))
                .reduce(|(low, high), (other_low, other_high)| {
                    (
                        low.min(other_low),
                        high.zip(other_high).map(|(a, b)| a.max(b)),
                    )
                })
                .unwrap_or((0, Some(0))),
            Hk::Repeat { min, max, body, .. } => {
                let (low, high) = of(*body);
                let high = match (high, max) {
                    (Some(0), _) | (_, Some(0)) => Some(0),
                    (Some(width), Some(max)) => cap(width.saturating_mul(u64::from(*max))),
                    _ => None,
                };
                (low.saturating_mul(u64::from(*min)).min(MAX_WIDTH), high)
            }
            Hk::Group(body) | Hk::Capture(_, body) | Hk::Atomic(body) => of(*body),
            Hk::Backreference { group, .. } => of(self.hir.groups[*group as usize]),
            Hk::Conditional { yes, no, .. } => {
                let ((low, high), (other_low, other_high)) = (of(*yes), of(*no));
                (
                    low.min(other_low),
                    high.zip(other_high).map(|(a, b)| a.max(b)),
                )
            }
        }
    }

    fn test(&mut self, assertion: Assertion, flags: Flags) -> Test {
        let lines = flags.contains(Flags::MULTILINE);
        match assertion {
            Assertion::Begin if lines => {
                self.hir.features.lines = true;
                Test::BeginLine
            }
            Assertion::End if lines => {
                self.hir.features.lines = true;
                Test::EndLine
            }
            Assertion::Begin | Assertion::TextBegin => Test::Begin,
            Assertion::End => Test::End,
            Assertion::TextEnd => Test::TextEnd,
            Assertion::WordBoundary | Assertion::NotWordBoundary => {
                let ascii = flags.ascii_classes();
                self.hir.features.word_boundary.get_or_insert(ascii);
                Test::Word {
                    ascii,
                    negated: assertion == Assertion::NotWordBoundary,
                }
            }
        }
    }

    fn literal(&mut self, c: u32, flags: Flags) -> SetId {
        if let Some(&id) = self.literals.get(&(c, flags)) {
            return id;
        }
        let set = CharSet::single(c);
        let set = if flags.contains(Flags::IGNORECASE) {
            set.fold_case(flags.ascii_classes())
        } else {
            set
        };
        let id = self.intern(set);
        self.literals.insert((c, flags), id);
        id
    }

    fn intern(&mut self, set: CharSet) -> SetId {
        let others = set.others();
        let key = (
            set.ascii(),
            others.len(),
            others.first().map_or(0, |range| range.0),
        );
        let known = self.known_sets.entry(key).or_default();
        if let Some(&id) = known.iter().find(|&&id| self.hir.sets[id as usize] == set) {
            return id;
        }
        let id = self.hir.sets.len() as SetId;
        known.push(id);
        self.hir.sets.push(set);
        id
    }
}

/// CPython makes a class of one character that character.
fn written(class: &Class) -> Written {
    match (class.negated, class.items.as_slice()) {
        (true, _) => Written::Other,
        (false, [item]) => match item.kind {
            ClassItemKind::Char(c) => Written::Character(c),
            _ => Written::Class,
        },
        _ => Written::Class,
    }
}

/// The characters a class matches under these flags.
pub(crate) fn class_set(class: &Class, flags: Flags) -> CharSet {
    let ascii = flags.ascii_classes();
    let mut builder = Builder::default();
    let mut classes = CharSet::EMPTY;
    for item in &class.items {
        let named = match item.kind {
            ClassItemKind::Char(c) => {
                builder.push_range(c, c);
                continue;
            }
            ClassItemKind::Range(low, high) => {
                builder.push_range(low, high);
                continue;
            }
            ClassItemKind::Digit { negated: false } => CharSet::digit(ascii),
            ClassItemKind::Digit { negated: true } => CharSet::not_digit(ascii),
            ClassItemKind::Space { negated: false } => CharSet::space(ascii),
            ClassItemKind::Space { negated: true } => CharSet::not_space(ascii),
            ClassItemKind::Word { negated: false } => CharSet::word(ascii),
            ClassItemKind::Word { negated: true } => CharSet::not_word(ascii),
        };
        classes = classes.union(&named);
    }
    let written = builder.finish();
    let written = if flags.contains(Flags::IGNORECASE) {
        written.fold_case(ascii)
    } else {
        written
    };
    let set = written.union(&classes);
    let set = if class.negated { set.complement() } else { set };
    if flags.contains(Flags::BYTES) {
        set.intersect(&CharSet::range(0, 0xFF))
    } else {
        set
    }
}
