//! In code because only names and the way a value came about tell a password from other data.

use crate::prelude::*;

/// Functions slow enough: a fast digest in front of them only shortens their input.
const SLOW: &[&str] = &[
    "bcrypt.hashpw",
    "bcrypt.checkpw",
    "bcrypt.kdf",
    "hashlib.pbkdf2_hmac",
    "hashlib.scrypt",
    "argon2.PasswordHasher().hash",
    "argon2.PasswordHasher().verify",
    "argon2.low_level.hash_secret",
    "argon2.low_level.hash_secret_raw",
    "Crypto.Protocol.KDF.PBKDF2",
    "Crypto.Protocol.KDF.scrypt",
    "Crypto.Protocol.KDF.bcrypt",
    "Crypto.Protocol.KDF.bcrypt_check",
    "django.contrib.auth.hashers.make_password",
    "django.contrib.auth.hashers.check_password",
    "werkzeug.security.generate_password_hash",
    "werkzeug.security.check_password_hash",
];

/// The algorithm of a fast hash: `hashlib.sha256` and its kin.
fn is_fast(path: &str) -> bool {
    let name = path
        .strip_prefix("hashlib.")
        .or_else(|| path.strip_prefix("Crypto.Hash.")?.strip_suffix(".new"))
        .or_else(|| path.strip_prefix("Cryptodome.Hash.")?.strip_suffix(".new"));
    let Some(name) = name else { return false };
    let name = name.to_ascii_lowercase();
    ["md", "sha", "blake2", "ripemd"]
        .iter()
        .any(|family| name.starts_with(family))
        && !name.contains('.')
}

pub fn check(context: &mut Context<'_, '_>) {
    // Asking for leaked passwords needs SHA-1, and the digest is cut before it is sent.
    if context.module.text.as_str().contains("pwnedpasswords") {
        return;
    }
    let kept = kept_hashes(context);
    for call in context.calls() {
        let Some(path) = call.paths.first().copied() else {
            continue;
        };
        let path = path.as_str();
        let (callee, at) = if path == "hashlib.new" {
            ("hashlib.new".to_owned(), 1)
        } else if is_fast(path) {
            (path.to_owned(), 0)
        } else if let Some(made) = path.strip_suffix("().update")
            && (is_fast(made) || made == "hashlib.new")
        {
            (made.to_owned(), 0)
        } else {
            continue;
        };
        let Some((home, data)) = context.arg(call, Some("data"), Some(at)).given() else {
            continue;
        };
        if home != context.id {
            continue;
        }
        let module = context.module;
        let parts = parts(context, data);
        // The inner one of two digests is reported by itself.
        let nested = parts.iter().any(|part| {
            matches!(module[*part], Expr::Call { func, .. } if context.paths(func).iter().any(|path| is_fast(path.as_str())))
        });
        if nested {
            continue;
        }
        // `user:realm:password` is HTTP Digest, which leaves no choice.
        let digest_access = parts.iter().any(|part| {
            matches!(module[*part], Expr::Name { .. } | Expr::Attribute { .. })
                && name_of(context, *part).as_deref() == Some("realm")
        });
        let named = parts.into_iter().find_map(|part| {
            if !matches!(
                module[part],
                Expr::Name { .. }
                    | Expr::Attribute { .. }
                    | Expr::Subscript { .. }
                    | Expr::Call { .. }
            ) {
                return None;
            }
            name_of(context, part).filter(|name| is_password(name))
        });
        let Some(name) = named.or_else(|| kept.get(&call.expr).cloned()) else {
            continue;
        };
        let shortens = context
            .calls()
            .iter()
            .any(|around| is_slow(module, around) && around.range.contains_range(call.range));
        if shortens || feeds_slow(context, call) {
            continue;
        }
        let draft = context.report(
            call.range,
            format!("{callee} hashes {name} and is far too fast for that"),
        );
        if digest_access {
            draft.severity(Severity::Medium).persona(Persona::Pedantic);
        }
    }
}

/// What is kept as the hash of a password, with the password's name in it: `user.password_hash = …`, `def hash_password(…)`.
fn kept_hashes(context: &mut Context<'_, '_>) -> FxHashMap<ExprId, String> {
    let stored = named_values(context).into_iter();
    let mut made: Vec<(String, ExprId)> = stored.map(|named| (named.name, named.value)).collect();
    for function in &context.module.functions {
        let returned = function.return_values.iter();
        made.extend(returned.map(|value| (function.name.as_str().to_owned(), *value)));
    }
    let mut found = FxHashMap::default();
    for (name, value) in made {
        if let Some(password) = hashed_password(&name) {
            for part in parts(context, value) {
                found.entry(part).or_insert_with(|| password.clone());
            }
        }
    }
    found
}

/// The password that something called so is the hash of.
fn hashed_password(name: &str) -> Option<String> {
    const PASSWORDS: &[&str] = &["password", "passwd", "passphrase", "pwd", "pw", "pass"];
    const HASHES: &[&str] = &["hash", "hashed", "digest", "encrypt", "encrypted", "crypt"];
    const OTHERS: &[&str] = &["user", "new", "old", "stored", "the", "my", "computed"];
    let words = words(name);
    let is_one_of = |list: &[&str]| words.iter().find(|word| list.contains(&word.as_str()));
    let plain = words.iter().all(|word| {
        let lists = [PASSWORDS, HASHES, OTHERS];
        lists.iter().any(|list| list.contains(&word.as_str()))
    });
    is_one_of(HASHES)?;
    is_one_of(PASSWORDS).filter(|_| plain).cloned()
}

/// Whether a call is of a slow function, by path or by the name of a method of something unknown.
fn is_slow(module: &Module, call: &CallSite) -> bool {
    let by_name = matches!(
        module[call.func],
        Expr::Attribute { attr, .. } if matches!(attr.as_str(), "hashpw" | "checkpw" | "pbkdf2" | "pbkdf2_hmac" | "scrypt" | "kdf" | "derive")
    );
    by_name || call.is(SLOW)
}

/// Whether the digest goes through a variable into a slow function of the same module.
fn feeds_slow(context: &mut Context<'_, '_>, call: &CallSite) -> bool {
    let module = context.module;
    for slow in context.calls().iter().filter(|slow| is_slow(module, slow)) {
        for argument in context.module.args(slow.args) {
            if parts(context, argument.value).contains(&call.expr) {
                return true;
            }
        }
    }
    false
}
