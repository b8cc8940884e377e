//! Who is told what: the pages count findings of every persona alike.

use hognose_finding::Persona;
use hognose_python::{Layout, MemorySources, Project, SourceKind};
use hognose_rules::{RunOptions, registry, run};

/// What regular users and pedants are told of a module, as `rule:line`.
fn told(text: &str) -> (Vec<String>, Vec<String>) {
    let file = ("app.py".to_owned(), SourceKind::Module, text.to_owned());
    let sources = MemorySources::new([(file.0, file.1, file.2.into_bytes())]);
    let project = Project::build(&sources, &Layout::default());
    let findings = run(registry(), &project, &RunOptions::default()).findings;
    let of = |persona: Persona| {
        findings
            .iter()
            .filter(|finding| finding.persona == persona)
            .map(|finding| format!("{}:{}", finding.rule, finding.location.start.line))
            .collect()
    };
    (of(Persona::Regular), of(Persona::Pedantic))
}

#[test]
fn what_a_caller_asks_for_is_for_pedants() {
    let (regular, pedantic) = told(
        "import httpx, ldap3, pdb, ssl
LAX = httpx.Client(verify=False)
WILD = httpx.Client(verify=False)
def client(verify):
    return None if verify else LAX
def wild(quick):
    return WILD if quick else None
def directory(verify_mode, other):
    modes = {'none': ssl.CERT_NONE}
    ldap3.Tls(validate=ssl.CERT_NONE if not verify_mode else ssl.CERT_NONE)
    return ldap3.Tls(validate=ssl.CERT_NONE if other else ssl.CERT_NONE)
def serve(debug):
    if debug:
        return lambda: pdb.set_trace()
    return lambda: pdb.set_trace()
",
    );
    assert_eq!(
        regular,
        [
            "tls-verification-disabled:3",
            "tls-verification-disabled:11",
            "debugger-left-in:15"
        ]
    );
    assert_eq!(
        pedantic,
        [
            "tls-verification-disabled:2",
            "tls-verification-disabled:10",
            "debugger-left-in:14"
        ]
    );
}

#[test]
fn what_a_call_gave_may_be_fit_for_the_place() {
    let (regular, pedantic) = told(
        "from django.utils.safestring import mark_safe
from shop import clean
def pages(self, request, name, rows):
    mark_safe(f'<b>{clean(name)}</b>')
    mark_safe(f'<b>{name}</b>')
    mark_safe(f'<b>{self.name}</b>')
    mark_safe(f'<b>{rows[0]}</b>')
    mark_safe(f'<b>{rows.get(name)}</b>')
    for row in rows:
        mark_safe('<b>' + row + '</b>')
    for row in clean(rows):
        mark_safe('<b>' + row + '</b>')
",
    );
    let lines = |lines: &[usize]| -> Vec<String> {
        let of = |line| format!("mark-safe-of-dynamic-html:{line}");
        lines.iter().map(of).collect()
    };
    assert_eq!(regular, lines(&[5, 6, 7, 8, 10]));
    assert_eq!(pedantic, lines(&[4, 12]));
}

#[test]
fn statements_escaped_by_hand_are_for_pedants() {
    let (regular, pedantic) = told(
        "def find(cursor, name):
    cursor.execute(\"SELECT * FROM a WHERE b = '\" + name.replace(\"'\", \"''\") + \"'\")
    cursor.execute(\"SELECT * FROM a WHERE b = \" + name.replace(\"'\", \"''\"))
",
    );
    assert_eq!(regular, ["sql-built-from-strings:3"]);
    assert_eq!(pedantic, ["sql-built-from-strings:2"]);
}

#[test]
fn templates_that_make_no_page_are_for_pedants() {
    let (regular, pedantic) = told(
        "import jinja2
def code():
    jinja2.Environment(autoescape=False).get_template('client.py.j2')
def page():
    jinja2.Environment(autoescape=False).get_template('client.html.j2')
def either():
    jinja2.Environment(autoescape=False).get_template('client.j2')
def several():
    jinja2.Environment(autoescape=False).get_template('page.html')
    return 'client.py.j2'
def bill():
    jinja2.Environment(autoescape=False, variable_start_string='\\\\VAR{')
def marked():
    jinja2.Environment(autoescape=False, variable_start_string='[[')
",
    );
    let lines = |lines: &[usize]| -> Vec<String> {
        let of = |line| format!("jinja2-autoescape-disabled:{line}");
        lines.iter().map(of).collect()
    };
    assert_eq!(regular, lines(&[5, 7, 9, 14]));
    assert_eq!(pedantic, lines(&[3, 12]));
}

#[test]
fn one_of_several_refusals_may_be_waived() {
    let (regular, pedantic) = told(
        "class Refused(Exception): pass
class Closed(Refused): pass
class Full(Exception): pass
def check_access(event):
    if event: raise Closed
    raise Refused(event)
def check_role(event):
    if event: raise Full
    raise Exception(event)
def enter(event):
    try: check_access(event)
    except Closed: pass
    try: check_access(event)
    except Refused: pass
    try: check_role(event)
    except Full: pass
",
    );
    assert_eq!(
        regular,
        ["exception-swallowed:14", "exception-swallowed:16"]
    );
    assert_eq!(pedantic, ["exception-swallowed:12"]);
}

#[test]
fn decryptors_and_consoles_do_what_they_are_given() {
    let (regular, pedantic) = told(
        "from code import InteractiveConsole
from cryptography.hazmat.primitives.ciphers import Cipher, modes
def cipher(algorithm):
    Cipher(algorithm, modes.GCM(b'0' * 16)).encryptor()
    Cipher(algorithm, modes.GCM(b'0' * 16)).decryptor()
class Shell(InteractiveConsole):
    def enter(self, line):
        self.push(line)
def enter(line):
    Shell().push(line)
    InteractiveConsole().push(line)
",
    );
    assert_eq!(
        regular,
        [
            "constant-iv-or-nonce:4",
            "interpreter-with-dynamic-code:10",
            "interpreter-with-dynamic-code:11"
        ]
    );
    assert_eq!(
        pedantic,
        ["constant-iv-or-nonce:5", "interpreter-with-dynamic-code:8"]
    );
}

#[test]
fn cookies_that_say_where_to_go_are_for_pedants() {
    let (regular, pedantic) = told(
        "from flask import make_response
def login(url, token):
    response = make_response('')
    response.set_cookie('login_redirect', url, httponly=True, samesite='Lax')
    response.set_cookie('login', token, httponly=True, samesite='Lax')
    return response
",
    );
    assert_eq!(regular, ["cookie-without-secure:5"]);
    assert_eq!(pedantic, ["cookie-without-secure:4"]);
}

#[test]
fn numbers_of_processes_bend_no_shell() {
    let (regular, pedantic) = told(
        "import os, subprocess
def watch(child):
    subprocess.Popen(f'kill -s 0 {os.getpid()}', shell=True)
    subprocess.Popen(f'kill -s 0 {child}', shell=True)
",
    );
    assert_eq!(regular, ["subprocess-with-shell:4"]);
    assert!(pedantic.is_empty(), "{pedantic:?}");
}

#[test]
fn what_an_unknown_object_makes_of_what_it_was_given_is_for_pedants() {
    let (regular, pedantic) = told(
        "from flask import redirect, request
from somelib import Table
def content():
    redirect(Table(request.args['next']).get('next'))
def made():
    redirect(Table(request.args['next']).address())
",
    );
    assert!(regular.is_empty(), "{regular:?}");
    assert_eq!(pedantic, ["open-redirect:4", "open-redirect:6"]);
}

#[test]
fn what_cannot_be_looked_into_is_for_pedants() {
    let (regular, pedantic) = told(
        "from acme import rules, tidy
from flask import abort, redirect, request
def made():
    redirect(tidy(request.args['next']))
def given():
    redirect(request.args['next'])
def leaves():
    target = request.args['next']
    if not rules.allows(target):
        abort(400)
    redirect(target)
def goes_on():
    target = request.args['next']
    if not rules.allows(target):
        rules.count()
    redirect(target)
def switched():
    target = request.args['next']
    if rules.strict and not target.startswith('/shop/'):
        abort(400)
    redirect(target)
",
    );
    assert_eq!(regular, ["open-redirect:6", "open-redirect:16"]);
    assert_eq!(
        pedantic,
        ["open-redirect:4", "open-redirect:11", "open-redirect:21"]
    );
}

#[test]
fn flows_from_the_user_of_a_machine_stand_beside_the_pattern() {
    let (regular, pedantic) = told(
        "import os
from flask import request
def page():
    os.system('less ' + request.args['name'])
def pager():
    os.system(os.environ.get('PAGER') + ' x')
",
    );
    assert_eq!(regular, ["os-command-with-shell:6", "command-injection:4"]);
    assert_eq!(pedantic, ["command-injection:6"]);
}

#[test]
fn the_text_of_an_error_is_for_pedants_and_its_traceback_is_not() {
    let (regular, pedantic) = told(
        "import traceback
from flask import Flask, jsonify
app = Flask(__name__)
@app.get('/text')
def text():
    try:
        return jsonify(count=count())
    except Exception as error:
        return jsonify(error=str(error)), 500
@app.get('/trace')
def trace():
    try:
        return jsonify(count=count())
    except Exception:
        return jsonify(error=traceback.format_exc()), 500
",
    );
    assert_eq!(regular, ["stack-trace-exposure:15"]);
    assert_eq!(pedantic, ["stack-trace-exposure:9"]);
}
