//! Mentions of outdated protocols, but for those that only name them: operands of comparisons and entries of tables.

use crate::prelude::*;

const OUTDATED: [&str; 11] = [
    "ssl.PROTOCOL_SSLv2",
    "ssl.PROTOCOL_SSLv3",
    "ssl.PROTOCOL_TLSv1",
    "ssl.PROTOCOL_TLSv1_1",
    "OpenSSL.SSL.SSLv2_METHOD",
    "OpenSSL.SSL.SSLv3_METHOD",
    "OpenSSL.SSL.TLSv1_METHOD",
    "OpenSSL.SSL.TLSv1_1_METHOD",
    "twisted.internet.ssl.TLSVersion.SSLv3",
    "twisted.internet.ssl.TLSVersion.TLSv1_0",
    "twisted.internet.ssl.TLSVersion.TLSv1_1",
];

/// They say SSL and mean "what both sides know": TLS 1.2 and later with Python 3.10 and OpenSSL 3, older ones before.
const NEGOTIATED: [&str; 2] = ["ssl.PROTOCOL_SSLv23", "OpenSSL.SSL.SSLv23_METHOD"];

/// Runs once per module.
pub fn check(context: &mut Context<'_, '_>) {
    let module = context.module;
    // All of them are mentioned by a name that holds one of these; few modules do.
    let text = module.text.as_str();
    if !text.contains("SSLv") && !text.contains("TLSv1") {
        return;
    }
    let mut mentions = Vec::new();
    let mut named: FxHashSet<ExprId> = FxHashSet::default();
    let mut listed: FxHashSet<ExprId> = FxHashSet::default();
    for (expr, node) in module.exprs() {
        match *node {
            Expr::Attribute { attr, .. }
                if OUTDATED
                    .iter()
                    .chain(&NEGOTIATED)
                    .any(|path| path.ends_with(attr.as_str())) =>
            {
                mentions.push(expr)
            }
            Expr::Name { def, .. }
                if matches!(
                    module[def].kind,
                    DefKind::ImportFrom { .. } | DefKind::Entry
                ) && context.name_of(expr).is_some_and(|name| {
                    name.as_str().contains("SSLv") || name.as_str().contains("TLSv1")
                }) =>
            {
                mentions.push(expr);
            }
            Expr::Compare { left, right, .. } => {
                named.extend([left, right]);
                for side in [left, right] {
                    if let Expr::Tuple(list) | Expr::ListOf(list) | Expr::SetOf(list) = module[side]
                    {
                        named.extend(module.list(list));
                    }
                }
            }
            Expr::Subscript { index, .. } => {
                named.insert(index);
            }
            Expr::Tuple(list) | Expr::ListOf(list) | Expr::SetOf(list) => {
                listed.extend(module.list(list))
            }
            Expr::Dict(items) => {
                for (key, value) in module.dict(items) {
                    listed.extend(key.map(|key| key.get()));
                    let option = key.and_then(|key| context.constant(key.get()));
                    if !matches!(option, Some(Constant::Str(text)) if ["version", "protocol", "method"].iter().any(|word| text.ends_with(word)))
                    {
                        listed.insert(*value);
                    }
                }
            }
            _ => {}
        }
    }
    for store in &module.item_stores {
        named.insert(store.index);
        listed.insert(store.value);
    }
    for expr in mentions {
        let range = module.expr_range(expr);
        if named.contains(&expr) || module.is_dead(range) {
            continue;
        }
        // `pyOpenSSL` is the name of the distribution, and of the module in old code.
        let paths = context.paths(expr);
        let mut paths = paths
            .iter()
            .map(|path| path.as_str().trim_start_matches("py"));
        if paths.clone().any(|path| NEGOTIATED.contains(&path)) {
            let message =
                "this protocol leaves the version of TLS to the interpreter and its library";
            context
                .report(range, message)
                .persona(Persona::Auditor)
                .confidence(Confidence::Low);
            continue;
        }
        let Some(path) = paths.find(|path| OUTDATED.contains(path)) else {
            continue;
        };
        let draft = context.report(range, format!("{path} is an outdated version of TLS"));
        if listed.contains(&expr) {
            // A table of versions: which one is used is decided elsewhere.
            draft
                .persona(Persona::Pedantic)
                .confidence(Confidence::Medium);
        }
    }
}
