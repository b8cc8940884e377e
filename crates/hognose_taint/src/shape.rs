//! What a stranger can still put into a hole of a text: the arithmetic that makes sanitizers, guards and contexts one thing.

use std::ops::{BitOr, BitOrAssign};
use std::sync::Arc;

use hognose_regex::{Flags, Mode, Pattern};
use smallvec::SmallVec;

use crate::value::{Origin, Symbol, Taint, Trail};

/// The characters a hole can hold: ASCII ones by bit, and whether there may be others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Alphabet {
    ascii: u128,
    others: bool,
}

impl Alphabet {
    /// Every character.
    pub const ALL: Self = Self {
        ascii: u128::MAX,
        others: true,
    };
    /// No character.
    pub const NONE: Self = Self {
        ascii: 0,
        others: false,
    };

    /// The characters of a text.
    pub fn of(text: &str) -> Self {
        let mut alphabet = Self::NONE;
        for character in text.chars() {
            if character.is_ascii() {
                alphabet.ascii |= 1 << (character as u32);
            } else {
                alphabet.others = true;
            }
        }
        alphabet
    }

    /// The characters of a class such as `[A-Za-z0-9_-]`; `None` when it is not one.
    pub fn class(class: &str) -> Option<Self> {
        let pattern = Pattern::parse(&format!("{class}*"), Flags::NONE).ok()?;
        pattern.alphabet(Mode::FullMatch).ok().map(Self::from)
    }

    /// The characters of texts for which a call finds a match; `None` where they may be any. A line feed that `$` lets through at
    /// the end does not count: behind it nothing of the text is left that could do harm.
    pub fn let_through(pattern: &Pattern, mode: Mode) -> Option<Self> {
        let alphabet = Self::from(pattern.alphabet(mode).ok()?);
        Some(match pattern.may_contain(mode, "\n") {
            Ok(false) => alphabet.without("\n"),
            _ => alphabet,
        })
    }

    /// Letters, digits and what else `str.isalnum` and its like let through: others too, for they hold for all of Unicode.
    pub fn word(extra: &str) -> Self {
        let mut alphabet =
            Self::of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
        alphabet.others = true;
        alphabet.union(Self::of(extra))
    }

    /// What `int()` and `float()` read.
    pub fn number() -> Self {
        Self::of("0123456789+-._eEinfaINFA \t\n\r")
    }

    /// Both.
    pub const fn union(self, other: Self) -> Self {
        Self {
            ascii: self.ascii | other.ascii,
            others: self.others || other.others,
        }
    }

    /// Those in both.
    pub const fn intersect(self, other: Self) -> Self {
        Self {
            ascii: self.ascii & other.ascii,
            others: self.others && other.others,
        }
    }

    /// Without the characters of a text.
    #[must_use]
    pub fn without(self, text: &str) -> Self {
        Self {
            ascii: self.ascii & !Self::of(text).ascii,
            others: self.others,
        }
    }

    /// Whether a character is among them.
    pub const fn contains(self, character: char) -> bool {
        if character.is_ascii() {
            self.ascii >> (character as u32) & 1 == 1
        } else {
            self.others
        }
    }

    /// Whether any character of a text is among them.
    pub fn contains_any(self, text: &str) -> bool {
        text.chars().any(|character| self.contains(character))
    }

    /// Whether all are among others.
    pub const fn within(self, other: Self) -> bool {
        self.ascii & !other.ascii == 0 && (!self.others || other.others)
    }

    /// After `str.lower`, `upper` and their like: letters of either case stand for both.
    #[must_use]
    pub fn any_case(self) -> Self {
        let mut both = self;
        for (lower, upper) in ('a'..='z').zip('A'..='Z') {
            if self.contains(lower) || self.contains(upper) {
                both.ascii |= 1 << (lower as u32) | 1 << (upper as u32);
            }
        }
        both
    }
}

impl From<hognose_regex::Alphabet> for Alphabet {
    fn from(alphabet: hognose_regex::Alphabet) -> Self {
        Self {
            ascii: alphabet.ascii,
            others: alphabet.others,
        }
    }
}

/// What else is known of a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Facts(pub u32);

impl Facts {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// No `..` can occur.
    pub const NO_DOTS: Self = Self(1);
    /// A resolved path: absolute and without `..`.
    pub const NORMALISED: Self = Self(1 << 1);
    /// A path inside of a directory of the program's choice.
    pub const CONTAINED: Self = Self(1 << 2);
    /// The host of the URL was compared with those allowed.
    pub const HOST_CHECKED: Self = Self(1 << 3);
    /// The scheme of the URL was compared with those allowed.
    pub const SCHEME_CHECKED: Self = Self(1 << 4);
    /// A URL without scheme and host.
    pub const RELATIVE: Self = Self(1 << 5);
    /// Quoted as one word of a shell.
    pub const ONE_WORD: Self = Self(1 << 6);
    /// Does not begin with `-`.
    pub const NOT_OPTION: Self = Self(1 << 7);
    /// Joined to a path so that an absolute one replaces what is in front.
    pub const JOINED: Self = Self(1 << 8);
    /// Has an upper bound, as a number or in its length.
    pub const BOUNDED: Self = Self(1 << 9);
    /// A structure, not only a text: parsed from JSON, a mapping of request data.
    pub const STRUCTURE: Self = Self(1 << 10);
    /// Begins and ends with the same quote, which does not occur between them: a literal of Python.
    pub const LITERAL: Self = Self(1 << 11);
    /// A path that does not begin with a separator.
    pub const NOT_ABSOLUTE: Self = Self(1 << 12);
    /// Does not begin with a backslash.
    pub const NO_BACKSLASH: Self = Self(1 << 19);
    /// A text, whatever it was part of.
    pub const TEXT: Self = Self(1 << 18);
    /// A URL that names no scheme.
    pub const NO_SCHEME: Self = Self(1 << 13);
    /// A URL in which Python sees no host; browsers take `\\` for `/`, too.
    pub const NO_HOST: Self = Self(1 << 14);
    /// Begins with a slash.
    pub const SLASH: Self = Self(1 << 15);
    /// Does not begin with two slashes.
    pub const NO_TWO_SLASHES: Self = Self(1 << 16);
    /// Does not begin with a slash and a backslash.
    pub const NO_SLASH_BACKSLASH: Self = Self(1 << 17);
    /// Something that cannot be looked into was asked about it, and said yes.
    pub const ASKED_YES: Self = Self(1 << 20);
    /// The same, and it said no. Where both ways meet again neither is left: the answer stopped nobody.
    pub const ASKED_NO: Self = Self(1 << 21);
    /// What a URL is for a browser.
    pub const OF_URLS: Self = Self(
        Self::HOST_CHECKED.0
            | Self::SCHEME_CHECKED.0
            | Self::RELATIVE.0
            | Self::NO_SCHEME.0
            | Self::NO_HOST.0
            | Self::SLASH.0
            | Self::NO_TWO_SLASHES.0
            | Self::NO_SLASH_BACKSLASH.0,
    );

    /// What a text is by its beginning.
    const OF_BEGINNING: Self =
        Self(Self::OF_URLS.0 | Self::NOT_OPTION.0 | Self::NOT_ABSOLUTE.0 | Self::NO_BACKSLASH.0);

    /// Those that say something bad; a join keeps them, all others must hold on both sides.
    const BAD: Self = Self(Self::JOINED.0 | Self::STRUCTURE.0);

    /// Whether all of these hold.
    pub const fn has(self, facts: Self) -> bool {
        self.0 & facts.0 == facts.0
    }

    /// Without these.
    #[must_use]
    pub const fn without(self, facts: Self) -> Self {
        Self(self.0 & !facts.0)
    }

    /// Whether any of these holds.
    pub const fn has_any(self, facts: Self) -> bool {
        self.0 & facts.0 != 0
    }

    /// With what follows: a path of the host at hand names no host and no scheme that would have to be checked.
    const fn closed(self) -> Self {
        let path = Self(Self::SLASH.0 | Self::NO_TWO_SLASHES.0 | Self::NO_SLASH_BACKSLASH.0);
        if self.has(path) || self.has(Self::RELATIVE) {
            return Self(self.0 | Self::RELATIVE.0 | Self::HOST_CHECKED.0 | Self::SCHEME_CHECKED.0);
        }
        self
    }

    /// What holds on either of two ways.
    #[must_use]
    pub const fn join(self, other: Self) -> Self {
        let either = (self.0 | other.0) & Self::BAD.0;
        Self((self.closed().0 & other.closed().0) | either)
    }
}

impl BitOr for Facts {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Facts {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// Flow rules, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct RuleSet(pub u64);

impl RuleSet {
    /// Whether a rule is in it.
    pub const fn has(self, rule: u8) -> bool {
        self.0 >> rule & 1 == 1
    }
}

/// What a hole is of another one, so that what is found of the part says something of the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The host of a URL.
    Host,
    /// The scheme of a URL.
    Scheme,
    /// Its last component, as a path.
    BaseName,
    /// The resolved path.
    Resolved,
    /// The directory it has in common with a trusted one.
    CommonPath,
    /// A directory above the resolved path.
    Ancestor,
    /// The directory right above the path.
    Parent,
    /// The path as seen from a trusted directory.
    Relative,
    /// One character or one piece of it.
    Piece,
    /// All but its first and last character.
    Inner,
    /// So many characters of it from a place on: `text[1:2]`.
    At(u8, u8),
    /// The text as browsers read an address: without blanks, with slashes for backslashes, its escapes resolved.
    AsRead,
    /// Its length.
    Length,
    /// The same text in another case or without blanks around.
    Form,
    /// All of it, extracted by a match of a pattern.
    Matched,
    /// All texts in it, written down with [`LITERAL_ESCAPES`] by `json.dumps`.
    Literal,
}

/// What a literal holds beside the characters of the texts written down.
pub const LITERAL_ESCAPES: &str = "\\\"u0123456789abcdefnrt";

/// A place in a text where something comes from outside, or from an input of the function at hand.
#[derive(Debug, Clone)]
pub struct Hole {
    /// Identity: holes of the same number hold the same text.
    pub id: u32,
    /// Where it may come from; never empty.
    pub taints: SmallVec<[Taint; 1]>,
    /// The characters it can hold.
    pub alphabet: Alphabet,
    /// What else is known.
    pub facts: Facts,
    /// Rules it is no danger for, on the word of a model.
    pub cleaned: RuleSet,
    /// What it is of another hole.
    pub part: Option<(Part, u32)>,
    /// The constant keys of a dict that it may have stood under, where it was taken out with others: what has another name is
    /// something else. Empty where nothing is known of that.
    pub keys: SmallVec<[Symbol; 2]>,
    /// What speaks against its getting there: 0 nothing, 1 a function that nobody knows was given it, or a setting lets it through, 2
    /// and more less likely ones.
    pub doubt: u8,
}

impl PartialEq for Hole {
    /// Trails do not count: the same value that came by another way is the same value.
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
            && self.alphabet == other.alphabet
            && self.facts == other.facts
            && self.cleaned == other.cleaned
            && self.part == other.part
            && self.keys == other.keys
            && self.doubt == other.doubt
            && self.taints.len() == other.taints.len()
            && self
                .taints
                .iter()
                .zip(&other.taints)
                .all(|(a, b)| a.origin == b.origin)
    }
}

impl Eq for Hole {}

/// Origins kept for one hole.
const MAX_TAINTS: usize = 4;

/// Keys that a hole may have stood under; of more nothing is known.
const MAX_HOLE_KEYS: usize = 8;

/// Adds origins that are not known yet.
pub fn add_taints(into: &mut SmallVec<[Taint; 1]>, from: &[Taint]) {
    add_taints_by(into, from, Trail::clone);
}

/// Adds origins that are not known yet, with what becomes of the way from there.
pub fn add_taints_by(
    into: &mut SmallVec<[Taint; 1]>,
    from: &[Taint],
    way: impl Fn(&Trail) -> Trail,
) {
    for taint in from {
        if into.iter().any(|known| known.origin == taint.origin) {
            continue;
        }
        let added = || Taint {
            origin: taint.origin.clone(),
            trail: way(&taint.trail),
        };
        if into.len() < MAX_TAINTS {
            into.push(added());
        } else if let Origin::Source(source) = &taint.origin
            && let Some(place) = given_up_for(into, source.model)
        {
            into[place] = added();
        }
    }
}

/// Which origin makes room for a source: one from a caller, or else the second of a model, for a source of another one.
fn given_up_for(taints: &[Taint], model: u32) -> Option<usize> {
    let model_of = |taint: &Taint| match &taint.origin {
        Origin::Source(source) => Some(source.model),
        Origin::Input(_) => None,
    };
    let models: SmallVec<[_; MAX_TAINTS]> = taints.iter().map(model_of).collect();
    let from_caller = models.iter().position(Option::is_none);
    from_caller.or_else(|| {
        let again = |at: &usize| models[..*at].contains(&models[*at]);
        let known = models.contains(&Some(model));
        (0..models.len()).rev().find(|at| !known && again(at))
    })
}

impl Hole {
    /// Anything from somewhere.
    pub fn new(id: u32, taint: Taint) -> Self {
        Self {
            id,
            taints: SmallVec::from_iter([taint]),
            alphabet: Alphabet::ALL,
            facts: Facts::NONE,
            cleaned: RuleSet::default(),
            part: None,
            keys: SmallVec::new(),
            doubt: 0,
        }
    }

    /// What may be in either.
    pub fn join(&mut self, other: &Self) {
        add_taints(&mut self.taints, &other.taints);
        self.alphabet = self.alphabet.union(other.alphabet);
        self.facts = self.facts.join(other.facts);
        self.cleaned = RuleSet(self.cleaned.0 & other.cleaned.0);
        if self.part != other.part {
            self.part = None;
        }
        if self.keys != other.keys {
            let own = self.keys.len();
            for key in &other.keys {
                if own > 0 && !self.keys.contains(key) {
                    self.keys.push(*key);
                }
            }
            if other.keys.is_empty() {
                self.keys.clear();
            }
            self.keys.truncate(MAX_HOLE_KEYS);
        }
        self.doubt = self.doubt.max(other.doubt);
    }

    /// A copy of another identity, derived from this one.
    #[must_use]
    pub fn derive(&self, id: u32, part: Option<Part>) -> Self {
        Self {
            id,
            part: part.map(|part| (part, self.id)),
            ..self.clone()
        }
    }
}

/// A stretch of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stretch {
    /// Known text.
    Known(Symbol),
    /// Something from elsewhere.
    Hole(Arc<Hole>),
    /// Harmless, but not known.
    Any,
    /// Harmless, and known to be: a number, one of few values of the program's choice.
    Settled,
}

/// A text with holes.
pub type Text = Arc<[Stretch]>;

/// Stretches kept of a text, enough for a page written as one text; longer ones become a single hole.
pub const MAX_STRETCHES: usize = 96;

/// Longest known text that is kept, in bytes.
pub const MAX_KNOWN: usize = 4096;

/// Puts texts one after the other.
pub fn concat<'t>(texts: impl IntoIterator<Item = &'t [Stretch]>) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = Vec::new();
    for stretch in texts.into_iter().flatten() {
        push(&mut all, stretch.clone());
    }
    if all.len() > MAX_STRETCHES {
        return collapse(&all);
    }
    all
}

/// Adds a stretch, merging known text with known text.
pub fn push(all: &mut Vec<Stretch>, stretch: Stretch) {
    match (all.last_mut(), &stretch) {
        (Some(Stretch::Known(a)), Stretch::Known(b)) => {
            if b.as_str().is_empty() {
                return;
            }
            if a.as_str().len() + b.as_str().len() <= MAX_KNOWN {
                *a = Symbol::from(format!("{a}{b}"));
                return;
            }
            all.push(stretch);
        }
        (Some(Stretch::Any), Stretch::Any) | (Some(Stretch::Settled), Stretch::Settled) => {}
        (_, Stretch::Known(text)) if text.as_str().is_empty() => {}
        _ => all.push(stretch),
    }
}

/// The holes of a text.
pub fn holes(text: &[Stretch]) -> impl Iterator<Item = &Arc<Hole>> {
    text.iter().filter_map(|stretch| match stretch {
        Stretch::Hole(hole) => Some(hole),
        _ => None,
    })
}

/// Texts that differ in their holes only as one; with `alike` where the same is known of their holes.
pub fn blend(texts: Vec<Vec<Stretch>>, alike: bool) -> Vec<Vec<Stretch>> {
    let mut all: Vec<Vec<Stretch>> = Vec::new();
    for text in texts {
        let known = all.iter_mut().find_map(|known| {
            let may = !alike || is_alike(known, &text);
            let both = may.then(|| blended(known, &text))??;
            Some((known, both))
        });
        match known {
            Some((known, both)) => *known = both,
            None => all.push(text),
        }
    }
    all
}

/// One hole that stands for all of a text, after what it begins with. It has the characters that can be placed in it from
/// elsewhere: those of the program stand where they stand.
pub fn collapse(text: &[Stretch]) -> Vec<Stretch> {
    let mut found = holes(text);
    let Some(first) = found.next() else {
        let settled = text.iter().all(|stretch| *stretch != Stretch::Any);
        return vec![if settled {
            Stretch::Settled
        } else {
            Stretch::Any
        }];
    };
    let mut hole = (**first).clone();
    for other in found {
        hole.join(other);
    }
    hole.part = None;
    let mut result = Vec::new();
    if let Some(Stretch::Known(prefix)) = text.first() {
        result.push(Stretch::Known(*prefix));
    }
    result.push(Stretch::Hole(Arc::new(hole)));
    result
}

/// Holes kept apart in a text of which only the holes are known.
const MAX_LOOSE: usize = 6;

/// What stands around the holes of these texts is not known any more, nor in which order they come: a text for those that begin
/// with a hole, one for those of them that are the value of a known key, and one for the others. Each hole stays what it is, but
/// for those at a beginning, which become one.
pub fn loosened<'t>(texts: impl Iterator<Item = &'t [Stretch]>) -> Vec<Vec<Stretch>> {
    let mut begun: [(Option<Hole>, Vec<Arc<Hole>>); 2] = Default::default();
    let mut inside: Vec<Arc<Hole>> = Vec::new();
    for text in texts {
        let kept = match text {
            [Stretch::Hole(hole), rest @ ..] => {
                let mut hole = (**hole).clone();
                let begins = match rest {
                    [] => hole.facts,
                    [Stretch::Known(next), ..] if !next.as_str().starts_with(['/', '\\']) => {
                        hole.facts.closed()
                    }
                    _ => Facts::NONE,
                };
                hole.facts = hole.facts.without(Facts::OF_BEGINNING)
                    | Facts(begins.0 & Facts::OF_BEGINNING.0);
                let (first, behind) = &mut begun[usize::from(hole.keys.is_empty())];
                match first {
                    Some(known) => known.join(&hole),
                    none => *none = Some(hole),
                }
                behind
            }
            _ => &mut inside,
        };
        let begins = usize::from(matches!(text.first(), Some(Stretch::Hole(_))));
        for hole in holes(&text[begins..]) {
            let full = kept.len() == MAX_LOOSE;
            match kept.iter_mut().find(|known| known.id == hole.id) {
                Some(known) if *known == *hole => {}
                Some(known) => Arc::make_mut(known).join(hole),
                None => match kept.last_mut().filter(|_| full) {
                    Some(last) => Arc::make_mut(last).join(hole),
                    None => kept.push(Arc::clone(hole)),
                },
            }
        }
    }
    let apart = |holes: Vec<Arc<Hole>>| {
        let ends = (!holes.is_empty()).then_some(Stretch::Any);
        let each = holes
            .into_iter()
            .flat_map(|hole| [Stretch::Any, Stretch::Hole(hole)]);
        each.chain(ends).collect::<Vec<_>>()
    };
    let inside = Some(apart(inside)).filter(|text| !text.is_empty());
    let begun = begun.into_iter().filter_map(|(first, behind)| {
        let first = Stretch::Hole(Arc::new(first?));
        Some(std::iter::once(first).chain(apart(behind)).collect())
    });
    begun.chain(inside).collect()
}

/// Whether the same is known of what two texts of the same build hold.
pub fn is_alike(a: &[Stretch], b: &[Stretch]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| match (a, b) {
            (Stretch::Hole(a), Stretch::Hole(b)) => {
                a.alphabet == b.alphabet
                    && a.facts == b.facts
                    && a.cleaned == b.cleaned
                    && a.doubt == b.doubt
            }
            (a, b) => a == b,
        })
}

/// Two texts with the same known stretches as one, whose holes hold what either holds; `None` for others, and where what stood under
/// a known key of a dict would be mixed with what may stand under any.
pub fn blended(a: &[Stretch], b: &[Stretch]) -> Option<Vec<Stretch>> {
    if a.len() != b.len() {
        return None;
    }
    a.iter()
        .zip(b)
        .map(|(a, b)| match (a, b) {
            (Stretch::Hole(a), Stretch::Hole(b)) if a.keys.is_empty() == b.keys.is_empty() => {
                let mut hole = (**a).clone();
                hole.join(b);
                Some(Stretch::Hole(Arc::new(hole)))
            }
            (a, b) if a == b => Some(a.clone()),
            _ => None,
        })
        .collect()
}

/// What a text surely begins with.
pub fn prefix(text: &[Stretch]) -> &str {
    match text.first() {
        Some(Stretch::Known(known)) => known.as_str(),
        _ => "",
    }
}

/// Changes every hole.
pub fn map_holes(text: &[Stretch], mut change: impl FnMut(&mut Hole)) -> Vec<Stretch> {
    text.iter()
        .map(|stretch| match stretch {
            Stretch::Hole(hole) => {
                let mut hole = (**hole).clone();
                change(&mut hole);
                Stretch::Hole(Arc::new(hole))
            }
            other => other.clone(),
        })
        .collect()
}

/// What is known of a value on one side of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restriction {
    /// Characters left.
    pub alphabet: Alphabet,
    /// Facts that hold.
    pub facts: Facts,
    /// Rules it is no danger for.
    pub cleaned: RuleSet,
    /// One of few values of the program's choice, or a number.
    pub finite: bool,
}

impl Restriction {
    /// Nothing is known.
    pub const NONE: Self = Self {
        alphabet: Alphabet::ALL,
        facts: Facts::NONE,
        cleaned: RuleSet(0),
        finite: false,
    };
    /// One of few values.
    pub const FINITE: Self = Self {
        finite: true,
        ..Self::NONE
    };

    /// These characters at most.
    pub const fn alphabet(alphabet: Alphabet) -> Self {
        Self {
            alphabet,
            ..Self::NONE
        }
    }

    /// These facts.
    pub const fn facts(facts: Facts) -> Self {
        Self {
            facts,
            ..Self::NONE
        }
    }

    /// Both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            alphabet: self.alphabet.intersect(other.alphabet),
            facts: self.facts | other.facts,
            cleaned: RuleSet(self.cleaned.0 | other.cleaned.0),
            finite: self.finite || other.finite,
        }
    }

    /// One of them holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self.finite {
            return other;
        }
        if other.finite {
            return self;
        }
        Self {
            alphabet: self.alphabet.union(other.alphabet),
            facts: self.facts.join(other.facts),
            cleaned: RuleSet(self.cleaned.0 & other.cleaned.0),
            finite: false,
        }
    }

    /// Applies it to a hole that is not finite.
    pub fn apply(self, hole: &mut Hole) {
        hole.alphabet = hole.alphabet.intersect(self.alphabet);
        hole.facts |= self.facts;
        hole.cleaned.0 |= self.cleaned.0;
    }
}
