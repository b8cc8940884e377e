//! In code because the length stands in another call than the salt's use: the salt is followed to where it was drawn.

use crate::prelude::*;

/// Functions that derive from a password, with the salt's position.
const DERIVATIONS: &[(&str, Option<usize>)] = &[
    ("hashlib.pbkdf2_hmac", Some(2)),
    ("hashlib.scrypt", None),
    (
        "cryptography.hazmat.primitives.kdf.pbkdf2.PBKDF2HMAC",
        Some(2),
    ),
    ("cryptography.hazmat.primitives.kdf.scrypt.Scrypt", Some(0)),
    ("cryptography.hazmat.primitives.kdf.argon2.Argon2id", None),
    ("cryptography.hazmat.primitives.kdf.argon2.Argon2i", None),
    ("cryptography.hazmat.primitives.kdf.argon2.Argon2d", None),
    ("Crypto.Protocol.KDF.PBKDF1", Some(1)),
    ("Crypto.Protocol.KDF.PBKDF2", Some(1)),
    ("Crypto.Protocol.KDF.scrypt", Some(1)),
    ("Cryptodome.Protocol.KDF.PBKDF1", Some(1)),
    ("Cryptodome.Protocol.KDF.PBKDF2", Some(1)),
    ("Cryptodome.Protocol.KDF.scrypt", Some(1)),
    ("argon2.low_level.hash_secret", Some(1)),
    ("argon2.low_level.hash_secret_raw", Some(1)),
    ("bcrypt.kdf", Some(1)),
    ("M2Crypto.EVP.pbkdf2", Some(1)),
    ("django.utils.crypto.pbkdf2", Some(1)),
];

/// Functions that draw as many random bytes as their first argument says.
const RANDOM: &[&str] = &[
    "os.urandom",
    "secrets.token_bytes",
    "Crypto.Random.get_random_bytes",
    "Cryptodome.Random.get_random_bytes",
    "nacl.utils.random",
];

/// What SP 800-132 asks for.
const LEAST: i64 = 16;

pub fn check(context: &mut Context<'_, '_>) {
    for call in context.calls() {
        let Some((callee, at)) = DERIVATIONS.iter().find(|(path, _)| call.is(&[path])) else {
            continue;
        };
        let Some((home, salt)) = context.arg(call, Some("salt"), *at).given() else {
            continue;
        };
        if home != context.id {
            continue;
        }
        let module = context.module;
        let drawn = module.origin(salt);
        let Expr::Call { func, args } = module[drawn] else {
            continue;
        };
        if !context
            .paths(func)
            .iter()
            .any(|path| RANDOM.contains(&path.as_str()))
        {
            continue;
        }
        let Some(length) = module.args(args).first() else {
            continue;
        };
        if let Some(Constant::Int(length)) = context.constant(length.value)
            && length < LEAST
        {
            let drawn = module.expr_range(drawn);
            let id = context.id;
            context
                .report(
                    call.range,
                    format!("{callee} is salted with {length} bytes, fewer than 16"),
                )
                .label(id, drawn, "the salt is drawn here");
        }
    }
}
