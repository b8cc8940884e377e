//! A matcher sees a call, not whether it stands in an `async def`.

use crate::prelude::*;

/// Runs once per module.
pub fn check(context: &mut Context<'_, '_>) {
    if !context
        .module
        .functions
        .iter()
        .any(|function| function.is_async)
    {
        return;
    }
    for site in context.calls() {
        // `asyncio.to_thread(function)` and `partial(function)` name the function; they do not call it here.
        if site.skip > 0
            || !context
                .function_around(site.range)
                .is_some_and(|function| function.is_async)
        {
            continue;
        }
        let Some((path, (instead, persona))) = site
            .paths
            .iter()
            .find_map(|path| blocks(path.as_str()).map(|found| (*path, found)))
        else {
            continue;
        };
        let callee = path.as_str().trim_start_matches("builtins.");
        let draft = context.report(
            site.range,
            format!("{callee} stops the event loop until it is done; {instead}"),
        );
        draft.persona(persona);
    }
}

const THREAD: &str = "run it with asyncio.to_thread";
const CLIENT: &str = "use an asynchronous client";
const PROCESS: &str = "use asyncio.create_subprocess_exec";

/// What to do instead of a call, and whom to tell.
fn blocks(path: &str) -> Option<(&'static str, Persona)> {
    let (object, method) = path.rsplit_once('.')?;
    let verb = matches!(
        method,
        "get" | "post" | "put" | "patch" | "delete" | "head" | "options" | "request" | "send"
    );
    Some(match (object, method) {
        ("time", "sleep") => ("await asyncio.sleep", Persona::Pedantic),
        (
            "requests"
            | "requests.api"
            | "requests.Session()"
            | "requests.session()"
            | "requests.sessions.Session()"
            | "httpx"
            | "httpx.Client()",
            _,
        ) if verb => (CLIENT, Persona::Pedantic),
        ("httpx" | "httpx.Client()", "stream") => (CLIENT, Persona::Pedantic),
        ("urllib.request", "urlopen" | "urlretrieve")
        | ("urllib3", "request")
        | (
            "urllib3.PoolManager()"
            | "urllib3.HTTPSConnectionPool()"
            | "urllib3.HTTPConnectionPool()",
            "request" | "urlopen",
        ) => (CLIENT, Persona::Pedantic),
        (
            "subprocess",
            "run" | "call" | "check_call" | "check_output" | "getoutput" | "getstatusoutput",
        ) => (PROCESS, Persona::Pedantic),
        ("subprocess.Popen()", "wait" | "communicate")
        | (
            "os",
            "system" | "popen" | "wait" | "wait3" | "wait4" | "waitid" | "waitpid" | "spawnl"
            | "spawnv" | "spawnlp" | "spawnvp",
        ) => (PROCESS, Persona::Pedantic),
        ("builtins", "input") => (THREAD, Persona::Pedantic),
        ("psycopg2" | "pymysql" | "MySQLdb" | "mysql.connector", "connect") => {
            ("use an asynchronous driver", Persona::Pedantic)
        }
        // Short as a rule, so that only those who look for them are told.
        ("subprocess", "Popen") => (PROCESS, Persona::Auditor),
        ("builtins" | "io" | "pathlib.Path()", "open") => (THREAD, Persona::Auditor),
        (
            "pathlib.Path()",
            "read_text" | "read_bytes" | "write_text" | "write_bytes" | "exists" | "is_file"
            | "is_dir" | "mkdir" | "unlink" | "stat" | "iterdir" | "glob" | "rglob" | "rename"
            | "touch",
        ) => (THREAD, Persona::Auditor),
        (
            "os.path",
            "exists" | "isfile" | "isdir" | "getsize" | "getmtime" | "islink" | "realpath"
            | "samefile",
        ) => (THREAD, Persona::Auditor),
        _ => return None,
    })
}
