//! In code because of a list only the first scheme makes new hashes; what follows reads old ones.

use crate::prelude::*;

/// Schemes of passlib that keep no password, by family.
fn is_weak_scheme(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("plaintext")
        || name.starts_with("hex_")
        || name.starts_with("ldap_hex_")
        || matches!(
            name.as_str(),
            "des_crypt"
                | "bsdi_crypt"
                | "bigcrypt"
                | "crypt16"
                | "django_des_crypt"
                | "ldap_des_crypt"
                | "md5_crypt"
                | "apr_md5_crypt"
                | "ldap_md5_crypt"
                | "sun_md5_crypt"
                | "sha1_crypt"
                | "ldap_sha1_crypt"
                | "ldap_md5"
                | "ldap_sha1"
                | "ldap_salted_md5"
                | "ldap_salted_sha1"
                | "ldap_salted_sha256"
                | "ldap_salted_sha512"
                | "django_salted_md5"
                | "django_salted_sha1"
                | "mysql323"
                | "mysql41"
                | "oracle10"
                | "oracle11"
                | "mssql2000"
                | "mssql2005"
                | "postgres_md5"
                | "lmhash"
                | "nthash"
                | "bsd_nthash"
                | "msdcc"
                | "msdcc2"
                | "cisco_type7"
                | "cisco_pix"
                | "cisco_asa"
                | "atlassian_pbkdf2_sha1"
                | "phpass"
        )
}

/// Hashers of Django that keep no password.
fn is_weak_hasher(name: &str) -> bool {
    let class = name.rsplit('.').next().unwrap_or(name);
    matches!(
        class,
        "MD5PasswordHasher"
            | "UnsaltedMD5PasswordHasher"
            | "SHA1PasswordHasher"
            | "UnsaltedSHA1PasswordHasher"
            | "CryptPasswordHasher"
    )
}

pub fn check(context: &mut Context<'_, '_>) {
    contexts(context);
    django(context);
}

fn contexts(context: &mut Context<'_, '_>) {
    for call in context.calls() {
        if !call.is(&[
            "passlib.context.CryptContext",
            "passlib.context.LazyCryptContext",
        ]) {
            continue;
        }
        let chosen = match context.arg(call, Some("default"), None) {
            Argument::Given(at, default) => context.values.constant(at, default),
            Argument::Missing => match context.arg(call, Some("schemes"), Some(0)) {
                Argument::Given(at, schemes) => match context.values.constant(at, schemes) {
                    Some(Constant::Seq(schemes)) => schemes.into_iter().next(),
                    Some(Constant::Str(schemes)) => schemes
                        .split([',', ' '])
                        .next()
                        .map(|first| Constant::Str(first.to_owned())),
                    _ => None,
                },
                _ => None,
            },
            Argument::Unknown => None,
        };
        if let Some(Constant::Str(scheme)) = chosen
            && is_weak_scheme(&scheme)
        {
            context.report(
                call.range,
                format!("new passwords are hashed with {scheme}, which is plain, fast or broken"),
            );
        }
    }
}

fn django(context: &mut Context<'_, '_>) {
    let module = context.module;
    // Settings for tests hash quickly on purpose.
    if words(module.name.as_str())
        .iter()
        .any(|word| matches!(word.as_str(), "test" | "tests" | "testing" | "ci"))
    {
        return;
    }
    let Some(slot) = module.slot(Module::TOP, Symbol::from("PASSWORD_HASHERS")) else {
        return;
    };
    let DefKind::Value(value) = module[slot.exit].kind else {
        return;
    };
    let (Expr::ListOf(list) | Expr::Tuple(list)) = module[value] else {
        return;
    };
    let Some(first) = module.list(list).first().copied() else {
        return;
    };
    if let Some(Constant::Str(hasher)) = context.constant(first)
        && is_weak_hasher(&hasher)
    {
        context.report(
            module.expr_range(first),
            format!("new passwords are hashed by {hasher}, which is fast or broken"),
        );
    }
}
