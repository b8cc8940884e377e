//! In code because the key's class is rarely known (it is a parameter, or loaded), while the padding always is.

use crate::prelude::*;

const PADDING: &str = "cryptography.hazmat.primitives.asymmetric.padding.PKCS1v15()";

pub fn check(context: &mut Context<'_, '_>) {
    for call in context.calls() {
        let Expr::Attribute { attr, .. } = context.module[call.func] else {
            continue;
        };
        let method = attr.as_str();
        if !matches!(method, "encrypt" | "decrypt") {
            continue;
        }
        let Some((at, padding)) = context.arg(call, Some("padding"), Some(1)).given() else {
            continue;
        };
        let padded = context
            .values
            .eval(at, padding)
            .iter()
            .any(|value| matches!(value, Value::External(path) if path.as_str() == PADDING));
        if padded {
            context.report(call.range, format!("{method} uses PKCS #1 v1.5 padding"));
        }
    }
}
