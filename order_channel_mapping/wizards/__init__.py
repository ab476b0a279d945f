from . import order_channel_go_live
from . import order_channel_link
