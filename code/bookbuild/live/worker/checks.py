"""What a check asks about: the reader's line that made it."""

import ast


def names_in(code: str) -> tuple[set[str], set[str]]:
    """The names that code uses, and those that it makes at its top level."""
    used: set[str] = set()
    made: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else made).add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            made |= {(each.asname or each.name).partition(".")[0] for each in node.names}
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            made.add(node.name)
    return used, made


def asked_about(statement: ast.stmt, before: list[ast.stmt], code: str) -> str:
    """The last line of the code that made what an assertion of a check asks about, quoted.

    Parameters
    ----------
    statement : ast.stmt
        That failed.
    before : list of ast.stmt
        Those of the check before it: of a name that they made counts what it was made from.
    code : str
        The reader's.
    """
    if not any(isinstance(node, ast.Assert) for node in ast.walk(statement)):
        return ""
    names = uses(statement)
    for earlier in reversed(before):
        if made := made_by(earlier) & names:
            names = names - made | uses(earlier)
    found = [node for node in ast.parse(code).body
             if not isinstance(node, (ast.Import, ast.ImportFrom)) and names & made_by(node)]
    if not found:
        return ""
    line = found[-1].lineno
    return f"line {line}: {code.splitlines()[line - 1].strip()}"


def uses(statement: ast.stmt) -> set[str]:
    """The names that a statement takes from before it."""
    used, made = names_in(ast.unparse(statement))
    return used - made


def made_by(statement: ast.stmt) -> set[str]:
    """The names that a statement makes at the top level."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return {statement.name}
    return names_in(ast.unparse(statement))[1]
