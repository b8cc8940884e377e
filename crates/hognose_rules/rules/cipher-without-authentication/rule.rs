//! In code because a MAC elsewhere in the same function or class makes such a mode sound.

use crate::prelude::*;

/// The mode or stream cipher a call makes that does not authenticate.
fn unauthenticated(context: &mut Context<'_, '_>, call: &CallSite) -> Option<String> {
    let path = call.paths.iter().map(|path| path.as_str()).find(|path| {
        path.starts_with("cryptography.hazmat.")
            || path.starts_with("Crypto.Cipher.")
            || path.starts_with("Cryptodome.Cipher.")
            || path.starts_with("pyaes.")
    })?;
    let last = path.rsplit('.').next()?;
    if path.contains(".ciphers.modes.") && matches!(last, "CBC" | "CTR" | "CFB" | "CFB8" | "OFB") {
        return Some(format!("{last} mode"));
    }
    if path.contains(".ciphers.algorithms.") && last == "ChaCha20" {
        return Some("ChaCha20 without Poly1305".to_owned());
    }
    if let Some(mode) = path.strip_prefix("pyaes.AESModeOfOperation")
        && matches!(mode, "CBC" | "CTR" | "CFB" | "OFB")
    {
        return Some(format!("{mode} mode"));
    }
    let cipher = path
        .strip_prefix("Crypto.Cipher.")
        .or_else(|| path.strip_prefix("Cryptodome.Cipher."))?
        .strip_suffix(".new")?;
    if matches!(cipher, "ChaCha20" | "Salsa20") {
        return Some(format!("{cipher} without a MAC"));
    }
    if cipher != "AES" {
        // The others are reported as outdated ciphers already.
        return None;
    }
    let (at, mode) = context.arg(call, Some("mode"), Some(1)).given()?;
    let mode = context
        .values
        .eval(at, mode)
        .iter()
        .find_map(|value| match value {
            Value::External(path) => path.as_str().rsplit("MODE_").next().map(str::to_owned),
            _ => None,
        })?;
    matches!(mode.as_str(), "CBC" | "CTR" | "CFB" | "OFB").then(|| format!("{mode} mode"))
}

/// Whether a call computes or verifies a MAC or signature.
fn authenticates(module: &Module, call: &CallSite) -> bool {
    let by_path = call.paths.iter().any(|path| {
        let path = path.as_str();
        path.starts_with("hmac.")
            || path.contains(".hmac.")
            || path.contains(".cmac.")
            || path.contains("Hash.HMAC")
            || path.contains("Hash.CMAC")
            || path.contains("Poly1305")
            || path.contains(".Signature.")
    });
    let by_name = match module[call.func] {
        Expr::Attribute { attr, .. } => Some(attr.as_str().to_owned()),
        Expr::Name { slot, def } => Some(
            module[module[def].scope].slots[slot.index()]
                .name
                .as_str()
                .to_owned(),
        ),
        _ => None,
    };
    by_path
        || by_name.is_some_and(|name| {
            words(&name).iter().any(|word| {
                matches!(
                    word.as_str(),
                    "hmac" | "mac" | "cmac" | "sign" | "signature" | "verify" | "authenticate"
                )
            })
        })
}

pub fn check(context: &mut Context<'_, '_>) {
    let mut found = Vec::new();
    for call in context.calls() {
        found.extend(unauthenticated(context, call).map(|what| (call.range, what)));
    }
    if found.is_empty() {
        return;
    }
    let module = context.module;
    let authenticated: Vec<TextRange> = context
        .calls()
        .iter()
        .filter(|call| authenticates(module, call))
        .map(|call| call.range)
        .collect();
    for (range, what) in found {
        // The class around it, or else the function, or else the module.
        let class = module
            .classes
            .iter()
            .map(|class| class.range)
            .filter(|around| around.contains_range(range))
            .max_by_key(|around| around.len());
        let function = module
            .functions
            .iter()
            .map(|function| function.range)
            .filter(|around| around.contains_range(range))
            .max_by_key(|around| around.len());
        let sound = match class.or(function) {
            Some(around) => authenticated.iter().any(|mac| around.contains_range(*mac)),
            None => !authenticated.is_empty(),
        };
        if !sound {
            context.report(
                range,
                format!("{what} encrypts without protection against change"),
            );
        }
    }
}
