def uninstall_hook(env):
    """Called while the addon's models are still there."""
    env["order.channel"]._uninstall()
