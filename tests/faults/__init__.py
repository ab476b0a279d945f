"""What one bad marketplace costs the others, measured with Odoo's own cron workers: ``setup/test --faults`` runs it.

Forty channels of as many accounts are due at once on two cron threads. One of their marketplaces behaves badly; the others
are all one simulated shop. How long each channel waits is compared with a run in which none does.
"""
