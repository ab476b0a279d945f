from . import oauth
from . import secrets
from . import sheet
from . import webhook
