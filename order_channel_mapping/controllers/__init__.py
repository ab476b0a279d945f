from . import oauth
from . import secrets
from . import webhook
