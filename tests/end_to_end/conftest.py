"""Sandboxes over real HTTP; every document and every report is held against Amazon's schemas."""

from __future__ import annotations

import pytest
from amazon_models import check_feed, check_report
from real_project import SELLERS, SPEED, RealProject


@pytest.fixture(autouse=True)
def amazon_judges(monkeypatch):
    """Check every feed document that is built and every processing report that the sandbox writes."""
    from acorn_amazon import documents
    from acorn_sandbox import queues

    build, process, failure = documents.build, queues.process, queues.failure_report
    seen = []

    def checked_build(*arguments, **named):
        document = build(*arguments, **named)
        check_feed(document)
        seen.append(document)
        return document

    def checked(function):
        def call(*arguments, **named):
            report = function(*arguments, **named)
            wrong.extend(faults(report))
            return report

        return call

    wrong = []

    def faults(report):
        try:
            check_report(report)
        except AssertionError as error:
            return [str(error)]
        return []

    monkeypatch.setattr(documents, "build", checked_build)
    monkeypatch.setattr(queues, "process", checked(process))
    monkeypatch.setattr(queues, "failure_report", checked(failure))
    yield seen
    assert not wrong


@pytest.fixture
def project(tmp_path):
    """Return a maker of projects."""

    def make(sites, rules):
        return RealProject(tmp_path, sites, rules)

    return make


@pytest.fixture
def serve():
    """Start a sandbox for a project, write the project's files, and stop the sandbox after the test."""
    from acorn_sandbox.server import SandboxServer

    running = []

    def start(project, **options):
        server = SandboxServer(**({"seed": project.seeds(), "speed": SPEED} | options)).__enter__()
        running.append(server)
        project.write(server.url)
        return server

    yield start
    for server in running:
        server.__exit__(None, None, None)


@pytest.fixture
def secrets(monkeypatch):
    """Put the accounts' secrets into the environment, as an operator does."""
    for name, seller in SELLERS.items():
        monkeypatch.setenv(f"ACORN_{name.upper()}_CLIENT_ID", "client")
        monkeypatch.setenv(f"ACORN_{name.upper()}_CLIENT_SECRET", "secret")
        monkeypatch.setenv(f"ACORN_{name.upper()}_REFRESH_TOKEN", f"Atzr|{seller}")


@pytest.fixture
def run(capsys):
    """Run a verb on a project's folder; return exit code, standard output and standard error."""
    from acorn_engine.cli import main

    def call(project, *words):
        code = main([*words, "--project", str(project.folder)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call
