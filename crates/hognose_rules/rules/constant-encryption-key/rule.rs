//! In code because the constant is only what the environment's value falls back to. Plain constants are in `rule.toml`.

use crate::prelude::*;

/// Whether a call makes a cipher out of its first argument.
fn is_cipher(path: &str) -> bool {
    let modules = [
        "cryptography.fernet.Fernet",
        "cryptography.hazmat.primitives.ciphers.aead.",
        "cryptography.hazmat.primitives.ciphers.algorithms.",
        "nacl.secret.",
    ];
    let pycryptodome = (path.starts_with("Crypto.Cipher.")
        || path.starts_with("Cryptodome.Cipher."))
        && path.ends_with(".new")
        && !path.contains("PKCS1");
    pycryptodome
        || modules
            .iter()
            .any(|module| path.starts_with(module) && !path.contains("()"))
}

pub fn check(context: &mut Context<'_, '_>) {
    for call in context.calls() {
        let Some(callee) = call
            .paths
            .iter()
            .find(|path| is_cipher(path.as_str()))
            .copied()
        else {
            continue;
        };
        let Some((home, key)) = context.arg(call, Some("key"), Some(0)).given() else {
            continue;
        };
        if home == context.id && fallback(context, key).is_some() {
            context
                .report(call.range, format!("{callee} falls back to a key that stands in the source where the environment has none"))
                .severity(Severity::Medium)
                .confidence(Confidence::Medium);
        }
    }
}
