//! Python's own functions and the modules that are part of how Python programs handle data: what their results are made of.
//!
//! Only semantics stands here. What is dangerous or harmless is said by models.

mod builtins;
mod paths;
mod regexes;
mod urls;

use hognose_python::ir::*;

use super::Interpreter;
use super::call::Arguments;
use crate::shape::{Alphabet, Facts, LITERAL_ESCAPES, Part, Stretch, map_holes};
use crate::state::{Kind, Object, State};
use crate::value::{Atom, ObjId, Symbol, Value, Why, hash_id};

pub(super) use regexes::{compiled, flags_of};
pub(crate) use urls::is_path_of_host;

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

/// Name of the field of a pattern that holds its flags.
const FLAGS: &str = "\u{0}flags";

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
                // What its strings hold, and escapes in place of line ends.
                let alphabet = self
                    .all_holes(state, &[first()])
                    .iter()
                    .fold(Alphabet::of(LITERAL_ESCAPES), |all, hole| {
                        all.union(hole.alphabet)
                    })
                    .without("\n\r\t\u{0}");
                let text = self.transformed(state, path, &first(), alphabet, Facts::LITERAL, expr);
                let written = text.atoms().iter().map(|atom| match atom {
                    Atom::Text(text) => Atom::Text(
                        map_holes(text, |hole| {
                            hole.facts = hole.facts.without(Facts::STRUCTURE);
                            hole.part = Some((Part::Literal, 0));
                        })
                        .into(),
                    ),
                    other => other.clone(),
                });
                Some(Value::of(written.collect::<Vec<_>>()))
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
                if name == "collections.deque" && arguments.keywords.is_empty() {
                    match arguments.positional.as_slice() {
                        [] => object.exact = true,
                        // What it is made of it holds in the same order.
                        [given] => {
                            if let Some(Atom::Object(id)) = given.only()
                                && let Some(of) = state.object(*id)
                                && matches!(of.kind, Kind::List | Kind::Tuple)
                            {
                                object = (**of).clone();
                                object.kind = Kind::List;
                                object.many = false;
                            }
                        }
                        _ => {}
                    }
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
                                let mut copy = if name == "dataclasses.replace" {
                                    (*object).clone()
                                } else {
                                    let site = self.site(expr);
                                    self.as_dict(state, &object, site)
                                };
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
}
