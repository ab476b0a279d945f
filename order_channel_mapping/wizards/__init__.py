from . import account_move_send_wizard
from . import order_channel_add_products
from . import order_channel_confirm
from . import order_channel_go_live
from . import order_channel_link
from . import order_channel_link_impact
from . import order_channel_sheet
