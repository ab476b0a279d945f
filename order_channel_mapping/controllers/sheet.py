from tempfile import TemporaryFile

from werkzeug.exceptions import NotFound
from werkzeug.wsgi import wrap_file

from odoo import fields
from odoo.exceptions import AccessError
from odoo.http import Controller, content_disposition, request, route

from ..connectors.storable import MAX_INT
from ..tools.mapping_sheet import write_csv, write_xlsx

TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


class MappingSheet(Controller):
    """Listings as a spreadsheet: written to a temporary file row by row, so that memory does not grow with them."""

    @route("/order_channel_mapping/sheet/<int:sheet_id>", type="http", auth="user", methods=["GET"], readonly=True)
    def download(self, sheet_id):
        """The sheet that was asked for in the form *Map in a Spreadsheet*.

        :param int sheet_id: order.channel.sheet record of the user's own
        """
        if sheet_id > MAX_INT:
            raise NotFound()
        sheet = request.env["order.channel.sheet"].browse(sheet_id)
        try:
            if not sheet.exists() or not sheet.has_access("read"):
                raise NotFound()
            listings = sheet._listings()
        except AccessError as error:
            raise NotFound() from error
        file = TemporaryFile()  # noqa: SIM115  # the response closes it
        self._write(file, sheet.file_format, listings)
        size = file.tell()
        file.seek(0)
        which = "selected" if sheet.selected_ids else sheet.which
        name = f"{which}-items-{fields.Date.context_today(sheet)}.{sheet.file_format}"
        headers = [
            ("Content-Type", TYPES[sheet.file_format]),
            ("Content-Disposition", content_disposition(name)),
            ("Content-Length", str(size)),
            ("Cache-Control", "no-store"),
        ]
        return request.make_response(wrap_file(request.httprequest.environ, file), headers)

    @staticmethod
    def _write(file, file_format, listings):
        headings = listings._sheet_headings()
        if file_format == "csv":
            language = listings.env["res.lang"]._get_data(code=listings.env.lang or "en_US")
            write_csv(file, headings, listings._sheet_rows(), decimal=language.decimal_point or ".")
            return
        write_xlsx(
            file,
            headings,
            listings._sheet_rows(),
            actions=listings._sheet_actions().values(),
            help_title=listings.env._("How to Fill It In"),
            help_lines=listings._sheet_help(),
        )
