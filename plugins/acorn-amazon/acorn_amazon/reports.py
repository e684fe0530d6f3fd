"""Reports 2021-06-30: asked for, waited for, fetched, and read as text or as a table."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, get_args

from acorn_amazon import exact_json, storage
from acorn_amazon.answers import Part
from acorn_amazon.errors import AmazonError, unreadable
from acorn_amazon.remedies import Remedy
from acorn_amazon.report_text import decoded, table
from acorn_engine.marketplace import UnansweredError
from acorn_engine.sites import utc

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import polars as pl

    from acorn_amazon.client import Client
    from acorn_engine.problems import Problem
    from acorn_engine.sites import Site

State = Literal["IN_QUEUE", "IN_PROGRESS", "DONE", "CANCELLED", "FATAL"]

_ENDED: Final = frozenset({"DONE", "CANCELLED", "FATAL"})
_STATES: Final[dict[str, State]] = {state: state for state in get_args(State)}
_MOST_SITES: Final = 25
_PER_PAGE: Final = "100"
_MOST_PAGES: Final = 100
_CLOCKS_APART: Final = timedelta(minutes=5)
_CREATE: Final = "createReport"
_GET: Final = "getReport"
_LIST: Final = "getReports"
_DOCUMENT: Final = "getReportDocument"

_NO_DATA: Final = Remedy(
    "not_found",
    "no_data",
    "seller",
    "Amazon cancels a report for which there is no data, or which was asked for again too soon: look at the span of "
    "time and the site, and ask again later.",
)
_FAILED: Final = Remedy(
    "invalid",
    "report_failed",
    "seller",
    "Look at the report type, its options, the span of time and the site; then ask again.",
)
_WAITING: Final = Remedy(
    "timeout",
    "waiting",
    "time",
    "Amazon still works on it: wait for the same report id again, instead of asking for another report.",
    retryable=True,
)


@dataclass(frozen=True, slots=True)
class RemoteReport:
    """A report as Amazon shows it. Times are aware; ``document_id`` is there once a document is."""

    id: str
    report_type: str
    state: State
    created_at: datetime
    document_id: str | None = None
    marketplace_ids: tuple[str, ...] = ()
    data_start: datetime | None = None
    data_end: datetime | None = None

    @property
    def ended(self) -> bool:
        """Whether the state will not change any more."""
        return self.state in _ENDED


@dataclass(frozen=True, slots=True)
class ReportDocument:
    """A finished report: its bytes as Amazon made them, unpacked, and their Content-Type."""

    report_id: str
    report_type: str
    data: bytes
    content_type: str

    def text(self, site: Site | None = None, encoding: str | None = None) -> str:
        """Return the text; see ``acorn_amazon.report_text.decoded``. Raises ``ValueError`` where bytes don't fit."""
        country = site.country if site is not None else None
        return decoded(self.data, self.content_type, country=country, encoding=encoding)

    def table(
        self, tell: Callable[[Problem], None], site: Site | None = None, encoding: str | None = None
    ) -> pl.DataFrame:
        """Return a tab-separated report as a frame of text; see ``acorn_amazon.report_text.table``."""
        return table(self.text(site, encoding), self.report_type, tell)


def _report(part: Part) -> RemoteReport:
    state = _STATES.get(part.text("processingStatus"))
    if state is None:
        raise part.fault("processingStatus")
    return RemoteReport(
        id=part.text("reportId"),
        report_type=part.text("reportType"),
        state=state,
        created_at=part.moment("createdTime"),
        document_id=part.optional_text("reportDocumentId") or None,
        marketplace_ids=part.texts("marketplaceIds"),
        data_start=part.optional_moment("dataStartTime"),
        data_end=part.optional_moment("dataEndTime"),
    )


def create_report(
    client: Client,
    report_type: str,
    sites: Sequence[Site],
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    options: Mapping[str, str] | None = None,
) -> str:
    """Ask for a report and return its id; one call a minute, after 15 at once.

    ``report_type`` is Amazon's, such as ``GET_MERCHANT_LISTINGS_ALL_DATA``; ``start`` and ``end`` are
    aware. Raises ``UnansweredError`` where the answer was lost: ``find_reports`` shows whether it was made.
    """
    if not 1 <= len(sites) <= _MOST_SITES:
        raise ValueError(f"a report names 1 to {_MOST_SITES} sites, not {len(sites)}")
    body: dict[str, object] = {
        "reportType": report_type,
        "marketplaceIds": [site.marketplace_id for site in sites],
    }
    for name, moment in (("dataStartTime", start), ("dataEndTime", end)):
        if moment is not None:
            if moment.tzinfo is None:
                raise ValueError(f"{name} has no time zone")
            body[name] = utc(moment)
    if options:
        body["reportOptions"] = dict(options)
    return str(client.call(_CREATE, body=exact_json.dumps(body), require="reportId")["reportId"])


def get_report(client: Client, report_id: str) -> RemoteReport:
    """Return a report's present state."""
    return _report(Part(_GET, client.call(_GET, path={"reportId": report_id})))


def cancel_report(client: Client, report_id: str) -> None:
    """Cancel a report that is still queued. Raises ``UnansweredError`` where the answer was lost."""
    client.call("cancelReport", path={"reportId": report_id})


def find_reports(
    client: Client, report_types: Sequence[str], *, since: datetime | None = None, sites: Sequence[Site] = ()
) -> Sequence[RemoteReport]:
    """Return the reports of up to 10 types of the last 90 days, or since a time, newest first.

    Settlement reports cannot be asked for: Amazon makes them, and they are found here.
    """
    query: dict[str, str | Sequence[str]] = {"reportTypes": report_types, "pageSize": _PER_PAGE}
    if sites:
        query["marketplaceIds"] = [site.marketplace_id for site in sites]
    if since is not None:
        query["createdSince"] = utc(since)
    found: dict[str, RemoteReport] = {}
    for _ in range(_MOST_PAGES):
        page = Part(_LIST, client.call(_LIST, query=query))
        found |= {report.id: report for report in map(_report, page.parts("reports"))}
        token = page.optional_text("nextToken")
        if not token:
            return sorted(found.values(), key=lambda one: (one.created_at, one.id), reverse=True)
        # Amazon refuses the token together with anything else.
        query = {"nextToken": token}
    raise unreadable(_LIST, f"its list has more than {_MOST_PAGES} pages", 200, {})


def wait_for_report(
    client: Client,
    report_id: str,
    *,
    longest: float = 900,
    interval: float = 15,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> RemoteReport:
    """Return a report when it is done, looking every ``interval`` seconds for ``longest`` seconds.

    Raises ``AmazonError``: ``not_found`` (cause ``no_data``) where it was cancelled, ``invalid`` (cause
    ``report_failed``) where it failed, ``timeout`` (cause ``waiting``, to be waited for again) otherwise.
    """
    until = clock() + longest
    while True:
        report = get_report(client, report_id)
        if report.state == "DONE":
            return report
        if report.state == "CANCELLED":
            raise _ended(report, "was cancelled", _NO_DATA)
        if report.state == "FATAL":
            raise _ended(report, f"failed{_reason(client, report)}", _FAILED)
        if clock() + interval > until:
            raise _ended(report, f"is not done after {longest:g} seconds", _WAITING)
        sleep(interval)


def _ended(report: RemoteReport, what: str, remedy: Remedy) -> AmazonError:
    return AmazonError(f"{report.report_type}: report {report.id} {what}. {remedy.text}", remedy=remedy)


def _reason(client: Client, report: RemoteReport) -> str:
    """Return what the document of a failed report says, where it has one."""
    if report.document_id is None:
        return ""
    try:
        document = fetch_report(client, report)
    except AmazonError:
        return ""
    words = client.cleaner.clean(document.data.decode("utf-8", "replace"))
    return f": {words.rstrip('.')}" if words else ""


def fetch_report(client: Client, report: RemoteReport) -> ReportDocument:
    """Fetch the document of a finished report, unpacked; at most 64 MiB packed and 256 MiB unpacked."""
    document_id = report.document_id
    if document_id is None:
        raise ValueError(f"report {report.id} has no document; its state is {report.state}")
    document = client.retry(lambda: _fetch_once(client, document_id))
    return ReportDocument(report.id, report.report_type, document.data, document.content_type)


def _fetch_once(client: Client, document_id: str) -> storage.Document:
    given = Part(_DOCUMENT, client.once(_DOCUMENT, path={"reportDocumentId": document_id}))
    return storage.fetch(client, "report", given.text("url"), given.optional_text("compressionAlgorithm"))


def request_report(
    client: Client,
    report_type: str,
    sites: Sequence[Site],
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    options: Mapping[str, str] | None = None,
    longest: float = 900,
    interval: float = 15,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> ReportDocument:
    """Ask for a report, wait for it and fetch it: the three steps in one.

    Where Amazon's answer to the first step is lost, the report that it made is looked up and taken;
    if there is none, ``UnansweredError`` is raised, because a second report may come to the first.
    Raises what the steps raise.
    """
    asked_at = datetime.now(UTC)
    try:
        report_id = create_report(client, report_type, sites, start=start, end=end, options=options)
    except UnansweredError:
        made = find_reports(client, [report_type], since=asked_at - _CLOCKS_APART, sites=sites)
        wanted = {site.marketplace_id for site in sites}
        fitting = [
            report for report in made if wanted <= set(report.marketplace_ids) and _same_span(report, start, end)
        ]
        if not fitting:
            raise
        report_id = fitting[0].id
    report = wait_for_report(client, report_id, longest=longest, interval=interval, clock=clock, sleep=sleep)
    return fetch_report(client, report)


def _same_span(report: RemoteReport, start: datetime | None, end: datetime | None) -> bool:
    """Say whether a report is about the span that was asked for, which is sent in whole seconds."""
    return all(
        wanted is None or (shown is not None and abs(shown - wanted) < timedelta(seconds=1))
        for wanted, shown in ((start, report.data_start), (end, report.data_end))
    )
