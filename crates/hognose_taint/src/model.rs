//! What the engine is told of libraries and rules. It knows none by name.

use std::sync::atomic::{AtomicU64, Ordering};

use hognose_python::{Aliases, Symbol};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::shape::{Alphabet, Restriction, RuleSet};

/// What a hole needs to do harm at a sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// Part of an SQL statement.
    Sql,
    /// Part of a shell command line.
    Shell,
    /// An argument of a program.
    Argument,
    /// The program run.
    Program,
    /// A module that is imported by its name.
    Module,
    /// Part of code.
    Code,
    /// Part of the text of a template.
    Template,
    /// A path.
    Path,
    /// The name a file gets.
    FileName,
    /// A URL that is fetched.
    Url,
    /// A URL a browser is sent to.
    Redirect,
    /// Part of an HTML page.
    Html,
    /// Part of a line: a header, a log line.
    Line,
    /// Part of an LDAP filter.
    Ldap,
    /// Part of an LDAP distinguished name.
    LdapDn,
    /// Part of an XPath expression.
    Xpath,
    /// A cell of a CSV file.
    Csv,
    /// A format string.
    Format,
    /// Part of a regular expression.
    Regex,
    /// A structure instead of a text.
    Object,
    /// A number.
    Number,
    /// Anything but a number.
    Text,
    /// Anything at all.
    Any,
}

impl Need {
    /// All of them, by their words in `rule.toml`.
    pub const WORDS: [(&'static str, Self); 23] = [
        ("sql", Self::Sql),
        ("shell", Self::Shell),
        ("argument", Self::Argument),
        ("program", Self::Program),
        ("module", Self::Module),
        ("code", Self::Code),
        ("template", Self::Template),
        ("path", Self::Path),
        ("file-name", Self::FileName),
        ("url", Self::Url),
        ("redirect", Self::Redirect),
        ("html", Self::Html),
        ("line", Self::Line),
        ("ldap", Self::Ldap),
        ("ldap-dn", Self::LdapDn),
        ("xpath", Self::Xpath),
        ("csv", Self::Csv),
        ("format", Self::Format),
        ("regex", Self::Regex),
        ("object", Self::Object),
        ("number", Self::Number),
        ("text", Self::Text),
        ("any", Self::Any),
    ];

    /// By its word.
    pub fn parse(word: &str) -> Option<Self> {
        let mut words = Self::WORDS.into_iter();
        words
            .find(|(known, _)| *known == word)
            .map(|(_, need)| need)
    }
}

/// Which kinds of sources there are, by number; the table is part of [`Models`].
pub type Kind = u8;

/// What a source is.
#[derive(Debug, Clone)]
pub struct SourceModel {
    /// Its kind.
    pub kind: Kind,
    /// In words.
    pub what: String,
    /// The characters it can hold.
    pub alphabet: Alphabet,
    /// It may be a structure, not only a text.
    pub structure: bool,
    /// Its text begins with a slash.
    pub slash: bool,
    /// Its keys are the names of fields, attributes of the class it is read from.
    pub fields: bool,
    /// Its keys are the variables of the routes that lead to the class it is read from.
    pub variables: bool,
    /// Only under these keys.
    pub keys: Vec<String>,
    /// Rules it is no danger for.
    pub cleaned: RuleSet,
}

/// What is untrusted or harmless at an access path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// A source, by its number.
    Source(u32),
    /// Harmless, though it lies below a source.
    Harmless,
}

/// Which argument of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Argument {
    /// By position.
    pub at: Option<u16>,
    /// By name.
    pub name: Option<Symbol>,
    /// The object a method is called on.
    pub receiver: bool,
    /// Every argument.
    pub any: bool,
    /// An entry of a dict given.
    pub key: Option<Symbol>,
    /// All positional arguments from [`Argument::at`] on.
    pub rest: bool,
    /// An element of a list or tuple given.
    pub element: Option<Elements>,
    /// Elements behind the first count up to one that is this constant.
    pub until: Vec<Symbol>,
    /// Elements behind a constant option count only where it is one of these: what follows any other may be its value.
    pub flags: Vec<Symbol>,
    /// The mapping given as `**`.
    pub mapping: bool,
    /// What is stored, for stores.
    pub stored: Option<Stored>,
}

impl Argument {
    /// Whether an element is an option that the next one may be the value of.
    pub fn takes_next(&self, element: &crate::value::Value) -> bool {
        !self.flags.is_empty()
            && element
                .known_text()
                .is_some_and(|text| text.as_str().starts_with('-') && !self.flags.contains(&text))
    }
}

/// Which elements of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elements {
    /// The one at an index.
    At(i32),
    /// All behind the first.
    Rest,
}

/// Which part of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// The value.
    Value,
    /// The key.
    Key,
}

/// A constant in a condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// A number.
    Int(i64),
    /// A text.
    Str(String),
}

/// What is asked of an argument.
#[derive(Debug, Clone)]
pub enum Asks {
    /// Not given.
    Missing(bool),
    /// A constant equal to one of them.
    Is(Vec<Literal>),
    /// A constant equal to none of them.
    IsNot(Vec<Literal>),
    /// `None`, or not.
    None(bool),
    /// Its truth.
    Truthy(bool),
    /// Resolves to an access path.
    Path(Vec<Symbol>),
    /// A list, tuple or other container.
    Display(bool),
    /// An object of a class of the project that has a method of this name.
    Defines(Symbol),
    /// A constant text in which one of these occurs.
    Contains(TextTest),
}

/// A test on a text, made by whoever reads the models; the engine knows no pattern language of theirs.
#[derive(Clone)]
pub struct TextTest(pub std::sync::Arc<dyn Fn(&str) -> bool + Send + Sync>);

impl std::fmt::Debug for TextTest {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("TextTest")
    }
}

/// A condition on a call.
#[derive(Debug, Clone)]
pub struct When {
    /// Of what.
    pub argument: Argument,
    /// What.
    pub asks: Asks,
}

/// All of `hold` must be known to hold, none of `fail` may.
#[derive(Debug, Clone, Default)]
pub struct Conditions {
    /// Must hold.
    pub hold: Vec<When>,
    /// Must not hold.
    pub fail: Vec<When>,
}

/// A sink.
#[derive(Debug, Clone)]
pub struct Sink {
    /// The rule, by number in [`Models::rules`].
    pub rule: u8,
    /// What is looked at.
    pub arguments: Vec<Argument>,
    /// Under which conditions.
    pub conditions: Conditions,
    /// What a hole needs.
    pub need: Need,
    /// Found by the name of the method alone: a text has to look like its language.
    pub by_name: bool,
    /// Other words than the rule's.
    pub message: Option<String>,
    /// Confidence at most: 0 low, 1 medium, 2 high.
    pub confidence: u8,
    /// Keys of dicts below which nothing does harm.
    pub skips: Vec<Symbol>,
    /// A call that is a statement of its own does no harm: it only tries.
    pub used: bool,
}

/// What is left of an argument.
#[derive(Debug, Clone)]
pub enum Gives {
    /// The text, with this known of it.
    Text(Restriction),
    /// Characters of another alphabet: the text is transformed.
    Alphabet(Alphabet),
    /// Nothing that holds text.
    Scalar,
    /// Nothing of the argument.
    Nothing,
}

/// A function whose result is harmless for some needs.
#[derive(Debug, Clone)]
pub struct Sanitizer {
    /// Which argument.
    pub argument: Argument,
    /// Under which conditions.
    pub conditions: Conditions,
    /// What is left.
    pub gives: Gives,
    /// It is a text with methods and operators of its own.
    pub typed: bool,
}

/// When a guard says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// The result is true.
    True,
    /// The result is false.
    False,
    /// It returns at all.
    Return,
}

/// What a call says of an argument.
#[derive(Debug, Clone)]
pub struct Guard {
    /// Which argument.
    pub argument: Argument,
    /// Under which conditions.
    pub conditions: Conditions,
    /// When.
    pub holds: Holds,
    /// What.
    pub gives: Restriction,
}

/// Where a propagator puts what it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// The result.
    Return,
    /// The object the method is called on.
    Receiver,
    /// Another argument.
    Argument(Argument),
}

/// Where data goes in a call.
#[derive(Debug, Clone)]
pub struct Propagator {
    /// From where.
    pub from: Vec<Argument>,
    /// Where to.
    pub to: To,
    /// What characters come out.
    pub alphabet: Alphabet,
    /// The text comes out as it went in.
    pub same_text: bool,
    /// What comes out has methods and operators of its own, not those of what went in.
    pub typed: bool,
}

/// An object outside of the project that holds what is put in.
#[derive(Debug, Clone, Default)]
pub struct Holder {
    /// Methods that store: positions of the keys and of the value.
    pub writes: FxHashMap<Symbol, (Vec<u16>, u16)>,
    /// Methods that give back, by the positions of the keys.
    pub reads: FxHashMap<Symbol, Vec<u16>>,
}

/// A call that runs a function of the project.
#[derive(Debug, Clone)]
pub struct Runs {
    /// The function.
    pub function: Argument,
    /// What it is given: a tuple, or the arguments from a position on.
    pub arguments: Argument,
}

/// A call that renders a template file.
#[derive(Debug, Clone)]
pub struct Render {
    /// The rule that what is written on the page concerns.
    pub sink: Sink,
    /// The name of the file, or the text of the template.
    pub name: Argument,
    /// It is the text.
    pub constant: bool,
    /// It was given to the call that made the receiver.
    pub made: bool,
    /// The receiver comes from an environment, which says whether values are escaped.
    pub environment: bool,
    /// The values: keywords, or a dict.
    pub context: Option<Argument>,
    /// Keywords are values beside the dict.
    pub keywords: bool,
    /// Names that every template knows, with the access paths they stand for.
    pub globals: Vec<(Symbol, Symbol)>,
    /// `jinja2`, `django` or `mako`.
    pub engine: String,
    /// Whether holes are escaped; `None` when the file's extension decides.
    pub autoescape: Option<bool>,
    /// Attributes that say for the whole program that they are.
    pub escaped_by: Vec<Symbol>,
}

/// All that is known of a callee outside of the project.
#[derive(Debug, Clone, Default)]
pub struct CallModel {
    /// What it must not be given.
    pub sinks: Vec<Sink>,
    /// What comes out harmless.
    pub sanitizers: Vec<Sanitizer>,
    /// What its result says.
    pub guards: Vec<Guard>,
    /// Where data goes.
    pub propagators: Vec<Propagator>,
    /// Nothing of the arguments comes out.
    pub clean: bool,
    /// It never returns.
    pub stops: bool,
    /// Functions it runs.
    pub runs: Vec<Runs>,
    /// Templates it renders.
    pub renders: Vec<Render>,
}

impl CallModel {
    /// Whether it says what comes out, rather than only what must not be given.
    pub fn speaks_of_the_result(&self) -> bool {
        self.clean
            || self.stops
            || !self.sanitizers.is_empty()
            || !self.propagators.is_empty()
            || !self.runs.is_empty()
            || !self.renders.is_empty()
    }

    /// Takes in another model of the same callee.
    pub fn merge(&mut self, other: Self) {
        self.sinks.extend(other.sinks);
        self.sanitizers.extend(other.sanitizers);
        self.guards.extend(other.guards);
        self.propagators.extend(other.propagators);
        self.clean |= other.clean;
        self.stops |= other.stops;
        self.runs.extend(other.runs);
        self.renders.extend(other.renders);
    }
}

/// Which functions an entry is about.
#[derive(Debug, Clone)]
pub enum Registered {
    /// Decorated so.
    Decorator(Symbol),
    /// Methods of subclasses; a name may end in `*`.
    Method(Symbol, Vec<String>),
    /// Passed to a call.
    Passed(Symbol, Argument),
    /// Named so, in modules that import one of these.
    Named(Vec<String>, Vec<Symbol>),
}

/// The sources of parameters that are filled by their annotations.
#[derive(Debug, Clone, Copy)]
pub struct Typed {
    /// Texts.
    pub text: u32,
    /// Dicts, lists and whatever JSON may hold.
    pub structure: u32,
    /// Instances of classes that declare their fields.
    pub model: u32,
}

/// How the parameters of an entry are filled.
#[derive(Debug, Clone)]
pub enum Filled {
    /// By the variables of the route.
    Route,
    /// All from outside.
    Remote(u32),
    /// As their annotations say, each by its source.
    Typed(Typed),
    /// One by one.
    Listed(Vec<(ParameterPick, Filling)>),
    /// Not by the outside.
    Nothing,
}

/// Which parameter.
#[derive(Debug, Clone)]
pub enum ParameterPick {
    /// By position, the receiver not counted.
    At(u16),
    /// By name.
    Name(Symbol),
    /// By the access path of its annotation.
    Annotation(Symbol),
    /// All others.
    Rest,
}

/// What it is.
#[derive(Debug, Clone, Copy)]
pub enum Filling {
    /// An object; of the class that an attribute of the method's own class names, where there is one.
    Object(Symbol, Option<Symbol>),
    /// A source.
    Source(u32),
}

/// Functions that a framework calls.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Which.
    pub registered: Vec<Registered>,
    /// The route pattern, among the arguments of decorator or call.
    pub route: Option<Argument>,
    /// Source of route variables.
    pub route_source: u32,
    /// What they are given.
    pub filled: Filled,
    /// What the call that registers them must be known to say.
    pub conditions: Vec<When>,
    /// Sinks of what they return, for it is sent to the client.
    pub returns: Vec<Sink>,
}

/// A flow rule, as far as the engine needs it.
#[derive(Debug, Clone)]
pub struct FlowRule {
    /// Its id.
    pub id: String,
    /// What a hole needs.
    pub need: Need,
    /// Kinds of sources that count, a bit each.
    pub from: u32,
    /// Parameters of public functions count too.
    pub library: bool,
}

/// Everything.
#[derive(Debug, Clone, Default)]
pub struct Models {
    /// Other names of access paths.
    pub aliases: Aliases,
    /// Names of the kinds of sources.
    pub kinds: Vec<String>,
    /// All sources.
    pub sources: Vec<SourceModel>,
    /// Sources by access path; without wildcards.
    pub trust_by_text: FxHashMap<Box<str>, Trust>,
    /// Further sources at paths that have several, by their keys.
    pub more_trust: FxHashMap<Box<str>, Vec<u32>>,
    /// Sources that exceptions of these classes are once they are caught.
    pub caught: FxHashMap<Symbol, u32>,
    /// Sources whose path holds `*`, as patterns.
    pub trust_patterns: Vec<(String, Trust)>,
    /// Callees by access path.
    pub calls: FxHashMap<Symbol, CallModel>,
    /// Callees whose path holds `*`.
    pub call_patterns: Vec<(String, CallModel)>,
    /// Access paths of settings that switch something on, and of what holds such settings.
    pub settings: FxHashSet<Symbol>,
    /// Results of calls whose attributes or elements are sources, with the kinds of these: who has such an object may let
    /// another function read it.
    pub source_objects: FxHashMap<Box<str>, Vec<u8>>,
    /// Last names of the paths of sources.
    pub source_names: FxHashSet<Symbol>,
    /// Both sorts of patterns by their last name; `*` where that is open.
    pub trust_by_last: FxHashMap<Box<str>, Vec<usize>>,
    /// See [`Models::trust_by_last`].
    pub calls_by_last: FxHashMap<Box<str>, Vec<usize>>,
    /// Methods known by name alone.
    pub methods: FxHashMap<Symbol, Vec<Sink>>,
    /// Stores to attributes and items by access path.
    pub stores: FxHashMap<Symbol, Vec<Sink>>,
    /// Calls whose arguments are remembered by what they make, with the names of the fields.
    pub makers: FxHashMap<Symbol, Vec<(Symbol, Argument)>>,
    /// Calls and stores that say the type of a response.
    pub content_types: FxHashSet<Symbol>,
    /// Attributes that say for the whole program that values in pages are escaped.
    pub escaping: FxHashSet<Symbol>,
    /// Settings that are off where the program serves strangers.
    pub switches: FxHashSet<Symbol>,
    /// Fields of forms, by what makes them: what is left of what was sent.
    pub fields: FxHashMap<Symbol, Restriction>,
    /// Objects that hold what is put in, by access path.
    pub holders: FxHashMap<Symbol, Holder>,
    /// Functions that a framework calls.
    pub entries: Vec<Entry>,
    /// Entries by decorator, by base class, by the call that registers.
    pub by_path: FxHashMap<Symbol, Vec<usize>>,
    /// Entries by name.
    pub by_name: Vec<usize>,
    /// Flow rules.
    pub rules: Vec<FlowRule>,
    /// Callees of which the user's own models speak: these may be functions of the project.
    pub own: FxHashSet<Symbol>,
    /// Tells sets of models apart.
    serial: u64,
}

/// Whether an access path fits one with `*` for any one name.
pub fn fits(pattern: &str, path: &str) -> bool {
    let mut parts = pattern.split('.');
    let mut names = path.split('.');
    loop {
        match (parts.next(), names.next()) {
            (None, None) => return true,
            (Some("*"), Some(_)) => {}
            (Some("*()"), Some(name)) if name.ends_with("()") => {}
            (Some(a), Some(b)) if a == b => {}
            _ => return false,
        }
    }
}

/// The rules that a word means: a rule's id, or the need of several; for sanitizers that name them.
pub fn rules_of(rules: &[FlowRule], word: &str) -> RuleSet {
    let need = Need::parse(word);
    let mut set = RuleSet::default();
    for (number, rule) in rules.iter().enumerate() {
        if rule.id == word || need == Some(rule.need) {
            set.0 |= 1 << number;
        }
    }
    set
}

impl Models {
    /// The name of a source's kind: `local` is what who runs the program gives it.
    pub fn kind_of(&self, source: u32) -> &str {
        let kind = usize::from(self.sources[source as usize].kind);
        self.kinds.get(kind).map_or("", String::as_str)
    }

    /// Whether a path leads to a setting, or to something in what holds settings.
    pub fn is_setting(&self, path: &str) -> bool {
        let mut rest = path;
        loop {
            if self.settings.contains(&Symbol::from(rest)) {
                return true;
            }
            match rest.rfind(['.', '[', '(']) {
                Some(end) => rest = &rest[..end],
                None => return false,
            }
        }
    }

    /// A call that gives a template: its name or text is remembered.
    pub fn gives_template(&mut self, call: Symbol, argument: Argument, constant: bool) {
        let field = crate::interpret::template_field(constant);
        self.remembers(call, field, argument);
    }

    /// A call that gives an environment of templates: what it says of escaping is remembered.
    pub fn gives_environment(&mut self, call: Symbol, argument: Argument) {
        self.remembers(call, crate::interpret::autoescape_field(), argument);
    }

    fn remembers(&mut self, call: Symbol, field: Symbol, argument: Argument) {
        let known = self.makers.entry(call).or_default();
        if !known.contains(&(field, argument.clone())) {
            known.push((field, argument));
        }
    }

    /// Makes the tables that find entries.
    pub fn index(&mut self) {
        self.serial = SETS.fetch_add(1, Ordering::Relaxed);
        fn last(pattern: &str) -> Box<str> {
            let last = pattern.rsplit('.').next().unwrap_or(pattern);
            Box::from(if last.contains('*') { "*" } else { last })
        }
        let sources = self.trust_by_text.keys().map(|path| &**path);
        let sources = sources.chain(self.trust_patterns.iter().map(|(path, _)| path.as_str()));
        self.source_names = sources
            .filter_map(|path| {
                let path = path.trim_end_matches(['(', ')', '[', ']']);
                path.rsplit('.').next().map(Symbol::from)
            })
            .collect();
        #[expect(clippy::iter_over_hash_type, reason = "they are sets")]
        for (path, trust) in &self.trust_by_text {
            let Trust::Source(number) = trust else {
                continue;
            };
            let more = self.more_trust.get(path).into_iter().flatten();
            for source in std::iter::once(number).chain(more) {
                let kind = self.sources[*source as usize].kind;
                for (end, _) in path.match_indices(')') {
                    let object = &path[..=end];
                    if object.len() == path.len() {
                        continue;
                    }
                    let kinds = self.source_objects.entry(Box::from(object)).or_default();
                    if !kinds.contains(&kind) {
                        kinds.push(kind);
                    }
                }
            }
        }
        for (number, (pattern, _)) in self.trust_patterns.iter().enumerate() {
            self.trust_by_last
                .entry(last(pattern))
                .or_default()
                .push(number);
        }
        for (number, (pattern, _)) in self.call_patterns.iter().enumerate() {
            self.calls_by_last
                .entry(last(pattern))
                .or_default()
                .push(number);
        }
        for (number, entry) in self.entries.iter().enumerate() {
            for registered in &entry.registered {
                match registered {
                    Registered::Decorator(path)
                    | Registered::Method(path, _)
                    | Registered::Passed(path, _) => {
                        let known = self.by_path.entry(*path).or_default();
                        if !known.contains(&number) {
                            known.push(number);
                        }
                    }
                    Registered::Named(..) => self.by_name.push(number),
                }
            }
        }
    }

    /// What is said of an access path: of the longest part of it that is known. `flask.request.args` speaks of
    /// `flask.request.args.get()` too.
    pub fn trust_of(&self, path: Symbol) -> Option<Trust> {
        if let Some(known) =
            REMEMBERED.with_borrow_mut(|all| all.of(self.serial).trust.get(&path).copied())
        {
            return known;
        }
        let trust = self.find_trust(path.as_str());
        REMEMBERED.with_borrow_mut(|all| all.of(self.serial).trust.insert(path, trust));
        trust
    }

    /// Further sources of the part of a path that is known.
    pub fn more_trust_of(&self, path: &str) -> &[u32] {
        if self.more_trust.is_empty() {
            return &[];
        }
        let mut front = path;
        loop {
            if let Some(more) = self.more_trust.get(front) {
                return more;
            }
            if self.trust_by_text.contains_key(front) {
                return &[];
            }
            match front.rfind(['.', '[', '(']) {
                Some(at) if at > 0 => front = &front[..at],
                _ => return &[],
            }
        }
    }

    /// Whether a path is an item of something a source speaks of, and no part of such an item: `config[]`, not `config[].x()[]`.
    pub fn is_item_of_source(&self, path: &str) -> bool {
        let container = path
            .strip_suffix("[]")
            .or_else(|| path.strip_suffix("()")?.rsplit_once('.').map(|cut| cut.0));
        container.is_some_and(|container| {
            let trust = self.find_trust(container);
            let above = container
                .rfind(['.', '[', '('])
                .and_then(|at| self.find_trust(&container[..at]));
            trust.is_some() && trust != above
        })
    }

    fn find_trust(&self, path: &str) -> Option<Trust> {
        let mut ends: Vec<usize> = path
            .char_indices()
            .filter(|(_, character)| matches!(character, '.' | '[' | '('))
            .map(|(at, _)| at)
            .collect();
        ends.push(path.len());
        for end in ends.into_iter().rev() {
            let front = &path[..end];
            if let Some(trust) = self.trust_by_text.get(front) {
                return Some(*trust);
            }
            // Patterns by their last name, so that few are compared.
            let last = front.rsplit('.').next().unwrap_or(front);
            for group in [last, "*"] {
                if let Some(numbers) = self.trust_by_last.get(group)
                    && let Some(number) = numbers
                        .iter()
                        .find(|number| fits(&self.trust_patterns[**number].0, front))
                {
                    return Some(self.trust_patterns[*number].1);
                }
            }
        }
        None
    }

    /// The model of a callee.
    pub fn call(&self, path: Symbol) -> Option<&CallModel> {
        self.calls.get(&path).or_else(|| {
            if self.call_patterns.is_empty() {
                return None;
            }
            let known =
                REMEMBERED.with_borrow_mut(|all| all.of(self.serial).calls.get(&path).copied());
            let number = known.unwrap_or_else(|| {
                let text = path.as_str();
                let last = text.rsplit('.').next().unwrap_or(text);
                let number = [last, "*"].iter().find_map(|group| {
                    let numbers = self.calls_by_last.get(*group)?;
                    numbers
                        .iter()
                        .find(|number| fits(&self.call_patterns[**number].0, text))
                        .copied()
                });
                REMEMBERED.with_borrow_mut(|all| all.of(self.serial).calls.insert(path, number));
                number
            });
            number.map(|number| &self.call_patterns[number].1)
        })
    }
}

/// Sets of models made so far.
static SETS: AtomicU64 = AtomicU64::new(1);

/// Answers of one set of models; a process seldom works with two at once.
#[derive(Default)]
struct Remembered {
    serial: u64,
    trust: FxHashMap<Symbol, Option<Trust>>,
    calls: FxHashMap<Symbol, Option<usize>>,
}

impl Remembered {
    /// Those of a set; what is remembered of another one is forgotten.
    fn of(&mut self, serial: u64) -> &mut Self {
        if self.serial != serial {
            *self = Self {
                serial,
                ..Self::default()
            };
        }
        self
    }
}

thread_local! {
    static REMEMBERED: std::cell::RefCell<Remembered> = std::cell::RefCell::default();
}
