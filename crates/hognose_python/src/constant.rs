//! Constant values, folded across variables, modules and simple expressions.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use crate::eval::{Evaluator, Value};
use crate::ir::*;

/// Longest folded string, in bytes, and longest folded collection, in elements.
const MAX_SIZE: usize = 16 * 1024;

/// Nesting of collections and operators that is folded.
const MAX_FOLD_DEPTH: u32 = 64;

/// Callees that [`Evaluator::fold_call`] folds.
pub(crate) static FOLDED_CALLS: LazyLock<FxHashSet<Symbol>> = LazyLock::new(|| {
    let paths = [
        "os.path.join",
        "builtins.tuple",
        "builtins.list",
        "builtins.frozenset",
        "builtins.set",
        "builtins.str",
        "builtins.bytes",
        "builtins.str().encode",
        "builtins.bytes.fromhex",
        "binascii.unhexlify",
        "binascii.a2b_hex",
        "binascii.a2b_base64",
        "base64.b64decode",
        "base64.standard_b64decode",
        "base64.urlsafe_b64decode",
    ];
    paths.into_iter().map(Symbol::from).collect()
});

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub enum Constant {
    /// `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A string.
    Str(String),
    /// Bytes; every byte stands as the character of that number.
    Bytes(String),
    /// A tuple, list or set.
    Seq(Vec<Constant>),
    /// A dict.
    Map(Vec<(Constant, Constant)>),
}

impl Constant {
    /// As Python's `bool()` sees it.
    pub fn truthy(&self) -> bool {
        match self {
            Self::None => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Str(text) | Self::Bytes(text) => !text.is_empty(),
            Self::Seq(items) => !items.is_empty(),
            Self::Map(items) => !items.is_empty(),
        }
    }

    /// As a number, where it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            #[expect(
                clippy::cast_precision_loss,
                reason = "compared with small bounds only"
            )]
            Self::Int(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            Self::Bool(value) => Some(f64::from(u8::from(*value))),
            _ => None,
        }
    }

    /// As text, where it is a string or bytes.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Str(text) | Self::Bytes(text) => Some(text),
            _ => None,
        }
    }
}

impl Evaluator<'_> {
    /// The constant an expression is; `None` when it may be anything else, or several.
    pub fn constant(&mut self, at: ModuleId, expr: ExprId) -> Option<Constant> {
        self.constant_within(at, expr, 0)
    }

    /// The constants an expression may be; `None` when one of the possibilities is no constant.
    pub fn constants(&mut self, at: ModuleId, expr: ExprId) -> Option<Vec<Constant>> {
        let values = self.eval(at, expr);
        let mut constants = Vec::with_capacity(values.len());
        for value in values {
            let constant = self.constant_of(value, 0)?;
            if !constants.contains(&constant) {
                constants.push(constant);
            }
        }
        (!constants.is_empty()).then_some(constants)
    }

    /// The constant a value is.
    pub fn constant_of(&mut self, value: Value, depth: u32) -> Option<Constant> {
        match value {
            Value::Expr(at, expr) => self.fold(at, expr, depth),
            Value::External(path) => known_constant(path.as_str()),
            _ => None,
        }
    }

    fn constant_within(&mut self, at: ModuleId, expr: ExprId, depth: u32) -> Option<Constant> {
        if depth > MAX_FOLD_DEPTH {
            return None;
        }
        // Literals need no evaluation.
        let module = self.project().module(at);
        if let Expr::Str(_)
        | Expr::Int(_)
        | Expr::Bool(_)
        | Expr::None
        | Expr::Bytes(_)
        | Expr::Float(_) = module[expr]
        {
            return self.fold(at, expr, depth);
        }
        let values = self.eval(at, expr);
        let [value] = values.as_slice() else {
            return None;
        };
        self.constant_of(*value, depth)
    }

    fn fold(&mut self, at: ModuleId, expr: ExprId, depth: u32) -> Option<Constant> {
        if depth > MAX_FOLD_DEPTH {
            return None;
        }
        let module = self.project().module(at);
        let depth = depth + 1;
        Some(match module[expr] {
            Expr::None => Constant::None,
            Expr::Bool(value) => Constant::Bool(value),
            Expr::Int(value) => Constant::Int(value),
            Expr::Float(value) => Constant::Float(value),
            Expr::Str(text) => Constant::Str(module.str(text).to_owned()),
            Expr::Bytes(text) => Constant::Bytes(module.str(text).to_owned()),
            Expr::Tuple(list) | Expr::ListOf(list) | Expr::SetOf(list) => {
                if list.len as usize > MAX_SIZE {
                    return None;
                }
                let mut items = Vec::with_capacity(list.len as usize);
                for element in module.list(list) {
                    if let Expr::Starred(inner) = module[*element] {
                        let Constant::Seq(inner) = self.constant_within(at, inner, depth)? else {
                            return None;
                        };
                        items.extend(inner);
                    } else {
                        items.push(self.constant_within(at, *element, depth)?);
                    }
                }
                Constant::Seq(items)
            }
            Expr::Dict(list) => {
                if list.len as usize > MAX_SIZE {
                    return None;
                }
                let mut items = Vec::with_capacity(list.len as usize);
                for (key, value) in module.dict(list) {
                    match key {
                        Some(key) => items.push((
                            self.constant_within(at, key.get(), depth)?,
                            self.constant_within(at, *value, depth)?,
                        )),
                        None => {
                            let Constant::Map(inner) = self.constant_within(at, *value, depth)?
                            else {
                                return None;
                            };
                            items.extend(inner);
                        }
                    }
                }
                Constant::Map(items)
            }
            Expr::FString(parts) => {
                let mut text = String::new();
                for part in module.list(parts) {
                    match module[*part] {
                        Expr::Str(literal) => text.push_str(module.str(literal)),
                        Expr::Formatted {
                            value,
                            spec: None,
                            conversion: Conversion::None | Conversion::Str,
                        } => match self.constant_within(at, value, depth)? {
                            Constant::Str(value) => text.push_str(&value),
                            Constant::Int(value) => text.push_str(&value.to_string()),
                            _ => return None,
                        },
                        _ => return None,
                    }
                    if text.len() > MAX_SIZE {
                        return None;
                    }
                }
                Constant::Str(text)
            }
            Expr::Binary { op, left, right } | Expr::InPlace { op, left, right } => {
                let left = self.constant_within(at, left, depth)?;
                let right = self.constant_within(at, right, depth)?;
                return binary(op, left, right);
            }
            Expr::Unary { op, operand } => {
                let operand = self.constant_within(at, operand, depth)?;
                match (op, operand) {
                    (UnaryOp::Not, operand) => Constant::Bool(!operand.truthy()),
                    (UnaryOp::USub, Constant::Int(value)) => Constant::Int(value.checked_neg()?),
                    (UnaryOp::USub, Constant::Float(value)) => Constant::Float(-value),
                    (UnaryOp::Invert, Constant::Int(value)) => Constant::Int(!value),
                    (UnaryOp::UAdd, operand) => operand,
                    _ => return None,
                }
            }
            Expr::Call { func, args } => {
                let path = self.dotted(at, func)?;
                return self.fold_call(at, func, path, args);
            }
            _ => return None,
        })
    }

    /// Calls without effect, of constants.
    pub(crate) fn fold_call(
        &mut self,
        at: ModuleId,
        func: ExprId,
        path: Symbol,
        args: List,
    ) -> Option<Constant> {
        let module = self.project().module(at);
        let arguments = module.args(args);
        if arguments
            .iter()
            .any(|argument| argument.kind != ArgKind::Positional)
            || arguments.len() > 16
        {
            return None;
        }
        match path.as_str() {
            "os.path.join" => {
                let mut joined = String::new();
                for argument in arguments {
                    let Constant::Str(part) = self.constant(at, argument.value)? else {
                        return None;
                    };
                    if part.starts_with('/') || joined.is_empty() {
                        joined = part;
                    } else {
                        if !joined.ends_with('/') {
                            joined.push('/');
                        }
                        joined.push_str(&part);
                    }
                    if joined.len() > MAX_SIZE {
                        return None;
                    }
                }
                Some(Constant::Str(joined))
            }
            "builtins.tuple" | "builtins.list" | "builtins.set" | "builtins.frozenset" => {
                match arguments {
                    [] => Some(Constant::Seq(Vec::new())),
                    [only] => match self.constant(at, only.value)? {
                        Constant::Seq(items) => Some(Constant::Seq(items)),
                        _ => None,
                    },
                    _ => None,
                }
            }
            "builtins.str" => match arguments {
                [] => Some(Constant::Str(String::new())),
                [only] => match self.constant(at, only.value)? {
                    Constant::Str(text) => Some(Constant::Str(text)),
                    Constant::Int(value) => Some(Constant::Str(value.to_string())),
                    _ => None,
                },
                _ => None,
            },
            "builtins.bytes" => match arguments {
                [] => Some(Constant::Bytes(String::new())),
                [only] => match self.constant(at, only.value)? {
                    Constant::Bytes(bytes) => Some(Constant::Bytes(bytes)),
                    Constant::Int(length) => Some(Constant::Bytes(repeat("\0", length)?)),
                    // A list in a variable may have grown since.
                    Constant::Seq(items)
                        if matches!(module[only.value], Expr::ListOf(_) | Expr::Tuple(_)) =>
                    {
                        items
                            .iter()
                            .map(|item| match item {
                                Constant::Int(byte) => u8::try_from(*byte).ok().map(char::from),
                                _ => None,
                            })
                            .collect::<Option<String>>()
                            .map(Constant::Bytes)
                    }
                    _ => None,
                },
                [text, encoding] => match (
                    self.constant(at, text.value)?,
                    self.constant(at, encoding.value)?,
                ) {
                    (Constant::Str(text), Constant::Str(encoding)) => encoded(&text, &encoding),
                    _ => None,
                },
                _ => None,
            },
            "builtins.str().encode" => {
                let Expr::Attribute { value, .. } = module[func] else {
                    return None;
                };
                let Constant::Str(text) = self.constant(at, value)? else {
                    return None;
                };
                match arguments {
                    [] => encoded(&text, "utf-8"),
                    [encoding] => match self.constant(at, encoding.value)? {
                        Constant::Str(encoding) => encoded(&text, &encoding),
                        _ => None,
                    },
                    _ => None,
                }
            }
            "builtins.bytes.fromhex" | "binascii.unhexlify" | "binascii.a2b_hex" => match arguments
            {
                [only] => from_hex(self.constant(at, only.value)?.text()?),
                _ => None,
            },
            "base64.b64decode"
            | "base64.standard_b64decode"
            | "base64.urlsafe_b64decode"
            | "binascii.a2b_base64" => match arguments {
                [only] => from_base64(self.constant(at, only.value)?.text()?),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Bytes of a text: every byte stands as the character of that number.
fn encoded(text: &str, encoding: &str) -> Option<Constant> {
    Some(Constant::Bytes(
        match encoding.to_ascii_lowercase().replace('_', "-").as_str() {
            "utf-8" | "utf8" => text.bytes().map(char::from).collect(),
            "ascii" | "us-ascii" if text.is_ascii() => text.to_owned(),
            "latin-1" | "latin1" | "iso-8859-1" if text.chars().all(|c| u32::from(c) < 256) => {
                text.to_owned()
            }
            _ => return None,
        },
    ))
}

fn from_hex(text: &str) -> Option<Constant> {
    let digits: Vec<u32> = text
        .chars()
        .filter(|c| !c.is_ascii_whitespace())
        .map(|c| c.to_digit(16))
        .collect::<Option<_>>()?;
    let bytes = digits.chunks(2).map(|pair| match pair {
        [high, low] => char::from_u32(high * 16 + low),
        _ => None,
    });
    bytes.collect::<Option<String>>().map(Constant::Bytes)
}

fn from_base64(text: &str) -> Option<Constant> {
    let mut bytes = String::new();
    let (mut bits, mut held) = (0u32, 0u32);
    for character in text.trim_end().trim_end_matches('=').chars() {
        let digit = match character {
            'A'..='Z' => u32::from(character) - 65,
            'a'..='z' => u32::from(character) - 71,
            '0'..='9' => u32::from(character) + 4,
            '+' | '-' => 62,
            '/' | '_' => 63,
            '\n' | '\r' => continue,
            _ => return None,
        };
        bits = ((bits << 6) | digit) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(char::from_u32((bits >> held) & 0xff)?);
        }
    }
    Some(Constant::Bytes(bytes))
}

fn binary(op: Operator, left: Constant, right: Constant) -> Option<Constant> {
    use Constant::{Float, Int, Seq, Str};
    Some(match (op, left, right) {
        (Operator::Add, Str(mut a), Str(b)) => {
            a.push_str(&b);
            if a.len() > MAX_SIZE {
                return None;
            }
            Str(a)
        }
        (Operator::Add, Constant::Bytes(a), Constant::Bytes(b))
            if a.len() + b.len() <= MAX_SIZE =>
        {
            Constant::Bytes(a + &b)
        }
        (Operator::Add, Seq(mut a), Seq(b)) => {
            a.extend(b);
            if a.len() > MAX_SIZE {
                return None;
            }
            Seq(a)
        }
        (Operator::Mult, Str(text), Int(times)) | (Operator::Mult, Int(times), Str(text)) => {
            Str(repeat(&text, times)?)
        }
        (Operator::Mult, Constant::Bytes(text), Int(times)) => {
            Constant::Bytes(repeat(&text, times)?)
        }
        (Operator::Add, Int(a), Int(b)) => Int(a.checked_add(b)?),
        (Operator::Sub, Int(a), Int(b)) => Int(a.checked_sub(b)?),
        (Operator::Mult, Int(a), Int(b)) => Int(a.checked_mul(b)?),
        (Operator::FloorDiv, Int(a), Int(b)) if b != 0 => Int(a.checked_div_euclid(b)?),
        (Operator::Mod, Int(a), Int(b)) if b != 0 => Int(a.checked_rem_euclid(b)?),
        (Operator::Pow, Int(a), Int(b)) => Int(a.checked_pow(u32::try_from(b).ok()?)?),
        (Operator::LShift, Int(a), Int(b)) if (0..62).contains(&b) => {
            Int(a.checked_mul(1i64 << b)?)
        }
        (Operator::RShift, Int(a), Int(b)) if (0..63).contains(&b) => Int(a >> b),
        (Operator::BitOr, Int(a), Int(b)) => Int(a | b),
        (Operator::BitAnd, Int(a), Int(b)) => Int(a & b),
        (Operator::BitXor, Int(a), Int(b)) => Int(a ^ b),
        (Operator::Mult, Float(a), Float(b)) => Float(a * b),
        _ => return None,
    })
}

fn repeat(text: &str, times: i64) -> Option<String> {
    let times = usize::try_from(times.max(0)).ok()?;
    (text.len().checked_mul(times)? <= MAX_SIZE).then(|| text.repeat(times))
}

/// Numbers of the standard library that rules compare with.
fn known_constant(path: &str) -> Option<Constant> {
    let name = path.strip_prefix("stat.S_")?;
    Some(Constant::Int(match name {
        "ISUID" => 0o4000,
        "ISGID" => 0o2000,
        "ISVTX" => 0o1000,
        "IRWXU" => 0o700,
        "IRUSR" | "IREAD" => 0o400,
        "IWUSR" | "IWRITE" => 0o200,
        "IXUSR" | "IEXEC" => 0o100,
        "IRWXG" => 0o070,
        "IRGRP" => 0o040,
        "IWGRP" => 0o020,
        "IXGRP" => 0o010,
        "IRWXO" => 0o007,
        "IROTH" => 0o004,
        "IWOTH" => 0o002,
        "IXOTH" => 0o001,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_bytes() {
        let bytes = |text: &str| Some(Constant::Bytes(text.to_owned()));
        assert_eq!(encoded("ü", "UTF_8"), bytes("\u{c3}\u{bc}"));
        assert_eq!(encoded("ü", "latin-1"), bytes("ü"));
        assert_eq!(encoded("ü", "ascii"), None);
        assert_eq!(from_hex("00 ff41"), bytes("\0ÿA"));
        assert_eq!(from_hex("0"), None);
        assert_eq!(from_base64("c2VjcmV0"), bytes("secret"));
        assert_eq!(from_base64("_w=="), bytes("ÿ"));
        assert_eq!(from_base64("no base64"), None);
    }
}
