//! In code because whoever decrypts takes the initialisation vector of whoever encrypted.

use crate::condition::{Ask, Truth};
use crate::prelude::*;

const MODES: &[(&str, &str)] = &[
    ("cryptography.hazmat.primitives.ciphers.modes.CBC", "initialization_vector"),
    ("cryptography.hazmat.primitives.ciphers.modes.GCM", "initialization_vector"),
    ("cryptography.hazmat.primitives.ciphers.modes.OFB", "initialization_vector"),
    ("cryptography.hazmat.primitives.ciphers.modes.CFB", "initialization_vector"),
    ("cryptography.hazmat.primitives.ciphers.modes.CFB8", "initialization_vector"),
    ("cryptography.hazmat.decrepit.ciphers.modes.OFB", "initialization_vector"),
    ("cryptography.hazmat.decrepit.ciphers.modes.CFB", "initialization_vector"),
    ("cryptography.hazmat.decrepit.ciphers.modes.CFB8", "initialization_vector"),
    ("cryptography.hazmat.primitives.ciphers.modes.CTR", "nonce"),
];

pub fn check(context: &mut Context<'_, '_>) {
    for call in context.calls() {
        let Some((path, name)) = MODES.iter().find(|(path, _)| call.is(&[path])) else {
            continue;
        };
        let given = context.arg(call, Some(name), Some(0));
        let Argument::Given(at, value) = given else {
            continue;
        };
        if Ask::Constant(true).of_argument(context.values, given) != Truth::Yes {
            continue;
        }
        let shown = if at == context.id {
            crate::run::excerpt(context.text(context.module.expr_range(value)))
        } else {
            "of another module".to_owned()
        };
        let decrypts = only_decrypts(context, call);
        let draft = context.report(
            call.range,
            format!("{path} gets the constant {shown} as initialisation vector or nonce"),
        );
        if decrypts {
            draft.persona(Persona::Pedantic).confidence(Confidence::Low);
        }
    }
}

/// `Cipher(algorithm, mode).decryptor()`.
fn only_decrypts(context: &Context<'_, '_>, mode: &CallSite) -> bool {
    let module = context.module;
    module.exprs().any(|(_, node)| {
        let Expr::Call { func, .. } = *node else {
            return false;
        };
        let Expr::Attribute { value, attr } = module[func] else {
            return false;
        };
        let Expr::Call { args, .. } = module[value] else {
            return false;
        };
        attr.as_str() == "decryptor"
            && module
                .args(args)
                .iter()
                .any(|argument| argument.value == mode.expr)
    })
}
