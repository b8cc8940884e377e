"""Prints the endpoints of an application as its framework knows them: a list of [method, path].

    routes.py PAGE DIRECTORY    writes the files of a test page's first section below a directory
    routes.py KIND TARGET       imports an application and asks it; KIND is flask, asgi, django, tornado or aiohttp

Methods that frameworks add by themselves (HEAD, OPTIONS) are left out where there is another; `*` stands for any.
"""

import importlib
import json
import os
import re
import sys

ADDED = {"HEAD", "OPTIONS"}


def take(target):
    """The value of `module:name`, called if it is a function: `module:make()`."""
    module, _, name = target.partition(":")
    value = importlib.import_module(module)
    return eval(name, {**vars(value), "module": value})


def own(methods):
    methods = set(methods or ["*"])
    return (methods - ADDED) or methods


def of_flask(app):
    for rule in app.url_map.iter_rules():
        for method in own(rule.methods):
            yield "WEBSOCKET" if getattr(rule, "websocket", False) else method, rule.rule


def of_asgi(app, front=""):
    for route in app.routes:
        yield from of_route(route, front)


def of_route(route, front):
    name = type(route).__name__
    if hasattr(route, "original_router") or name == "_IncludedRouter":
        # Newer versions keep an included router whole.
        context = getattr(route, "include_context", None)
        prefix = front + getattr(context, "prefix", getattr(route, "prefix", ""))
        router = getattr(route, "original_router", None) or route.router
        for inner in router.routes:
            yield from of_route(inner, prefix)
        return
    path = front + getattr(route, "path", "")
    if name in ("Mount", "Host"):
        inner = getattr(route, "routes", None)
        if inner:
            for one in inner:
                yield from of_route(one, path)
        elif type(route.app).__name__ == "StaticFiles":
            yield "GET", path + "/{path:path}"
        else:
            yield "*", path + "/{path:path}"
        return
    if "WebSocket" in name:
        yield "WEBSOCKET", path
        return
    methods = getattr(route, "methods", None)
    if not methods:
        endpoint = getattr(route, "endpoint", None)
        methods = [m.upper() for m in ("get", "post", "put", "delete", "patch") if hasattr(endpoint, m)]
    for method in own(methods):
        yield method, path


def of_django(_):
    import django

    django.setup()
    from django.urls import URLResolver, get_resolver

    def walk(patterns, front):
        for pattern in patterns:
            text = str(pattern.pattern)
            path = front + (text[1:] if front and text.startswith("^") else text)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, path)
            else:
                for method in methods_of(pattern.callback):
                    yield method, path

    yield from walk(get_resolver().url_patterns, "/")


def methods_of(view):
    seen = view
    for _ in range(20):
        actions = getattr(seen, "actions", None)
        if actions:
            return own(m.upper() for m in actions)
        cls = getattr(seen, "view_class", None) or getattr(seen, "cls", None)
        if cls is not None:
            names = getattr(seen, "view_initkwargs", {}).get("http_method_names") or cls.http_method_names
            return own(n.upper() for n in names if hasattr(cls, n) and n != "options")
        # `require_http_methods` keeps its list in a cell.
        names = getattr(getattr(seen, "__code__", None), "co_freevars", ())
        if "request_method_list" in names:
            return own(seen.__closure__[names.index("request_method_list")].cell_contents)
        seen = getattr(seen, "__wrapped__", None)
        if seen is None:
            break
    return {"*"}


def of_tornado(app):
    rules = list(getattr(app, "wildcard_router", app).rules)
    for rule in list(getattr(app, "default_router", app).rules) + rules:
        target = rule.target
        if hasattr(target, "rules"):
            rules = target.rules
            for inner in rules:
                yield from of_rule(inner)
            continue
        yield from of_rule(rule)


def of_rule(rule):
    from tornado.web import RequestHandler

    regex = getattr(rule.matcher, "regex", None)
    if regex is None or not isinstance(rule.target, type):
        return
    found = {
        method
        for method in RequestHandler.SUPPORTED_METHODS
        if getattr(rule.target, method.lower()) is not getattr(RequestHandler, method.lower())
    }
    # Tornado adds the `$` that matches the whole path.
    for method in own(found):
        yield method, regex.pattern.removesuffix("$")


def of_aiohttp(app):
    for route in app.router.routes():
        info = route.resource.get_info() if route.resource else {}
        path = info.get("path") or info.get("formatter") or info.get("prefix", "") + "/{filename}"
        for method in own([route.method]):
            yield method, path


def of_page(page, directory):
    with open(page, encoding="utf-8") as file:
        text = file.read()
    blocks = re.findall(r'```(\w+) title="([^"]+)"\n(.*?)```', text.split("\n## ")[0], re.S)
    for _, name, content in blocks:
        if name == "routes":
            continue
        path = os.path.join(directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)


def main():
    kind, target = sys.argv[1:]
    if kind.endswith(".md"):
        of_page(kind, target)
        return
    sys.path.insert(0, os.getcwd())
    app = None if kind == "django" else take(target)
    if kind == "django":
        os.environ["DJANGO_SETTINGS_MODULE"] = target
    found = globals()["of_" + kind](app)
    print("ROUTES " + json.dumps(sorted(set(map(tuple, found)))))


main()
