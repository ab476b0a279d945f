"""Today's exchange rates in a statement, where amounts are added up or compared by the database."""

from odoo.tools import SQL

_RATE = """
    (SELECT rate FROM res_currency_rate
      WHERE currency_id = %s AND (company_id IS NULL OR company_id = pair.root_id)
      ORDER BY name <= %s DESC, company_id, CASE WHEN name <= %s THEN name END DESC, name LIMIT 1)
"""


def rates_sql(source, today):
    """A common table expression ``rates (company_id, code, factor, foreign_code)``.

    ``factor`` is by what an amount in the currency ``code`` is multiplied to be in the company's currency. It goes by the
    rate that Odoo would choose, but is NULL for a currency without any: Odoo takes that as if it were the company's.

    :param SQL source: name of a table with the columns company_id and code
    :param date today: of the rates
    :rtype: SQL
    """
    return SQL(
        """
        rates AS (
            SELECT pair.company_id, pair.code, currency.id IS DISTINCT FROM pair.currency_id AS foreign_code,
                   CASE WHEN currency.id = pair.currency_id THEN 1.0
                        ELSE COALESCE(%(own)s, 1.0) / NULLIF(%(theirs)s, 0) END AS factor
              FROM (SELECT DISTINCT source.company_id, source.code, company.currency_id,
                           split_part(company.parent_path, '/', 1)::int AS root_id
                      FROM %(source)s source JOIN res_company company ON company.id = source.company_id) pair
              LEFT JOIN res_currency currency ON currency.name = pair.code
        )
        """,
        own=SQL(_RATE, SQL("pair.currency_id"), today, today),
        theirs=SQL(_RATE, SQL("currency.id"), today, today),
        source=source,
    )
