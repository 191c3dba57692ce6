"""What `book figures` does: make, check, or take figures into a lecture."""

import os
import shutil
from contextlib import closing
from importlib import import_module
from pathlib import Path

from bookbuild.figures import report
from bookbuild.figures.comparison import State, Verdict, compare
from bookbuild.figures.making import Job, make_all
from bookbuild.figures.records import FORMATS, KeptFigures, only_writer
from bookbuild.figures.settings import typed
from bookbuild.files import put_file
from bookbuild.say import BookError, Problem, say
from bookbuild.source import find_root
from deepmath.figures import FIGURES


def run(args) -> int:
    """`book figures`."""
    check_usage(args)
    if args.out:
        return export(args)
    root = find_root(Path.cwd())
    kept = KeptFigures(root / "figures", root)
    return check(args, kept) if args.check else regenerate(args, kept)


def check_usage(args) -> None:
    """Raise BookError for options that do not go together."""
    own = [f"--{name}" for name in ("format", "width", "dark", "set") if getattr(args, name)]
    problems = []
    if own and not args.out:
        problems.append(f"{', '.join(own)}: for figures of your own, name a folder with --out; "
                        "figures/ holds the book's")
    if args.check and args.out:
        problems.append("--check compares the book's figures: leave --out away")
    if args.report and not args.check:
        problems.append("--report goes with --check")
    if args.width and args.format and "png" not in args.format:
        problems.append("--width is that of PNG files: add --format png")
    if problems:
        raise BookError([Problem("figures", None, problem) for problem in problems])


def chosen(names: list[str], registered: dict[str, str]) -> dict[str, str]:
    """Return the named figures and their modules, all if none is named."""
    if unknown := [name for name in names if name not in registered]:
        raise BookError([Problem("figures", None, f"no figure `{name}`: known are "
                                 f"{', '.join(registered)}") for name in unknown])
    return {name: registered[name] for name in names or registered}


def n_jobs(args) -> int:
    if args.jobs:
        return args.jobs
    from joblib import cpu_count
    return cpu_count()


def job(args, root: Path | None, name: str, module: str, **own) -> Job:
    """Return the order for a figure; its sweeps are kept in the project until it is made."""
    execution = {"scheduler": args.scheduler, "store": root and store(root, name)}
    return Job(name, module, root=root, execution=execution, **{"formats": FORMATS, **own})


def store(root: Path, name: str) -> Path:
    return root / ".book" / "sweeps" / name


def failed(problems: list[Problem], said: str) -> int:
    for problem in problems:
        say(str(problem))
    if problems:
        say(f"book: {len(problems)} problem{'s'[:len(problems) > 1]}; {said}")
    return 1 if problems else 0


# ---------------------------------------------------------------------------- the book's own

def regenerate(args, kept: KeptFigures) -> int:
    """Make what is not kept or not as its code says."""
    problems = []
    with only_writer(kept.root / ".book", kept.folder, say):
        kept = KeptFigures(kept.folder, kept.root)     # as another process may just have left it
        registered = FIGURES.names
        jobs = []
        for name, module in chosen(args.names, registered).items():
            if args.force:
                shutil.rmtree(store(kept.root, name), ignore_errors=True)
            lack = kept.lacks(name)
            if args.force or lack or kept.changes(name, module):
                jobs.append(job(args, kept.root, name, module))
                say(f"{name}: to be made" + (f" ({lack})" if lack else ""))
            else:
                say(f"{name}: unchanged")
        for name in [name for name in kept.records if name not in registered]:
            say(f"{name}: no longer registered, removed")
            kept.forget(name)
        with closing(make_all(jobs, n_jobs(args))) as results:
            for order, made in results:
                if isinstance(made, Problem):
                    problems.append(made)
                    continue
                files = kept.keep(order.name, order.module, made)
                shutil.rmtree(store(kept.root, order.name), ignore_errors=True)
                say(f"{order.name}: made")
                print(*files, sep="\n", flush=True)
    return failed(problems, "the other figures are made")


def check(args, kept: KeptFigures) -> int:
    """Compare what the code makes with what is kept, and tell."""
    verdicts, jobs, changes = {}, [], {}
    registered = FIGURES.names
    for name, module in chosen(args.names, registered).items():
        if lack := kept.lacks(name):
            verdicts[name] = Verdict(name, State.MISSING, lack)
            continue
        changes[name] = kept.changes(name, module)
        if changes[name] or args.force:
            if args.force:
                shutil.rmtree(store(kept.root, name), ignore_errors=True)
            jobs.append(job(args, kept.root, name, module))
            say(f"{name}: making it to compare")
        else:
            verdicts[name] = Verdict(name, State.SAME)
    for name in kept.records:
        if name not in registered and not args.names:
            verdicts[name] = Verdict(name, State.STALE, "no longer registered")
    with closing(make_all(jobs, n_jobs(args))) as results:
        for order, made in results:
            verdicts[order.name] = Verdict(order.name, State.FAILED, str(made)) if isinstance(
                made, Problem) else compare(order.name, kept, made, changes[order.name])
    return tell(args, kept, sorted(verdicts.values(), key=lambda verdict: verdict.gravity))


def tell(args, kept: KeptFigures, verdicts: list[Verdict]) -> int:
    """Print a line a figure, and write the report; a summary too where a workflow wants one."""
    for verdict in verdicts:
        print(verdict)
    file = args.report or kept.root / ".book" / "figures.html"
    put_file(file, report.page(verdicts))
    if step := os.environ.get("GITHUB_STEP_SUMMARY"):
        with open(step, "a", encoding="utf-8") as stream:
            stream.write(report.summary(verdicts))
    if os.environ.get("GITHUB_ACTIONS"):
        for annotation in report.annotations(verdicts, FIGURES.names):
            print(annotation)
    good = all(verdict.state.passes for verdict in verdicts)
    if any(verdict.state in (State.PIXELS, State.WITHIN) for verdict in verdicts):
        say("notice: some figures have changed in pixels only, or within their tolerance")
    if any(verdict.state is State.SAME and verdict.changes for verdict in verdicts):
        say("notice: some figures are made from other code and come out the same: "
            "`book figures` notes the new code")
    say(f"figures: {report.title(verdicts)}; see {file}"
        + ("" if good else "; `book figures` makes them again"))
    return 0 if good else 1


# --------------------------------------------------------------------- figures of one's own

def export(args) -> int:
    """Make figures with an instructor's own settings, into a folder."""
    figures = chosen(args.names, FIGURES.names)
    own = {"formats": tuple(args.format or (["png"] if args.width else ["svg", "pdf"])),
           "width": args.width, "dark": args.dark}
    try:
        root = find_root(Path.cwd())
    except BookError:
        root = None
    jobs, problems = [], []
    for name, module in figures.items():
        values, wrong = typed(name, import_module(module).compute, args.set)
        problems += wrong
        jobs.append(job(args, root, name, module, values=values, **own))
    if problems:
        raise BookError(problems)
    with closing(make_all(jobs, n_jobs(args))) as results:
        for order, made in results:
            if isinstance(made, Problem):
                problems.append(made)
                continue
            for suffix, content in made.files.items():
                path = args.out / f"{order.name}.{suffix}"
                put_file(path, content)
                print(path, flush=True)
            if root:
                shutil.rmtree(store(root, order.name), ignore_errors=True)
    return failed(problems, "the other figures are made")
