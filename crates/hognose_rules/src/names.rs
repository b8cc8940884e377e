//! What the name of a variable, attribute, parameter or key says of its value.
//!
//! A name is weak evidence: no rule reports a name alone. Rules ask it about a value whose making or use they have seen,
//! for instance whether what `random.choice` gave is called a token.

use hognose_python::ir::*;
use hognose_python::{Constant, Value};
use rustc_hash::FxHashSet;

use crate::context::Context;

/// Expressions looked at for one value. Real values are put together of fewer than twenty.
const MAX_PARTS: usize = 256;

/// Lower-case words of an identifier, without numbers: `USER_PASSWORD2` and `userPassword` are `user`, `password`.
pub fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    for character in name.chars() {
        let starts =
            !character.is_alphabetic() || (character.is_uppercase() && before.is_lowercase());
        if starts && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if character.is_alphabetic() {
            word.extend(character.to_lowercase());
        }
        before = character;
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Words at the end of a name that say how a value is written rather than what it is.
const FORMS: &[&str] = &[
    "b",
    "b64",
    "bytes",
    "clear",
    "encoded",
    "hex",
    "input",
    "plain",
    "plaintext",
    "raw",
    "str",
    "string",
    "text",
    "utf",
    "value",
];

/// The words that name the thing: `password` of `plain_password_bytes`.
fn thing(name: &str) -> Vec<String> {
    let mut words = words(name);
    while words.len() > 1
        && words
            .last()
            .is_some_and(|last| FORMS.contains(&last.as_str()))
    {
        words.pop();
    }
    words
}

fn last_two(words: &[String]) -> (&str, &str) {
    match words {
        [] => ("", ""),
        [only] => ("", only),
        [.., before, last] => (before, last),
    }
}

/// Whether a value of that name is a password in clear text.
pub fn is_password(name: &str) -> bool {
    let mut words = thing(name);
    // `password_for_email` is a password.
    if let Some(end) = words
        .iter()
        .position(|word| matches!(word.as_str(), "for" | "of" | "on" | "at"))
    {
        words.truncate(end);
    }
    // `hashed_password` is none, nor is `no_password`.
    const OTHERWISE: &[&str] = &[
        "allow",
        "change",
        "changed",
        "crypt",
        "crypted",
        "digest",
        "disable",
        "enable",
        "encrypted",
        "expired",
        "forgot",
        "has",
        "hash",
        "hashed",
        "is",
        "must",
        "needs",
        "no",
        "require",
        "requires",
        "reset",
        "show",
        "use",
        "with",
    ];
    let (before, last) = last_two(&words);
    (matches!(
        last,
        "passcode" | "passphrase" | "passwd" | "password" | "pwd" | "passwort"
    ) || (before, last) == ("pass", "phrase")
        || (before, last) == ("pass", "word"))
        && !words.iter().any(|word| OTHERWISE.contains(&word.as_str()))
}

/// Whether a value of that name has to be known to few and guessed by nobody: a password, token, key, code or salt.
pub fn is_secret(name: &str) -> bool {
    if is_password(name) {
        return true;
    }
    let words = thing(name);
    // Tokens of languages, of lists that go on, and names of columns.
    const OTHERWISE: &[&str] = &[
        "bos",
        "column",
        "continuation",
        "count",
        "current",
        "cursor",
        "end",
        "eos",
        "field",
        "hash",
        "hashed",
        "index",
        "is",
        "len",
        "length",
        "lexer",
        "mask",
        "max",
        "min",
        "name",
        "next",
        "num",
        "pad",
        "page",
        "pagination",
        "parse",
        "path",
        "public",
        "special",
        "start",
        "stop",
        "sync",
        "syntax",
        "type",
        "unk",
        "url",
        "vocab",
        "word",
    ];
    if words.iter().any(|word| OTHERWISE.contains(&word.as_str())) {
        return false;
    }
    let (before, last) = last_two(&words);
    match last {
        "token" | "secret" | "otp" | "totp" | "nonce" | "salt" | "csrf" | "xsrf" | "apikey"
        | "csrftoken" | "authtoken" | "accesstoken" | "secretkey" | "sessionid" | "signature" => {
            true
        }
        "key" => matches!(
            before,
            "access"
                | "aes"
                | "api"
                | "app"
                | "auth"
                | "crypto"
                | "encryption"
                | "fernet"
                | "hmac"
                | "jwt"
                | "license"
                | "master"
                | "private"
                | "secret"
                | "session"
                | "signing"
        ),
        "id" | "sid" => before == "session",
        "code" => matches!(
            before,
            "access"
                | "activation"
                | "auth"
                | "authorization"
                | "backup"
                | "confirm"
                | "confirmation"
                | "email"
                | "invitation"
                | "invite"
                | "login"
                | "mfa"
                | "otp"
                | "recovery"
                | "reset"
                | "security"
                | "sms"
                | "verification"
                | "verify"
        ),
        "link" => matches!(before, "magic" | "reset" | "activation" | "confirmation"),
        _ => false,
    }
}

/// Methods that give the same thing in another form.
const SAME: &[&str] = &[
    "capitalize",
    "casefold",
    "copy",
    "decode",
    "digest",
    "encode",
    "get_secret_value",
    "hex",
    "hexdigest",
    "ljust",
    "lower",
    "lstrip",
    "rjust",
    "rstrip",
    "strip",
    "title",
    "tobytes",
    "upper",
    "zfill",
    "replace",
    "translate",
];

/// What an expression calls its value: the variable, the attribute, the key.
pub fn name_of(context: &mut Context<'_, '_>, expr: ExprId) -> Option<String> {
    let module = context.module;
    let mut expr = expr;
    for _ in 0..16 {
        match module[expr] {
            Expr::Name { slot, def } => {
                return Some(
                    module[module[def].scope].slots[slot.index()]
                        .name
                        .as_str()
                        .to_owned(),
                );
            }
            Expr::Attribute { value, attr } => match attr.as_str() {
                // Fields of forms, secrets of pydantic.
                "data" | "raw_data" | "value" => expr = value,
                name => return Some(name.to_owned()),
            },
            Expr::Subscript { index, .. } => {
                return match context.constant(index) {
                    Some(Constant::Str(key)) => Some(key),
                    _ => None,
                };
            }
            Expr::Await(value) | Expr::Named { value, .. } => expr = value,
            Expr::Call { func, args } => {
                let first = module
                    .args(args)
                    .first()
                    .filter(|argument| argument.kind == ArgKind::Positional)
                    .map(|argument| argument.value);
                match module[func] {
                    Expr::Attribute { value, attr } if SAME.contains(&attr.as_str()) => {
                        expr = value
                    }
                    Expr::Attribute { attr, .. }
                        if matches!(
                            attr.as_str(),
                            "get" | "pop" | "getlist" | "get_header" | "getenv" | "get_argument"
                        ) =>
                    {
                        return match context.constant(first?) {
                            Some(Constant::Str(key)) => Some(key),
                            _ => None,
                        };
                    }
                    _ => {
                        let path = context.paths(func).first().copied()?;
                        match path.as_str() {
                            "builtins.str"
                            | "builtins.bytes"
                            | "base64.b64encode"
                            | "base64.b64decode"
                            | "django.utils.encoding.force_bytes"
                            | "django.utils.encoding.force_str" => expr = first?,
                            "os.getenv" => {
                                return match context.constant(first?) {
                                    Some(Constant::Str(key)) => Some(key),
                                    _ => None,
                                };
                            }
                            _ => return None,
                        }
                    }
                }
            }
            _ => return None,
        }
    }
    None
}

/// A value, and the name it is given.
#[derive(Debug, Clone)]
pub struct Named {
    /// The name.
    pub name: String,
    /// The value.
    pub value: ExprId,
}

/// Values of a module that are stored in a variable, attribute or item, passed by keyword, put into a dict, or returned by a
/// function that says what it makes (`make_token`).
pub fn named_values(context: &mut Context<'_, '_>) -> Vec<Named> {
    let module = context.module;
    let mut named = Vec::new();
    for (id, stmt) in module.stmts() {
        let Stmt::Assign { binds, .. } = *stmt else {
            continue;
        };
        if module.is_dead(module.stmt_range(id)) {
            continue;
        }
        for bind in module.binds(binds) {
            let name = match bind.target {
                Target::Name(def) => Some(
                    module[module[def].scope].slots[module[def].slot.index()]
                        .name
                        .as_str()
                        .to_owned(),
                ),
                Target::Attribute { attr, .. } => Some(attr.as_str().to_owned()),
                Target::Item { index, .. } => match context.constant(index) {
                    Some(Constant::Str(key)) => Some(key),
                    _ => None,
                },
            };
            named.extend(name.map(|name| Named {
                name,
                value: bind.value,
            }));
        }
    }
    for function in &module.functions {
        let name = words(function.name.as_str());
        let made = match name.first().map(String::as_str) {
            Some(
                "build" | "create" | "draw" | "gen" | "generate" | "get" | "issue" | "make" | "new"
                | "random",
            ) => name[1..].join("_"),
            _ => continue,
        };
        named.extend(function.return_values.iter().map(|value| Named {
            name: made.clone(),
            value: *value,
        }));
    }
    for (id, expr) in module.exprs() {
        match *expr {
            Expr::Call { args, .. } if !module.is_dead(module.expr_range(id)) => {
                for argument in module.args(args) {
                    if let ArgKind::Keyword(name) = argument.kind {
                        named.push(Named {
                            name: name.as_str().to_owned(),
                            value: argument.value,
                        });
                    }
                }
            }
            Expr::Dict(items) if !module.is_dead(module.expr_range(id)) => {
                for (key, value) in module.dict(items) {
                    if let Some(key) = key
                        && let Some(Constant::Str(name)) = context.constant(key.get())
                    {
                        named.push(Named {
                            name,
                            value: *value,
                        });
                    }
                }
            }
            _ => {}
        }
    }
    named
}

/// The expressions a value is put together of, through variables, string operations, encodings and digests. Arguments of
/// other calls are not among them: what those make of it is not known.
pub fn parts(context: &mut Context<'_, '_>, expr: ExprId) -> Vec<ExprId> {
    let module = context.module;
    let mut seen = FxHashSet::default();
    let mut parts = Vec::new();
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        if parts.len() >= MAX_PARTS || !seen.insert(expr) {
            continue;
        }
        parts.push(expr);
        match module[expr] {
            Expr::Name { def, .. } => follow(module, def, &mut open, &mut FxHashSet::default()),
            Expr::Attribute { value, attr }
                if matches!(
                    attr.as_str(),
                    "hex" | "int" | "bytes" | "urn" | "data" | "value"
                ) =>
            {
                open.push(value)
            }
            Expr::Subscript { value, .. }
            | Expr::Await(value)
            | Expr::Named { value, .. }
            | Expr::Starred(value) => open.push(value),
            Expr::Binary { left, right, .. } | Expr::InPlace { left, right, .. } => {
                open.extend([left, right])
            }
            Expr::Unary { operand, .. } => open.push(operand),
            Expr::Logic { values, .. } => open.extend(module.list(values)),
            Expr::Conditional { body, orelse, .. } => open.extend([body, orelse]),
            Expr::Tuple(list) | Expr::ListOf(list) | Expr::SetOf(list) | Expr::FString(list) => {
                open.extend(module.list(list))
            }
            Expr::Formatted { value, .. } => open.push(value),
            Expr::Comprehension(id) if module[id].kind != ComprehensionKind::Dict => {
                open.push(module[id].element)
            }
            Expr::Call { func, args } => {
                let arguments = module.args(args).iter().map(|argument| argument.value);
                if let Expr::Attribute { value, attr } = module[func] {
                    match attr.as_str() {
                        "join" | "format" => {
                            open.extend(arguments);
                            continue;
                        }
                        name if SAME.contains(&name) => {
                            open.push(value);
                            continue;
                        }
                        _ => {}
                    }
                }
                if context.paths(func).iter().any(|path| keeps(path.as_str())) {
                    open.extend(arguments);
                }
            }
            _ => {}
        }
    }
    parts
}

fn follow(module: &Module, def: DefId, open: &mut Vec<ExprId>, seen: &mut FxHashSet<DefId>) {
    if !seen.insert(def) || seen.len() > 32 {
        return;
    }
    match module[module.reaching(def)].kind {
        DefKind::Value(value) => open.push(value),
        DefKind::Phi(list) => {
            for operand in module.defs_list(list) {
                follow(module, *operand, open, seen);
            }
        }
        _ => {}
    }
}

/// Functions whose result holds what they are given.
fn keeps(path: &str) -> bool {
    path.starts_with("hashlib.")
        || path.starts_with("base64.")
        || matches!(
            path,
            "builtins.str"
                | "builtins.int"
                | "builtins.hex"
                | "builtins.oct"
                | "builtins.bin"
                | "builtins.bytes"
                | "builtins.bytearray"
                | "builtins.chr"
                | "builtins.list"
                | "builtins.tuple"
                | "builtins.map"
                | "builtins.repr"
                | "builtins.format"
                | "builtins.abs"
                | "builtins.round"
                | "binascii.hexlify"
                | "binascii.b2a_hex"
                | "django.utils.encoding.force_bytes"
                | "django.utils.encoding.force_str"
        )
}

/// The constant a value falls back to where the environment has none: `os.environ.get("KEY", "secret")`.
pub fn fallback(context: &mut Context<'_, '_>, expr: ExprId) -> Option<String> {
    let module = context.module;
    let mut expr = module.origin(expr);
    // `os.environ.get("KEY", "secret").encode()`
    while let Expr::Call { func, .. } = module[expr]
        && let Expr::Attribute { value, attr } = module[func]
        && matches!(attr.as_str(), "encode" | "strip")
    {
        expr = module.origin(value);
    }
    let default = match module[expr] {
        Expr::Call { func, args } => {
            let reads = context.paths(func).iter().any(|path| {
                matches!(
                    path.as_str(),
                    "os.environ.get" | "os.getenv" | "os.environ.setdefault"
                )
            });
            if !reads {
                return None;
            }
            let arguments = module.args(args);
            let named = arguments
                .iter()
                .find(|argument| matches!(argument.kind, ArgKind::Keyword(name) if name.as_str() == "default"));
            named
                .or_else(|| {
                    arguments
                        .get(1)
                        .filter(|argument| argument.kind == ArgKind::Positional)
                })?
                .value
        }
        // `os.environ.get("KEY") or "secret"`
        Expr::Logic {
            op: BoolOp::Or,
            values,
        } => {
            let [first, .., last] = module.list(values) else {
                return None;
            };
            let first = module.origin(*first);
            let Expr::Call { func, .. } = module[first] else {
                return None;
            };
            if !context
                .paths(func)
                .iter()
                .any(|path| matches!(path.as_str(), "os.environ.get" | "os.getenv"))
            {
                return None;
            }
            *last
        }
        _ => return None,
    };
    let constant = context.constant(default)?;
    constant
        .text()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// Whether an expression is read from what the program was configured with: the environment, settings, a constant of the
/// module, an attribute of an object named so.
pub fn is_configured(context: &mut Context<'_, '_>, expr: ExprId) -> bool {
    if let Expr::Name { slot, def } = context.module[expr] {
        let name = context.module[context.module[def].scope].slots[slot.index()].name;
        if crate::condition::is_constant_name(name.as_str()) {
            return true;
        }
    }
    let expr = context.module.origin(expr);
    let by_path = context.eval(expr).iter().any(|value| match value {
        Value::External(path) => {
            let path = path.as_str();
            path.starts_with("os.environ")
                || path.starts_with("os.getenv()")
                || path.starts_with("django.conf.settings.")
                || path.starts_with("flask.current_app.config")
        }
        _ => false,
    });
    if by_path {
        return true;
    }
    let module = context.module;
    let owner = match module[expr] {
        Expr::Attribute { value, .. } | Expr::Subscript { value, .. } => value,
        Expr::Call { func, .. } => match module[func] {
            Expr::Attribute { value, attr }
                if attr.as_str() == "get" || SAME.contains(&attr.as_str()) =>
            {
                value
            }
            _ => return false,
        },
        _ => return false,
    };
    let named = name_of(context, owner).unwrap_or_default();
    let owner = words(&named);
    owner.last().is_some_and(|last| {
        matches!(
            last.as_str(),
            "settings" | "config" | "configuration" | "conf" | "environ" | "env"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_identifiers() {
        assert_eq!(words("USER_PASSWORD2"), ["user", "password"]);
        assert_eq!(words("userPassword"), ["user", "password"]);
        assert_eq!(words("X-API-Key"), ["x", "api", "key"]);
        assert_eq!(words("_"), Vec::<String>::new());
    }

    #[test]
    fn passwords() {
        for name in [
            "password",
            "new_password",
            "passwd",
            "user_pwd",
            "PasswordBytes",
            "raw_password",
            "passphrase",
        ] {
            assert!(is_password(name), "{name}");
        }
        for name in [
            "password_hash",
            "hashed_password",
            "password_field",
            "reset_password",
            "password_url",
            "passwords",
            "has_password",
            "must_change_password",
            "compass",
        ] {
            assert!(!is_password(name), "{name}");
        }
    }

    #[test]
    fn secrets() {
        for name in [
            "token",
            "csrf_token",
            "api_key",
            "API_KEY",
            "session_id",
            "reset_code",
            "salt",
            "apiKey",
            "password",
            "otp",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "next_token",
            "token_type",
            "key",
            "tokens",
            "pad_token",
            "code",
            "session",
            "public_key",
            "keyboard",
            "token_count",
            "error_code",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
