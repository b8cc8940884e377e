//! Python's own functions and the modules that are part of how Python programs handle data: what their results are made of.
//!
//! Only semantics stands here. What is dangerous or harmless is said by models.

use std::sync::Arc;

use hognose_python::ir::*;
use hognose_regex::{Flags, Pattern};

use super::Interpreter;
use super::call::Arguments;
use crate::shape::{Alphabet, Facts, Part, Stretch, concat, holes, map_holes, prefix};
use crate::state::{Kind, Object, State};
use crate::value::{Atom, ObjId, Symbol, Value, Why, hash_id};

/// Functions whose result holds no text.
const SCALAR: &[&str] = &[
    "builtins.abs",
    "builtins.all",
    "builtins.any",
    "builtins.bool",
    "builtins.callable",
    "builtins.complex",
    "builtins.divmod",
    "builtins.hasattr",
    "builtins.hash",
    "builtins.id",
    "builtins.isinstance",
    "builtins.issubclass",
    "builtins.len",
    "builtins.ord",
    "builtins.pow",
    "builtins.print",
    "builtins.range",
    "builtins.round",
    "builtins.bin",
    "builtins.hex",
    "builtins.oct",
    "decimal.Decimal",
    "fractions.Fraction",
    "math.floor",
    "math.ceil",
    "os.path.exists",
    "os.path.getmtime",
    "os.path.getsize",
    "os.path.isabs",
    "os.path.isdir",
    "os.path.isfile",
    "os.path.islink",
    "time.time",
];

/// Functions that give back what they are given, in another coating.
const SAME: &[&str] = &[
    "asyncio.create_task",
    "asyncio.ensure_future",
    "asyncio.run",
    "asyncio.shield",
    "asyncio.wait_for",
    "builtins.str",
    "builtins.memoryview",
    "contextlib.closing",
    "contextlib.nullcontext",
    "copy.copy",
    "copy.deepcopy",
    "io.TextIOWrapper",
    "os.fsdecode",
    "os.fsencode",
    "os.fspath",
    "os.path.expanduser",
    "os.path.expandvars",
    "os.path.normcase",
    "sys.intern",
    "textwrap.dedent",
    "builtins.bytes",
    "builtins.bytearray",
    "builtins.iter",
    "functools.wraps()",
    "functools.update_wrapper",
    "functools.lru_cache",
    "functools.lru_cache()",
    "functools.cache",
    "types.MappingProxyType",
    "types.SimpleNamespace",
    "unicodedata.normalize",
];

/// Functions that turn a text into another one of any characters.
const TRANSFORMS: &[&str] = &[
    "base64.a85decode",
    "base64.b16decode",
    "base64.b32decode",
    "base64.b64decode",
    "base64.b85decode",
    "base64.decodebytes",
    "base64.standard_b64decode",
    "base64.urlsafe_b64decode",
    "binascii.a2b_base64",
    "binascii.a2b_hex",
    "binascii.unhexlify",
    "bz2.decompress",
    "builtins.bytes.fromhex",
    "codecs.decode",
    "codecs.encode",
    "gzip.decompress",
    "html.unescape",
    "lzma.decompress",
    "quopri.decodestring",
    "urllib.parse.unquote",
    "urllib.parse.unquote_plus",
    "urllib.parse.unquote_to_bytes",
    "zlib.decompress",
    "xml.sax.saxutils.unescape",
    "ast.literal_eval",
];

/// Constants of the standard library.
pub(super) fn constant(path: Symbol) -> Option<Atom> {
    let (module, name) = path.as_str().rsplit_once('.')?;
    let text = match (module, name) {
        ("os" | "os.path" | "posixpath", "sep") => "/",
        ("os" | "os.path" | "posixpath", "pardir") => "..",
        ("os" | "os.path" | "posixpath", "curdir") => ".",
        ("os" | "os.path" | "posixpath", "extsep") => ".",
        ("os", "linesep") => "\n",
        ("string", "ascii_lowercase") => "abcdefghijklmnopqrstuvwxyz",
        ("string", "ascii_uppercase") => "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        ("string", "ascii_letters") => "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        ("string", "digits") => "0123456789",
        ("string", "hexdigits") => "0123456789abcdefABCDEF",
        ("string", "octdigits") => "01234567",
        ("string", "punctuation") => "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
        ("string", "whitespace") => " \t\n\r\u{b}\u{c}",
        ("re" | "regex" | "re.RegexFlag", flag) => {
            return Some(Atom::Int(match flag {
                "NOFLAG" => 0,
                "I" | "IGNORECASE" => 2,
                "L" | "LOCALE" => 4,
                "M" | "MULTILINE" => 8,
                "S" | "DOTALL" => 16,
                "U" | "UNICODE" => 32,
                "X" | "VERBOSE" => 64,
                "A" | "ASCII" => 256,
                _ => return None,
            }));
        }
        _ => return None,
    };
    Some(Atom::Str(Symbol::from(text)))
}

/// The flags given to a function of `re`; `None` when they are not known.
pub(super) fn flags_of(given: Option<&Value>) -> Option<Flags> {
    match given {
        None => Some(Flags::NONE),
        Some(value) => match value.only() {
            Some(Atom::Int(bits)) => u32::try_from(*bits).ok().map(Flags::from_python),
            _ => None,
        },
    }
}

/// Name of the field of a pattern that holds its flags.
const FLAGS: &str = "\u{0}flags";

/// Groups of a pattern that are told apart.
const MAX_GROUPS: u32 = 16;

/// Whether a module of Python, by what its functions are called by, is computed here.
pub(super) fn is_known(name: &str) -> bool {
    let front = name.split_once('.').map_or("", |(front, _)| front);
    matches!(
        front,
        "builtins"
            | "os"
            | "re"
            | "json"
            | "urllib"
            | "base64"
            | "binascii"
            | "copy"
            | "functools"
            | "itertools"
            | "collections"
            | "pathlib"
            | "shlex"
            | "string"
            | "io"
            | "asyncio"
            | "contextlib"
            | "typing"
            | "html"
            | "codecs"
            | "zlib"
            | "gzip"
            | "bz2"
            | "lzma"
            | "quopri"
            | "uuid"
            | "decimal"
            | "fractions"
            | "math"
            | "operator"
            | "posixpath"
            | "ntpath"
            | "textwrap"
            | "types"
            | "sys"
            | "time"
            | "ast"
            | "unicodedata"
            | "xml"
            | "dataclasses"
            | "regex"
            | "six"
            | "enum"
    )
}

impl Interpreter<'_, '_> {
    /// What a function of Python itself gives; `None` for any other.
    pub(super) fn native(
        &mut self,
        state: &mut State,
        path: Symbol,
        receiver: Option<&Value>,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Option<Value> {
        let name = path.as_str();
        if !is_known(name) {
            return None;
        }
        if SCALAR.binary_search(&name).is_ok() || SCALAR.contains(&name) {
            if name == "builtins.print" {
                self.print_into(state, arguments, expr);
            }
            return Some(match name {
                "builtins.len" => self.length(state, &arguments.position(0)?),
                _ => Atom::Scalar.into(),
            });
        }
        let first = || arguments.position(0).unwrap_or_else(Value::unknown);
        if SAME.contains(&name) {
            if name == "types.SimpleNamespace" {
                let class = self.values.path_of_call(path);
                let mut object = Object::new(Kind::Holder(class));
                for (name, value) in &arguments.keywords {
                    object.set_field(*name, value.clone());
                }
                if let Some(map) = &arguments.double_star {
                    self.merge_into(state, &mut object, map);
                }
                return Some(self.make(state, expr, object));
            }
            if arguments.position(0).is_none() {
                return match name {
                    "builtins.str" | "builtins.bytes" => Some(Value::text("")),
                    _ => None,
                };
            }
            let at = usize::from(name == "unicodedata.normalize");
            let value = arguments.position(at).unwrap_or_else(Value::unknown);
            return Some(match name {
                "builtins.str" | "builtins.bytes" | "builtins.bytearray" => {
                    // The same text, and no structure any more.
                    let text = self.text_value(state, &value);
                    Value::of(text.atoms().iter().map(|atom| {
                        match atom {
                            Atom::Text(text) => Atom::Text(
                                map_holes(text, |hole| {
                                    hole.facts |= Facts::TEXT;
                                })
                                .into(),
                            ),
                            other => other.clone(),
                        }
                    }))
                }
                "copy.copy" => self.copied(state, &value, expr),
                "copy.deepcopy" => self.copied_deeply(state, &value, expr),
                _ => value,
            });
        }
        if TRANSFORMS.contains(&name) {
            return Some(self.transformed(state, path, &first(), Alphabet::ALL, Facts::NONE, expr));
        }
        if let Some(rest) = name.strip_prefix("builtins.") {
            return self.builtin(state, rest, arguments, expr);
        }
        if let Some(function) = name
            .strip_prefix("os.path.")
            .or_else(|| name.strip_prefix("posixpath."))
            .or_else(|| name.strip_prefix("ntpath."))
        {
            return self.path_function(state, function, arguments, expr);
        }
        if name.starts_with("pathlib.") {
            return self.pathlib(state, path, receiver, arguments, expr);
        }
        if let Some(function) = name.strip_prefix("urllib.parse.") {
            return self.url_function(state, path, function, arguments, expr);
        }
        if let Some(function) = name
            .strip_prefix("re.")
            .or_else(|| name.strip_prefix("regex."))
        {
            return self.re_function(state, function, arguments, expr);
        }
        match name {
            "json.loads" | "json.load" => {
                Some(self.transformed(state, path, &first(), Alphabet::ALL, Facts::STRUCTURE, expr))
            }
            "json.dumps" => {
                let alphabet = Alphabet::ALL.without("\n\r\t\u{0}");
                let text = self.transformed(state, path, &first(), alphabet, Facts::LITERAL, expr);
                Some(self.mapped(state, &text, expr, |hole| {
                    hole.facts = hole.facts.without(Facts::STRUCTURE);
                }))
            }
            "base64.b64encode"
            | "base64.standard_b64encode"
            | "base64.encodebytes"
            | "binascii.b2a_base64" => {
                let alphabet = Alphabet::class("[A-Za-z0-9+/=]").unwrap_or(Alphabet::ALL);
                Some(self.transformed(state, path, &first(), alphabet, Facts::NONE, expr))
            }
            "base64.urlsafe_b64encode" | "base64.b32encode" | "base64.b16encode" => {
                let alphabet = Alphabet::class("[A-Za-z0-9_=-]").unwrap_or(Alphabet::ALL);
                Some(self.transformed(state, path, &first(), alphabet, Facts::NONE, expr))
            }
            "binascii.hexlify" | "binascii.b2a_hex" => Some(Atom::Scalar.into()),
            "functools.partial" => {
                let mut object = Object::new(Kind::Partial);
                object.items = arguments.positional.iter().cloned().collect();
                for (name, value) in &arguments.keywords {
                    object.set_field(*name, value.clone());
                }
                Some(self.make(state, expr, object))
            }
            "functools.reduce" => {
                let element = self.iterated(state, &arguments.position(1)?, expr);
                let start = arguments.position(2).unwrap_or_else(|| element.clone());
                let once = self.call_value(
                    state,
                    &first(),
                    &Arguments::of(&[start, element.clone()]),
                    expr,
                );
                let twice = self.call_value(
                    state,
                    &first(),
                    &Arguments::of(&[once.clone(), element]),
                    expr,
                );
                Some(once.or(&twice))
            }
            "typing.cast" => arguments.position(1),
            "itertools.chain"
            | "itertools.chain.from_iterable"
            | "itertools.islice"
            | "itertools.cycle"
            | "collections.deque"
            | "collections.Counter"
            | "itertools.takewhile"
            | "itertools.dropwhile"
            | "itertools.zip_longest" => {
                let mut object = Object::new(Kind::List);
                object.exact = false;
                for value in arguments.all() {
                    let mut element = self.iterated(state, &value, expr);
                    if name.ends_with("from_iterable") {
                        element = self.iterated(state, &element, expr);
                    }
                    object.rest.join(&element);
                }
                if name == "collections.deque" && arguments.all().is_empty() {
                    object.exact = true;
                }
                Some(self.make(state, expr, object))
            }
            "collections.OrderedDict" | "collections.defaultdict" | "collections.ChainMap" => {
                let mut object = Object::new(Kind::Dict);
                // The first of a chain wins.
                let mut merged = arguments.positional.to_vec();
                let mut factory = None;
                match name {
                    "collections.ChainMap" => merged.reverse(),
                    "collections.defaultdict" if !merged.is_empty() => {
                        factory = Some(merged.remove(0));
                    }
                    _ => {}
                }
                for value in &merged {
                    self.merge_into(state, &mut object, value);
                }
                for (name, value) in &arguments.keywords {
                    object.set_field(*name, value.clone());
                }
                let made = self.make(state, expr, object);
                if let (Some(factory), Some(Atom::Object(id))) = (factory, made.only()) {
                    self.factories.insert(*id, factory);
                }
                Some(made)
            }
            "collections.namedtuple" => {
                let names = self.field_names(state, &arguments.either(1, "field_names")?)?;
                let class = self.values.path_of_call(path);
                let mut object = Object::new(Kind::Holder(class));
                object.items = names.iter().map(|name| Value::text(name)).collect();
                Some(self.make(state, expr, object))
            }
            "collections.namedtuple()" => {
                let mut object = Object::sequence(Kind::Tuple, arguments.positional.to_vec());
                for (name, value) in &arguments.keywords {
                    object.set_field(*name, value.clone());
                }
                Some(self.make(state, expr, object))
            }
            "asyncio.gather" => {
                let object = Object::sequence(Kind::List, arguments.positional.to_vec());
                let mut object = object;
                if let Some(star) = &arguments.star {
                    object.blur();
                    object.rest.join(star);
                }
                Some(self.make(state, expr, object))
            }
            "asyncio.to_thread" => {
                let mut rest = arguments.clone();
                if !rest.positional.is_empty() {
                    rest.positional.remove(0);
                }
                Some(self.call_value(state, &first(), &rest, expr))
            }
            "shlex.quote" => {
                let place = self.place(expr);
                let value = self.mapped(state, &first(), expr, |hole| {
                    hole.facts |= Facts::ONE_WORD;
                    for taint in &mut hole.taints {
                        taint.trail = taint.trail.step(place, Why::Sanitized(path));
                    }
                });
                Some(value)
            }
            "shlex.join" => {
                if let Some(Atom::Object(id)) = first().only()
                    && let Some(object) = state.object(*id).cloned()
                    && object.exact
                    && object.rest.is_nothing()
                {
                    let mut words = Vec::new();
                    for (number, item) in object.items.iter().enumerate() {
                        if number > 0 {
                            words.push(Value::text(" "));
                        }
                        words.push(
                            self.mapped(state, item, expr, |hole| hole.facts |= Facts::ONE_WORD),
                        );
                    }
                    return Some(self.joined_texts(state, &words));
                }
                let element = self.iterated(state, &first(), expr);
                Some(self.mapped(state, &element, expr, |hole| hole.facts |= Facts::ONE_WORD))
            }
            "shlex.split" => {
                let value = self.mapped(state, &first(), expr, |_| {});
                let mut object = Object::new(Kind::List);
                object.exact = false;
                for text in self.texts_of(state, &value) {
                    // What the text begins with is the program.
                    if let Some(Stretch::Known(known)) = text.first()
                        && let Some(program) = known.as_str().split_whitespace().next()
                        && known.as_str().trim_start().len() > program.len()
                    {
                        object.exact = true;
                        object.items = vec![Value::text(program)];
                    }
                    object.rest.join(&Value::stretches(text));
                }
                Some(self.make(state, expr, object))
            }
            "string.Template" | "io.StringIO" | "io.BytesIO" => {
                let class = self.values.path_of_call(path);
                let mut object = Object::new(Kind::Holder(class));
                if let Some(text) = arguments.position(0) {
                    object.set_field(Symbol::from("\u{0}text"), text);
                }
                Some(self.make(state, expr, object))
            }
            "uuid.UUID" => {
                self.restrict_value(
                    state,
                    &first(),
                    crate::shape::Restriction::alphabet(
                        Alphabet::class("[0-9A-Fa-f{}urn:-]").unwrap_or(Alphabet::ALL),
                    ),
                );
                Some(Atom::Scalar.into())
            }
            "dataclasses.asdict" | "dataclasses.replace" | "dataclasses.astuple" => {
                let mut result = Value::nothing();
                for atom in first().atoms() {
                    match atom {
                        Atom::Object(id) => {
                            if let Some(object) = state.object(*id).cloned() {
                                let mut copy = (*object).clone();
                                if name != "dataclasses.replace" {
                                    copy.kind = Kind::Dict;
                                }
                                for (name, value) in &arguments.keywords {
                                    copy.set_field(*name, value.clone());
                                }
                                result.join(&self.make(state, expr, copy));
                            }
                        }
                        other => result.add(other.clone()),
                    }
                }
                Some(result)
            }
            _ => None,
        }
    }

    /// The names of the fields of a named tuple: in a list, or in one text.
    fn field_names(&self, state: &State, given: &Value) -> Option<Vec<String>> {
        match given.only()? {
            Atom::Str(text) => Some(
                text.as_str()
                    .split([' ', ',', '\n', '\t'])
                    .filter(|name| !name.is_empty())
                    .map(str::to_owned)
                    .collect(),
            ),
            Atom::Object(id) => {
                let object = state.object(*id).filter(|object| object.exact)?;
                object
                    .items
                    .iter()
                    .map(|name| name.known_text().map(|name| name.as_str().to_owned()))
                    .collect()
            }
            _ => None,
        }
    }

    /// Calls the class that `namedtuple` made.
    pub(super) fn named_tuple(
        &mut self,
        state: &mut State,
        class: &Object,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Value {
        let mut object = Object::new(Kind::Tuple);
        for (number, name) in class.items.iter().enumerate() {
            let Some(name) = name.known_text() else {
                continue;
            };
            let mut value = arguments
                .positional
                .get(number)
                .cloned()
                .or_else(|| arguments.named(name))
                .or_else(|| arguments.star.clone());
            if value.is_none()
                && let Some(map) = &arguments.double_star
            {
                value = Some(self.item(state, map, &Value::text(name.as_str()), expr));
            }
            let value = value.unwrap_or_else(Value::unknown);
            object.items.push(value.clone());
            object.set_field(name, value);
        }
        self.make(state, expr, object)
    }

    /// Methods of objects of this module: texts that are filled in, texts that are written piece by piece, patterns.
    pub(super) fn native_holder(
        &mut self,
        state: &mut State,
        id: ObjId,
        class: Symbol,
        name: Symbol,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Option<Value> {
        let field = Symbol::from("\u{0}text");
        let object = state.object(id).cloned()?;
        let text = object.field(field).cloned();
        match (class.as_str(), name.as_str()) {
            ("string.Template()", "substitute" | "safe_substitute") => {
                let template = text?;
                let mut result = Value::nothing();
                for known in template.texts()? {
                    let mut values = Vec::new();
                    let mut rest = known.as_str();
                    while let Some(at) = rest.find('$') {
                        values.push(Value::text(&rest[..at]));
                        rest = &rest[at + 1..];
                        let braced = rest.starts_with('{');
                        let start = usize::from(braced);
                        let end = rest[start..]
                            .find(|character: char| {
                                !(character.is_alphanumeric() || character == '_')
                            })
                            .map_or(rest.len(), |end| end + start);
                        let field = Symbol::from(&rest[start..end]);
                        rest = rest.get(end + usize::from(braced)..).unwrap_or_default();
                        let value = match arguments.named(field) {
                            Some(value) => value,
                            None => match arguments
                                .position(0)
                                .or_else(|| arguments.double_star.clone())
                            {
                                Some(map) => {
                                    let key = Value::text(field.as_str());
                                    self.item(state, &map, &key, expr)
                                }
                                None => Value::unknown(),
                            },
                        };
                        values.push(value);
                    }
                    values.push(Value::text(rest));
                    let text = self.joined_texts(state, &values);
                    result.join(&text);
                }
                Some(result)
            }
            ("io.StringIO()" | "io.BytesIO()", "write" | "writelines") => {
                let mut more = arguments.position(0)?;
                if name.as_str() == "writelines" {
                    more = self.iterated(state, &more, expr);
                }
                let old = text.unwrap_or_else(|| Value::text(""));
                let new = self.joined_texts(state, &[old, more]);
                if self.quiet == 0
                    && let Some(object) = state.object_mut(id)
                {
                    object.set_field(field, new);
                }
                Some(Atom::Scalar.into())
            }
            ("io.StringIO()" | "io.BytesIO()", "getvalue" | "read" | "readline" | "getbuffer") => {
                Some(text.unwrap_or_else(|| Value::text("")))
            }
            ("io.StringIO()" | "io.BytesIO()", _) => Some(Atom::Scalar.into()),
            ("re.compile()", method) => {
                let pattern = text.unwrap_or_else(Value::unknown);
                let mut with = arguments.clone();
                with.positional.insert(0, pattern);
                // Its own arguments are positions; the flags were given before.
                if matches!(
                    method,
                    "match" | "fullmatch" | "search" | "findall" | "finditer"
                ) {
                    with.positional.truncate(2);
                }
                with.keywords
                    .retain(|(name, _)| name.as_str() == "string" || name.as_str() == "repl");
                if let Some(flags) = object.field(Symbol::from(FLAGS)) {
                    with.keywords.push((Symbol::from("flags"), flags.clone()));
                }
                self.re_function(state, method, &with, expr)
            }
            ("re.Match()", "group" | "groups" | "groupdict" | "expand" | "__getitem__") => {
                if matches!(name.as_str(), "groups" | "groupdict") {
                    let named = name.as_str() == "groupdict";
                    let mut groups = Object::new(if named { Kind::Dict } else { Kind::Tuple });
                    for (field, value) in &object.fields {
                        let numbered = field.as_str().starts_with('#');
                        if field.as_str().starts_with('\u{0}') || numbered == named {
                            continue;
                        }
                        if named {
                            groups.set_field(*field, value.clone());
                        } else if field.as_str() != "#0" {
                            groups.items.push(value.clone());
                        }
                    }
                    groups.exact = object.rest.is_nothing();
                    groups.rest = object.rest.clone();
                    return Some(self.make(state, expr, groups));
                }
                let mut asked = arguments.positional.to_vec();
                if asked.is_empty() || name.as_str() == "expand" {
                    return Some(text.unwrap_or_else(Value::unknown));
                }
                let this: Value = Atom::Object(id).into();
                let mut found: Vec<Value> = Vec::new();
                for key in asked.drain(..) {
                    found.push(self.item(state, &this, &key, expr));
                }
                match found.as_slice() {
                    [one] => Some(one.clone()),
                    _ => Some(self.make(state, expr, Object::sequence(Kind::Tuple, found))),
                }
            }
            ("re.Match()", _) => Some(Atom::Scalar.into()),
            ("urllib.parse.urlsplit()", "geturl") => text,
            ("urllib.parse.urlsplit()", "_replace") => {
                let mut copy = (*object).clone();
                for (name, value) in &arguments.keywords {
                    copy.set_field(*name, value.clone());
                }
                Some(self.make(state, expr, copy))
            }
            _ => None,
        }
    }

    /// `print(…, file=buffer)`.
    fn print_into(&mut self, state: &mut State, arguments: &Arguments, expr: ExprId) {
        let Some(file) = arguments.named(Symbol::from("file")) else {
            return;
        };
        let Some(Atom::Object(id)) = file.only() else {
            return;
        };
        let Some(Kind::Holder(class)) = state.object(*id).map(|object| object.kind.clone()) else {
            return;
        };
        let text_of = |name: &str, otherwise: &str| {
            arguments
                .named(Symbol::from(name))
                .unwrap_or_else(|| Value::text(otherwise))
        };
        let (separator, end) = (text_of("sep", " "), text_of("end", "\n"));
        let mut values = Vec::new();
        for (number, value) in arguments.positional.iter().enumerate() {
            if number > 0 {
                values.push(separator.clone());
            }
            values.push(value.clone());
        }
        values.push(end);
        let text = self.joined_texts(state, &values);
        let write = Symbol::from("write");
        self.native_holder(state, *id, class, write, &Arguments::of(&[text]), expr);
    }

    /// `t"…{value}…"`: its parts, its texts, its values.
    pub(super) fn template_string(
        &mut self,
        state: &mut State,
        expr: ExprId,
        parts: List,
    ) -> Value {
        let module = self.module();
        let site = self.site(expr);
        let (mut all, mut texts, mut values, mut fields) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (number, part) in module.list(parts).iter().enumerate() {
            let (value, is_field) = match module[*part] {
                Expr::Formatted { value, .. } => (self.eval(state, value), true),
                _ => (self.eval(state, *part), false),
            };
            if !is_field {
                all.push(value.clone());
                texts.push(value);
                continue;
            }
            let mut field = Object::new(Kind::Holder(Symbol::from(
                "string.templatelib.Interpolation()",
            )));
            field.set_field(Symbol::from("value"), value.clone());
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            let id = self.object_at(site, 100u32.saturating_add(number));
            state.allocate(id, field);
            all.push(Atom::Object(id).into());
            fields.push(Atom::Object(id).into());
            values.push(value);
        }
        let mut template = Object::new(Kind::Holder(Symbol::from("string.templatelib.Template()")));
        for (number, (name, items)) in [
            ("strings", texts),
            ("values", values),
            ("interpolations", fields),
        ]
        .into_iter()
        .enumerate()
        {
            let id = self.object_at(site, u32::try_from(number).unwrap_or(0) + 70);
            state.allocate(id, Object::sequence(Kind::Tuple, items));
            template.set_field(Symbol::from(name), Atom::Object(id).into());
        }
        template.items = all;
        self.make(state, expr, template)
    }

    fn builtin(
        &mut self,
        state: &mut State,
        name: &str,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Option<Value> {
        let first = || arguments.position(0).unwrap_or_else(Value::unknown);
        Some(match name {
            "int" | "float" => {
                // It raises for anything else.
                self.restrict_value(
                    state,
                    &first(),
                    crate::shape::Restriction::alphabet(Alphabet::number()),
                );
                match first().only() {
                    Some(Atom::Int(number)) => Atom::Int(*number).into(),
                    Some(Atom::Str(text)) => text
                        .as_str()
                        .trim()
                        .parse()
                        .map_or(Atom::Scalar, Atom::Int)
                        .into(),
                    _ => {
                        let tainted = self.all_holes(state, &[first()]);
                        match tainted.is_empty() {
                            true => Atom::Scalar.into(),
                            // A number of a stranger's choice: harmless as a text, not as a size.
                            false => {
                                let id = self.site(expr);
                                let mut hole =
                                    self.blend(&tainted, id, Alphabet::number(), 0, |_| {})?;
                                hole.alphabet = Alphabet::of(if name == "int" {
                                    "0123456789-"
                                } else {
                                    "0123456789-.einfa+"
                                });
                                Value::hole(hole)
                            }
                        }
                    }
                }
            }
            "repr" | "ascii" => self.repr_of(state, &first()),
            "format" => first(),
            "chr" => Value::unknown(),
            "min" | "max" => {
                let mut result = Value::nothing();
                let values = if arguments.positional.len() == 1 {
                    vec![self.iterated(state, &first(), expr)]
                } else {
                    arguments.positional.to_vec()
                };
                let known = values
                    .iter()
                    .any(|value| matches!(value.only(), Some(Atom::Int(_))));
                for value in &values {
                    result.join(value);
                }
                if name == "min" && known {
                    return Some(Atom::Scalar.into());
                }
                result
            }
            "list" | "tuple" | "set" | "frozenset" | "sorted" | "reversed" | "filter" => {
                let kind = match name {
                    "tuple" => Kind::Tuple,
                    "set" | "frozenset" => Kind::Set,
                    _ => Kind::List,
                };
                let given = if name == "filter" {
                    arguments.position(1).unwrap_or_else(Value::unknown)
                } else {
                    first()
                };
                if let Some(Atom::Object(id)) = given.only()
                    && let Some(object) = state.object(*id).cloned()
                    && matches!(object.kind, Kind::List | Kind::Tuple | Kind::Set)
                {
                    let mut copy = (*object).clone();
                    copy.kind = kind;
                    copy.many = false;
                    match name {
                        "reversed" => copy.items.reverse(),
                        "sorted" | "filter" => copy.blur(),
                        _ => {}
                    }
                    return Some(self.make(state, expr, copy));
                }
                let mut object = Object::new(kind);
                if !arguments.all().is_empty() {
                    object.exact = false;
                    object.rest = self.iterated(state, &given, expr);
                }
                self.make(state, expr, object)
            }
            "dict" => {
                let mut object = Object::new(Kind::Dict);
                for value in &arguments.positional {
                    self.merge_into(state, &mut object, value);
                    // A list of pairs.
                    if let Some(Atom::Object(id)) = value.only()
                        && let Some(list) = state.object(*id).cloned()
                        && list.kind == Kind::List
                    {
                        let pairs = list.contents();
                        for pair in pairs.atoms() {
                            if let Atom::Object(pair) = pair
                                && let Some(pair) = state.object(*pair)
                                && let [key, value] = pair.items.as_slice()
                            {
                                match super::assign::single_key(key) {
                                    Some(crate::value::Key::Item(name)) => {
                                        object.set_field(name, value.clone());
                                    }
                                    _ => object.rest.join(value),
                                }
                            }
                        }
                    }
                }
                for (name, value) in &arguments.keywords {
                    object.set_field(*name, value.clone());
                }
                if let Some(map) = &arguments.double_star {
                    self.merge_into(state, &mut object, map);
                }
                self.make(state, expr, object)
            }
            "enumerate" | "zip" => {
                let mut parts = Vec::new();
                if name == "enumerate" {
                    parts.push(Atom::Scalar.into());
                }
                for value in &arguments.positional {
                    parts.push(self.iterated(state, value, expr));
                    if name == "enumerate" {
                        break;
                    }
                }
                let site = self.site(expr);
                let pair = self.object_at(site, 60);
                if let Some(known) = state.heap.get_mut(pair.0 as usize) {
                    *known = None;
                }
                state.allocate(pair, Object::sequence(Kind::Tuple, parts));
                let mut object = Object::new(Kind::List);
                object.exact = false;
                object.rest = Atom::Object(pair).into();
                self.make(state, expr, object)
            }
            "map" => {
                let mut given = Vec::new();
                for value in arguments.positional.iter().skip(1) {
                    given.push(self.iterated(state, value, expr));
                }
                let element = self.call_value(state, &first(), &Arguments::of(&given), expr);
                let mut object = Object::new(Kind::List);
                object.exact = false;
                object.rest = element;
                self.make(state, expr, object)
            }
            "next" => {
                let mut value = self.iterated(state, &first(), expr);
                if let Some(default) = arguments.position(1) {
                    value.join(&default);
                }
                value
            }
            "sum" => {
                let element = self.iterated(state, &first(), expr);
                if element.has_holes() {
                    element
                } else {
                    Atom::Scalar.into()
                }
            }
            "getattr" => {
                let name = arguments.position(1).and_then(|name| name.known_text());
                match name {
                    Some(name) => {
                        let mut value = self.attribute(state, &first(), name, expr);
                        if let Some(default) = arguments.position(2) {
                            value.join(&default);
                        }
                        value
                    }
                    None => {
                        if let Some(name) = arguments.position(1) {
                            self.decides(&name);
                        }
                        self.any_attribute(state, &first())
                    }
                }
            }
            "setattr" => {
                let value = arguments.position(2).unwrap_or_else(Value::unknown);
                match arguments.position(1).and_then(|name| name.known_text()) {
                    Some(name) => self.set_attribute(state, &first(), name, value),
                    None => self.pour(state, &first(), &value),
                }
                Atom::None.into()
            }
            "vars" => match first().only() {
                Some(Atom::Object(id)) => {
                    let mut dict = state.object(*id).map(|object| (**object).clone())?;
                    dict.kind = Kind::Dict;
                    self.make(state, expr, dict)
                }
                _ => Value::unknown(),
            },
            "type" if arguments.positional.len() == 1 => {
                let mut result = Value::nothing();
                for atom in first().atoms() {
                    match atom {
                        Atom::Object(id) => match state.object(*id).map(|object| &object.kind) {
                            Some(Kind::Instance(module, class)) => {
                                result.add(Atom::Class(*module, *class));
                            }
                            _ => result.add(Atom::Unknown),
                        },
                        Atom::Instance(module, class) => result.add(Atom::Class(*module, *class)),
                        _ => result.add(Atom::Unknown),
                    }
                }
                result
            }
            "property" | "staticmethod" | "classmethod" => first(),
            "str().join" | "str.join" => return None,
            "dict.fromkeys" => {
                let mut object = Object::new(Kind::Dict);
                object.rest = self.iterated(state, &first(), expr);
                self.make(state, expr, object)
            }
            "globals" => Atom::Module(self.at().module).into(),
            "locals" | "dir" | "object" | "slice" => Value::unknown(),
            _ => return None,
        })
    }

    /// Some attribute of an object, for a name that is not known.
    fn any_attribute(&mut self, state: &State, object: &Value) -> Value {
        let mut value = Value::nothing();
        for atom in object.atoms() {
            match atom {
                Atom::Object(id) => {
                    if let Some(object) = state.object(*id) {
                        value.join(&object.contents());
                    }
                }
                Atom::Input(path) => {
                    let part = self.input(path.then(crate::value::Key::Any));
                    value.add(part);
                }
                _ => {}
            }
        }
        value.add(Atom::Unknown);
        value
    }

    fn length(&mut self, state: &mut State, value: &Value) -> Value {
        match value.only() {
            Some(Atom::Str(text)) => i64::try_from(text.as_str().chars().count())
                .map_or(Atom::Scalar, Atom::Int)
                .into(),
            Some(Atom::Object(id)) => match state.object(*id) {
                Some(object)
                    if object.exact
                        && object.rest.is_nothing()
                        && !object.many
                        && matches!(object.kind, Kind::List | Kind::Tuple) =>
                {
                    i64::try_from(object.items.len())
                        .map_or(Atom::Scalar, Atom::Int)
                        .into()
                }
                _ => Atom::Scalar.into(),
            },
            _ => Atom::Scalar.into(),
        }
    }

    /// A copy of a value with all the objects it refers to.
    fn copied_deeply(&mut self, state: &mut State, value: &Value, expr: ExprId) -> Value {
        let exported = self.export(state, value);
        let site = hash_id(&(self.site(expr), 26u8));
        self.import(state, &exported, site, false)
    }

    fn copied(&mut self, state: &mut State, value: &Value, expr: ExprId) -> Value {
        let mut result = Value::nothing();
        for atom in value.atoms() {
            match atom {
                Atom::Object(id) => match state.object(*id).cloned() {
                    Some(object) => {
                        let mut copy = (*object).clone();
                        copy.many = false;
                        result.join(&self.make(state, expr, copy));
                    }
                    None => result.add(Atom::Unknown),
                },
                other => result.add(other.clone()),
            }
        }
        result
    }

    /// Everything in a value as one new text of an alphabet.
    pub(super) fn transformed(
        &mut self,
        state: &mut State,
        path: Symbol,
        value: &Value,
        alphabet: Alphabet,
        facts: Facts,
        expr: ExprId,
    ) -> Value {
        let holes = self.all_holes(state, std::slice::from_ref(value));
        let id = self.site(expr);
        let place = self.place(expr);
        match self.blend(&holes, id, alphabet, 0, |taint| {
            taint.trail = taint.trail.step(place, Why::Through(path));
        }) {
            Some(mut hole) => {
                hole.facts |= facts;
                if facts == Facts::NONE {
                    hole.facts = hole.facts.without(Facts::STRUCTURE);
                }
                Value::hole(hole)
            }
            None => Value::unknown(),
        }
    }

    /// A text with every hole changed, as another one.
    fn mapped(
        &mut self,
        state: &mut State,
        value: &Value,
        expr: ExprId,
        mut change: impl FnMut(&mut crate::shape::Hole),
    ) -> Value {
        let mut result = Value::nothing();
        for text in self.texts_of(state, value) {
            let text = map_holes(&text, |hole| {
                change(hole);
                hole.part = None;
                hole.id = hash_id(&(hole.id, expr.0, 14u8));
            });
            result.join(&Value::stretches(text));
        }
        result
    }

    // Paths.

    /// Paths one behind the other: an absolute one replaces what is in front.
    pub(super) fn path_join(&mut self, state: &mut State, parts: &[Value]) -> Value {
        let mut values: Vec<Value> = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            if number == 0 {
                values.push(part.clone());
                continue;
            }
            let mut joined = Value::nothing();
            for text in self.texts_of(state, part) {
                if prefix(&text).starts_with('/') {
                    // What is in front is gone.
                    values.clear();
                }
                let front = matches!(text.first(), Some(Stretch::Hole(_)));
                let text = map_holes(&text, |hole| {
                    if front {
                        hole.facts |= Facts::JOINED;
                    }
                });
                joined.join(&Value::stretches(text));
            }
            let ends = values
                .last()
                .and_then(Value::known_text)
                .is_some_and(|text| text.as_str().ends_with('/'));
            if !values.is_empty() && !ends {
                values.push(Value::text("/"));
            }
            values.push(joined);
        }
        self.joined_texts(state, &values)
    }

    fn path_function(
        &mut self,
        state: &mut State,
        function: &str,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Option<Value> {
        let first = arguments.position(0)?;
        Some(match function {
            "join" => {
                let mut parts = arguments.positional.to_vec();
                parts.extend(arguments.star.clone());
                self.path_join(state, &parts)
            }
            "basename" => self.base_name(state, &first, expr),
            "dirname" => self.part_of(state, &first, expr, Part::Parent),
            "abspath" | "realpath" | "normpath" => self.resolved_path(state, &first, expr),
            "relpath" => self.relative_path(state, &first, expr),
            "commonprefix" => {
                let element = self.iterated(state, &first, expr);
                // Of characters; of whole directories where one of the two ends with a separator.
                if self.names_directory(state, &first) {
                    self.common_path(state, &element, expr)
                } else {
                    self.part_of(state, &element, expr, Part::Piece)
                }
            }
            "commonpath" => {
                let element = self.iterated(state, &first, expr);
                self.common_path(state, &element, expr)
            }
            "split" => {
                let head = self.part_of(state, &first, expr, Part::Parent);
                let tail = self.base_name(state, &first, expr);
                self.make(state, expr, Object::sequence(Kind::Tuple, vec![head, tail]))
            }
            "splitext" => {
                let root = self.part_of(state, &first, expr, Part::Piece);
                let extension = self.changed(
                    state,
                    &first,
                    expr,
                    Part::Piece,
                    str::to_owned,
                    |alphabet| alphabet.without("/\\"),
                );
                let extension = match extension.known_text() {
                    Some(text) => match text.as_str().rfind('.') {
                        Some(at) => Value::text(&text.as_str()[at..]),
                        None => Value::text(""),
                    },
                    None => self.mapped(state, &extension, expr, |_| {}),
                };
                self.make(
                    state,
                    expr,
                    Object::sequence(Kind::Tuple, vec![root, extension]),
                )
            }
            _ => return None,
        })
    }

    /// A path as seen from a directory.
    fn relative_path(&mut self, state: &mut State, path: &Value, expr: ExprId) -> Value {
        let mut result = Value::nothing();
        for text in self.texts_of(state, path) {
            let all: Vec<Arc<crate::shape::Hole>> = holes(&text).cloned().collect();
            let id = hash_id(&(all.first().map(|hole| hole.id), expr.0, 26u8));
            match self.blend(&all, id, Alphabet::ALL, 0, |_| {}) {
                Some(mut hole) => {
                    if let [one] = all.as_slice() {
                        hole.part = Some((Part::Relative, one.id));
                    }
                    result.join(&Value::hole(hole));
                }
                None => result.add(Atom::Unknown),
            }
        }
        result
    }

    fn part_of(&mut self, state: &mut State, value: &Value, expr: ExprId, part: Part) -> Value {
        let mut result = Value::nothing();
        for text in self.texts_of(state, value) {
            let single = text.len() == 1;
            let text = map_holes(&text, |hole| {
                // The directory of a path leaves nothing open in it once it is one of few.
                hole.part = (single || part == Part::Parent).then_some((part, hole.id));
                hole.id = hash_id(&(hole.id, expr.0, 15u8));
            });
            result.join(&Value::stretches(text));
        }
        result
    }

    /// The last component of a path: no separator is left.
    fn base_name(&mut self, state: &mut State, value: &Value, expr: ExprId) -> Value {
        let mut result = Value::nothing();
        for text in self.texts_of(state, value) {
            let from = text.iter().rposition(
                |stretch| matches!(stretch, Stretch::Known(known) if known.as_str().contains('/')),
            );
            let mut tail: Vec<Stretch> = match from {
                Some(at) => {
                    let mut tail = text[at..].to_vec();
                    if let Stretch::Known(known) = &mut tail[0] {
                        let cut = known.as_str().rfind('/').map_or(0, |at| at + 1);
                        *known = Symbol::from(&known.as_str()[cut..]);
                    }
                    tail
                }
                None => text.clone(),
            };
            if matches!(tail.first(), Some(Stretch::Known(known)) if known.as_str().is_empty()) {
                tail.remove(0);
            }
            let tail = map_holes(&tail, |hole| {
                hole.alphabet = hole.alphabet.without("/");
                hole.facts = hole.facts.without(Facts::JOINED);
                hole.part = Some((Part::BaseName, hole.id));
                hole.id = hash_id(&(hole.id, expr.0, 16u8));
            });
            result.join(&Value::stretches(tail));
        }
        result
    }

    /// The path as the system sees it: no `..` left; where the text began with a directory of the program's choice, it may
    /// have left it.
    fn resolved_path(&mut self, state: &mut State, value: &Value, expr: ExprId) -> Value {
        let mut result = Value::nothing();
        for text in self.texts_of(state, value) {
            if holes(&text).next().is_none() {
                result.join(&Value::stretches(text));
                continue;
            }
            // Harmless holes stay where they are.
            let open = crate::need::path_is_open(&text);
            if !open {
                let text = map_holes(&text, |hole| {
                    hole.facts = hole.facts.without(Facts::JOINED) | Facts::NO_DOTS;
                });
                result.join(&Value::stretches(text));
                continue;
            }
            // Those that lead nowhere lead nowhere beside others that do: a name below a directory that is set.
            let (all, below): (Vec<_>, Vec<_>) = holes(&text)
                .cloned()
                .partition(|hole| crate::need::leads_elsewhere(&text, hole));
            let id = hash_id(&(all.first().map(|hole| hole.id), expr.0, 17u8));
            if let Some(mut hole) = self.blend(&all, id, Alphabet::ALL, 0, |_| {}) {
                hole.facts |= Facts::NORMALISED;
                if let [one] = all.as_slice() {
                    hole.alphabet = one.alphabet.union(Alphabet::word("/._-"));
                    hole.facts |= Facts(one.facts.0 & Facts::CONTAINED.0);
                }
                // What is found of the path speaks of the name at its end.
                if let Some(last) = all.last() {
                    hole.part = Some((Part::Resolved, last.id));
                    self.resolved.insert(hole.id, last.id);
                }
                hole.facts = hole.facts.without(Facts::JOINED);
                // Above the root there is nothing to lead to: `normpath("/" + path)`.
                let mut whole = Vec::new();
                if matches!(text.first(), Some(Stretch::Known(known)) if known.as_str() == "/") {
                    hole.facts = hole.facts.without(Facts::NORMALISED) | Facts::NO_DOTS;
                    whole.push(Stretch::Known(Symbol::from("/")));
                }
                whole.push(Stretch::Hole(Arc::new(hole)));
                for hole in &below {
                    let mut hole = (**hole).clone();
                    hole.facts = hole.facts.without(Facts::JOINED) | Facts::NO_DOTS;
                    whole.push(Stretch::Known(Symbol::from("/")));
                    whole.push(Stretch::Hole(Arc::new(hole)));
                }
                result.join(&Value::stretches(whole));
            }
        }
        result
    }

    /// Whether an element of a list ends with a separator.
    fn names_directory(&mut self, state: &mut State, list: &Value) -> bool {
        let Some(Atom::Object(id)) = list.only() else {
            return false;
        };
        let items = match state.object(*id) {
            Some(object) if object.exact => object.items.clone(),
            _ => return false,
        };
        items.iter().any(|item| {
            let texts = self.texts_of(state, item);
            !texts.is_empty()
                && texts.iter().all(|text| {
                    matches!(text.last(), Some(Stretch::Known(known)) if known.as_str().ends_with('/'))
                })
        })
    }

    fn common_path(&mut self, state: &mut State, value: &Value, expr: ExprId) -> Value {
        let mut result = Value::nothing();
        for text in self.texts_of(state, value) {
            for hole in holes(&text) {
                let id = hash_id(&(hole.id, expr.0, 18u8));
                result.join(&Value::hole(hole.derive(id, Some(Part::CommonPath))));
            }
        }
        if result.is_nothing() {
            Value::unknown()
        } else {
            result
        }
    }

    /// `left / right` of paths.
    pub(super) fn path_division(
        &mut self,
        state: &mut State,
        left: &Value,
        right: &Value,
    ) -> Option<Value> {
        let is_path = |value: &Value| {
            value.atoms().iter().any(
                |atom| matches!(atom, Atom::External(path) if path.as_str().starts_with("pathlib.")),
            )
        };
        let texts = left.has_holes() && !matches!(left.only(), Some(Atom::Input(_)))
            || right.has_holes()
            || left.texts().is_some()
            || right.texts().is_some();
        if !is_path(left) && !is_path(right) && !texts {
            return None;
        }
        let mut value = self.path_join(state, &[left.clone(), right.clone()]);
        value.add(Atom::External(Symbol::from("pathlib.Path()")));
        Some(value)
    }

    fn pathlib(
        &mut self,
        state: &mut State,
        path: Symbol,
        receiver: Option<&Value>,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Option<Value> {
        let whole = |mut value: Value| {
            value.add(Atom::External(Symbol::from("pathlib.Path()")));
            value
        };
        match path.as_str() {
            "pathlib.Path"
            | "pathlib.PurePath"
            | "pathlib.PosixPath"
            | "pathlib.PurePosixPath"
            | "pathlib.WindowsPath"
            | "pathlib.PureWindowsPath" => {
                let mut parts = arguments.positional.to_vec();
                parts.extend(arguments.star.clone());
                if parts.is_empty() {
                    return Some(whole(Value::text(".")));
                }
                return Some(whole(self.path_join(state, &parts)));
            }
            _ => {}
        }
        let method = path.as_str().strip_prefix("pathlib.Path().")?;
        let this = self.only_texts(receiver?);
        Some(match method {
            "absolute" => whole(this),
            "resolve" => whole(self.resolved_path(state, &this, expr)),
            "joinpath" => {
                let mut parts = vec![this];
                parts.extend(arguments.positional.iter().cloned());
                parts.extend(arguments.star.clone());
                whole(self.path_join(state, &parts))
            }
            "expanduser" | "as_posix" | "as_uri" | "with_suffix" | "__str__" | "with_stem" => {
                whole(this)
            }
            "with_name" => {
                let name = arguments.position(0)?;
                let parent = self.part_of(state, &this, expr, Part::Piece);
                whole(self.path_join(state, &[parent, name]))
            }
            "relative_to" => {
                // It raises when the path is not below, by its parts as they are written.
                let base = arguments.position(0)?;
                self.contained(state, &this, &base);
                match (this.known_text(), self.only_texts(&base).known_text()) {
                    (Some(path), Some(base)) => whole(
                        path.as_str()
                            .strip_prefix(base.as_str())
                            .map_or_else(Value::unknown, |rest| {
                                Value::text(rest.trim_start_matches('/'))
                            }),
                    ),
                    _ => whole(self.relative_path(state, &this, expr)),
                }
            }
            "is_relative_to" | "exists" | "is_file" | "is_dir" | "is_absolute" | "stat"
            | "match" => Atom::Scalar.into(),
            "glob" | "rglob" | "iterdir" => {
                let mut object = Object::new(Kind::List);
                object.exact = false;
                object.rest = whole(self.part_of(state, &this, expr, Part::Form));
                self.make(state, expr, object)
            }
            _ => return None,
        })
    }

    /// Attributes of paths.
    pub(super) fn path_attribute(
        &mut self,
        state: &mut State,
        object: &Value,
        attr: Symbol,
        expr: ExprId,
    ) -> Option<Value> {
        if !object
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::External(path) if path.as_str() == "pathlib.Path()"))
        {
            return None;
        }
        let this = self.only_texts(object);
        Some(match attr.as_str() {
            "name" | "stem" => self.base_name(state, &this, expr),
            "suffix" => self.changed(state, &this, expr, Part::Piece, str::to_owned, |alphabet| {
                alphabet.without("/\\")
            }),
            "parent" => {
                let mut value = self.part_of(state, &this, expr, Part::Parent);
                value.add(Atom::External(Symbol::from("pathlib.Path()")));
                value
            }
            "parents" => {
                let mut element = Value::nothing();
                for text in self.texts_of(state, &this) {
                    for hole in holes(&text) {
                        let id = hash_id(&(hole.id, expr.0, 19u8));
                        element.join(&Value::hole(hole.derive(id, Some(Part::Ancestor))));
                    }
                }
                let mut list = Object::new(Kind::List);
                list.exact = false;
                list.rest = element;
                self.make(state, expr, list)
            }
            "parts" => {
                let mut element = Value::nothing();
                for text in self.texts_of(state, &this) {
                    for hole in holes(&text) {
                        let id = hash_id(&(hole.id, expr.0, 20u8));
                        let mut piece = hole.derive(id, Some(Part::Piece));
                        piece.alphabet = piece.alphabet.without("/");
                        element.join(&Value::hole(piece));
                    }
                }
                let mut list = Object::new(Kind::Tuple);
                list.exact = false;
                list.rest = element;
                self.make(state, expr, list)
            }
            _ => return None,
        })
    }

    pub(super) fn only_texts(&self, value: &Value) -> Value {
        let texts = value
            .atoms()
            .iter()
            .filter(|atom| !matches!(atom, Atom::External(_)))
            .cloned();
        let value = Value::of(texts.collect::<Vec<_>>());
        if value.is_nothing() {
            Value::unknown()
        } else {
            value
        }
    }

    // URLs.

    fn url_function(
        &mut self,
        state: &mut State,
        path: Symbol,
        function: &str,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Option<Value> {
        let first = arguments.position(0)?;
        Some(match function {
            "quote" | "quote_plus" | "quote_from_bytes" => {
                let safe = arguments.either(1, "safe").map_or(
                    Some(if function == "quote_plus" { "" } else { "/" }.to_owned()),
                    |safe| safe.known_text().map(|text| text.as_str().to_owned()),
                );
                let alphabet = Alphabet::class("[A-Za-z0-9_.~%+-]").unwrap_or(Alphabet::ALL);
                let alphabet =
                    alphabet.union(Alphabet::of(&safe.unwrap_or_else(|| "/".to_owned())));
                let mut value = Value::nothing();
                for text in self.texts_of(state, &first) {
                    let text = map_holes(&text, |hole| {
                        hole.alphabet = hole.alphabet.union(Alphabet::of("%")).intersect(alphabet);
                        hole.part = None;
                        hole.id = hash_id(&(hole.id, expr.0, 22u8));
                    });
                    value.join(&Value::stretches(text));
                }
                value
            }
            "urlencode" => {
                // The `&` between parameters is the program's.
                let alphabet = Alphabet::class("[A-Za-z0-9_.~%+=-]").unwrap_or(Alphabet::ALL);
                self.transformed(state, path, &first, alphabet, Facts::NONE, expr)
            }
            "urljoin" => {
                let second = arguments.position(1).unwrap_or_else(Value::unknown);
                let mut value = Value::nothing();
                for text in self.texts_of(state, &second) {
                    match text.first() {
                        // An absolute URL replaces the base; a path keeps its host.
                        Some(Stretch::Known(known))
                            if is_path_of_host(known.as_str())
                                || !known.as_str().contains(':')
                                    && !known.as_str().starts_with("//")
                                    && !known.as_str().is_empty()
                                    && !"/\\".contains(known.as_str()) =>
                        {
                            let joined = self.joined_texts(
                                state,
                                &[first.clone(), Value::text("/"), Value::stretches(text)],
                            );
                            value.join(&joined);
                        }
                        _ => {
                            value.join(&Value::stretches(text.clone()));
                            if holes(&text).next().is_none() {
                                let joined = self.joined_texts(
                                    state,
                                    &[first.clone(), Value::text("/"), Value::stretches(text)],
                                );
                                value.join(&joined);
                            }
                        }
                    }
                }
                if first.has_holes() {
                    value.join(&first);
                }
                value
            }
            "urlparse" | "urlsplit" => {
                let mut object = Object::new(Kind::Holder(Symbol::from("urllib.parse.urlsplit()")));
                object.set_field(Symbol::from("\u{0}text"), first.clone());
                for (name, part) in [
                    ("scheme", Some(Part::Scheme)),
                    ("netloc", Some(Part::Host)),
                    ("hostname", Some(Part::Host)),
                    ("path", None),
                    ("query", None),
                    ("fragment", None),
                    ("params", None),
                    ("username", None),
                    ("password", None),
                ] {
                    let value = self.url_part(state, &first, name, part);
                    object.set_field(Symbol::from(name), value);
                }
                object.set_field(Symbol::from("port"), Atom::Scalar.into());
                self.make(state, expr, object)
            }
            "urlunparse" | "urlunsplit" => {
                let at = |this: &mut Self, state: &mut State, index: i64| {
                    this.item(state, &first, &Atom::Int(index).into(), expr)
                };
                if let Some(Atom::Object(id)) = first.only()
                    && let Some(object) = state.object(*id)
                    && matches!(object.kind, Kind::Holder(_))
                {
                    return object.field(Symbol::from("\u{0}text")).cloned();
                }
                let parts = [
                    at(self, state, 0),
                    Value::text("://"),
                    at(self, state, 1),
                    at(self, state, 2),
                    at(self, state, 3),
                    at(self, state, 4),
                ];
                self.joined_texts(state, &parts)
            }
            "parse_qs" | "parse_qsl" => {
                let value = self.transformed(state, path, &first, Alphabet::ALL, Facts::NONE, expr);
                let mut inner = Object::new(Kind::List);
                inner.exact = false;
                inner.rest = value.clone();
                let site = self.site(expr);
                let inner_id = self.object_at(site, 61);
                state.allocate(inner_id, inner);
                let mut object = Object::new(if function == "parse_qs" {
                    Kind::Dict
                } else {
                    Kind::List
                });
                object.exact = false;
                object.rest = Atom::Object(inner_id).into();
                self.make(state, expr, object)
            }
            _ => return None,
        })
    }

    pub(super) fn url_part(
        &mut self,
        state: &mut State,
        url: &Value,
        name: &str,
        part: Option<Part>,
    ) -> Value {
        let mut value = Value::nothing();
        for text in self.texts_of(state, url) {
            if let Some(fixed) = fixed_url_part(prefix(&text), name) {
                value.join(&Value::text(&fixed));
                continue;
            }
            let mut any = false;
            for hole in holes(&text) {
                any = true;
                let id = hash_id(&(hole.id, name, 23u8));
                let mut found = hole.derive(id, part);
                if name == "path" {
                    found.alphabet = found.alphabet.without("?#");
                } else if part == Some(Part::Host) {
                    found.alphabet = found.alphabet.without("/?#");
                } else if part == Some(Part::Scheme) {
                    found.alphabet = Alphabet::word("+.-");
                }
                value.join(&Value::hole(found));
                if part.is_some() {
                    break;
                }
            }
            if !any {
                value.add(Atom::Unknown);
            }
        }
        value
    }

    // Regular expressions.

    fn re_function(
        &mut self,
        state: &mut State,
        function: &str,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Option<Value> {
        let pattern = arguments.position(0)?;
        // `re.sub(PATTERN, "", x)`, as the method of the compiled pattern.
        if function != "compile"
            && let Some(Atom::Object(id)) = pattern.only()
            && let Some(object) = state.object(*id)
            && matches!(object.kind, Kind::Holder(class) if class.as_str() == "re.compile()")
        {
            let text = object.field(Symbol::from("\u{0}text"))?.clone();
            text.known_text()?;
            let mut plain = arguments.clone();
            plain.positional[0] = text;
            if let Some(flags) = object.field(Symbol::from(FLAGS)) {
                plain.keywords.push((Symbol::from("flags"), flags.clone()));
            }
            return self.re_function(state, function, &plain, expr);
        }
        let flags = match function {
            "match" | "fullmatch" | "search" | "findall" | "finditer" => {
                arguments.either(2, "flags")
            }
            "split" => arguments.either(3, "flags"),
            "sub" | "subn" => arguments.either(4, "flags"),
            _ => None,
        };
        let flags = flags_of(flags.as_ref());
        Some(match function {
            "compile" => {
                let mut object = Object::new(Kind::Holder(Symbol::from("re.compile()")));
                object.set_field(Symbol::from("\u{0}text"), pattern);
                if let Some(flags) = arguments.either(1, "flags") {
                    object.set_field(Symbol::from(FLAGS), flags);
                }
                self.make(state, expr, object)
            }
            "match" | "fullmatch" | "search" => {
                let subject = arguments.either(1, "string")?;
                let object = self.match_object(state, (&pattern, flags), &subject, expr);
                let mut value = self.make(state, expr, object);
                value.add(Atom::None);
                value
            }
            "findall" | "finditer" | "split" => {
                let subject = arguments.either(1, "string")?;
                let group = if function == "split" {
                    self.part_of(state, &subject, expr, Part::Piece)
                } else {
                    self.matched_text(state, (&pattern, flags), None, &subject, expr)
                };
                let mut list = Object::new(Kind::List);
                list.exact = false;
                if function == "finditer" {
                    let object = self.match_object(state, (&pattern, flags), &subject, expr);
                    let site = self.site(expr);
                    let id = self.object_at(site, 62);
                    state.allocate(id, object);
                    list.rest = Atom::Object(id).into();
                } else {
                    list.rest = group;
                }
                self.make(state, expr, list)
            }
            "sub" | "subn" => {
                let replacement = arguments.either(1, "repl")?;
                let subject = arguments.either(2, "string")?;
                let parsed = self.parsed(&pattern, flags);
                let removed = parsed.as_ref().map(Pattern::removed_characters);
                let limited = arguments.either(3, "count").is_some();
                let new = replacement.known_text();
                let by_function = !replacement.is_nothing()
                    && replacement.atoms().iter().all(|atom| match atom {
                        Atom::Function(..) => true,
                        Atom::Object(id) => state
                            .object(*id)
                            .is_some_and(|object| matches!(object.kind, Kind::Closure(..))),
                        _ => false,
                    });
                let mut put_in = None;
                if replacement.atoms().iter().any(|atom| {
                    matches!(
                        atom,
                        Atom::Function(..) | Atom::Object(_) | Atom::External(_)
                    )
                }) {
                    // A function that is given each match.
                    let object = self.match_object(state, (&pattern, flags), &subject, expr);
                    let site = self.site(expr);
                    let id = self.object_at(site, 63);
                    state.allocate(id, object);
                    let given = Arguments::of(&[Atom::Object(id).into()]);
                    put_in = Some(self.call_value(state, &replacement, &given, expr));
                }
                let added = put_in
                    .as_ref()
                    .filter(|_| by_function)
                    .and_then(super::condition::alphabet_of);
                let mut value = Value::nothing();
                // Blanks and control characters are taken out of an address by browsers too.
                let blanks = removed.as_ref().is_some_and(|removed| {
                    let ascii = removed.ascii();
                    ascii != 0 && ascii >> 33 == 0
                }) && new.is_some_and(|new| new.as_str().is_empty());
                for text in self.texts_of(state, &subject) {
                    let read = blanks && text.len() == 1;
                    let text = map_holes(&text, |hole| {
                        if let Some(removed) = &removed
                            && !limited
                        {
                            let ascii = removed.ascii();
                            for code in 0..128u8 {
                                if ascii >> code & 1 == 1 {
                                    hole.alphabet =
                                        hole.alphabet.without(&char::from(code).to_string());
                                }
                            }
                        }
                        match new {
                            Some(new) if removed.is_some() && !limited => {
                                hole.alphabet = hole
                                    .alphabet
                                    .union(Alphabet::of(&plain_replacement(new.as_str())));
                            }
                            Some(_) => {}
                            None => {
                                hole.alphabet = match added {
                                    Some(added) if removed.is_some() && !limited => {
                                        hole.alphabet.union(added)
                                    }
                                    _ => Alphabet::ALL,
                                };
                            }
                        }
                        hole.facts = hole.facts.without(Facts::CONTAINED | Facts::NORMALISED);
                        hole.part = read.then_some((Part::AsRead, hole.id));
                        hole.id = hash_id(&(hole.id, expr.0, 24u8));
                    });
                    for hole in holes(&text).filter(|_| read) {
                        self.copies.insert(hole.id, Arc::clone(hole));
                    }
                    value.join(&Value::stretches(concat([text.as_slice()])));
                }
                if replacement.has_holes() {
                    value.join(&replacement);
                }
                if let Some(put_in) = put_in.filter(Value::has_holes) {
                    value.join(&put_in);
                }
                value
            }
            "escape" => {
                let value = pattern;
                self.mapped(state, &value, expr, |hole| {
                    hole.alphabet = hole
                        .alphabet
                        .intersect(Alphabet::word(" -_/'\"<>&%,;:=@`~!"));
                })
            }
            _ => return None,
        })
    }

    /// A pattern that is known.
    pub(super) fn parsed(&self, pattern: &Value, flags: Option<Flags>) -> Option<Pattern> {
        let text = pattern.known_text()?;
        Pattern::parse(text.as_str(), flags?).ok()
    }

    /// A match with its groups.
    fn match_object(
        &mut self,
        state: &mut State,
        pattern: (&Value, Option<Flags>),
        subject: &Value,
        expr: ExprId,
    ) -> Object {
        let mut object = Object::new(Kind::Holder(Symbol::from("re.Match()")));
        let whole = self.matched_text(state, pattern, Some(0), subject, expr);
        object.set_field(Symbol::from("\u{0}text"), whole.clone());
        object.set_field(super::assign::index_name(0), whole.clone());
        let Some(parsed) = self.parsed(pattern.0, pattern.1) else {
            object.rest = whole;
            return object;
        };
        let groups = parsed.ast().groups();
        for group in 1..=groups.min(MAX_GROUPS) {
            let text = self.matched_text(state, pattern, Some(group), subject, expr);
            let number = i32::try_from(group).unwrap_or(i32::MAX);
            for (name, _) in parsed.ast().names().filter(|(_, of)| *of == group) {
                object.set_field(Symbol::from(name), text.clone());
            }
            object.set_field(super::assign::index_name(number), text);
        }
        if groups > MAX_GROUPS {
            object.rest = whole;
        }
        object
    }

    /// What a group of a match can hold.
    fn matched_text(
        &mut self,
        state: &mut State,
        (pattern, flags): (&Value, Option<Flags>),
        group: Option<u32>,
        subject: &Value,
        expr: ExprId,
    ) -> Value {
        let alphabet = self
            .parsed(pattern, flags)
            .and_then(|pattern| pattern.group_alphabet(group.unwrap_or(0)).ok())
            .map_or(Alphabet::ALL, Alphabet::from);
        let mut value = Value::nothing();
        for text in self.texts_of(state, subject) {
            for hole in holes(&text) {
                let id = hash_id(&(hole.id, expr.0, group, 25u8));
                let mut part = hole.derive(id, Some(Part::Matched));
                part.alphabet = part.alphabet.intersect(alphabet);
                value.join(&Value::hole(part));
            }
        }
        if value.is_nothing() {
            Value::unknown()
        } else {
            value
        }
    }
}

/// The text of a replacement without references to groups.
fn plain_replacement(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\\' {
            match characters.next() {
                Some('g') => {
                    for skipped in characters.by_ref() {
                        if skipped == '>' {
                            break;
                        }
                    }
                }
                Some(digit) if digit.is_ascii_digit() => {}
                Some(other) => plain.push(other),
                None => {}
            }
        } else {
            plain.push(character);
        }
    }
    plain
}

/// `/x…`: a path of whatever host stands in front.
pub(crate) fn is_path_of_host(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next() == Some('/')
        && characters
            .next()
            .is_some_and(|second| !matches!(second, '/' | '\\'))
}

/// A part of a URL that its beginning fixes.
fn fixed_url_part(front: &str, name: &str) -> Option<String> {
    let (scheme, rest) = front.split_once("://")?;
    match name {
        "scheme" => Some(scheme.to_owned()),
        "netloc" | "hostname" => {
            let end = rest.find(['/', '?', '#'])?;
            let host = &rest[..end];
            let host = host.rsplit('@').next().unwrap_or(host);
            Some(if name == "hostname" {
                host.split(':').next().unwrap_or(host).to_owned()
            } else {
                host.to_owned()
            })
        }
        _ => None,
    }
}
