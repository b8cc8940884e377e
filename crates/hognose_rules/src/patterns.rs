//! The regular expressions of a module: constant patterns given to `re` and to what is built on it, with the flags and the ways
//! they are used.
//!
//! They are gathered once per module, when the first rule asks. Whether a pattern can run away is decided when asked, once.

use std::cell::OnceCell;
use std::rc::Rc;

use hognose_python::ir::*;
use hognose_python::{Constant, Symbol, Value};
use hognose_regex::{Bound, Flags, Mode, Pattern, Verdict};
use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;

use crate::context::{Argument, CallSite, Context};

/// Literals looked at for one use. Patterns chosen from a table have a few.
const MAX_ALTERNATIVES: usize = 12;

/// What runs the pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Engine {
    /// The standard library's.
    Re,
    /// The `regex` package. It backtracks too, with defences of its own, and stops after `timeout=`.
    Regex,
    /// One whose time is linear, or not known: pydantic 2 uses Rust's.
    Other,
}

/// A constant pattern and all its uses in the module.
#[derive(Debug)]
pub(crate) struct PatternUse {
    /// Where to report: the literal, or the argument that leads to a literal in another module.
    pub(crate) range: TextRange,
    /// The pattern's text.
    pub(crate) text: String,
    /// The pattern, read.
    pub(crate) pattern: Pattern,
    /// What runs it.
    pub(crate) engine: Engine,
    /// The ways it is used; none where that is not known.
    pub(crate) modes: Vec<Mode>,
    /// What it is matched against, where that is known.
    pub(crate) subjects: Vec<ExprId>,
    /// It is given to something that only validates.
    pub(crate) validates: bool,
    /// Calls that replace what it finds.
    pub(crate) replaces: Vec<ExprId>,
    verdict: OnceCell<Verdict>,
}

impl PatternUse {
    /// How the time of the worst use may grow.
    pub(crate) fn verdict(&self) -> &Verdict {
        self.verdict.get_or_init(|| {
            if self.engine == Engine::Other || !self.text.contains(['*', '+', '{']) {
                return Verdict::Linear;
            }
            // Where no use is known, that of `match` says least: what is slow there is slow everywhere.
            let modes = if self.modes.is_empty() {
                &[Mode::Match][..]
            } else {
                &self.modes
            };
            let mut worst = Verdict::Linear;
            for mode in modes {
                let found = self.pattern.redos(*mode);
                if rank(&found) > rank(&worst) {
                    worst = found;
                }
            }
            worst
        })
    }
}

fn rank(verdict: &Verdict) -> u32 {
    match verdict {
        Verdict::Linear => 0,
        Verdict::Undecided(Bound::Unconfirmed) => 1,
        Verdict::Undecided(_) => 2,
        Verdict::Polynomial { degree, .. } => 2 + degree,
        Verdict::Exponential { .. } => u32::MAX,
    }
}

/// How a callee takes its pattern.
#[derive(Clone, Copy)]
struct Taker {
    engine: Engine,
    /// Name and position of the pattern.
    pattern: (&'static str, usize),
    /// Position of the flags, which are called so wherever they may be given.
    flags: Option<usize>,
    /// Name and position of what is matched.
    subject: Option<(&'static str, usize)>,
    /// `None`: compiled for later.
    mode: Option<Mode>,
    validates: bool,
}

/// Methods of `re`, of compiled patterns and of pandas' `str`, with what they do.
fn mode_of(method: &str) -> Option<Mode> {
    Some(match method {
        "match" => Mode::Match,
        "fullmatch" => Mode::FullMatch,
        "search" => Mode::Search,
        "findall" | "finditer" | "sub" | "subn" | "split" | "splititer" | "subf" | "subfn" => {
            Mode::FindAll
        }
        _ => return None,
    })
}

fn taker(path: &str) -> Option<Taker> {
    let (base, last) = path.rsplit_once('.')?;
    let plain = Taker {
        engine: Engine::Re,
        pattern: ("pattern", 0),
        flags: None,
        subject: None,
        mode: Some(Mode::Match),
        validates: true,
    };
    if matches!(base, "re" | "regex" | "regex.regex") {
        let engine = if base == "re" {
            Engine::Re
        } else {
            Engine::Regex
        };
        if matches!(last, "compile" | "template") {
            return Some(Taker {
                engine,
                flags: Some(1),
                mode: None,
                validates: false,
                ..plain
            });
        }
        let mode = mode_of(last)?;
        let replaces = last.starts_with("sub");
        return Some(Taker {
            engine,
            flags: Some(if replaces {
                4
            } else if last == "split" {
                3
            } else {
                2
            }),
            subject: Some(("string", if replaces { 2 } else { 1 })),
            mode: Some(mode),
            validates: false,
            ..plain
        });
    }
    if base.starts_with("pandas.") && base.ends_with(".str") {
        let mode = match last {
            "contains" => Mode::Search,
            "match" => Mode::Match,
            "fullmatch" => Mode::FullMatch,
            "extract" | "extractall" | "findall" | "count" | "replace" | "split" => Mode::FindAll,
            _ => return None,
        };
        let flags = match last {
            "contains" | "match" | "fullmatch" => Some(2),
            "extract" | "extractall" | "findall" | "count" => Some(1),
            "replace" => Some(4),
            _ => None,
        };
        return Some(Taker {
            pattern: ("pat", 0),
            flags,
            mode: Some(mode),
            validates: false,
            ..plain
        });
    }
    Some(match path {
        "django.core.validators.RegexValidator" => Taker {
            pattern: ("regex", 0),
            flags: Some(4),
            mode: Some(Mode::Search),
            ..plain
        },
        "django.utils.regex_helper._lazy_re_compile" => Taker {
            pattern: ("regex", 0),
            flags: Some(1),
            mode: None,
            validates: false,
            ..plain
        },
        "django.forms.RegexField"
        | "django.forms.fields.RegexField"
        | "rest_framework.serializers.RegexField"
        | "rest_framework.fields.RegexField" => Taker {
            pattern: ("regex", 0),
            mode: Some(Mode::Search),
            ..plain
        },
        "django.urls.re_path" | "django.urls.conf.re_path" | "django.conf.urls.url" => Taker {
            pattern: ("route", 0),
            mode: Some(Mode::Search),
            validates: false,
            ..plain
        },
        "tornado.web.url" | "tornado.web.URLSpec" | "tornado.routing.URLSpec" => Taker {
            validates: false,
            ..plain
        },
        "wtforms.validators.Regexp"
        | "wtforms.validators.regexp"
        | "marshmallow.validate.Regexp" => Taker {
            pattern: ("regex", 0),
            flags: Some(1),
            ..plain
        },
        "voluptuous.Match" | "voluptuous.validators.Match" => plain,
        "attr.validators.matches_re" | "attrs.validators.matches_re" => Taker {
            pattern: ("regex", 0),
            flags: Some(1),
            mode: Some(Mode::FullMatch),
            ..plain
        },
        "starlette.middleware.cors.CORSMiddleware" | "fastapi.middleware.cors.CORSMiddleware" => {
            Taker {
                pattern: ("allow_origin_regex", usize::MAX),
                mode: Some(Mode::FullMatch),
                ..plain
            }
        }
        // `add_middleware(CORSMiddleware, allow_origin_regex=…)`
        "fastapi.FastAPI().add_middleware"
        | "starlette.applications.Starlette().add_middleware"
        | "starlette.middleware.Middleware"
        | "fastapi.middleware.Middleware" => Taker {
            pattern: ("allow_origin_regex", usize::MAX),
            mode: Some(Mode::FullMatch),
            ..plain
        },
        // pydantic 2 hands `pattern` to Rust's engine; pydantic 1 gave `regex` to `re.match`.
        "pydantic.Field"
        | "pydantic.constr"
        | "pydantic.types.constr"
        | "pydantic.fields.Field" => Taker {
            pattern: ("regex", usize::MAX),
            ..plain
        },
        "pydantic.StringConstraints"
        | "fastapi.Query"
        | "fastapi.Path"
        | "fastapi.Header"
        | "fastapi.Cookie"
        | "fastapi.Form"
        | "fastapi.Body" => Taker {
            engine: Engine::Other,
            pattern: ("pattern", usize::MAX),
            ..plain
        },
        _ => return None,
    })
}

/// All constant patterns of a module.
pub(crate) fn patterns(context: &mut Context<'_, '_>) -> Rc<[PatternUse]> {
    if let Some(known) = &context.memo.patterns {
        return Rc::clone(known);
    }
    let found: Rc<[PatternUse]> = gather(context).into();
    context.memo.patterns = Some(Rc::clone(&found));
    found
}

fn gather(context: &mut Context<'_, '_>) -> Vec<PatternUse> {
    let module = context.module;
    let imported = module.imports.iter().any(|(name, _)| {
        let top = name.as_str().split('.').next().unwrap_or_default();
        matches!(
            top,
            "re" | "regex"
                | "django"
                | "pandas"
                | "rest_framework"
                | "tornado"
                | "wtforms"
                | "marshmallow"
                | "voluptuous"
                | "attr"
                | "attrs"
                | "starlette"
                | "fastapi"
                | "pydantic"
        )
    }) || !module.star_imports.is_empty();
    if !imported {
        return Vec::new();
    }
    let mut compiled: FxHashMap<ExprId, Vec<usize>> = FxHashMap::default();
    let mut uses: Vec<PatternUse> = Vec::new();
    let mut by_place: FxHashMap<(TextRange, Engine), usize> = FxHashMap::default();
    let mut later: Vec<(ExprId, Mode, Option<ExprId>, Option<ExprId>)> = Vec::new();
    for call in context.calls() {
        let Some(path) = call.paths.first() else {
            continue;
        };
        let path = path.as_str();
        if let Some((base, method)) = path.rsplit_once('.')
            && matches!(
                base,
                "re.compile()" | "regex.compile()" | "django.utils.regex_helper._lazy_re_compile()"
            )
        {
            if let (Some(mode), Expr::Attribute { value, .. }) =
                (mode_of(method), module[call.func])
            {
                let replaces = matches!(method, "sub" | "subn");
                let subject = here(context, call, "string", usize::from(replaces));
                later.push((value, mode, subject, replaces.then_some(call.expr)));
            }
            continue;
        }
        // `m = P.match` called later is a use that is not known.
        let Some(mut taker) = taker(path) else {
            continue;
        };
        if taker.pattern.0 == "regex" && taker.pattern.1 == usize::MAX {
            // Either word of pydantic.
            if let Argument::Given(..) = context.arg(call, Some("pattern"), None) {
                taker.pattern.0 = "pattern";
                taker.engine = Engine::Other;
            }
        }
        if path.ends_with(".str.replace") {
            let as_pattern = context
                .arg(call, Some("regex"), Some(5))
                .given()
                .and_then(|(at, value)| context.values.constant(at, value));
            if as_pattern != Some(Constant::Bool(true)) {
                continue;
            }
        }
        let position = (taker.pattern.1 != usize::MAX).then_some(taker.pattern.1);
        let Argument::Given(home, argument) = context.arg(call, Some(taker.pattern.0), position)
        else {
            continue;
        };
        let flags = match taker.flags {
            Some(at) => match context.arg(call, Some("flags"), Some(at)) {
                Argument::Missing => Some(Flags::NONE),
                Argument::Given(home, flags) => flags_of(context, home, flags, 0),
                Argument::Unknown => None,
            },
            None => Some(Flags::NONE),
        };
        let Some(mut flags) = flags else { continue };
        if taker.engine == Engine::Regex {
            flags |= Flags::REGEX_MODULE;
        }
        let subject = taker
            .subject
            .and_then(|(name, at)| here(context, call, name, at));
        let fallback = if home == context.id {
            module.expr_range(argument)
        } else {
            call.range
        };
        let values = context.values.eval(home, argument);
        for value in values.into_iter().take(MAX_ALTERNATIVES) {
            let (text, bytes) = match context.values.constant_of(value, 0) {
                Some(Constant::Str(text)) => (text, false),
                Some(Constant::Bytes(text)) => (text, true),
                _ => continue,
            };
            let range = match value {
                Value::Expr(at, literal) if at == context.id => module.expr_range(literal),
                _ => fallback,
            };
            let number = match by_place.get(&(range, taker.engine)) {
                Some(number) if uses[*number].text == text => *number,
                _ => {
                    let flags = if bytes { flags | Flags::BYTES } else { flags };
                    let Ok(pattern) = Pattern::parse(&text, flags) else {
                        continue;
                    };
                    uses.push(PatternUse {
                        range,
                        text,
                        pattern,
                        engine: taker.engine,
                        modes: Vec::new(),
                        subjects: Vec::new(),
                        validates: taker.validates,
                        replaces: Vec::new(),
                        verdict: OnceCell::new(),
                    });
                    by_place.insert((range, taker.engine), uses.len() - 1);
                    uses.len() - 1
                }
            };
            let found = &mut uses[number];
            match taker.mode {
                Some(mode) if !found.modes.contains(&mode) => found.modes.push(mode),
                Some(_) => {}
                None => compiled.entry(call.expr).or_default().push(number),
            }
            found.subjects.extend(subject);
            if matches!(path.rsplit('.').next(), Some("sub" | "subn" | "replace")) {
                found.replaces.push(call.expr);
            }
        }
    }
    for (receiver, mode, subject, replaces) in later {
        let Some(call) = compile_call(module, receiver, 0) else {
            continue;
        };
        for number in compiled.get(&call).into_iter().flatten() {
            let found = &mut uses[*number];
            if !found.modes.contains(&mode) {
                found.modes.push(mode);
            }
            found.subjects.extend(subject);
            found.replaces.extend(replaces);
        }
    }
    uses
}

/// An argument that stands in the module at hand.
fn here(context: &mut Context<'_, '_>, call: &CallSite, name: &str, at: usize) -> Option<ExprId> {
    match context.arg(call, Some(name), Some(at)) {
        Argument::Given(home, expr) if home == context.id => Some(expr),
        _ => None,
    }
}

/// The call that compiled what an expression holds.
fn compile_call(module: &Module, expr: ExprId, depth: u32) -> Option<ExprId> {
    if depth > 8 {
        return None;
    }
    match module[expr] {
        Expr::Call { .. } => Some(expr),
        Expr::Named { value, .. } => compile_call(module, value, depth + 1),
        Expr::Name { def, slot } => match module[def].kind {
            DefKind::Value(value) => compile_call(module, value, depth + 1),
            DefKind::Entry => {
                let name = module[module[def].scope].slots[slot.index()].name;
                let mut around = module[module[def].scope].parent;
                while let Some(scope) = around {
                    if let Some(found) = module.slot(scope, name)
                        && found.bound
                        && !matches!(module[scope].kind, ScopeKind::Class(_))
                    {
                        return match module[found.exit].kind {
                            DefKind::Value(value) => compile_call(module, value, depth + 1),
                            _ => None,
                        };
                    }
                    around = module[scope].parent;
                }
                None
            }
            _ => None,
        },
        // `self.PATTERN`: the one that is called so in this module, if there is one only.
        Expr::Attribute { attr, .. } => {
            let stored = module
                .attribute_stores
                .iter()
                .filter(|store| store.attr == attr)
                .map(|store| store.value);
            let members = module.classes.iter().filter_map(|class| {
                let found = module.slot(class.scope, attr)?;
                match module[found.exit].kind {
                    DefKind::Value(value) => Some(value),
                    _ => None,
                }
            });
            let mut all = stored.chain(members);
            match (all.next(), all.next()) {
                (Some(only), None) => compile_call(module, only, depth + 1),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The flags an expression gives; `None` when not known.
fn flags_of(
    context: &mut Context<'_, '_>,
    home: ModuleId,
    expr: ExprId,
    depth: u32,
) -> Option<Flags> {
    if depth > 16 {
        return None;
    }
    let module = context.values.project().module(home);
    if let Expr::Binary {
        op: Operator::BitOr | Operator::Add,
        left,
        right,
    } = module[expr]
    {
        return Some(
            flags_of(context, home, left, depth + 1)? | flags_of(context, home, right, depth + 1)?,
        );
    }
    let values = context.values.eval(home, expr);
    let [value] = values.as_slice() else {
        return None;
    };
    match *value {
        Value::External(path) => flag(path),
        Value::Expr(at, inner) if (at, inner) != (home, expr) => {
            flags_of(context, at, inner, depth + 1)
        }
        Value::Expr(at, inner) => match context.values.constant(at, inner) {
            Some(Constant::Int(bits)) => Some(Flags::from_python(u32::try_from(bits).ok()?)),
            _ => None,
        },
        _ => None,
    }
}

fn flag(path: Symbol) -> Option<Flags> {
    let name = path
        .as_str()
        .strip_prefix("re.")
        .or_else(|| path.as_str().strip_prefix("regex."))?;
    Some(match name.strip_prefix("RegexFlag.").unwrap_or(name) {
        "I" | "IGNORECASE" => Flags::IGNORECASE,
        "M" | "MULTILINE" => Flags::MULTILINE,
        "S" | "DOTALL" => Flags::DOTALL,
        "X" | "VERBOSE" => Flags::VERBOSE,
        "A" | "ASCII" => Flags::ASCII,
        "U" | "UNICODE" | "L" | "LOCALE" | "DEBUG" | "NOFLAG" | "V0" | "V1" | "VERSION0"
        | "VERSION1" => Flags::NONE,
        _ => return None,
    })
}

/// Text of a pattern or attack as a message shows it: control characters escaped, shortened in the middle.
pub(crate) fn shown(text: &str) -> String {
    const MAX: usize = 48;
    let escaped: String = text
        .chars()
        .flat_map(|c| {
            if c.is_control() {
                c.escape_default().collect::<Vec<_>>()
            } else {
                vec![c]
            }
        })
        .collect();
    let count = escaped.chars().count();
    if count <= MAX {
        return escaped;
    }
    let head: String = escaped.chars().take(MAX - 12).collect();
    let tail: String = escaped.chars().skip(count - 11).collect();
    format!("{head}…{tail}")
}
