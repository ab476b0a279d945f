"""The main job: what a business does with the addon from *Connect* to the parcel, done and checked in a real Odoo.

``setup/demo`` runs it as a process of its own inside Odoo. People's steps call what the buttons call; everything else is
left to the addon's scheduled actions, which are run the way Odoo's cron workers run them.
"""
