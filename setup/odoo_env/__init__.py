"""Finds or fetches what the commands in ``setup/`` need: Odoo 19, Python packages, PostgreSQL, a browser, databases.

Standard library only, and Python >= 3.10: it runs before anything is installed. Whatever it makes lies in the user's cache
folder or in the repository's ignored ``.cache``. Progress is said on standard error in short lines, so that a command's
own result on standard output stays clean. Every foreseeable failure is a :class:`~.console.SetupError`: one line that
says what happened and what to do.
"""
