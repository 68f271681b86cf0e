"""What is sent with a workbook, and what is answered for its rows."""

from typing import Any

import marshmallow as ma

from app.appraisal.services.importing import ImportWorkbook, ValueWorkbook
from app.appraisal.workbooks.layout import MAX_IMPORT_ROWS
from app.kernel.text import N_
from app.web.fields import Day, Flag, Ident, Text, Whole, Yuan
from app.web.schemas import ViewSchema
from app.web.uploads import File, SentFile, UploadSchema


class PortfolioWorkbookSchema(UploadSchema):
    """A filled-in template and the day on which its rows are valued."""

    file = File(
        required=True,
        title=N_("Workbook"),
        help=N_("The filled-in template of this model, XLSX, at most 10,000 rows and 10 MiB."),
    )
    valued_on = Day(required=True, title=N_("Valuation day"))

    def command_for(self, data: dict[str, Any]) -> ValueWorkbook:
        """The command of what was sent."""
        sent: SentFile = data["file"]
        return ValueWorkbook(valued_on=data["valued_on"], content=sent.content, file_name=sent.name)


class ImportWorkbookSchema(UploadSchema):
    """A filled-in template whose references are numbers of appraisals in preparation."""

    file = File(
        required=True,
        title=N_("Workbook"),
        help=N_(
            "The filled-in template of this model, XLSX. The first column holds the numbers of "
            "appraisals in preparation, at most 150."
        ),
    )
    valued_on = Day(required=True, title=N_("Valuation day"))
    dry_run = Flag(
        required=True,
        title=N_("Check only"),
        help=N_(
            "Ticked, nothing is stored: the answer says what would be, and each row's problems."
        ),
    )

    def command_for(self, data: dict[str, Any]) -> ImportWorkbook:
        """The command of what was sent."""
        sent: SentFile = data["file"]
        return ImportWorkbook(
            valued_on=data["valued_on"],
            content=sent.content,
            file_name=sent.name,
            dry_run=data["dry_run"],
        )


class RowProblemSchema(ViewSchema):
    """What stands against a row, at a column of it."""

    column = Text(max_length=60)
    detail = Text(max_length=1000)


class ImportedRowSchema(ViewSchema):
    """A row of a workbook: its value, or its problems."""

    line = Whole(low=1, high=10**7)
    ref = Text(max_length=60)
    appraisal_id = Ident(allow_none=True)
    value_fen = Yuan(allow_none=True, low_fen=-(10**15))
    stored = Flag()
    problems = ma.fields.List(ma.fields.Nested(RowProblemSchema))
    findings = ma.fields.List(ma.fields.Nested(RowProblemSchema))


class WorkbookReportSchema(ViewSchema):
    """What a workbook gave; rows in its order. The sum of the values is net of those below zero."""

    model_id = Text(max_length=60)
    valued_on = Day()
    dry_run = Flag()
    total = Whole(low=0, high=MAX_IMPORT_ROWS)
    refused = Whole(low=0, high=MAX_IMPORT_ROWS)
    stored = Whole(low=0, high=MAX_IMPORT_ROWS)
    value_fen = Yuan(low_fen=-(10**15))
    negative = Whole(low=0, high=MAX_IMPORT_ROWS)
    negative_fen = Yuan(low_fen=-(10**15))
    rows = ma.fields.List(ma.fields.Nested(ImportedRowSchema))
