"""What can be wrong with a spreadsheet of mappings, as a whole or in a row, and what to do about it (see :mod:`.reasons`)."""

from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)
_CORRECT = _lt("Correct the row and upload the sheet again.")

#: code -> (what happened, what to do)
SHEET_REASONS = {
    # === The file === #
    "sheet_empty": (_lt("The file is empty."), _lt("Choose the sheet that you filled in.")),
    "sheet_no_rows": (_lt("The sheet has headings, but no rows."), _lt("Choose the sheet that you filled in.")),
    "sheet_kind": (_lt("This is no XLSX or CSV file."), _lt("Save the sheet as XLSX or CSV and upload that.")),
    "sheet_unreadable": (
        _lt("The file is damaged and can't be read."),
        _lt("Open it in a spreadsheet, save it as XLSX and upload that."),
    ),
    "sheet_too_large": (
        _lt("The file is too large: %(limit)s MB are the most that can be taken."),
        _lt("Divide the sheet into several files."),
    ),
    "sheet_too_long": (
        _lt("The sheet is too long: %(limit)s rows are the most that can be taken."),
        _lt("Divide the sheet into several files."),
    ),
    "sheet_columns": (
        _lt("The headings of the sheet do not say which column is what."),
        _lt(
            "Keep the first row as it was downloaded, or have it name items by SKU at the Channel or ID at the Channel, and "
            "what they stand for by Product SKU, Product or Action."
        ),
    ),
    "sheet_columns_differ": (
        _lt("The columns %(first)s and %(second)s may mean the same, but differ in row %(row)s."),
        _lt(
            "Rename the right one to Product SKU or SKU at the Channel, or remove the other, and upload the sheet again."
        ),
    ),
    "sheet_column_twice": (
        _lt("The heading %(column)s stands over two columns."),
        _lt("Remove one and upload the sheet again."),
    ),
    # === A row: which item === #
    "row_no_item": (
        _lt("Row %(row)s: it names no item."),
        _lt("Fill in Channel and ID at the Channel as they were downloaded, or SKU at the Channel."),
    ),
    "row_channel": (
        _lt("Row %(row)s: %(company)s has no channel named %(channel)s."),
        _lt("Write the channel's name as it is in Odoo."),
    ),
    "row_item": (
        _lt("Row %(row)s: %(channel)s has no item with the ID %(item)s."),
        _lt("Download the sheet again: IDs must stay as they are."),
    ),
    "row_item_nowhere": (
        _lt("Row %(row)s: no channel has an item with the ID %(item)s."),
        _lt("Choose the channel when you upload the sheet, or check the ID."),
    ),
    "row_item_sku": (
        _lt("Row %(row)s: %(channel)s has no item with the SKU %(sku)s."),
        _lt("Check the SKU, or fetch the channel's items first."),
    ),
    "row_item_sku_nowhere": (
        _lt("Row %(row)s: no channel has an item with the SKU %(sku)s."),
        _lt("Check the SKU, or fetch the channel's items first."),
    ),
    "row_item_sku_several": (
        _lt("Row %(row)s: %(count)s items have the SKU %(sku)s: %(items)s."),
        _lt("Fill in the ID at the Channel, one row for each item."),
    ),
    "row_item_sku_channels": (
        _lt("Row %(row)s: items of several channels have the SKU %(sku)s: %(items)s."),
        _lt("Fill in the Channel, or choose it when you upload the sheet."),
    ),
    # === A row: what was filled in === #
    "row_rounded": (
        _lt("Row %(row)s: the spreadsheet rounded %(column)s to %(value)s; its last digits are lost."),
        _lt("Format the column as text, type it again, and upload the sheet again."),
    ),
    "row_excluded": (
        _lt("Row %(row)s: %(value)s says neither yes nor no to leaving the item out."),
        _lt("Write yes or no, or leave it empty."),
    ),
    "row_cell": (
        _lt("Row %(row)s: the spreadsheet made a date, an error or a truth value of %(column)s: %(value)s."),
        _lt("Format the column as text and type it again."),
    ),
    "row_zeros": (
        _lt("Row %(row)s: %(sku)s may stand for %(others)s. Did the spreadsheet drop the zeros?"),
        _lt("Format the column as text and type the whole SKU."),
    ),
    "row_sku_unknown": (
        _lt("Row %(row)s: no product has the SKU %(sku)s."),
        _lt("Correct the SKU, or choose the product here."),
    ),
    "row_sku_archived": (
        _lt("Row %(row)s: the product with the SKU %(sku)s is archived."),
        _lt("Unarchive it, or choose another."),
    ),
    "row_sku_company": (
        _lt("Row %(row)s: the product with the SKU %(sku)s is of another company."),
        _lt("Choose a product of %(company)s."),
    ),
    "row_sku_several": (
        _lt("Row %(row)s: several products have the SKU %(sku)s: %(products)s."),
        _lt("Choose one here, or give each a SKU of its own."),
    ),
    "row_name_unknown": (
        _lt("Row %(row)s: no product is named %(name)s."),
        _lt("Fill in its SKU, or choose the product here."),
    ),
    "row_name_several": (
        _lt("Row %(row)s: several products are named %(name)s."),
        _lt("Fill in the SKU, or choose the product here."),
    ),
    "row_no_product": (_lt("Row %(row)s: it says how to link, but not to what."), _lt("Fill in the Product SKU.")),
    "row_quantity": (
        _lt("Row %(row)s: the quantity %(quantity)s is no number above zero that means one thing only."),
        _lt("Write it like 6 or 0.5."),
    ),
    "row_action": (
        _lt("Row %(row)s: %(action)s is no action."),
        _lt("Write link, confirm or ignore, or leave it empty to link."),
    ),
    "row_product_extra": (
        _lt("Row %(row)s: only link takes a product."),
        _lt("Leave Product SKU and Product empty, or write link."),
    ),
    "rows_contradict": (_lt("Rows %(rows)s are of one item and contradict each other."), _CORRECT),
    "rows_same_product": (
        _lt("Rows %(rows)s name the product %(sku)s for one item."),
        _lt("Leave one row, with the whole quantity."),
    ),
    # === A row: what is there already === #
    "row_linked": (
        _lt("Row %(row)s: %(user)s linked it to %(product)s on %(when)s."),
        _lt("Tick it to link it as the sheet says."),
    ),
    "row_linked_ignore": (
        _lt("Row %(row)s: %(user)s linked it to %(product)s on %(when)s."),
        _lt("Unlink it first if it should be ignored."),
    ),
    "row_linked_confirm": (
        _lt("Row %(row)s: %(user)s linked it to %(product)s on %(when)s."),
        _lt("Unlink it first if it should become a new product."),
    ),
    "row_waiting": (
        _lt("Row %(row)s: %(orders)s orders wait for it, and would stay frozen."),
        _lt("Link or confirm it instead."),
    ),
}
