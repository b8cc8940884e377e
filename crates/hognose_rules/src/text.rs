//! What is known of strings that are not wholly constant.

use hognose_python::ir::*;
use hognose_python::{Constant, Evaluator, ModuleId, Symbol, Value};

use crate::declared::is_of_known_form;

/// Operators and variables followed. Real strings need fewer than ten.
const MAX_DEPTH: u32 = 32;

/// Expressions looked at to find that something comes from a table. Real tables need fewer than ten.
const MAX_STEPS: u32 = 64;

/// Pieces told apart.
const MAX_PIECES: usize = 256;

/// The constant text a string or path surely begins with; empty where nothing is known.
///
/// Looks through `+`, `%`, `/`, f-strings, `.format()`, `os.path.join`, `pathlib.Path` and variables. Where a variable has several
/// values it is the text all of them begin with.
pub(crate) fn leading(values: &mut Evaluator<'_>, at: ModuleId, expr: ExprId) -> String {
    follow(values, at, expr, 0)
}

fn follow(values: &mut Evaluator<'_>, at: ModuleId, expr: ExprId, depth: u32) -> String {
    if depth > MAX_DEPTH {
        return String::new();
    }
    if let Some(Constant::Str(text)) = values.constant(at, expr) {
        return text;
    }
    let module = values.project().module(at);
    match module[expr] {
        Expr::Binary {
            op: Operator::Add | Operator::Div,
            left,
            ..
        }
        | Expr::InPlace {
            op: Operator::Add,
            left,
            ..
        } => {
            let mut text = follow(values, at, left, depth + 1);
            // Only a constant left side is followed by the right one for certain.
            if let Expr::Binary { op, right, .. } = module[expr]
                && is_constant_text(values, at, left, depth + 1)
            {
                if op == Operator::Div && !text.ends_with('/') {
                    text.push('/');
                }
                text.push_str(&follow(values, at, right, depth + 1));
            }
            text
        }
        Expr::Binary {
            op: Operator::Mod,
            left,
            ..
        } => cut(follow(values, at, left, depth + 1), '%'),
        Expr::FString(parts) => {
            let mut text = String::new();
            for part in module.list(parts) {
                match module[*part] {
                    Expr::Str(literal) => text.push_str(module.str(literal)),
                    Expr::Formatted {
                        value,
                        spec: None,
                        conversion: Conversion::None | Conversion::Str,
                    } => match values.constant(at, value) {
                        Some(Constant::Str(value)) => text.push_str(&value),
                        _ => {
                            text.push_str(&follow(values, at, value, depth + 1));
                            return text;
                        }
                    },
                    _ => return text,
                }
            }
            text
        }
        Expr::Call { func, args } => {
            let Some(path) = values.dotted(at, func) else {
                return String::new();
            };
            let first = module
                .args(args)
                .iter()
                .find(|argument| argument.kind == ArgKind::Positional)
                .map(|argument| argument.value);
            match (path.as_str(), module[func]) {
                ("builtins.str().format", Expr::Attribute { value, .. }) => {
                    cut(follow(values, at, value, depth + 1), '{')
                }
                (
                    "os.path.join"
                    | "posixpath.join"
                    | "pathlib.Path"
                    | "pathlib.PurePath"
                    | "pathlib.PosixPath"
                    | "pathlib.PurePosixPath",
                    _,
                ) => joined(values, at, args, depth),
                ("builtins.str" | "os.fspath" | "os.fsdecode", _) => {
                    first.map_or_else(String::new, |first| follow(values, at, first, depth + 1))
                }
                _ => String::new(),
            }
        }
        Expr::Name { .. } => {
            let mut known: Option<String> = None;
            for value in values.eval(at, expr) {
                let text = match value {
                    Value::Expr(home, inner) if (home, inner) != (at, expr) => {
                        follow(values, home, inner, depth + 1)
                    }
                    Value::External(_) => definition(values, at, expr)
                        .map_or_else(String::new, |value| follow(values, at, value, depth + 1)),
                    _ => String::new(),
                };
                known = Some(match known {
                    None => text,
                    Some(known) => common(&known, &text),
                });
            }
            known.unwrap_or_default()
        }
        _ => String::new(),
    }
}

/// A piece of a string that is put together.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// Constant text.
    Text(String),
    /// A number, or other text whose form is known: a date, a UUID, a constant out of a table, a name that stands in the code.
    Number,
    /// An expression that is not constant.
    Part(ModuleId, ExprId),
}

/// The parts of a string that are neither constant nor numbers, each where it stands.
pub(crate) fn parts(
    values: &mut Evaluator<'_>,
    at: ModuleId,
    expr: ExprId,
) -> Vec<(ModuleId, ExprId)> {
    let found = pieces(values, at, expr).0.into_iter();
    found
        .filter_map(|piece| match piece {
            Piece::Part(home, part) => Some((home, part)),
            _ => None,
        })
        .collect()
}

/// The pieces of a string in order, and the expressions looked through on the way.
///
/// Looks through what [`leading`] looks through, and `join`, conditions and methods that keep the text. What is repeated stands
/// once, alternatives stand one after the other.
pub(crate) fn pieces(
    values: &mut Evaluator<'_>,
    at: ModuleId,
    expr: ExprId,
) -> (Vec<Piece>, Vec<(ModuleId, ExprId)>) {
    let mut collector = Collector {
        values,
        pieces: Vec::new(),
        seen: Vec::new(),
    };
    collector.collect(at, expr, 0);
    (collector.pieces, collector.seen)
}

/// The definitions that meet in one, through those that meet before; in a loop it meets itself.
fn joined_defs(module: &Module, def: DefId) -> Vec<DefId> {
    let mut seen = vec![def];
    let mut next = 0;
    while let Some(def) = seen.get(next).copied() {
        next += 1;
        let DefKind::Phi(list) = module[def].kind else {
            continue;
        };
        for def in module.defs_list(list) {
            if seen.len() < MAX_PIECES && !seen.contains(def) {
                seen.push(*def);
            }
        }
    }
    seen.retain(|def| !matches!(module[*def].kind, DefKind::Phi(_)));
    seen
}

struct Collector<'a, 'p> {
    values: &'a mut Evaluator<'p>,
    pieces: Vec<Piece>,
    seen: Vec<(ModuleId, ExprId)>,
}

impl Collector<'_, '_> {
    fn part(&mut self, at: ModuleId, expr: ExprId) {
        if is_name_in_code(self.values.project().module(at), expr)
            || is_of_known_form(self.values, at, expr)
        {
            return self.pieces.push(Piece::Number);
        }
        let known = self.values.eval(at, expr);
        let formed =
            |value: &Value| matches!(value, Value::External(path) if has_known_form(path.as_str()));
        self.pieces
            .push(if !known.is_empty() && known.iter().all(formed) {
                Piece::Number
            } else {
                Piece::Part(at, expr)
            });
    }

    fn collect(&mut self, at: ModuleId, expr: ExprId, depth: u32) {
        self.seen.push((at, expr));
        match self.values.constant(at, expr) {
            Some(Constant::Str(text) | Constant::Bytes(text)) => {
                return self.pieces.push(Piece::Text(text));
            }
            Some(Constant::Int(number)) => {
                return self.pieces.push(Piece::Text(number.to_string()));
            }
            Some(Constant::Seq(_) | Constant::Map(_)) | None => {}
            Some(_) => return self.pieces.push(Piece::Number),
        }
        // One of several constants, as in a loop over names.
        if let Some([Constant::Str(text), ..]) = self.values.constants(at, expr).as_deref() {
            return self.pieces.push(Piece::Text(text.clone()));
        }
        if depth > MAX_DEPTH || self.pieces.len() > MAX_PIECES {
            return self.part(at, expr);
        }
        let module = self.values.project().module(at);
        let depth = depth + 1;
        match module[expr] {
            Expr::Binary {
                op: Operator::Mod,
                left,
                right,
            }
            | Expr::InPlace {
                op: Operator::Mod,
                left,
                right,
            } => self.formatted(at, left, right, depth),
            // `"?" * len(values)`
            Expr::Binary {
                op: Operator::Mult,
                left,
                right,
            } if self.values.constant(at, left).is_some()
                || self.values.constant(at, right).is_some() =>
            {
                let text = if self.values.constant(at, left).is_some() {
                    left
                } else {
                    right
                };
                self.collect(at, text, depth);
            }
            Expr::Binary {
                op: Operator::Add,
                left,
                right,
            }
            | Expr::InPlace {
                op: Operator::Add,
                left,
                right,
            } => {
                self.collect(at, left, depth);
                self.collect(at, right, depth);
            }
            Expr::FString(list)
            | Expr::Tuple(list)
            | Expr::ListOf(list)
            | Expr::SetOf(list)
            | Expr::Logic { values: list, .. } => {
                for part in module.list(list) {
                    self.collect(at, *part, depth);
                }
            }
            Expr::Dict(items) => {
                for (_, value) in module.dict(items) {
                    self.collect(at, *value, depth);
                }
            }
            Expr::Formatted { value, .. }
            | Expr::Starred(value)
            | Expr::Await(value)
            | Expr::Named { value, .. } => self.collect(at, value, depth),
            Expr::Conditional { body, orelse, .. } => {
                self.collect(at, body, depth);
                self.collect(at, orelse, depth);
            }
            Expr::Comprehension(id) if module[id].kind != ComprehensionKind::Dict => {
                self.collect(at, module[id].element, depth)
            }
            Expr::Call { func, args } => self.call(at, expr, func, args, depth),
            Expr::Name { def, .. } => match module[def].kind {
                DefKind::Phi(_) => {
                    for def in joined_defs(module, def) {
                        match module[def].kind {
                            DefKind::Value(value) if value != expr => {
                                self.collect(at, value, depth + 3)
                            }
                            _ => self.part(at, expr),
                        }
                    }
                }
                _ => match definition(self.values, at, expr) {
                    Some(value) => self.collect(at, value, depth),
                    None => self.part(at, expr),
                },
            },
            Expr::Iterate { .. } | Expr::Element { .. } | Expr::Subscript { .. } => {
                if is_from_table(self.values, at, expr, &mut { MAX_STEPS }) {
                    self.pieces.push(Piece::Number);
                } else if let Some(value) = value_of_comprehension(self.values, at, expr) {
                    self.collect(at, value, depth);
                } else {
                    self.part(at, expr);
                }
            }
            _ => self.part(at, expr),
        }
    }

    fn call(&mut self, at: ModuleId, expr: ExprId, func: ExprId, args: List, depth: u32) {
        let module = self.values.project().module(at);
        let path = self.values.dotted(at, func);
        match path.map(Symbol::as_str) {
            Some(
                "builtins.int" | "builtins.len" | "builtins.float" | "builtins.round"
                | "builtins.ord" | "builtins.hash" | "builtins.id" | "builtins.bool",
            ) => return self.pieces.push(Piece::Number),
            Some(
                "builtins.str" | "os.fspath" | "os.path.expanduser" | "textwrap.dedent"
                | "inspect.cleandoc" | "builtins.sorted" | "builtins.list" | "builtins.tuple"
                | "builtins.set",
            ) => {
                for argument in module.args(args) {
                    self.collect(at, argument.value, depth);
                }
                return;
            }
            Some("json.dumps" | "itertools.repeat") => {
                if let Some(first) = module.args(args).first() {
                    self.collect(at, first.value, depth);
                }
                return;
            }
            // A function of a module, such as `shlex.join`.
            Some(path) if !path.contains(['(', '[']) => return self.part(at, expr),
            _ => {}
        }
        let Expr::Attribute {
            value: receiver,
            attr,
        } = module[func]
        else {
            return self.part(at, expr);
        };
        match attr.as_str() {
            "format" => {
                let Some(Constant::Str(template)) = self.values.constant(at, receiver) else {
                    self.collect(at, receiver, depth);
                    for argument in module.args(args) {
                        self.collect(at, argument.value, depth);
                    }
                    return;
                };
                self.seen.push((at, receiver));
                let arguments = module.args(args).to_vec();
                let mut next = 0;
                let mut rest = template.as_str();
                while let Some(start) = rest.find('{') {
                    self.pieces.push(Piece::Text(rest[..start].to_owned()));
                    let Some(end) = rest[start..].find('}') else {
                        break;
                    };
                    let field = rest[start + 1..start + end]
                        .split(['!', ':', '.', '['])
                        .next()
                        .unwrap_or_default();
                    let positional = |index: usize| {
                        arguments
                            .iter()
                            .filter(|argument| argument.kind == ArgKind::Positional)
                            .nth(index)
                            .map(|argument| argument.value)
                    };
                    let value = match field.parse::<usize>() {
                        Ok(index) => positional(index),
                        Err(_) if field.is_empty() => {
                            next += 1;
                            positional(next - 1)
                        }
                        Err(_) => arguments.iter().find(|argument| matches!(argument.kind, ArgKind::Keyword(name) if name.as_str() == field)).map(|argument| argument.value),
                    };
                    match value {
                        Some(value) => self.collect(at, value, depth),
                        None => self.part(at, expr),
                    }
                    rest = &rest[start + end + 1..];
                }
                self.pieces.push(Piece::Text(rest.to_owned()));
            }
            "join" => {
                // The separator stands where joined elements stand.
                self.collect(at, receiver, depth);
                for argument in module.args(args) {
                    self.collect(at, argument.value, depth);
                }
            }
            // Quotes doubled by hand: what is made of it is for the rule to say.
            "replace"
                if matches!(module.args(args), [old, new]
                    if self.values.constant(at, old.value) == Some(Constant::Str("'".to_owned()))
                        && self.values.constant(at, new.value) == Some(Constant::Str("''".to_owned()))) =>
            {
                self.part(at, expr);
            }
            "strip" | "lstrip" | "rstrip" | "lower" | "upper" | "title" | "encode" | "decode"
            | "removeprefix" | "removesuffix" | "replace" => {
                self.collect(at, receiver, depth);
                if attr.as_str() == "replace"
                    && let Some(new) = module.args(args).get(1)
                {
                    self.collect(at, new.value, depth);
                }
            }
            _ => self.part(at, expr),
        }
    }

    /// `template % values`.
    fn formatted(&mut self, at: ModuleId, template: ExprId, given: ExprId, depth: u32) {
        let module = self.values.project().module(at);
        let Some(Constant::Str(text)) = self.values.constant(at, template) else {
            self.collect(at, template, depth);
            return self.collect(at, given, depth);
        };
        self.seen.push((at, template));
        let tuple = match module[given] {
            Expr::Tuple(list) => Some(module.list(list).to_vec()),
            _ => None,
        };
        let mut next = 0;
        let mut rest = text.as_str();
        while let Some(start) = rest.find('%') {
            self.pieces.push(Piece::Text(rest[..start].to_owned()));
            rest = &rest[start + 1..];
            let mut key = None;
            if let Some(inner) = rest.strip_prefix('(')
                && let Some(end) = inner.find(')')
            {
                key = Some(&inner[..end]);
                rest = &inner[end + 1..];
            }
            let Some(end) = rest.find(|c: char| c.is_ascii_alphabetic() || c == '%') else {
                break;
            };
            let kind = rest.as_bytes()[end];
            rest = &rest[end + 1..];
            match kind {
                b'%' => self.pieces.push(Piece::Text("%".to_owned())),
                b'd' | b'i' | b'u' | b'f' | b'F' | b'e' | b'E' | b'g' | b'G' | b'x' | b'X'
                | b'o' | b'c' => {
                    self.pieces.push(Piece::Number);
                    next += 1;
                }
                _ => {
                    let value = match (&tuple, key) {
                        (_, Some(key)) => {
                            crate::context::dict_entry(self.values, at, given, key).given()
                        }
                        (Some(tuple), None) => tuple.get(next).map(|value| (at, *value)),
                        (None, None) => Some((at, given)),
                    };
                    next += 1;
                    match value {
                        Some((home, value)) => self.collect(home, value, depth),
                        None => self.part(at, given),
                    }
                }
            }
        }
        self.pieces.push(Piece::Text(rest.to_owned()));
    }
}

/// Whether a part is what a class or a function is called in the code, or what Django knows of a model: `Book._meta.db_table`.
fn is_name_in_code(module: &Module, part: ExprId) -> bool {
    const OF_CODE: &[&str] = &["__name__", "__qualname__", "__module__", "__tablename__"];
    let Expr::Attribute { value, attr } = module[part] else {
        return false;
    };
    let mut owner = value;
    while let Expr::Attribute { value, attr } = module[owner] {
        if attr.as_str() == "_meta" {
            return true;
        }
        owner = value;
    }
    OF_CODE.contains(&attr.as_str())
}

/// Whether what stands at an access path is text of a form that holds nothing but letters, digits and a few marks.
fn has_known_form(path: &str) -> bool {
    matches!(
        path,
        "builtins.int()"
            | "builtins.float()"
            | "builtins.bool()"
            | "builtins.len()"
            | "os.getpid()"
            | "os.getppid()"
            | "os.getpgid()"
            | "os.getpgrp()"
            | "os.getuid()"
            | "os.getgid()"
            | "threading.get_ident()"
            | "time.time()"
            | "time.time_ns()"
            | "time.strftime()"
            | "email.utils.formatdate()"
            | "email.utils.format_datetime()"
            | "werkzeug.http.http_date()"
            | "django.utils.http.http_date()"
            | "secrets.token_hex()"
            | "secrets.token_urlsafe()"
    ) || path.starts_with("uuid.uuid") && path.contains("()")
        || path.starts_with("uuid.UUID()")
        || path.starts_with("datetime.") && path.contains("()")
        || path.starts_with("django.utils.timezone.now()")
        || path.starts_with("hashlib.") && path.ends_with(".hexdigest()")
}

/// Whether a part is SQL that the framework compiled, with its parameters beside it: `sql, params = query.sql_with_params()`.
pub(crate) fn is_compiled_sql(module: &Module, part: ExprId) -> bool {
    let call = match module[part] {
        Expr::Element { of, .. } | Expr::Subscript { value: of, .. } => of,
        _ => return false,
    };
    matches!(module[call], Expr::Call { func, .. } if matches!(module[func], Expr::Attribute { attr, .. } if matches!(attr.as_str(), "sql_with_params" | "as_sql")))
}

/// Whether an expression can only be an item of a table of constants: `TABLE[key]`, `for key, value in TABLE.items()`.
fn is_from_table(values: &mut Evaluator<'_>, at: ModuleId, expr: ExprId, steps: &mut u32) -> bool {
    let Some(left) = steps.checked_sub(1) else {
        return false;
    };
    *steps = left;
    let module = values.project().module(at);
    match module[expr] {
        Expr::Iterate { of, .. } | Expr::Element { of, .. } => is_from_table(values, at, of, steps),
        Expr::Subscript { value, .. } => is_from_table(values, at, value, steps),
        Expr::Call { func, args } => {
            if let Expr::Attribute { value, attr } = module[func] {
                let fixed = matches!(attr.as_str(), "items" | "values" | "keys" | "get" | "copy");
                // What `get` gives for a key that is not there.
                let otherwise = module.args(args).get(1).map(|argument| argument.value);
                return fixed
                    && otherwise.is_none_or(|value| values.constant(at, value).is_some())
                    && is_from_table(values, at, value, steps);
            }
            let around = values.dotted(at, func).is_some_and(|path| {
                matches!(
                    path.as_str(),
                    "builtins.enumerate"
                        | "builtins.sorted"
                        | "builtins.reversed"
                        | "builtins.zip"
                        | "types.MappingProxyType"
                )
            });
            around
                && module
                    .args(args)
                    .iter()
                    .filter(|argument| !matches!(argument.kind, ArgKind::Keyword(_)))
                    .all(|argument| is_from_table(values, at, argument.value, steps))
        }
        _ => {
            let found = values.eval(at, expr);
            !found.is_empty()
                && found.into_iter().all(|value| match value {
                    Value::Expr(home, inner) => match values.project().module(home)[inner] {
                        Expr::Tuple(_) | Expr::ListOf(_) | Expr::SetOf(_) | Expr::Dict(_) => {
                            values.constant_of(value, 0).is_some()
                                && !is_changed(values, home, inner)
                        }
                        _ if (home, inner) != (at, expr) => {
                            is_from_table(values, home, inner, steps)
                        }
                        _ => false,
                    },
                    _ => false,
                })
        }
    }
}

/// Whether items are stored into a display later on.
fn is_changed(values: &mut Evaluator<'_>, at: ModuleId, display: ExprId) -> bool {
    const ADDING: &[&str] = &["add", "append", "extend", "insert", "setdefault", "update"];
    let module = values.project().module(at);
    let calls = module.exprs().filter_map(|(_, node)| match *node {
        Expr::Call { func, .. } => match module[func] {
            Expr::Attribute { value, attr } if ADDING.contains(&attr.as_str()) => Some(value),
            _ => None,
        },
        _ => None,
    });
    let stores = module.item_stores.iter().map(|store| store.object);
    stores
        .chain(calls)
        .any(|object| values.eval(at, object).contains(&Value::Expr(at, display)))
}

/// The value that `for key, value in made.items()` takes, where `made` is a comprehension.
fn value_of_comprehension(values: &Evaluator<'_>, at: ModuleId, expr: ExprId) -> Option<ExprId> {
    let module = values.project().module(at);
    let (iterated, method) = match module[expr] {
        Expr::Element { of, index: 1 } => (of, "items"),
        Expr::Iterate { .. } => (expr, "values"),
        _ => return None,
    };
    let Expr::Iterate { of, .. } = module[iterated] else {
        return None;
    };
    let Expr::Call { func, .. } = module[of] else {
        return None;
    };
    let Expr::Attribute { value, attr } = module[func] else {
        return None;
    };
    if attr.as_str() != method {
        return None;
    }
    match module[definition(values, at, value)?] {
        Expr::Comprehension(id) => module[id].value,
        _ => None,
    }
}

/// The expression a variable was assigned, where it is one: in the same scope, or once in a function or module around it.
pub(crate) fn definition(values: &Evaluator<'_>, at: ModuleId, expr: ExprId) -> Option<ExprId> {
    let module = values.project().module(at);
    let Expr::Name { def, slot } = module[expr] else {
        return None;
    };
    match module[def].kind {
        DefKind::Value(value) => Some(value),
        // A variable of the module or of the function around, used in a function.
        DefKind::Entry => {
            let name = module[module[def].scope].slots[slot.index()].name;
            let mut around = module[module[def].scope].parent;
            let outer = loop {
                let scope = around?;
                // The body of a class is not seen from its methods.
                if !matches!(module[scope].kind, ScopeKind::Class(_))
                    && let Some(slot) = module.slot(scope, name).filter(|slot| slot.bound)
                {
                    break slot;
                }
                around = module[scope].parent;
            };
            match (outer.defs.as_slice(), module[outer.exit].kind) {
                ([_], DefKind::Value(value)) => Some(value),
                _ => None,
            }
        }
        _ => None,
    }
}

fn joined(values: &mut Evaluator<'_>, at: ModuleId, args: List, depth: u32) -> String {
    let mut text = String::new();
    for argument in values.project().module(at).args(args) {
        if argument.kind != ArgKind::Positional {
            return text;
        }
        if !text.is_empty() && !text.ends_with('/') {
            text.push('/');
        }
        text.push_str(&follow(values, at, argument.value, depth + 1));
        if !is_constant_text(values, at, argument.value, depth + 1) {
            return text;
        }
    }
    text
}

/// Whether the leading text is the whole text.
fn is_constant_text(values: &mut Evaluator<'_>, at: ModuleId, expr: ExprId, depth: u32) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    if values.constant(at, expr).is_some() {
        return true;
    }
    let module = values.project().module(at);
    match module[expr] {
        Expr::Call { func, args } => {
            let path = values.dotted(at, func);
            path.is_some_and(|path| {
                matches!(
                    path.as_str(),
                    "pathlib.Path" | "pathlib.PurePath" | "os.path.join"
                )
            }) && module.args(args).iter().all(|argument| {
                argument.kind == ArgKind::Positional
                    && is_constant_text(values, at, argument.value, depth + 1)
            })
        }
        Expr::Name { .. } => definition(values, at, expr)
            .is_some_and(|value| is_constant_text(values, at, value, depth + 1)),
        Expr::Binary {
            op: Operator::Div,
            left,
            right,
        } => {
            is_constant_text(values, at, left, depth + 1)
                && is_constant_text(values, at, right, depth + 1)
        }
        _ => false,
    }
}

/// Text up to a character that begins a placeholder.
fn cut(mut text: String, placeholder: char) -> String {
    if let Some(end) = text.find(placeholder) {
        text.truncate(end);
    }
    text
}

fn common(a: &str, b: &str) -> String {
    a.chars()
        .zip(b.chars())
        .take_while(|(a, b)| a == b)
        .map(|(a, _)| a)
        .collect()
}
