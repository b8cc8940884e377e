//! In code because the form of each provider's tokens is known, some with a checksum.

use std::sync::LazyLock;

use regex::Regex;

use crate::names;
use crate::prelude::*;
use crate::shape;

/// Shortest text that holds a secret of one of the forms.
const SHORTEST: usize = 16;

/// What a match is judged by beside its form.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// The form alone.
    Form,
    /// GitHub's and npm's: the last six characters are a checksum.
    Checksum,
    /// The first part is the number of an account in Base64.
    Account,
    /// The form is also that of keys which are meant to be public.
    MaybePublic,
}

const FORMS: &[(&str, &str, Proof)] = &[
    ("an AWS access key", r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b", Proof::Form),
    ("a GitHub token", r"\bgh[pousr]_[A-Za-z0-9]{36}\b", Proof::Checksum),
    ("a GitHub token", r"\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b", Proof::Form),
    ("an npm token", r"\bnpm_[A-Za-z0-9]{36}\b", Proof::Checksum),
    ("a GitLab token", r"\bgl(?:pat|dt|rt|cbt|ptt|ft|soat)-[A-Za-z0-9_-]{20,}", Proof::Form),
    ("a Slack token", r"\bxox[abeoprs]-[0-9]{8,}-[0-9A-Za-z-]{20,}|\bxapp-[0-9]-[A-Z0-9]{9,}-[0-9]{10,}-[0-9a-f]{40,}", Proof::Form),
    ("a Slack webhook", r"hooks\.slack\.com/services/T[A-Z0-9]{7,}/B[A-Z0-9]{7,}/[A-Za-z0-9]{20,}", Proof::Form),
    ("a Discord webhook", r"discord(?:app)?\.com/api/webhooks/[0-9]{17,20}/[A-Za-z0-9_-]{60,}", Proof::Form),
    ("a Stripe key", r"\b[sr]k_live_[0-9A-Za-z]{20,}", Proof::Form),
    ("a Google API key", r"\bAIza[0-9A-Za-z_-]{35}", Proof::MaybePublic),
    ("a Google OAuth client secret", r"\bGOCSPX-[0-9A-Za-z_-]{28}", Proof::MaybePublic),
    ("an OpenAI key", r"\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,}", Proof::Form),
    ("an Anthropic key", r"\bsk-ant-(?:api|admin)[0-9]{2}-[A-Za-z0-9_-]{80,}", Proof::Form),
    ("a Hugging Face token", r"\bhf_[A-Za-z]{34}\b", Proof::Form),
    ("a PyPI token", r"\bpypi-AgE[A-Za-z0-9_-]{60,}", Proof::Form),
    ("a SendGrid key", r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}", Proof::Form),
    ("a Telegram bot token", r"\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}\b", Proof::Form),
    ("a Discord bot token", r"\b[MNO][A-Za-z0-9_-]{22,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}\b", Proof::Account),
    ("a DigitalOcean token", r"\bdo[opr]_v1_[a-f0-9]{64}\b", Proof::Form),
    ("a Databricks token", r"\bdapi[a-f0-9]{32}\b", Proof::Form),
    ("a Shopify token", r"\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b", Proof::Form),
    ("a Square token", r"\bsq0(?:atp|csp)-[A-Za-z0-9_-]{22,43}", Proof::Form),
    ("an Azure storage key", r"AccountKey=[A-Za-z0-9+/]{86}==", Proof::Form),
    ("a HashiCorp Vault token", r"\bhvs\.[A-Za-z0-9_-]{90,}", Proof::Form),
    ("a Grafana token", r"\bglsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}\b", Proof::Form),
    ("a Postman key", r"\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}\b", Proof::Form),
    ("a Linear key", r"\blin_api_[A-Za-z0-9]{40}\b", Proof::Form),
    ("a Doppler token", r"\bdp\.(?:pt|st|sa)\.[A-Za-z0-9_.-]{40,}", Proof::Form),
    ("a Mailgun key", r"\bkey-[0-9a-f]{32}\b", Proof::Form),
    ("an age private key", r"\bAGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}", Proof::Form),
    ("a private key", r"-----BEGIN (?:(?:RSA|EC|DSA|OPENSSH) )?PRIVATE KEY-----\s*(?:[A-Za-z0-9+/=]+\s+)?[A-Za-z0-9+/]{40,}", Proof::Form),
    ("a PGP private key", r"-----BEGIN PGP PRIVATE KEY BLOCK-----\s*(?:[A-Za-z]+: [^\n]*\n)*\s*[A-Za-z0-9+/]{40,}", Proof::Form),
];

/// All forms in one expression, so that a text is read once; the number of the group is that of the form.
static ANY: LazyLock<Regex> = LazyLock::new(|| {
    // Boundaries of ASCII words keep the expression on its fast path in every text.
    let forms: Vec<String> = FORMS.iter().map(|(_, form, _)| format!("({})", form.replace(r"\b", r"(?-u:\b)"))).collect();
    Regex::new(&forms.join("|")).expect("it is tested")
});

pub fn check(context: &mut Context<'_, '_>) {
    let module = context.module;
    let mut prose: Option<FxHashSet<ExprId>> = None;
    for (id, expr) in module.exprs() {
        let (Expr::Str(text) | Expr::Bytes(text)) = *expr else { continue };
        let text = module.str(text);
        if text.len() < SHORTEST || !known_form(context, module.expr_range(id), text) {
            continue;
        }
        // Documentation shows what a key looks like.
        let prose = prose.get_or_insert_with(|| documentation(module));
        if prose.contains(&id) && let Some(draft) = context.drafts.last_mut() {
            draft.severity(Severity::Low).confidence(Confidence::Low).persona(Persona::Auditor);
        }
    }
    for comment in &module.comments {
        let text = context.text(comment.range);
        if text.len() > SHORTEST {
            known_form(context, comment.range, text);
        }
    }
    by_name(context);
}

/// Texts that stand alone.
fn documentation(module: &Module) -> FxHashSet<ExprId> {
    module
        .stmts()
        .filter_map(|(_, stmt)| match stmt {
            Stmt::Expr(expr) => Some(*expr),
            _ => None,
        })
        .collect()
}

/// Reports a secret of a known form in a text; says whether there is one.
fn known_form(context: &mut Context<'_, '_>, range: TextRange, text: &str) -> bool {
    // Most texts are prose or names; no form is without a digit or a dash.
    if !text.bytes().any(|byte| byte.is_ascii_digit() || byte == b'-' || byte == b'_') || !ANY.is_match(text) {
        return false;
    }
    let Some(found) = ANY.captures(text) else { return false };
    let Some((what, value, proof)) = FORMS
        .iter()
        .enumerate()
        .find_map(|(number, (what, _, proof))| found.get(number + 1).map(|value| (*what, value.as_str(), *proof)))
    else {
        return false;
    };
    if is_sample(value) || context.module.is_dead(range) {
        return false;
    }
    let start: String = value.chars().take(8).collect();
    let message = if value.starts_with("-----") { format!("{what} stands in the source") } else { format!("{what} ({start}…) stands in the source") };
    let proved = match proof {
        Proof::Form => true,
        Proof::Checksum => checksum_fits(value),
        Proof::Account => names_account(value),
        Proof::MaybePublic => false,
    };
    let draft = context.report(range, message);
    if proof == Proof::MaybePublic {
        // Keys of programs that run in a browser or on a user's machine are known to their users anyway.
        draft.severity(Severity::Low).confidence(Confidence::Medium).persona(Persona::Pedantic);
    } else if !proved {
        // A wrong checksum: made up, as in documentation.
        draft.severity(Severity::Low).confidence(Confidence::Low).persona(Persona::Auditor);
    }
    true
}

/// Whether a value was made up to show the form.
fn is_sample(value: &str) -> bool {
    if value.starts_with("-----") {
        return false;
    }
    // The key of the storage emulator is the same everywhere.
    if value.starts_with("AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq") {
        return true;
    }
    let lower = value.to_ascii_lowercase();
    if ["example", "xxxx", "your", "1234567", "abcdefg", "0000000", "aaaaaaa", "redacted", "placeholder", "changeme", "testtest", "deadbeef"].iter().any(|part| lower.contains(part)) {
        return true;
    }
    shape::entropy(value) < 2.5
}

/// The last six characters are the CRC-32 of those between the prefix and them, in base 62.
fn checksum_fits(token: &str) -> bool {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let Some((_, body)) = token.split_once('_') else { return false };
    let Some((random, given)) = body.len().checked_sub(6).and_then(|at| body.split_at_checked(at)) else { return false };
    let mut number = crc32(random.as_bytes());
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(number % 62) as usize];
        number /= 62;
    }
    given.as_bytes() == digits
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = (sum >> 1) ^ (0xEDB8_8320 & (sum & 1).wrapping_neg());
        }
    }
    !sum
}

/// Whether the first part of a token is digits in Base64: those begin a group of four in few ways.
fn names_account(token: &str) -> bool {
    let first = token.split('.').next().unwrap_or_default();
    first.as_bytes().chunks(4).filter(|group| group.len() == 4).all(|group| {
        let value = |byte: u8| match byte {
            b'A'..=b'Z' => Some(u32::from(byte - b'A')),
            b'a'..=b'z' => Some(u32::from(byte - b'a') + 26),
            b'0'..=b'9' => Some(u32::from(byte - b'0') + 52),
            b'-' => Some(62),
            b'_' => Some(63),
            _ => None,
        };
        let Some(bits) = group.iter().try_fold(0, |bits, byte| value(*byte).map(|value| bits << 6 | value)) else { return false };
        [bits >> 16, bits >> 8 & 255, bits & 255].iter().all(|byte| (0x30..0x3A).contains(byte))
    })
}

/// Random texts that are called secrets.
fn by_name(context: &mut Context<'_, '_>) {
    let module = context.module;
    for (id, stmt) in module.stmts() {
        let Stmt::Assign { binds, .. } = *stmt else { continue };
        for bind in module.binds(binds) {
            let (Expr::Str(text) | Expr::Bytes(text)) = module[bind.value] else { continue };
            let text = module.str(text);
            if text.len() < SHORTEST || text.len() > 512 {
                continue;
            }
            if !shape::is_random(text) {
                continue;
            }
            let name = match bind.target {
                Target::Name(def) => module[module[def].scope].slots[module[def].slot.index()].name.as_str(),
                Target::Attribute { attr, .. } => attr.as_str(),
                Target::Item { index, .. } => match module[index] {
                    Expr::Str(key) => module.str(key),
                    _ => continue,
                },
            };
            if is_ours(name) && !module.is_dead(module.stmt_range(id)) {
                named(context, bind.value, name);
            }
        }
    }
    for call in context.calls() {
        for argument in module.args(call.args) {
            let (ArgKind::Keyword(name), Expr::Str(text)) = (argument.kind, module[argument.value]) else { continue };
            if shape::is_random(module.str(text)) && is_ours(name.as_str()) {
                named(context, argument.value, name.as_str());
            }
        }
    }
}

fn is_ours(name: &str) -> bool {
    // Salts and nonces have rules of their own; passwords too.
    names::is_secret(name) && !names::is_password(name) && !matches!(names::words(name).last().map(String::as_str), Some("salt" | "nonce" | "signature" | "csrf" | "xsrf" | "link"))
}

fn named(context: &mut Context<'_, '_>, value: ExprId, name: &str) {
    let range = context.module.expr_range(value);
    context
        .report(range, format!("the random text called {name} looks like a secret that stands in the source"))
        .severity(Severity::Medium)
        .confidence(Confidence::Medium)
        .persona(Persona::Pedantic);
}
