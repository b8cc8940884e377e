//! Every framework has its own order of arguments and its own defaults, so cookies are read by code. The rules on the other
//! attributes share what is read here.

use crate::prelude::*;

/// Runs once per module.
pub fn check(context: &mut Context<'_, '_>) {
    for cookie in cookies(context) {
        if cookie.secure == Flag::Off {
            report(context, &cookie, "may be sent without TLS");
        }
    }
}

/// An attribute that is there or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flag {
    On,
    Off,
    Unknown,
}

/// What is said of `SameSite`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SameSite {
    /// Nothing.
    Absent,
    /// `None`, so that the cookie goes along with requests from anywhere.
    Anywhere,
    /// `Lax`, `Strict`, or not known.
    Other,
}

/// A cookie being set.
#[derive(Debug)]
pub(super) struct Cookie {
    pub(super) range: TextRange,
    pub(super) name: Option<String>,
    pub(super) secure: Flag,
    pub(super) httponly: Flag,
    pub(super) samesite: SameSite,
    /// The object the method is called on is known to be a response.
    pub(super) resolved: bool,
}

impl Cookie {
    /// Whether the name is one of a cookie that opens a session or proves who somebody is.
    fn is_sensitive(&self) -> bool {
        const PARTS: [&str; 10] = [
            "sess",
            "auth",
            "token",
            "jwt",
            "login",
            "remember",
            "passw",
            "secret",
            "credential",
            "identity",
        ];
        const AFTERWARDS: [&str; 5] = ["redirect", "next", "return", "_url", "_lang"];
        const WHOLE: [&str; 6] = ["sid", "uid", "user", "user_id", "userid", "username"];
        self.name.as_ref().is_some_and(|name| {
            let name = name.to_ascii_lowercase();
            // `login_redirect` says where to go, not who is there.
            if AFTERWARDS.iter().any(|part| name.contains(part)) {
                return false;
            }
            PARTS.iter().any(|part| name.contains(part))
                || WHOLE.contains(&name.as_str())
                || name.ends_with("_sid")
                || name.ends_with(".sid")
        })
    }

    /// Whether the cookie holds a token against request forgery, which scripts must read.
    pub(super) fn is_against_forgery(&self) -> bool {
        self.name.as_ref().is_some_and(|name| {
            let name = name.to_ascii_lowercase();
            name.contains("csrf") || name.contains("xsrf")
        })
    }
}

/// How a framework's method takes its arguments: names, positions where it has them, and what it does without.
struct Method {
    name: &'static str,
    value: &'static str,
    secure: (&'static str, Option<usize>, Flag),
    httponly: (&'static str, Option<usize>, Flag),
    samesite: (&'static str, Option<usize>, SameSite),
    max_age: Option<usize>,
    expires: Option<usize>,
}

/// Django, Werkzeug, Starlette and Litestar agree.
const COMMON: Method = Method {
    name: "key",
    value: "value",
    secure: ("secure", Some(6), Flag::Off),
    httponly: ("httponly", Some(7), Flag::Off),
    samesite: ("samesite", Some(8), SameSite::Absent),
    max_age: Some(2),
    expires: Some(3),
};

const BY_NAME: Method = Method {
    secure: ("secure", None, Flag::Off),
    httponly: ("httponly", None, Flag::Off),
    samesite: ("samesite", None, SameSite::Absent),
    max_age: None,
    expires: None,
    ..COMMON
};

/// What a framework's method does, by the first part of its access path.
fn method(framework: &str, called: &str) -> Option<Method> {
    Some(match (framework, called) {
        ("django" | "rest_framework", "set_signed_cookie") => BY_NAME,
        ("django" | "rest_framework" | "flask" | "quart" | "werkzeug", "set_cookie") => COMMON,
        ("starlette" | "fastapi" | "litestar", "set_cookie") => Method {
            samesite: ("samesite", Some(8), SameSite::Other),
            ..COMMON
        },
        ("aiohttp" | "bottle", "set_cookie")
        | ("tornado", "set_cookie" | "set_signed_cookie" | "set_secure_cookie") => Method {
            name: "name",
            ..BY_NAME
        },
        ("pyramid" | "webob", "set_cookie") => Method {
            name: "name",
            secure: ("secure", Some(5), Flag::Off),
            httponly: ("httponly", Some(6), Flag::Off),
            samesite: ("samesite", Some(9), SameSite::Absent),
            max_age: Some(2),
            expires: None,
            ..COMMON
        },
        ("falcon", "set_cookie") => Method {
            name: "name",
            secure: ("secure", Some(6), Flag::On),
            httponly: ("http_only", Some(7), Flag::On),
            samesite: ("same_site", Some(8), SameSite::Absent),
            max_age: Some(3),
            expires: Some(2),
            ..COMMON
        },
        ("sanic", "add_cookie") => Method {
            secure: ("secure", None, Flag::On),
            samesite: ("samesite", None, SameSite::Other),
            ..BY_NAME
        },
        _ => return None,
    })
}

/// All cookies a module sets; those it deletes are not among them.
pub(super) fn cookies(context: &mut Context<'_, '_>) -> Vec<Cookie> {
    let mut cookies = Vec::new();
    for site in context.calls() {
        let Expr::Attribute { attr, .. } = context.module[site.func] else {
            continue;
        };
        let called = attr.as_str();
        if !matches!(
            called,
            "set_cookie" | "set_signed_cookie" | "set_secure_cookie" | "add_cookie"
        ) {
            continue;
        }
        let resolved = site.paths.iter().find_map(|path| {
            let framework = path.as_str().split(['.', '(']).next().unwrap_or_default();
            method(framework, called).map(|method| (framework, method))
        });
        let unknown = context
            .eval(site.func)
            .iter()
            .all(|value| matches!(value, Value::Unknown(_)));
        let known = resolved.is_some();
        let Some((framework, method)) = resolved.or_else(|| {
            if unknown {
                of_imports(context, called)
            } else {
                None
            }
        }) else {
            continue;
        };
        if is_overridden(context, framework) {
            continue;
        }
        let value = context.arg(site, Some(method.value), Some(1));
        let Argument::Given(at, text) = value else {
            continue;
        };
        let emptied = context
            .values
            .constant(at, text)
            .is_some_and(|value| !value.truthy());
        if emptied
            || ends_at_once(context, site, "max_age", method.max_age)
            || ends_at_once(context, site, "expires", method.expires)
        {
            continue;
        }
        let name = match context.arg(site, Some(method.name), Some(0)) {
            Argument::Given(at, name) => match context.values.constant(at, name) {
                Some(name) => name.text().map(str::to_owned),
                None if at == context.id => {
                    Some(context.leading_text(name) + "…").filter(|name| name.len() > "…".len())
                }
                None => None,
            },
            _ => None,
        };
        if !known && name.is_none() {
            continue;
        }
        let secure = flag(context, site, method.secure);
        let httponly = flag(context, site, method.httponly);
        let samesite = match context.arg(site, Some(method.samesite.0), method.samesite.1) {
            Argument::Missing => method.samesite.2,
            Argument::Unknown => SameSite::Other,
            Argument::Given(at, value) => match context.values.constant(at, value) {
                Some(Constant::None | Constant::Bool(false)) => SameSite::Absent,
                Some(Constant::Str(text)) if text.eq_ignore_ascii_case("none") => {
                    SameSite::Anywhere
                }
                _ => SameSite::Other,
            },
        };
        cookies.push(Cookie {
            range: site.range,
            name,
            secure,
            httponly,
            samesite,
            resolved: known,
        });
    }
    cookies
}

/// Whether the project has a class of the framework's responses that sets cookies in its own way. The framework then makes such
/// responses where the code names those of the framework.
fn is_overridden(context: &mut Context<'_, '_>, framework: &str) -> bool {
    let roots: &[&str] = match framework {
        "flask" | "quart" | "werkzeug" => &["flask", "quart", "werkzeug"],
        "starlette" | "fastapi" => &["starlette", "fastapi"],
        "django" | "rest_framework" => &["django", "rest_framework"],
        one => &[one],
    };
    let project = context.values.project();
    project.iter().any(|(id, module)| {
        module.classes.iter().zip(0u32..).any(|(class, number)| {
            let sets = module
                .slot(class.scope, Symbol::from("set_cookie"))
                .is_some_and(|slot| slot.bound);
            sets && context.values.mro(id, ClassId(number)).iter().any(|above| {
                matches!(above, ClassRef::External(path)
                    if roots.contains(&path.as_str().split('.').next().unwrap_or_default()))
            })
        })
    })
}

/// For a response that comes as a parameter or from elsewhere: the one framework the module imports.
fn of_imports(context: &Context<'_, '_>, called: &str) -> Option<(&'static str, Method)> {
    let mut frameworks: Vec<&'static str> = Vec::new();
    for (module, _) in &context.module.imports {
        let first = module.as_str().split('.').next().unwrap_or_default();
        if method(first, called).is_some() && !frameworks.contains(&first) {
            frameworks.push(first);
        }
    }
    match frameworks.as_slice() {
        [one] => method(one, called).map(|method| (*one, method)),
        _ => None,
    }
}

fn ends_at_once(
    context: &mut Context<'_, '_>,
    site: &CallSite,
    name: &str,
    at: Option<usize>,
) -> bool {
    match context.arg(site, Some(name), at) {
        Argument::Given(at, value) => match context.values.constant(at, value) {
            Some(Constant::Int(seconds)) => seconds <= 0,
            Some(Constant::Str(date)) => date.contains("1970"),
            _ => false,
        },
        _ => false,
    }
}

fn flag(
    context: &mut Context<'_, '_>,
    site: &CallSite,
    (name, at, default): (&str, Option<usize>, Flag),
) -> Flag {
    match context.arg(site, Some(name), at) {
        Argument::Missing => default,
        Argument::Unknown => Flag::Unknown,
        Argument::Given(at, value) => match context.values.constant(at, value) {
            // Falcon: `None` leaves it to the application's options.
            Some(Constant::None) => default,
            Some(value) if value.truthy() => Flag::On,
            Some(_) => Flag::Off,
            None => Flag::Unknown,
        },
    }
}

/// Reports what is wrong with a cookie: to everybody where its name says what it holds.
pub(super) fn report(context: &mut Context<'_, '_>, cookie: &Cookie, what: &str) {
    let message = match &cookie.name {
        Some(name) => format!("the cookie \"{name}\" {what}"),
        None => format!("this cookie {what}"),
    };
    let draft = context.report(cookie.range, message);
    if !cookie.resolved {
        draft.confidence(Confidence::Medium);
    }
    if !cookie.is_sensitive() {
        draft.persona(Persona::Pedantic);
    }
}
