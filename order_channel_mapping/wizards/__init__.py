from . import order_channel_go_live
