//! What a Python program is: modules, scopes, classes, lowered bodies, values, call graph.
