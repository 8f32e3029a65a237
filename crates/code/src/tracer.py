"""Says which lines of a program each of its tests executes.

Loaded into a check by Tenfold: as a plugin of pytest, or, for unittest and plain programs, by
sitecustomize. Only files below the workspace are traced, and no tests. Lines are recorded once
per test: by sys.monitoring where there is one (Python 3.12 and later), else by sys.settrace.

A test that runs too long is cut off by an exception, and counts as failed; the place where it
was is recorded. When all tests together have run too long, no further one is begun. What has
been found by then is written, as one JSON object:

    {"version": 1, "files": [path, ...], "sets": ["1-3,7", ...],
     "tests": [[name, outcome, [[file, set], ...], [[file, line], ...], seconds], ...],
     "outside": [[file, set], ...], "whole": true}

`files` and `sets` are referred to by their index; `outside` is what runs when modules are
imported. Works on Python 3.8 and later, and needs nothing but the standard library.
"""

import atexit
import json
import os
import signal
import sys
import threading
import time

VARIABLE = "TENFOLD_TRACE"
SKIPPED_PARTS = {
    "site-packages", "dist-packages", "node_modules", "test", "tests",
    ".venv", "venv", ".tox", ".nox", ".git",
}
# Beyond so many recorded sets of lines, and so many numbers in them, nothing more is kept.
MOST_SETS = 200000
MOST_NUMBERS = 4000000
# Without sys.monitoring each executed line costs: a test that is not known to fail is no
# longer traced after so many.
MOST_EVENTS = 60000
# A test that catches everything, or has many parts, is cut so often; then all is ended.
MOST_CUTS = 20
# Bytes; a program that is traced needs no more.
MOST_MEMORY = 3 << 30
# The trace is written now and then, so that something is left if the check is killed.
SECONDS_BETWEEN_WRITES = 3.0


class TestCut(BaseException):
    """Raised inside a test that ran for too long."""


def is_test_file(name):
    return (
        name.startswith("test_")
        or name.endswith("_test.py")
        or name in ("conftest.py", "tests.py", "sitecustomize.py", "tenfold_tracer.py")
    )


class Files:
    """The files that are traced, by the name that their code has."""

    def __init__(self, root):
        self.root = os.path.realpath(root)
        self.start = os.getcwd()
        self.paths = []
        self.known = {}

    def index(self, name):
        """The index of a file, or -1 if it is not traced."""
        found = self.known.get(name)
        if found is None:
            found = self.known[name] = self.find(name)
        return found

    def find(self, name):
        if name.startswith("<") or not name.endswith(".py"):
            return -1
        path = os.path.realpath(os.path.join(self.start, name))
        if not path.startswith(self.root + os.sep):
            return -1
        path = os.path.relpath(path, self.root)
        parts = path.split(os.sep)
        if is_test_file(parts[-1]) or not SKIPPED_PARTS.isdisjoint(parts[:-1]):
            return -1
        self.paths.append(path.replace(os.sep, "/"))
        return len(self.paths) - 1


class Monitoring:
    """Records lines by sys.monitoring: each line costs once per test."""

    def __init__(self, files):
        self.files = files
        self.lines = {}
        self.tool = next(tool for tool in (4, 3, 5, 1) if sys.monitoring.get_tool(tool) is None)

    def start(self):
        events = sys.monitoring.events
        sys.monitoring.use_tool_id(self.tool, "tenfold")
        sys.monitoring.register_callback(self.tool, events.LINE, self.callback())
        sys.monitoring.set_events(self.tool, events.LINE)

    def callback(self):
        known = self.files.known
        index = self.files.index
        disable = sys.monitoring.DISABLE

        def on_line(code, line):
            name = code.co_filename
            file = known.get(name)
            if file is None:
                file = index(name)
            if file >= 0:
                lines = self.lines.get(file)
                if lines is None:
                    lines = self.lines[file] = set()
                lines.add(line)
            return disable

        return on_line

    def begin(self, important):
        self.lines = {}
        sys.monitoring.restart_events()

    def take(self):
        lines, self.lines = self.lines, {}
        sys.monitoring.restart_events()
        return lines

    def narrow(self):
        pass  # a line that is seen costs nothing more

    def stop(self):
        sys.monitoring.set_events(self.tool, 0)


class Tracing:
    """Records lines by sys.settrace: each line costs each time, so that it is bounded.

    Only what a failing test executed can be at fault. So once those have run, of the others
    only such functions are traced, and each only until all such lines of it were seen."""

    def __init__(self, files):
        self.files = files
        self.lines = {}
        self.left = 0
        self.important = False
        # What failing tests executed, by code; None as long as not all of them have run.
        self.suspects = None
        self.found = {}
        # Of this test: the tracers of its code, or of each code the lines it has not executed.
        self.local = {}
        self.unseen = {}

    def start(self):
        self.left = MOST_EVENTS
        threading.settrace(self.on_call)
        sys.settrace(self.on_call)

    def narrow(self):
        self.suspects = self.found

    def on_call(self, frame, event, arg):
        code = frame.f_code
        if self.suspects is None:
            return self.all_of(code)
        unseen = self.unseen.get(code)
        if unseen is None:
            suspects = self.suspects.get(code)
            if not suspects:
                return None
            unseen = self.unseen[code] = set(suspects)
        return self.what_is_left(code, unseen) if unseen else None

    def all_of(self, code):
        local = self.local.get(code)
        if local is None:
            file = self.files.index(code.co_filename)
            local = self.local[code] = self.tracer(code, file) if file >= 0 else False
        return local or None

    def tracer(self, code, file):
        lines = self.lines.setdefault(file, set())
        own = self.found.setdefault(code, set()) if self.important else set()

        def on_line(frame, event, arg):
            if event == "line":
                line = frame.f_lineno
                lines.add(line)
                own.add(line)
                self.left -= 1
                if self.left < 0:
                    sys.settrace(None)
                    return None
            return on_line

        return on_line

    def what_is_left(self, code, unseen):
        lines = self.lines.setdefault(self.files.index(code.co_filename), set())

        def on_line(frame, event, arg):
            if event == "line":
                self.left -= 1
                line = frame.f_lineno
                if line in unseen:
                    unseen.discard(line)
                    lines.add(line)
                if not unseen:
                    frame.f_trace_lines = False
                elif self.left < 0:
                    sys.settrace(None)
                    return None
            return on_line

        return on_line

    def begin(self, important):
        self.lines = {}
        self.local = {}
        self.unseen = {}
        self.important = important
        self.left = MOST_EVENTS * 100 if important else MOST_EVENTS
        sys.settrace(self.on_call)

    def take(self):
        sys.settrace(None)
        lines, self.lines = self.lines, {}
        self.local = {}
        self.unseen = {}
        self.left = MOST_EVENTS
        sys.settrace(self.on_call)
        return lines

    def stop(self):
        threading.settrace(None)
        sys.settrace(None)


class Recorder:
    """What has been found so far, and the clock."""

    def __init__(self, settings):
        self.out = settings["out"]
        self.test_seconds = settings["test_seconds"]
        self.ends = time.monotonic() + settings["total_seconds"]
        self.first = set(settings["first"])
        self.waited_for = set(self.first)
        self.files = Files(settings["root"])
        self.lines = (Monitoring if hasattr(sys, "monitoring") else Tracing)(self.files)
        self.sets = {}
        self.numbers = 0
        self.tests = []
        self.outside = {}
        self.current = None
        self.stack = []
        self.cuts = 0
        self.began = 0
        self.written = time.monotonic()
        self.process = os.getpid()
        self.lines.start()

    def is_first(self, name):
        return name in self.first

    def is_over(self):
        return time.monotonic() > self.ends

    def begin(self, name):
        self.keep_outside()
        self.current = name
        self.stack = []
        self.cuts = 0
        self.lines.begin(self.is_first(name))
        self.began = time.monotonic()
        self.alarm(self.test_seconds)

    def end(self, outcome):
        self.alarm(0)
        lines = self.lines.take()
        if self.current is None:
            return
        if self.stack:
            outcome = "failed"
        if len(self.sets) < MOST_SETS and self.numbers < MOST_NUMBERS or outcome == "failed":
            seconds = round(time.monotonic() - self.began, 4)
            row = [self.current, outcome, self.encoded(lines), self.stack, seconds]
            self.tests.append(row)
        if self.current in self.waited_for:
            self.waited_for.discard(self.current)
            if not self.waited_for:
                self.lines.narrow()
        self.current = None
        if time.monotonic() - self.written > SECONDS_BETWEEN_WRITES:
            self.write(False)

    def keep_outside(self):
        for file, lines in self.lines.take().items():
            self.outside.setdefault(file, set()).update(lines)

    def alarm(self, seconds):
        """Rings after so many seconds of work, or three times as many of waiting: a machine
        that is busy with other things must not make a test too slow. 0: does not ring."""
        if not can_ring():
            return
        again = 1.0 if seconds else 0
        if seconds:
            signal.signal(signal.SIGPROF, self.cut)
            signal.signal(signal.SIGALRM, self.cut)
        signal.setitimer(signal.ITIMER_PROF, seconds, again)
        signal.setitimer(signal.ITIMER_REAL, 3 * seconds, 3 * again)

    def pause(self):
        """Stops the alarm, and says how many seconds were left."""
        if not can_ring():
            return 0
        signal.setitimer(signal.ITIMER_REAL, 0)
        return signal.setitimer(signal.ITIMER_PROF, 0)[0]

    def cut(self, number, frame):
        """Ends a test that runs for too long, again and again if it catches everything."""
        self.cuts += 1
        if not self.stack:
            place = frame
            while place is not None and len(self.stack) < 50:
                file = self.files.index(place.f_code.co_filename)
                if file >= 0:
                    self.stack.append([file, place.f_lineno])
                place = place.f_back
            self.stack.reverse()
        if self.cuts > MOST_CUTS:
            self.end("failed")
            self.write(False)
            os._exit(1)
        raise TestCut("cut off after %s seconds" % self.test_seconds)

    def encoded(self, lines):
        result = []
        for file, numbers in sorted(lines.items()):
            if not numbers:
                continue
            text = ranges(numbers)
            if text not in self.sets:
                self.numbers += len(numbers)
            result.append([file, self.sets.setdefault(text, len(self.sets))])
        return result

    def write(self, whole):
        if os.getpid() != self.process:
            return
        trace = {
            "version": 1,
            "outside": self.encoded(self.outside),
            "tests": self.tests,
            "files": self.files.paths,
            "sets": list(self.sets),
            "whole": whole,
        }
        part = self.out + ".part"
        with open(part, "w") as file:
            json.dump(trace, file, separators=(",", ":"))
        os.replace(part, self.out)
        self.written = time.monotonic()


def can_ring():
    main = threading.current_thread() is threading.main_thread()
    return main and hasattr(signal, "setitimer")


def ranges(numbers):
    """`{1, 2, 3, 7}` as `1-3,7`."""
    parts = []
    start = last = None
    for number in sorted(numbers):
        if last is not None and number == last + 1:
            last = number
            continue
        if last is not None:
            parts.append("%d-%d" % (start, last) if last > start else "%d" % start)
        start = last = number
    parts.append("%d-%d" % (start, last) if last > start else "%d" % start)
    return ",".join(parts)


def limit_memory():
    """A test that fills the memory fails then, instead of taking the whole check with it."""
    try:
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
        if soft == resource.RLIM_INFINITY or soft > MOST_MEMORY:
            resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, hard))
    except (ImportError, ValueError, OSError):
        pass  # there are systems without such limits


def started():
    """The recorder, or none. Programs that the tests start are not traced."""
    settings = os.environ.pop(VARIABLE, None)
    if not settings:
        return None
    try:
        limit_memory()
        return Recorder(json.loads(settings))
    except Exception as error:  # the check must go on as it would without us
        sys.stderr.write("tenfold: no trace: %s\n" % error)
        return None


# For unittest and plain programs.


def trace_program():
    global recorder
    recorder = started()
    if recorder is None:
        return
    atexit.register(end_of_program)
    import unittest

    run = unittest.TestCase.run

    def traced_run(self, result=None):
        if result is None or recorder.current is not None:
            return run(self, result)
        if recorder.is_over():
            result.stop()
            return result
        counts = outcomes(result)
        recorder.begin(self.id())
        try:
            return run(self, result)
        except TestCut:
            result.addError(self, sys.exc_info())
            return result
        finally:
            failed, skipped = (now - then for now, then in zip(outcomes(result), counts))
            recorder.end("failed" if failed else "skipped" if skipped else "passed")

    unittest.TestCase.run = traced_run


def outcomes(result):
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    return failed, len(result.skipped) + len(result.expectedFailures)


def end_of_program():
    recorder.lines.stop()
    recorder.keep_outside()
    recorder.lines.stop()
    if not recorder.tests:
        # A program without tests is one test, which fails: why else would it be traced?
        lines = recorder.encoded(recorder.outside)
        recorder.tests.append([sys.argv[0], "failed", lines, [], 0])
        recorder.outside = {}
    recorder.write(True)


# For pytest, which calls these by their names.


recorder = None

if "_pytest" in sys.modules:
    import pytest

    wrapper = pytest.hookimpl(hookwrapper=True)
else:

    def wrapper(function):
        return function


def pytest_load_initial_conftests(early_config, parser, args):
    start_for_pytest()


def pytest_configure(config):
    start_for_pytest()


def start_for_pytest():
    global recorder
    if recorder is None:
        recorder = started()


def pytest_collection_modifyitems(session, config, items):
    """Those that failed go first, and those beside them next: there may be no time for all."""
    if recorder is not None:
        ends = {last_part(name) for name in recorder.first}
        recorder.first.update(item.nodeid for item in items if last_part(item.nodeid) in ends)
        files = {file_of(item.nodeid) for item in items if recorder.is_first(item.nodeid)}

        def rank(item):
            if recorder.is_first(item.nodeid):
                return 0
            return 1 if file_of(item.nodeid) in files else 2

        items.sort(key=rank)
        recorder.waited_for = {item.nodeid for item in items if recorder.is_first(item.nodeid)}


def file_of(name):
    return name.split("::")[0]


def last_part(name):
    return name.split("/")[-1]


def pytest_runtest_logstart(nodeid, location):
    if recorder is not None:
        recorder.outcome = "passed"
        recorder.begin(nodeid)


def pytest_runtest_logreport(report):
    if recorder is not None:
        if report.failed:
            recorder.outcome = "failed"
        elif report.skipped and recorder.outcome == "passed":
            recorder.outcome = "skipped"


@wrapper
def pytest_runtest_makereport(item, call):
    """The alarm must not ring in pytest's own code, which takes its time to show a trace. What
    is reported may be a part of a test, which then goes on."""
    left = recorder.pause() if recorder is not None else 0
    yield
    if left and not recorder.stack:
        recorder.alarm(left)


def pytest_runtest_logfinish(nodeid, location):
    if recorder is not None:
        recorder.end(recorder.outcome)


def pytest_runtest_setup(item):
    if recorder is not None and recorder.is_over():
        item.session.shouldstop = "tenfold: the time for tracing is over"


def pytest_sessionfinish(session, exitstatus):
    if recorder is not None:
        recorder.lines.stop()
        recorder.keep_outside()
        recorder.lines.stop()
        recorder.write(True)
