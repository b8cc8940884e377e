//! The practices the two guides ask for, and the scorecard speaks of.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::rule::words;

words! {
    /// A security practice. The order is that of the scorecard.
    Practice {
        /// The Python interpreter is supported and patched.
        Interpreter = "interpreter",
        /// Untrusted input is validated and sanitised before use.
        InputValidation = "input-validation",
        /// No user-supplied code, template, command or object is executed.
        CodeInjection = "code-injection",
        /// Passwords are salted, stretched, hashed, never stored or compared plainly.
        Passwords = "passwords",
        /// Every endpoint has the guard it needs.
        AccessControl = "access-control",
        /// Secrets are out of the code; data is encrypted with sound algorithms and managed keys.
        SensitiveData = "sensitive-data",
        /// TLS everywhere, verified; secure cookies and headers.
        Transport = "transport",
        /// Statements are prepared, never assembled from input.
        Database = "database",
        /// Database roles, files, processes and outbound access get no more than they use.
        LeastPrivilege = "least-privilege",
        /// Dependencies are pinned, known, current, free of known vulnerabilities.
        Dependencies = "dependencies",
        /// Failures leak nothing; debug is off in production.
        Errors = "errors",
        /// Security events are logged and monitored; no secret reaches a log.
        Logging = "logging",
        /// Validation, crypto, session, property-testing libraries and scanners are in use where needed.
        SecureTools = "secure-tools",
        /// Developers get the rule, the reason and the fix where they work.
        Education = "education",
        /// Audits happen regularly, their history is kept, exceptions have an owner and an end.
        Audits = "audits",
    }
}

impl Practice {
    /// One sentence for people.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Interpreter => "the Python interpreter is supported and patched",
            Self::InputValidation => "untrusted input is validated and sanitised before use",
            Self::CodeInjection => "no user-supplied code, template, command or object is executed",
            Self::Passwords => {
                "passwords are salted, stretched and hashed, never stored or compared plainly"
            }
            Self::AccessControl => "every endpoint has the guard it needs",
            Self::SensitiveData => "secrets are out of the code; data is encrypted soundly",
            Self::Transport => "TLS everywhere, verified; secure cookies and headers",
            Self::Database => "statements are prepared, never assembled from input",
            Self::LeastPrivilege => {
                "files, processes, database roles and networks get no more than they use"
            }
            Self::Dependencies => {
                "dependencies are pinned, known, current, free of known vulnerabilities"
            }
            Self::Errors => "failures leak nothing; debug is off in production",
            Self::Logging => "security events are logged and monitored; no secret reaches a log",
            Self::SecureTools => "proven security libraries and scanners are in use",
            Self::Education => "developers get the rule, the reason and the fix where they work",
            Self::Audits => "audits happen regularly; exceptions have an owner and an end",
        }
    }
}
