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
    /// A user name and password in Base64.
    Login,
    /// The form is also that of keys which are meant to be public.
    MaybePublic,
}

const FORMS: &[(&str, &str, Proof)] = &[
    (
        "an AWS access key",
        r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b",
        Proof::Form,
    ),
    (
        "a GitHub token",
        r"\bgh[pousr]_[A-Za-z0-9]{36}\b",
        Proof::Checksum,
    ),
    (
        "a GitHub token",
        r"\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b",
        Proof::Form,
    ),
    ("an npm token", r"\bnpm_[A-Za-z0-9]{36}\b", Proof::Checksum),
    (
        "a GitLab token",
        r"\bgl(?:pat|dt|rt|cbt|ptt|ft|soat)-[A-Za-z0-9_-]{20,}",
        Proof::Form,
    ),
    (
        "a Slack token",
        r"\bxox[abeoprs]-[0-9]{8,}-[0-9A-Za-z-]{20,}|\bxapp-[0-9]-[A-Z0-9]{9,}-[0-9]{10,}-[0-9a-f]{40,}",
        Proof::Form,
    ),
    (
        "a Slack webhook",
        r"hooks\.slack\.com/services/T[A-Z0-9]{7,}/B[A-Z0-9]{7,}/[A-Za-z0-9]{20,}",
        Proof::Form,
    ),
    (
        "a Discord webhook",
        r"discord(?:app)?\.com/api/webhooks/[0-9]{17,20}/[A-Za-z0-9_-]{60,}",
        Proof::Form,
    ),
    (
        "a Stripe key",
        r"\b[sr]k_live_[0-9A-Za-z]{20,}",
        Proof::Form,
    ),
    (
        "a Google API key",
        r"\bAIza[0-9A-Za-z_-]{35}",
        Proof::MaybePublic,
    ),
    (
        "a Google OAuth client secret",
        r"\bGOCSPX-[0-9A-Za-z_-]{28}",
        Proof::MaybePublic,
    ),
    (
        "an OpenAI key",
        r"\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,}",
        Proof::Form,
    ),
    (
        "an Anthropic key",
        r"\bsk-ant-(?:api|admin)[0-9]{2}-[A-Za-z0-9_-]{80,}",
        Proof::Form,
    ),
    ("a Hugging Face token", r"\bhf_[A-Za-z]{34}\b", Proof::Form),
    ("a PyPI token", r"\bpypi-AgE[A-Za-z0-9_-]{60,}", Proof::Form),
    (
        "a SendGrid key",
        r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}",
        Proof::Form,
    ),
    (
        "a Telegram bot token",
        r"\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}\b",
        Proof::Form,
    ),
    (
        "a Discord bot token",
        r"\b[MNO][A-Za-z0-9_-]{22,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}\b",
        Proof::Account,
    ),
    (
        "a DigitalOcean token",
        r"\bdo[opr]_v1_[a-f0-9]{64}\b",
        Proof::Form,
    ),
    ("a Databricks token", r"\bdapi[a-f0-9]{32}\b", Proof::Form),
    (
        "a Shopify token",
        r"\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b",
        Proof::Form,
    ),
    (
        "a Square token",
        r"\bsq0(?:atp|csp)-[A-Za-z0-9_-]{22,43}",
        Proof::Form,
    ),
    (
        "an Azure storage key",
        r"AccountKey=[A-Za-z0-9+/]{86}==",
        Proof::Form,
    ),
    (
        "a HashiCorp Vault token",
        r"\bhvs\.[A-Za-z0-9_-]{90,}",
        Proof::Form,
    ),
    (
        "a Grafana token",
        r"\bglsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}\b",
        Proof::Form,
    ),
    (
        "a Postman key",
        r"\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}\b",
        Proof::Form,
    ),
    ("a Linear key", r"\blin_api_[A-Za-z0-9]{40}\b", Proof::Form),
    (
        "a Doppler token",
        r"\bdp\.(?:pt|st|sa)\.[A-Za-z0-9_.-]{40,}",
        Proof::Form,
    ),
    ("a Mailgun key", r"\bkey-[0-9a-f]{32}\b", Proof::Form),
    (
        "an age private key",
        r"\bAGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}",
        Proof::Form,
    ),
    (
        "a login for the Authorization header",
        r"\bBasic [A-Za-z0-9+/]{8,}={0,2}",
        Proof::Login,
    ),
    (
        "a JSON Web Token",
        r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}",
        Proof::MaybePublic,
    ),
    (
        "a private key",
        r"-----BEGIN (?:(?:RSA|EC|DSA|OPENSSH) )?PRIVATE KEY-----\s*(?:[A-Za-z0-9+/=]+\s+)?[A-Za-z0-9+/]{40,}",
        Proof::Form,
    ),
    (
        "a PGP private key",
        r"-----BEGIN PGP PRIVATE KEY BLOCK-----\s*(?:[A-Za-z]+: [^\n]*\n)*\s*[A-Za-z0-9+/]{40,}",
        Proof::Form,
    ),
];

/// All forms in one expression, so that a text is read once; the number of the group is that of the form.
static ANY: LazyLock<Regex> = LazyLock::new(|| {
    // Boundaries of ASCII words keep the expression on its fast path in every text.
    let forms: Vec<String> = FORMS
        .iter()
        .map(|(_, form, _)| format!("({})", form.replace(r"\b", r"(?-u:\b)")))
        .collect();
    Regex::new(&forms.join("|")).expect("it is tested")
});

pub fn check(context: &mut Context<'_, '_>) {
    let module = context.module;
    let mut prose: Option<FxHashSet<ExprId>> = None;
    for (id, expr) in module.exprs() {
        let (Expr::Str(text) | Expr::Bytes(text)) = *expr else {
            continue;
        };
        let text = module.str(text);
        if text.len() < SHORTEST || !known_form(context, module.expr_range(id), text) {
            continue;
        }
        // Documentation shows what a key looks like.
        let prose = prose.get_or_insert_with(|| documentation(module));
        if prose.contains(&id)
            && let Some(draft) = context.drafts.last_mut()
        {
            draft
                .severity(Severity::Low)
                .confidence(Confidence::Low)
                .persona(Persona::Auditor);
        }
    }
    for comment in &module.comments {
        let text = context.text(comment.range);
        // Comments quote answers of servers; what is weak evidence in code is less there.
        if text.len() > SHORTEST
            && known_form(context, comment.range, text)
            && let Some(draft) = context.drafts.last_mut()
            && draft.persona == Persona::Pedantic
        {
            draft.persona(Persona::Auditor);
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
    if !text
        .bytes()
        .any(|byte| byte.is_ascii_digit() || byte == b'-' || byte == b'_')
        || !ANY.is_match(text)
    {
        return false;
    }
    let Some(found) = ANY.captures(text) else {
        return false;
    };
    let Some((what, value, proof)) =
        FORMS
            .iter()
            .enumerate()
            .find_map(|(number, (what, _, proof))| {
                found
                    .get(number + 1)
                    .map(|value| (*what, value.as_str(), *proof))
            })
    else {
        return false;
    };
    if is_sample(value)
        || context.module.is_dead(range)
        || proof == Proof::Login && !is_login(value)
    {
        return false;
    }
    let start: String = value.chars().take(8).collect();
    let message = if value.starts_with("-----") {
        format!("{what} stands in the source")
    } else {
        format!("{what} ({start}…) stands in the source")
    };
    let proved = match proof {
        Proof::Form | Proof::Login => true,
        Proof::Checksum => checksum_fits(value),
        Proof::Account => names_account(value),
        Proof::MaybePublic => false,
    };
    let draft = context.report(range, message);
    if proof == Proof::MaybePublic {
        // Keys of programs that run in a browser or on a user's machine are known to their users anyway.
        draft
            .severity(Severity::Low)
            .confidence(Confidence::Medium)
            .persona(Persona::Pedantic);
    } else if !proved {
        // A wrong checksum: made up, as in documentation.
        draft
            .severity(Severity::Low)
            .confidence(Confidence::Low)
            .persona(Persona::Auditor);
    }
    true
}

/// Whether a value was made up to show the form.
fn is_sample(value: &str) -> bool {
    if value.starts_with("-----") {
        return false;
    }
    // The key of the storage emulator is the same everywhere.
    if value
        .starts_with("AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq")
    {
        return true;
    }
    let lower = value.to_ascii_lowercase();
    if [
        "example",
        "xxxx",
        "your",
        "1234567",
        "abcdefg",
        "0000000",
        "aaaaaaa",
        "redacted",
        "placeholder",
        "changeme",
        "testtest",
        "deadbeef",
    ]
    .iter()
    .any(|part| lower.contains(part))
    {
        return true;
    }
    shape::entropy(value) < 2.5
}

/// The last six characters are the CRC-32 of those between the prefix and them, in base 62.
fn checksum_fits(token: &str) -> bool {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let Some((_, body)) = token.split_once('_') else {
        return false;
    };
    let Some((random, given)) = body
        .len()
        .checked_sub(6)
        .and_then(|at| body.split_at_checked(at))
    else {
        return false;
    };
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

/// Whether the first part of a token is the number of an account in Base64.
fn names_account(token: &str) -> bool {
    let first = token.split('.').next().unwrap_or_default();
    decoded(first)
        .is_some_and(|text| text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether `Basic …` holds a name and what may be a password.
fn is_login(value: &str) -> bool {
    let Some(text) = value.strip_prefix("Basic ").and_then(decoded) else {
        return false;
    };
    text.split_once(':').is_some_and(|(user, password)| {
        !user.is_empty() && user != password && shape::password(password) >= shape::Shape::Word
    })
}

/// What Base64 of either alphabet stands for, where that is ASCII.
fn decoded(text: &str) -> Option<String> {
    let mut bits = 0_u32;
    let mut held = 0;
    let mut out = String::with_capacity(text.len());
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' | b'+' => 62,
            b'_' | b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xFFFF;
        held += 6;
        if held >= 8 {
            held -= 8;
            let character = char::from((bits >> held & 255) as u8);
            if !character.is_ascii() || character.is_ascii_control() {
                return None;
            }
            out.push(character);
        }
    }
    Some(out)
}

/// Random texts that are called secrets.
fn by_name(context: &mut Context<'_, '_>) {
    let module = context.module;
    for (id, stmt) in module.stmts() {
        let Stmt::Assign { binds, .. } = *stmt else {
            continue;
        };
        for bind in module.binds(binds) {
            let (Expr::Str(text) | Expr::Bytes(text)) = module[bind.value] else {
                continue;
            };
            let text = module.str(text);
            if text.len() < SHORTEST || text.len() > 512 {
                continue;
            }
            if !shape::is_random(text) {
                continue;
            }
            let name = match bind.target {
                Target::Name(def) => module[module[def].scope].slots[module[def].slot.index()]
                    .name
                    .as_str(),
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
            let (ArgKind::Keyword(name), Expr::Str(text)) = (argument.kind, module[argument.value])
            else {
                continue;
            };
            if shape::is_random(module.str(text)) && is_ours(name.as_str()) {
                named(context, argument.value, name.as_str());
            }
        }
    }
}

fn is_ours(name: &str) -> bool {
    // Salts and nonces have rules of their own; passwords too.
    let words = names::words(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    names::is_secret(name)
        && !names::is_password(name)
        && !matches!(
            words.last().map(String::as_str),
            Some("salt" | "nonce" | "signature" | "csrf" | "xsrf" | "link")
        )
        && !has(&["dummy", "example", "fake", "mock", "sample", "test"])
}

/// Whether a rule on frameworks or tokens speaks of a secret of that name.
fn is_spoken_of(context: &Context<'_, '_>, name: &str) -> bool {
    let imports = |module: &Module, libraries: &[&str]| {
        module.imports.iter().any(|(name, _)| {
            let top = name.as_str().split('.').next().unwrap_or_default();
            libraries.contains(&top)
        })
    };
    if name.eq_ignore_ascii_case("secret_key") {
        let frameworks = ["django", "flask", "quart"];
        return context
            .values
            .project()
            .iter()
            .any(|(_, module)| imports(module, &frameworks))
            || context.module.file.contains("settings");
    }
    names::words(name).iter().any(|word| word == "jwt")
        && imports(
            context.module,
            &["jwt", "jose", "authlib", "flask_jwt_extended"],
        )
}

fn named(context: &mut Context<'_, '_>, value: ExprId, name: &str) {
    if is_spoken_of(context, name) {
        return;
    }
    let range = context.module.expr_range(value);
    context
        .report(
            range,
            format!("the random text called {name} looks like a secret that stands in the source"),
        )
        .severity(Severity::Medium)
        .confidence(Confidence::Medium)
        .persona(Persona::Pedantic);
}
