"""The Reports API v2021-06-30."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from acorn_sandbox import exact, report_files
from acorn_sandbox import faults as fault_kinds
from acorn_sandbox.calls import Answer, Call, Handler, stores
from acorn_sandbox.clock import instant_of, stamp
from acorn_sandbox.errors import invalid, not_found
from acorn_sandbox.faults import Faults
from acorn_sandbox.links import Links
from acorn_sandbox.paging import read_token, token
from acorn_sandbox.report_files import KINDS
from acorn_sandbox.state import Document, State

_USUAL_SPAN_SECONDS: Final = 30 * 86400
_BEFORE_FIRST: Final = 54_517_017_999
_SWEEP_SECONDS: Final = 10.0
_KIND: Final = "report"
_TIMES: Final = frozenset({"created", "started", "ended", "data_start", "data_end"})
_STRUCK: Final = frozenset({"fatal", "cancelled", "stuck", "truncated_report"})
_DOCUMENT: Final = "amzn1.spdoc.1.4.eu."


@dataclass(slots=True)
class Report:
    """A report; ``effect`` is the fault that will befall it, times are seconds since the epoch."""

    id: str
    seller_id: str
    type: str
    marketplace_ids: list[str]
    created: float
    data_start: float
    data_end: float
    options: dict[str, str] = field(default_factory=dict)
    status: str = "IN_QUEUE"
    started: float | None = None
    ended: float | None = None
    document_id: str | None = None
    effect: str | None = None


class Reports:
    """Reports of every account, kept in the state file."""

    def __init__(self, state: State, faults: Faults, links: Links) -> None:
        self._state = state
        self._faults = faults
        self._links = links
        self._reports: dict[tuple[str, str], Report] = {}
        for _, value in state.storage.load(_KIND):
            record = exact.loads(value)
            times = {name: float(record[name]) for name in _TIMES if record[name] is not None}
            report = Report(**record | times)
            self._reports[report.seller_id, report.id] = report
        self._open = [report for report in self._reports.values() if report.ended is None]
        self._last = max((int(identifier) for _, identifier in self._reports), default=_BEFORE_FIRST)
        self._next_sweep = 0.0
        self.handlers: dict[str, Handler] = {
            "createReport": self.create,
            "getReport": self.get,
            "getReports": self.find,
            "cancelReport": self.cancel,
            "getReportDocument": self.get_document,
        }

    def advance(self) -> None:
        """Bring every report up to the present; it shows the state of the moment when it ends."""
        for report in list(self._open):
            self._advance(report)
        now = self._state.now()
        if now >= self._next_sweep:
            self._next_sweep = now + _SWEEP_SECONDS
            self._forget(now - self._state.timing.feed_seconds)

    def create(self, call: Call) -> Answer:
        """Queue a report."""
        kind, now = call.body["reportType"], self._state.now()
        if kind not in KINDS:
            raise invalid(f"Invalid reportType '{kind}'.", f"the sandbox makes: {', '.join(KINDS)}")
        stores(call.body["marketplaceIds"])
        end = _instant(call.body, "dataEndTime", now)
        start = _instant(call.body, "dataStartTime", end - _USUAL_SPAN_SECONDS)
        if start > end:
            raise invalid("'dataStartTime' must not be after 'dataEndTime'.")
        struck = self._faults.strike("createReport", _STRUCK, call.account)
        self._last += 1
        report = Report(
            id=str(self._last),
            seller_id=call.account,
            type=kind,
            marketplace_ids=call.body["marketplaceIds"],
            created=now,
            data_start=start,
            data_end=end,
            options=call.body.get("reportOptions", {}),
            effect=struck.kind if struck else None,
        )
        self._open.append(report)
        self._keep(report)
        return Answer(202, {"reportId": report.id})

    def get(self, call: Call) -> Answer:
        """Return a report's present state."""
        return Answer(body=_shown(self._report(call)))

    def find(self, call: Call) -> Answer:
        """Return reports that match the filters, newest first."""
        query = call.query
        if "nextToken" in query:
            if call.given != {"nextToken"}:
                raise invalid("nextToken must be the only parameter.")
            query = read_token(query["nextToken"], "nextToken")
            if not isinstance(query, dict) or "reportTypes" not in query:
                raise invalid("Invalid 'nextToken'.")
        elif "reportTypes" not in query:
            raise invalid("Either reportTypes or nextToken is required.")
        matching = sorted(self._matching(call.account, query), key=lambda report: int(report.id), reverse=True)
        page = matching[: query["pageSize"]]
        answer: dict[str, Any] = {"reports": [_shown(report) for report in page]}
        if len(matching) > len(page):
            answer["nextToken"] = token(query | {"after": int(page[-1].id)})
        return Answer(body=answer)

    def cancel(self, call: Call) -> Answer:
        """Cancel a report that has not started."""
        report = self._report(call)
        if report.status != "IN_QUEUE":
            text = f"The report {report.id} is {report.status}; only a report that is IN_QUEUE can be cancelled."
            raise invalid(text)
        self._end(report, "CANCELLED", self._state.now())
        return Answer()

    def get_document(self, call: Call) -> Answer:
        """Return a URL on which a report can be downloaded; documents are always compressed."""
        document = self._state.documents.get(call.path["reportDocumentId"])
        known = document is not None and document.id.startswith(_DOCUMENT)
        if document is None or not known or document.seller_id != call.account:
            raise not_found("The report document does not exist.")
        options = ["gzip"] if call.query.get("enableContentEncodingUrlHeader") else []
        if self._faults.strike("getReportDocument", frozenset({"truncated_report"}), call.account):
            options.append("truncated")
        expired = self._faults.strike("getReportDocument", fault_kinds.LINK, call.account) is not None
        url = self._links.make(call.base, "GET", document.id, ",".join(options), expired=expired)
        return Answer(body={"reportDocumentId": document.id, "url": url, "compressionAlgorithm": "GZIP"})

    def report(self, seller_id: str, report_id: str) -> Report | None:
        """Return one report of a seller, if there is one."""
        return self._reports.get((seller_id, report_id))

    def _report(self, call: Call) -> Report:
        report = self.report(call.account, call.path["reportId"])
        if report is None:
            raise not_found(f"The report {call.path['reportId']} does not exist.")
        return report

    def _advance(self, report: Report) -> None:
        now, timing = self._state.now(), self._state.timing
        if report.started is None:
            start = report.created + timing.queue_seconds
            if start > now:
                return
            if report.effect == "cancelled":
                self._end(report, "CANCELLED", start)
                return
            report.status, report.started = "IN_PROGRESS", start
            self._keep(report)
        request = report_files.Request(
            report.seller_id, report.marketplace_ids, report.options, report.data_start, report.data_end
        )
        end = report.started + timing.processing_seconds(report_files.count_rows(self._state, request))
        if end > now or report.effect == "stuck":
            return
        if report.effect == "fatal":
            self._end(report, "FATAL", end)
            return
        made = report_files.make(self._state, report.type, request)
        if made is not None:
            report.document_id = f"{_DOCUMENT}{uuid.uuid4()}"
            content = made.content[: len(made.content) // 2] if report.effect == "truncated_report" else made.content
            document = Document(report.document_id, report.seller_id, made.content_type, end, report=True)
            self._state.put_document(document, content)
        # Amazon cancels a report that has nothing to return.
        self._end(report, "DONE" if made is not None else "CANCELLED", end)

    def _end(self, report: Report, status: str, end: float) -> None:
        report.status, report.ended = status, end
        self._open.remove(report)
        self._keep(report)

    def _keep(self, report: Report) -> None:
        self._reports[report.seller_id, report.id] = report
        if self._state.storage.keeps:
            self._state.storage.save(_KIND, exact.dumps([report.seller_id, report.id]), exact.dumps(asdict(report)))

    def _forget(self, before: float) -> None:
        """Forget what was asked for too long ago, as feeds are; documents go by themselves."""
        for key, report in list(self._reports.items()):
            if report.created < before and report.ended is not None:
                del self._reports[key]
                self._state.storage.delete(_KIND, exact.dumps(list(key)))

    def _matching(self, account: str, query: dict[str, Any]) -> Iterator[Report]:
        now = self._state.now()
        since = _instant(query, "createdSince", now - self._state.timing.feed_seconds)
        until = _instant(query, "createdUntil", now)
        for (seller, _), report in self._reports.items():
            if (
                seller == account
                and since <= report.created <= until
                and report.type in query["reportTypes"]
                and report.status in query.get("processingStatuses", (report.status,))
                and ("marketplaceIds" not in query or set(query["marketplaceIds"]) & set(report.marketplace_ids))
                and int(report.id) < query.get("after", int(report.id) + 1)
            ):
                yield report


def _shown(report: Report) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "reportId": report.id,
        "reportType": report.type,
        "marketplaceIds": report.marketplace_ids,
        "dataStartTime": stamp(report.data_start),
        "dataEndTime": stamp(report.data_end),
        "createdTime": stamp(report.created),
        "processingStatus": report.status,
    }
    if report.started is not None:
        answer["processingStartTime"] = stamp(report.started)
        if report.ended is not None:
            answer["processingEndTime"] = stamp(report.ended)
    if report.document_id is not None:
        answer["reportDocumentId"] = report.document_id
    return answer


def _instant(record: dict[str, Any], name: str, assumed: float) -> float:
    """Return the instant that a request names. Raises ``ApiError`` 400 where it is none."""
    try:
        return instant_of(record[name]) if name in record else assumed
    except ValueError:
        raise invalid(f"'{name}' is not a date and time in ISO 8601.") from None
